package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"careconnect/http/intake"
	"careconnect/rules/care"
)

// operation is one line of the API: what can be asked for, what it does, and
// who may come at all. What of it they may do and see is decided by the act and
// the store.
type operation struct {
	Method, Path string
	Does         string      // the act, or, behind "read ", the view
	Roles        []care.Role // empty: anyone, signed in or not
	Status       int         // of a yes
	Summary      string
	serve        handler
}

const (
	get  = http.MethodGet
	put  = http.MethodPut
	post = http.MethodPost

	ok   = http.StatusOK
	made = http.StatusCreated
)

// Who may come, in the short words of the table.
var (
	anyone    []care.Role
	everyone  = care.Roles[:]
	clients   = []care.Role{care.RoleClient}
	therapist = []care.Role{care.RoleProvider}
	both      = []care.Role{care.RoleClient, care.RoleProvider}
	careTeam  = []care.Role{care.RoleCareTeam}
	payers    = []care.Role{care.RolePayer}
	billing   = []care.Role{care.RoleBilling}
	operator  = []care.Role{care.RoleOperator}
	desks     = []care.Role{care.RoleCareTeam, care.RoleClinical}
	around    = []care.Role{care.RoleClient, care.RoleProvider, care.RoleCareTeam, care.RoleClinical}
)

// table is the API.
var table = []operation{
	{get, "/api/v1/me", "read me", everyone, ok, "Who I am", tagged(on((*API).me))},
	{post, "/api/v1/me/join", "join_accounts", clients, ok, "Make one account of this and another one of mine, which I open by its address and password; 422 says no more than that they open nothing", on((*API).joinAccounts)},
	{post, "/api/v1/me/leave", "leave_programme", clients, ok, "Leave the whole programme: all that is open ends, and no provider is told why", on((*API).leaveProgramme)},
	{put, "/api/v1/me", "update_me", clients, ok, "Say something else of myself; what is left out stays", tagged(on((*API).putMe))},
	{post, "/api/v1/benefit", "claim_benefit", clients, ok, "Say which employer offers me the programme", on((*API).claimBenefit)},
	{post, "/api/v1/benefit/end", "end_employment", clients, ok, "Say that I do not work there any more; the employer is told nothing", on((*API).endEmployment)},
	{put, "/api/v1/benefit/name", "name_employer", clients, ok, "Let the providers I ask read my employer's name, or not", on((*API).nameEmployer)},
	{post, "/api/v1/clients/{id}/employment", "check_employment", careTeam, ok, "Say what was found of a client's word on their employment", on((*API).checkEmployment)},

	{get, "/api/v1/providers", "read directory", anyone, ok, "Find a provider", find((*API).providers)},
	{get, "/api/v1/providers/{id}/photo", "read directory", anyone, ok, "The photo of a listed provider", tagged(find((*API).providerPhoto))},
	{get, "/api/v1/providers/{id}/openings", "read openings", anyone, ok, "When a provider has time", find((*API).openings)},
	{get, "/api/v1/plans/unprocessable", "read plans", anyone, ok, "The plans that our systems cannot process", find((*API).plans)},

	{post, "/api/v1/matches", "ask_match", clients, made, "Ask the care team to find somebody for me", on((*API).askMatch)},
	{get, "/api/v1/matches", "read matches", append(slices.Clone(clients), care.RoleCareTeam), ok, "My own, or those that wait for the care team", on((*API).matches)},
	{post, "/api/v1/matches/{id}/propose", "propose_match", careTeam, ok, "Propose up to three providers", on((*API).proposeMatch)},
	{post, "/api/v1/matches/{id}/withdraw", "withdraw_match", clients, ok, "Take the question back", on((*API).withdrawMatch)},
	{post, "/api/v1/enter", "use_handoff", anyone, ok, "Come in by a link from the payer partner's portal, once; 410 when it has been used or has run out, 400 when it is not the portal's", on((*API).enter)},
	{post, "/api/v1/matches/new", "ask_match_new", anyone, made, "Ask the care team as somebody new, which opens my record", on((*API).askMatchNew)},
	{post, "/api/v1/benefit/new", "ask_employment", anyone, made, "Say as somebody new that I work where the employer’s roster does not know me, which opens my record and has the care team look", on((*API).askEmployment)},
	{post, "/api/v1/referrals/new", "request_new", anyone, made, "Ask a provider as somebody new, or book one of their openings, which opens my record", on((*API).requestNew)},
	{post, "/api/v1/referrals", "request", clients, made, "Ask a provider for a consultation, or book one of their openings", on((*API).request)},
	{get, "/api/v1/referrals", "read referrals", around, ok, "The referrals that concern me", find((*API).referrals)},
	{get, "/api/v1/referrals/{id}", "read referral", around, ok, "One referral", tagged(on((*API).referral))},
	{post, "/api/v1/referrals/{id}/accept", "accept", therapist, ok, "Say yes to a client", on((*API).accept)},
	{post, "/api/v1/referrals/{id}/decline", "decline", therapist, ok, "Say no to a client", on((*API).decline)},
	{post, "/api/v1/referrals/{id}/propose", "propose", therapist, ok, "Offer times for the consultation", on((*API).propose)},
	{post, "/api/v1/referrals/{id}/book", "book", both, ok, "Fix the time of the consultation", on((*API).book)},
	{post, "/api/v1/referrals/{id}/choose", "choose", therapist, ok, "Having left, see a client through or hand them on", on((*API).choose)},
	{post, "/api/v1/referrals/{id}/discharge", "discharge", therapist, ok, "End a client's care with me", on((*API).discharge)},
	{post, "/api/v1/referrals/{id}/withdraw", "withdraw", clients, ok, "Take a request back", on((*API).withdraw)},
	{post, "/api/v1/referrals/{id}/other_times", "other_times", clients, ok, "Say that none of the offered times fits", on((*API).otherTimes)},
	{post, "/api/v1/referrals/{id}/not_a_fit", "not_a_fit", both, ok, "Say, after the first call, that the two do not suit each other", on((*API).notAFit)},
	{post, "/api/v1/referrals/{id}/hand_over", "hand_over", []care.Role{care.RoleProvider, care.RoleCareTeam}, ok, "Propose to the client that another provider takes over", on((*API).handOver)},
	{post, "/api/v1/referrals/{id}/hand_over/answer", "answer_hand_over", clients, ok, "Say yes or no to another provider; a yes answers with the request to them", on((*API).answerHandOver)},
	{post, "/api/v1/holds/new", "hold_new", anyone, made, "Keep an opening while somebody new fills in a form; a second hold by the same secret lets the first go", on((*API).holdNew)},
	{post, "/api/v1/holds", "hold", clients, made, "Keep an opening for me while I fill in a form; a second hold lets the first go", on((*API).hold)},
	{get, "/api/v1/deadlines/{id}/explain", "read explanation", around, ok, "How a deadline came about, step by step", tagged(on((*API).explain))},

	{post, "/api/v1/coverages", "add_coverage", clients, made, "Give the details of my plan", on((*API).addCoverage)},
	{get, "/api/v1/coverages", "read coverages", append(slices.Clone(clients), care.RoleCareTeam), ok, "My plans, or the queue of those to verify", find((*API).coverages)},
	{post, "/api/v1/coverages/{id}/verify", "verify_coverage", careTeam, ok, "Say what was found of a plan", on((*API).verifyCoverage)},

	{post, "/api/v1/clients/{id}/details", "ask_details", careTeam, ok, "Send a client a link by which they give the details of their plan without signing in", on((*API).askDetails)},
	{post, "/api/v1/details", "give_details", anyone, ok, "Give details by such a link, once; 410 when it has taken them (details_received), or has run out or was replaced (link_used)", on((*API).giveDetails)},
	{get, "/api/v1/coverages/{id}/card", "read card photo", careTeam, ok, "The photo of a plan's card, while the plan is being verified; each look is recorded", find((*API).card)},
	{post, "/api/v1/coverages/{id}/first", "choose_coverage", clients, ok, "Say which of my plans pays first", on((*API).chooseCoverage)},
	{post, "/api/v1/coverages/{id}/way", "choose_way", clients, ok, "Say how to go on without a plan that cannot be processed", on((*API).chooseWay)},

	{get, "/api/v1/appointments", "read appointments", both, ok, "My appointments", find((*API).appointments)},
	{post, "/api/v1/appointments", "book_session", both, made, "Book a session", on((*API).bookSession)},
	{post, "/api/v1/appointments/{id}/reschedule", "reschedule", both, ok, "Give an appointment another time before it begins", on((*API).reschedule)},
	{post, "/api/v1/appointments/{id}/cancel", "cancel", both, ok, "Call an appointment off before it begins", on((*API).cancel)},
	{post, "/api/v1/appointments/{id}/outcome", "outcome", both, ok, "Say what became of an appointment; a client can say that the provider did not come", on((*API).outcome)},

	{post, "/api/v1/appointments/{id}/correct", "correct", []care.Role{care.RoleProvider, care.RoleCareTeam}, ok, "Say that an outcome was wrong, and why", on((*API).correct)},

	{get, "/api/v1/visits", "read visits", []care.Role{care.RoleCareTeam, care.RoleBilling}, ok, "All sessions of the programme", find((*API).visits)},
	{get, "/api/v1/charges", "read charges", []care.Role{care.RoleClient, care.RoleProvider, care.RoleBilling}, ok, "What sessions cost, and how far their claims have come", find((*API).charges)},
	{post, "/api/v1/claims", "export_claims", billing, ok, "Put what is ready into one claim file", on((*API).exportClaims)},
	{post, "/api/v1/charges/{id}/settle", "settle_claim", billing, ok, "Say what the plan answered to a claim", on((*API).settleClaim)},
	{post, "/api/v1/charges/{id}/correct", "correct_charge", billing, ok, "Mend a charge, so that it goes out with the next file", on((*API).correctCharge)},
	{post, "/api/v1/charges/{id}/write-off", "write_off", billing, ok, "End a charge that nobody pays", on((*API).writeOff)},
	{put, "/api/v1/fee", "set_fee", therapist, ok, "Say what I ask for a session", on((*API).setFee)},

	{get, "/api/v1/screenings", "read screenings", around, ok, "My screenings, or those of a client in my care", find((*API).screenings)},
	{get, "/api/v1/screenings/{id}", "read screening", around, ok, "One screening", tagged(on((*API).screening))},
	{put, "/api/v1/screenings/{id}/answers", "save_answers", clients, ok, "Save answers; more may follow", on((*API).saveAnswers)},
	{post, "/api/v1/screenings/{id}/submit", "submit_screening", clients, ok, "Hand a screening in", on((*API).submit)},
	{post, "/api/v1/screenings/{id}/decline", "decline_screening", clients, ok, "Say that I would rather not answer; nobody reminds me again", on((*API).declineScreening)},
	{post, "/api/v1/screenings/{id}/retake", "retake_screening", clients, made, "Open a screening once more to correct my answers; the earlier version is kept", on((*API).retake)},

	{get, "/api/v1/consent", "read consent", clients, ok, "What I have said to sharing", tagged(on((*API).consent))},
	{put, "/api/v1/consent", "set_sharing", clients, ok, "Say yes or no to sharing", tagged(on((*API).setSharing))},
	{get, "/api/v1/consent/{id}/receipt", "read receipt", clients, ok, "Proof of what I have said to sharing, to keep", tagged(find((*API).consentReceipt))},
	{get, "/api/v1/access-log", "read access log", clients, ok, "Who saw or did what about me", on((*API).accessLog)},
	{get, "/api/v1/access-log/{id}/receipt", "read receipt", clients, ok, "Proof of one line of it, to keep", tagged(find((*API).receipt))},

	{post, "/api/v1/erasures", "erase", clients, made, "Have everything about me erased", on((*API).erase)},
	{get, "/api/v1/erasures/{id}", "read certificate", anyone, ok, "Where an erasure stands, and its certificate, by its number", on((*API).erasure)},
	{post, "/api/v1/clients/{id}/erasure", "ask_erasure", careTeam, made, "Ask, on a client's word, that everything about them be erased", on((*API).askErasure)},
	{post, "/api/v1/erasures/{id}/confirm", "confirm_erasure", careTeam, ok, "Agree, as a second person", on((*API).confirmErasure)},
	{post, "/api/v1/erasures/{id}/refuse", "refuse_erasure", careTeam, ok, "Refuse it", on((*API).refuseErasure)},

	{get, "/api/v1/waitlist", "read waiting lists", []care.Role{care.RoleClient, care.RoleProvider, care.RoleCareTeam}, ok, "My places on waiting lists; for a provider: who waits, since when and where, and nothing else", find((*API).waitlist)},
	{post, "/api/v1/waitlist", "join_waitlist", clients, made, "Put my name on the list of a provider who takes nobody new: it promises nothing, and no clock begins", on((*API).joinWaitlist)},
	{post, "/api/v1/waitlist/invite", "invite_waiting", therapist, ok, "Invite whoever has waited longest", on((*API).inviteNext)},
	{post, "/api/v1/waitlist/{id}/invite", "invite_waiting", therapist, ok, "Invite somebody of my list: for some days they can ask or book me although I take nobody else", on((*API).inviteWaiting)},
	{post, "/api/v1/waitlist/{id}/stay", "stay_on_waitlist", clients, ok, "Say that I still wait: the days of my place begin anew, and it stays where it is in the row", on((*API).stayOnWaitlist)},
	{post, "/api/v1/waitlist/{id}/leave", "leave_waitlist", clients, ok, "Leave a waiting list", on((*API).leaveWaitlist)},

	{get, "/api/v1/hours", "read hours", therapist, ok, "My hours", tagged(on((*API).hours))},
	{put, "/api/v1/hours", "set_hours", therapist, ok, "Set my hours", tagged(on((*API).putHours))},
	{get, "/api/v1/profile", "read profile", therapist, ok, "What everybody reads of me, and my draft", tagged(on((*API).profile))},
	{put, "/api/v1/profile", "draft_profile", therapist, ok, "Keep a draft of my public words", tagged(on((*API).draftProfile))},
	{post, "/api/v1/profile/publish", "publish_profile", therapist, ok, "Publish my draft", on((*API).publishProfile)},
	{get, "/api/v1/profile/photo", "read profile", therapist, ok, "My photo, as it is in my draft", tagged(on((*API).ownPhoto))},
	{post, "/api/v1/profile/photo", "put_photo", therapist, ok, "Keep a photo of me with my draft; only I see it until I publish", carries(maxPhoto, on((*API).putPhoto))},
	{post, "/api/v1/profile/photo/remove", "remove_photo", therapist, ok, "Remove my photo at once", on((*API).removePhoto)},
	{get, "/api/v1/handoff-keys", "read handoff keys", payers, ok, "The keys that links from our portal are signed with", on((*API).handoffKeys)},
	{post, "/api/v1/handoff-keys", "add_handoff_key", payers, made, "Add a key; earlier ones go on", on((*API).addHandoffKey)},
	{post, "/api/v1/handoff-keys/{id}/retire", "retire_handoff_key", payers, ok, "Retire a key", on((*API).retireHandoffKey)},
	{post, "/api/v1/handoff-keys/try", "read handoff keys", payers, ok, "Try a link without using it up", on((*API).tryHandoff)},
	{get, "/api/v1/participation", "read participation", therapist, ok, "Where I stand with the programme", tagged(on((*API).participation))},
	{get, "/api/v1/participation/listing", "read listing", therapist, ok, "Am I listed, and why, state by state", on((*API).ownListing)},
	{get, "/api/v1/participation/on-time", "read on time", therapist, ok, "How much of what I was asked I answered in time", on((*API).onTime)},
	{post, "/api/v1/participation", "join", therapist, ok, "Take part", on((*API).join)},
	{post, "/api/v1/participation/pause", "pause", therapist, ok, "Step off the list for a while", on((*API).pause)},
	{post, "/api/v1/participation/resume", "resume", therapist, ok, "Come back on the list", on((*API).resume)},
	{put, "/api/v1/participation/caseload", "set_caseload", therapist, ok, "Say how many clients I see at a time", on((*API).setCaseload)},
	{put, "/api/v1/participation/virtual", "set_virtual", therapist, ok, "Say whether I offer virtual care", on((*API).setVirtual)},
	{post, "/api/v1/participation/leave", "leave", therapist, ok, "Leave the programme", on((*API).leave)},

	{get, "/api/v1/board", "read board", desks, ok, "What has to be looked at, with whose turn it is", on((*API).board)},
	{get, "/api/v1/reports/programme", "read figures", []care.Role{care.RoleCareTeam, care.RolePayer, care.RoleEmployer}, ok, "What a quarter comes to: measures for the care team, what was released for the others", find((*API).report)},
	{get, "/api/v1/alerts", "read alerts", []care.Role{care.RoleProvider, care.RoleCareTeam, care.RoleClinical}, ok, "Safety alerts that nobody has acknowledged", on((*API).alerts)},
	{post, "/api/v1/alerts/{id}/acknowledge", "acknowledge", []care.Role{care.RoleProvider, care.RoleClinical}, ok, "Say that I have read an alert, and what was done", on((*API).acknowledge)},
	{get, "/api/v1/tasks", "read tasks", careTeam, ok, "What waits for a person of the care team", on((*API).tasks)},
	{post, "/api/v1/tasks/{id}/done", "finish_task", careTeam, ok, "Say that a task is dealt with", on((*API).finishTask)},
	{get, "/api/v1/help", "read help", anyone, ok, "The pages of help, and what readers said of them", find((*API).helpPages)},
	{post, "/api/v1/help/{id}/vote", "vote_help", anyone, ok, "Say whether a page of help was of use: one vote a session, and no name", on((*API).voteHelp)},
	{post, "/api/v1/questions", "write_to_us", anyone, made, "Ask the care team something, signed in or not", on((*API).askUs)},
	{get, "/api/v1/questions", "read questions", careTeam, ok, "The questions that wait for an answer", on((*API).questions)},
	{post, "/api/v1/questions/{id}/answer", "answer_ticket", careTeam, ok, "Answer a question, by mail", on((*API).answerQuestion)},
	{get, "/api/v1/terms", "read terms", careTeam, ok, "The versions of the terms", on((*API).terms)},
	{post, "/api/v1/terms/try", "read what would move", careTeam, ok, "Say what a new version would do to what is open, and change nothing", on((*API).tryTerms)},
	{post, "/api/v1/terms", "adopt_terms", careTeam, made, "Adopt a new version of the terms", on((*API).adoptTerms)},
	{get, "/api/v1/employers", "read employers", careTeam, ok, "The employers that offer the programme, or did", on((*API).employers)},
	{post, "/api/v1/employers/{id}", "update_employer", careTeam, ok, "Change an employer's entry", on((*API).updateEmployer)},
	{post, "/api/v1/employers/{id}/roster", "import_roster", careTeam, ok, "Take in an employer's roster of salted hashes, as hash-roster makes it, in the place of the one before; or only count what that would change", carries(intake.MostRoster, find((*API).takeRoster))},
	{post, "/api/v1/plans/unprocessable", "list_plan", careTeam, made, "Publish a plan that our systems cannot process", on((*API).listPlan)},
	{post, "/api/v1/plans/unprocessable/end", "delist_plan", careTeam, ok, "Say until when a plan stands on the list", on((*API).delistPlan)},
	{get, "/api/v1/plans/affected", "read affected", careTeam, ok, "The clients with a plan, to be looked at before it is published", find((*API).affectedBy)},
	{post, "/api/v1/employers", "add_employer", careTeam, made, "Register an employer that offers the programme", on((*API).addEmployer)},
	{post, "/api/v1/providers/{id}/credentials", "credential", careTeam, ok, "Record a provider's credentialing", on((*API).credential)},
	{get, "/api/v1/providers/{id}/listing", "read listing", careTeam, ok, "Why a provider is or is not listed, in a state or for a client", find((*API).listing)},
	{get, "/api/v1/programmes", "read programmes", anyone, ok, "The programmes that this instance hosts", on((*API).programmes)},
	{post, "/api/v1/programmes", "add_programme", careTeam, made, "Host another programme, with clocks of its own", on((*API).addProgramme)},
	{post, "/api/v1/programmes/enable", "enable_programme", careTeam, ok, "Open a programme for new requests, or close it for them", on((*API).enableProgramme)},
	{post, "/api/v1/terms/psyd", "decide_psyd", careTeam, ok, "Decide, for the whole instance, whether providers with a PsyD are taken", on((*API).decidePsyD)},
	{put, "/api/v1/providers/{id}/degrees", "set_degrees", careTeam, ok, "Record the degrees that a provider holds", on((*API).setDegrees)},
	{post, "/api/v1/providers/{id}/opt-in", "opt_in", careTeam, ok, "Opt a provider in on their behalf; their own yes is asked for", on((*API).optIn)},
	{post, "/api/v1/providers/{id}/admit", "admit", careTeam, ok, "End the review of a provider who has said yes", on((*API).admit)},
	{post, "/api/v1/providers/{id}/suspend", "suspend", careTeam, ok, "Take a provider off the list", on((*API).suspend)},
	{post, "/api/v1/providers/{id}/photo/remove", "take_photo_down", careTeam, ok, "Remove a provider's photo; they are told why", on((*API).takePhotoDown)},
	{post, "/api/v1/providers/{id}/reinstate", "reinstate", careTeam, ok, "End a suspension", on((*API).reinstate)},
	{post, "/api/v1/providers/{id}/invite", "invite_provider", careTeam, ok, "Invite a provider to sign in", on((*API).invite)},
	{put, "/api/v1/crisis", "confirm_crisis", operator, ok, "Confirm the crisis text, or set another one; before, a lasting instance takes no requests", on((*API).confirmCrisis)},
	{post, "/api/v1/accounts", "open_account", operator, made, "Open an account for somebody of the staff or a partner", on((*API).openAccount)},
}

// describe is the operation as the document shows it.
func (o operation) describe() huma.Operation {
	op := huma.Operation{
		OperationID: o.id(), Method: o.Method, Path: o.Path, Summary: o.Summary, DefaultStatus: o.Status,
		Tags:         []string{strings.Split(strings.TrimPrefix(o.Path, "/api/v1/"), "/")[0]},
		MaxBodyBytes: max(o.serve.most, maxBody) + 1,
		// The body has been read by then, and a deadline on reading would break off what
		// takes longer.
		BodyReadTimeout: -1,
		Errors:          []int{http.StatusUnprocessableEntity},
	}
	if strings.Contains(o.Path, "{id}") {
		op.Errors = append(op.Errors, http.StatusNotFound)
	}
	if o.Method != get {
		op.Errors = append(op.Errors, http.StatusConflict)
	}
	if o.Method == put {
		op.Errors = append(op.Errors, http.StatusPreconditionFailed)
	}
	if o.Does == "hold_new" { // few from one network
		op.Errors = append(op.Errors, http.StatusTooManyRequests)
	}
	if len(o.Roles) == 0 {
		op.Description = "For anyone."
		return op
	}
	names := make([]string, len(o.Roles))
	for i, r := range o.Roles {
		names[i] = string(r)
	}
	op.Description = "For " + strings.Join(names, ", ") + "."
	op.Security = []map[string][]string{{"bearer": {}}}
	op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden)
	return op
}

// id names the operation: its method, then its path with a hyphen between words.
func (o operation) id() string {
	words := strings.NewReplacer("/", "-", "{", "", "}", "").Replace(strings.TrimPrefix(o.Path, "/api/v1/"))
	return strings.ToLower(o.Method) + "-" + words
}
