package web

import "careconnect/assets"

// said finds what a page says after an act. Only what stands in this table can
// be said, so that a link cannot put words into our mouth.
func said(code string) (assets.Notice, bool) {
	for _, s := range sayings {
		if s.code == code {
			return assets.Notice{Kind: s.kind, Title: s.title, Text: s.text}, true
		}
	}
	return assets.Notice{}, false
}

var sayings = []struct{ code, kind, title, text string }{
	{"requested", "ok", "Your request is on its way", "You will hear by the time shown below. You can ask up to two more providers meanwhile."},
	{"booked", "ok", "Your consultation is booked", "It costs nothing. You will find it below, with the way to join and what sessions cost."},
	{"session", "ok", "Your session is booked", "What it costs stands with it below. Two short forms come before your first session."},
	{"erasure_asked", "ok", "Asked", "Somebody else of the care team finds it below, and has to agree."},
	{"goodbye", "ok", "You have left", "Everything that was open has ended. Take care; you can come back at any time."},
	{"accounts_joined", "ok", "Your accounts are one", "Everything stands here now. You sign in with the address shown under Your details, and its password; other browsers are signed out."},
	{"password_set", "ok", "Your password is set", "If you have another account here, from another browser, you can make the two one under Your details."},
	{"waits", "ok", "Your name is on the list", "You are told as soon as there is room. Nothing is promised by it, so ask somebody else whenever you want to."},
	{"stays", "ok", "You still wait", "Your place in the row stays where it is."},
	{"waits_no_more", "ok", "You are off the list", "Nobody is told why. You can join again at any time."},
	{"invited", "ok", "Invited", "They have been told, and can ask or book you while the invitation counts. You hear from them, or that it has ended."},
	{"withdrawn", "ok", "Withdrawn", "The provider has been told, without a reason. Nothing counts against you."},
	{"cancelled", "ok", "Cancelled", "The other side has been told, and the time is free again."},
	{"moved", "ok", "Moved", "The other side has been told. Your calendar entry moves with the mail."},
	{"asked", "ok", "Asked for other times", "It is the provider’s turn now."},
	{"proposed_over", "ok", "Proposed", "The client is asked. Nothing moves before they say yes."},
	{"answered_over", "ok", "Kept", "It is as you said. Your place in time stays the same."},
	{"no_fit", "ok", "Said", "The other side has been told, kindly. The promise does not move."},
	{"nobody", "ok", "The care team has been told", "Choose another time, or somebody else. The promise does not move."},
	{"held", "ok", "The time is held for you", "Until then nobody else can take it."},
	{"coverage", "ok", "Your plan is with the care team", "They verify it by the time shown. You can go on meanwhile."},
	{"details", "ok", "Thank you", "The care team has what you sent. The link has done its work, and takes nothing more."},
	{"details_asked", "ok", "A link is on its way", "It takes the details once, without signing in, and lapses by itself."},
	{"exported", "ok", "The claim file is made", "Fetch it below. What is in it does not go out again."},
	{"nothing_ready", "info", "Nothing was ready", "No file was made."},
	{"way", "ok", "Your choice is kept", "You can change it for as long as your plan stands in the way."},
	{"sharing", "ok", "Your choice is kept", "It holds from this moment. You can change it at any time; your care stays the same."},
	{"employment", "ok", "Kept", "If they are not employed there any more, they alone have been told."},
	{"left_employer", "ok", "Kept", "What you have begun goes on as ordinary care on your plan. Your employer is told nothing."},
	{"benefit", "ok", "Kept", "Thank you. Your employer is never asked about you and never told."},
	{"saved", "ok", "Saved", ""},
	{"look_asked", "ok", "The care team looks", "Your employer is not asked. You hear from us as soon as we have looked; then you can ask anybody here."},
	{"match_asked", "ok", "We are looking for you", "The promise counts from now. You hear from us as soon as we have found somebody; you can look yourself meanwhile."},
	{"match_over", "ok", "We have stopped looking", "You can ask us again at any time."},
	{"proposed", "ok", "Proposed", "The client has been told and chooses."},
	{"drafted", "ok", "Kept as a draft", "Only you can see it. Below is how it would look; publish it when it is right."},
	{"photo_kept", "ok", "Photo kept as a draft", "Only you can see it. The preview shows how small and how square it is; publish when it is right."},
	{"photo_removed", "ok", "Removed", "The photo is gone from the directory and from our records."},
	{"photo_taken_down", "ok", "Photo removed", "Nobody is shown it any more. The provider is told why."},
	{"published", "ok", "Published", "Everybody reads it from now on."},
	{"again", "ok", "Thank you", "Your yes is to the duties as they are today."},
	{"review", "ok", "Your yes is kept", "The care team finds out what is still missing; then you take part."},
	{"through", "ok", "You see them through", "What is booked stands, and nothing changes for the client."},
	{"handed", "ok", "Handed on", "The client is offered others, keeps their place in time, and chooses for themselves."},
	{"ended", "ok", "Care has ended", "The client has been told that something has changed. There is room for somebody else now."},
	{"suspended", "ok", "Suspended", "They are off the list. Whoever waited for an answer is offered others within the minute."},
	{"answered", "ok", "Answered", "The client has been told."},
	{"submitted", "ok", "Thank you", "Your answers are with your provider."},
	{"crisis_confirmed", "ok", "Confirmed", "The text stands on every page, and the programme takes requests."},
	{"listed", "ok", "Published", "It stands on the list from its first day. Look at the plans of those who are affected."},
	{"adopted", "ok", "Adopted", "The new version stands below. What was judged before keeps its own."},
	{"left_out", "ok", "Left out", "Nobody reminds you of it again, and your care goes on as it would."},
	{"corrected", "ok", "Corrected", "What was said before is kept beside it."},
	{"verified", "ok", "Verified", "Both sides have been told."},
	{"acknowledged", "ok", "Acknowledged", "The alert is off the list; who and when is kept."},
	{"done", "ok", "Done", ""},
	{"clock", "ok", "The clock is confirmed", "What fell due is caught up with now."},
	{"joined", "ok", "You take part", "Clients can find you from now on."},
	{"left", "ok", "You have left the programme", "You are off the list at once. Clients who waited are offered others; come back any time."},
	{"paused", "ok", "Paused", "You are off the list. What was asked before still waits for you."},
	{"resumed", "ok", "Welcome back", "Clients can find you again."},
	{"link_sent", "ok", "If there is an account, a link is on its way", "Look into your mailbox; it works once."},
	{"signed_out", "ok", "You are signed out", ""},
}
