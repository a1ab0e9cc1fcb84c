package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/rules/order"
	"careconnect/store"
)

// privacyPage is what is known of a client's data: what they share, and who
// looked.
type privacyPage struct {
	Payer, PrivacyEmail string
	Facts               []assets.Fact
	Sharing, Here       bool // Here: they have not left
	Version             string
	Receipts            assets.Table
	Seen                assets.Table
}

// mostSeen is how many lines of who looked are shown, out of how many.
const (
	mostSeen = 60
	seenFrom = 600
)

// unseen is what keeps the service running and tells a client nothing.
var unseen = map[string]bool{"lease": true, "delivered": true, "undelivered": true, "bounced": true, "touch_pass": true, "give_session": true}

func (p *Pages) privacy(w http.ResponseWriter, r *http.Request) error {
	chart, err := p.myChart(r, "privacy")
	if err != nil {
		return err
	}
	seen, err := p.Store.Seen(r.Context(), auth.Actor(r), chart.ID, seenFrom, "access log")
	if err != nil {
		return err
	}
	words, zone := p.Store.Words(), location(chart.Client.Zone)
	page := privacyPage{
		Payer: words["payer"], PrivacyEmail: words["privacy_email"], Version: act.ConsentTextVersion, Here: chart.Client.LeftAt.IsZero(),
		Facts: []assets.Fact{{Term: "With " + words["payer"], Text: "Nothing is shared", Note: "You have not said yes."}, {Term: "With your employer", Text: "Never", Note: "Nothing about a single person ever reaches an employer."}},
	}
	if c, ok := chart.Sharing(); ok {
		page.Sharing = c.Active(p.Now())
		page.Facts[0].Note = "Since " + moment(c.At, zone).Text
		if page.Sharing {
			page.Facts[0].Text = sentence(scopeList(c.Scopes))
		}
	}
	page.Receipts = receipts(chart.Consents, zone)
	page.Seen = looks(seen, zone)
	return p.show(w, r, http.StatusOK, "privacy", chart.Client.Zone, assets.Page{Title: "Privacy", Data: page})
}

// lineReceipt is a file that proves one line of who looked.
func (p *Pages) lineReceipt(w http.ResponseWriter, r *http.Request) error {
	me, place := auth.Actor(r), mux.Vars(r)["id"]
	given, err := p.Store.Receipt(r.Context(), me, me.Chart, place)
	if err != nil {
		return err
	}
	return keepsake(w, "line-"+place, given)
}

// answerReceipt is a file that proves one answer about sharing.
func (p *Pages) answerReceipt(w http.ResponseWriter, r *http.Request) error {
	chart, err := p.myChart(r, "privacy")
	if err != nil {
		return err
	}
	id := mux.Vars(r)["id"]
	given, err := p.Store.ConsentReceipt(r.Context(), auth.Actor(r), chart, care.ConsentID(id))
	if err != nil {
		return err
	}
	return keepsake(w, id, given)
}

// keepsake is a receipt as a file to keep. The name is of an entry that was found.
func keepsake(w http.ResponseWriter, name string, given store.Receipt) error {
	body, err := json.MarshalIndent(given, "", "  ")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="receipt-`+name+`.json"`)
	_, _ = w.Write(append(body, '\n')) // whoever asked may have gone
	return nil
}

// receipts are all answers about sharing, the last one first.
func receipts(consents []care.Consent, zone *time.Location) assets.Table {
	table := assets.Table{Caption: "Your answers about sharing", Head: []string{"When", "Answer", "What", "Until", "To keep"}, Empty: "You have not been asked yet"}
	sorted := slices.Clone(consents)
	order.By(sorted, func(a, b care.Consent) int { return b.At.Compare(a.At) })
	for _, c := range sorted {
		row := []string{moment(c.At, zone).Text, "No", "nothing", "–"}
		if c.Sharing {
			row[1], row[2], row[3] = "Yes", scopeList(c.Scopes), "until you change it"
		}
		if !c.WithdrawnAt.IsZero() {
			row[3] = moment(c.WithdrawnAt, zone).Text
		}
		table.Rows = append(table.Rows, row)
		table.Links = append(table.Links, assets.Link{Href: "/me/privacy/answers/" + string(c.ID), Text: "Receipt"})
	}
	return table
}

// looks tells who did or read what about the client. What they read of their own
// is left out.
func looks(seen []store.Seen, zone *time.Location) assets.Table {
	table := assets.Table{Caption: "Who looked, and who did something", Head: []string{"When", "Who", "What", "To keep"}, Empty: "Nobody yet"}
	for _, e := range seen {
		ownRead := e.Role == care.RoleClient && strings.HasPrefix(e.Did, "read ")
		if e.Outcome != "yes" || ownRead || unseen[e.Did] || len(table.Rows) == mostSeen {
			continue
		}
		who := lookers[e.Role]
		table.Rows = append(table.Rows, []string{moment(e.At, zone).Text, or(who, string(e.Role)), deeds(e.Did, e.Effect)})
		table.Links = append(table.Links, assets.Link{Href: "/me/privacy/lines/" + e.Place, Text: "Receipt"})
	}
	return table
}

var lookers = map[care.Role]string{
	care.RoleClient: "You", care.RoleAnonymous: "You", care.RoleProvider: "A therapist you asked", care.RoleCareTeam: "The care team", care.RoleClinical: "The clinical desk",
	care.RoleBilling: "Billing", care.RoleSystem: "The service itself", care.RoleOperator: "The operator",
}

// deeds tells an act or a read in words.
func deeds(did, effect string) string {
	if page, read := strings.CutPrefix(did, "read "); read {
		return or(readWords[page], "looked at: "+page)
	}
	if did == "fall" {
		return or(effectWords[effect], "noted that a time was over")
	}
	return or(deedWords[did], strings.ReplaceAll(did, "_", " "))
}

// readWords are what somebody read, as the client knows it.
var readWords = map[string]string{
	"inbox": "saw your request in the inbox", "clients": "saw you among their clients", "referral": "looked at your request", "referrals": "looked at your requests",
	"appointment": "looked at an appointment", "appointments": "looked at your appointments", "screening": "looked at a form", "screenings": "looked at your forms",
	"board": "saw you on the board of what is due", "client": "looked at your page", "coverage": "looked at your plan", "coverages": "looked at your plans",
	"plans to verify": "saw your plan among those to verify", "alerts": "saw a safety alert", "names": "looked up your name", "tasks": "saw a task about you", "match": "looked for somebody for you", "matches": "looked for somebody for you", "waiting lists": "looked at your places on waiting lists", "listing": "asked whether you can ask a provider",
	"openings": "looked for times to see you", "participation": "saw you among their open requests", "charges": "looked at what was billed of your sessions", "charge": "looked at what was billed of a session",
	"claim file": "looked at a claim file with a session of yours", "details": "looked at your details", "book": "looked for times to see you", "form": "looked at a form",
	"erasure": "looked at a request to erase you", "seen": "looked at who had seen you",
}

// effectWords are what the service did by itself when a time came.
var effectWords = map[string]string{
	"list_ends": "asked you whether you still wait", "place_offered": "reminded you of an invitation from a waiting list",
	"nudge": "reminded the therapist of your request", "consult_nudge": "reminded the therapist of your first call",
	"watch": "asked the care team to look at your promise", "call": "asked the care team to call about your promise",
	"forms": "reminded you of the forms", "opens": "gave you the two forms once more", "follow_up": "reminded you of the forms",
}

var deedWords = map[string]string{
	"enter": "opened your chart", "request": "sent a request", "request_new": "opened your chart with a first request", "accept": "accepted your request",
	"decline": "declined your request", "propose": "proposed times", "book": "booked the first call", "book_session": "booked a session",
	"hand_over": "proposed another provider", "answer_hand_over": "answered who takes over", "hold": "held a time", "not_a_fit": "said that the two do not fit", "other_times": "asked for other times", "reschedule": "moved an appointment", "cancel": "cancelled an appointment",
	"join_accounts": "made one of two accounts", "leave_programme": "left the programme", "withdraw": "withdrew a request", "outcome": "noted what became of a visit", "add_coverage": "gave a plan", "give_details": "gave a plan by a link", "ask_details": "sent a link for a plan’s details", "verify_coverage": "checked the plan",
	"save_answers": "saved an answer", "submit_screening": "sent a form", "acknowledge": "read a safety alert", "set_sharing": "answered about sharing",
	"claim_benefit": "gave the employer’s code", "end_employment": "said that you work somewhere else now", "name_employer": "said whether therapists read your employer’s name",
	"check_employment": "looked whether your word on your employer holds", "look_up_roster": "looked your code up in the employer’s list of codes", "update_me": "changed your details", "finish_task": "dealt with a task about you",
	"choose_way": "chose how to go on without a plan that can be processed", "choose_coverage": "chose which plan comes first", "correct": "corrected what became of an appointment",
	"decline_screening": "left a form out", "retake_screening": "took a form again", "ask_employment": "opened your chart and asked the care team to look where you are employed", "ask_match": "asked the care team to match you", "ask_match_new": "opened your chart and asked to be matched",
	"propose_match": "proposed therapists", "withdraw_match": "took a question for a match back", "choose": "said what becomes of you when they stop", "discharge": "ended care",
	"join_waitlist": "put your name on a waiting list", "join_waitlist_new": "opened your chart and put your name on a waiting list", "stay_on_waitlist": "said that you still wait", "leave_waitlist": "left a waiting list", "invite_waiting": "invited you from a waiting list",
	"export_claims": "made a claim file with a session of yours", "settle_claim": "noted the plan’s answer to a claim", "correct_charge": "corrected a charge", "write_off": "wrote a charge off",
	"ask_erasure": "asked that you be erased", "confirm_erasure": "agreed that you be erased", "refuse_erasure": "refused that you be erased", "recompute": "worked a date out again",
	"give_invite": "made a link to set a password", "drop_pass": "signed out", "redeem": "set a password", "give_token": "made a key for programs",
}
