package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// What a provider can say about whom they take, whether they are listed and why,
// and what becomes of clients when they stop.

// listingFacts say for each state whether a provider is listed, and if not, what
// stands in the way, from the same rules as the directory asks.
func (p *Pages) listingFacts(me care.ChartID) []assets.Fact {
	facts, known := p.Store.Directory().Facts(me, "", p.Now())
	if !known {
		return nil
	}
	var shown []assets.Fact
	for _, state := range rules.StatesOf(facts.Provider) {
		facts.State = state
		d := rules.ProviderIsListed.Decide(facts, p.Store.Words())
		fact := assets.Fact{Term: stateName(state), Text: "Clients find you", Badge: &assets.Badge{Text: "Listed", Kind: "success", Icon: "check"}}
		if d.Outcome != rules.Yes {
			fact.Text, fact.Badge = "", &assets.Badge{Text: "Not listed", Kind: "warning", Icon: "triangle-alert"}
			for _, reason := range d.Reasons() {
				fact.Note += inTheWay(reason) + " "
			}
		}
		shown = append(shown, fact)
	}
	if len(shown) == 0 {
		shown = []assets.Fact{{Term: "Nowhere yet", Text: "No licence or credential of yours is known", Note: "The care team enters them."}}
	}
	return shown
}

// changedDuties are the duties that have changed since a provider's yes, to be said yes
// to again.
func (p *Pages) changedDuties(me care.Provider) (assets.Options, string) {
	facts, _ := p.Store.Directory().Facts(me.ID, "", p.Now())
	facts.Provider = me
	options, until := assets.Options{Name: "duty", Legend: "As they are today", Many: true}, ""
	for _, a := range me.Attested {
		if day, asked := rules.Outdated(facts, a); asked {
			options.Choices = append(options.Choices, assets.Choice{Value: a.Duty, Text: rules.DutySays(a.Duty, p.Store.Words()), Note: meanings[a.Duty]})
			until = day.Words()
		}
	}
	return options, until
}

// caseloadForm is whom a provider takes.
func caseloadForm(me care.Provider) map[string]any {
	return map[string]any{
		"Most": assets.Field{Name: "caseload", Label: "Most clients at a time", Type: "number", Inputmode: "numeric", Value: strconv.Itoa(me.Caseload), Hint: "0 means as many as come. At this number you are off the list, until you let one go."},
		"Ticks": assets.Options{Name: "waitlist", Legend: "New clients", Many: true, Optional: true, Choices: []assets.Choice{
			{Value: "yes", Text: "Take names on a waiting list only", Note: "The directory does not show you; clients in care stay. Who waits is told when you take this back, and the list ends.", Checked: me.WaitlistOnly},
		}},
		"Virtual": me.Virtual != nil && *me.Virtual,
	}
}

func (p *Pages) setCaseload(w http.ResponseWriter, r *http.Request) error {
	most, err := strconv.Atoi(strings.TrimSpace(r.PostFormValue("caseload")))
	if err != nil {
		return p.showParticipation(w, r, http.StatusUnprocessableEntity, &assets.Notice{Kind: "danger", Title: "Nothing was changed", Text: "Give a number of clients, or 0 for as many as come."})
	}
	waitlist := r.PostFormValue("waitlist") == "yes"
	return p.takePart(w, r, act.SetCaseload{Provider: auth.Actor(r).Chart, Caseload: &most, WaitlistOnly: &waitlist}, "saved")
}

func (p *Pages) setVirtual(w http.ResponseWriter, r *http.Request) error {
	return p.takePart(w, r, act.SetVirtual{Provider: auth.Actor(r).Chart, Virtual: r.PostFormValue("virtual") == "yes"}, "saved")
}

// stoppingVirtual tells what happens to whom before virtual care ends.
func (p *Pages) stoppingVirtual(w http.ResponseWriter, r *http.Request) error {
	me, _, err := p.practice(r, "participation")
	if err != nil {
		return err
	}
	return p.show(w, r, http.StatusOK, "pro/confirm", me.Hours.Zone, assets.Page{Title: "Virtual care", Data: assets.Confirm{
		Title: "Stop offering virtual care?", Text: "The programme is for virtual care, so you are off the list while you do not offer it.",
		Items: []string{
			"You are off the list at once: nobody new can ask you or book a time.",
			"Clients who wait for your answer are offered others within the minute.",
			"For each client who waits for a first call or session you say whether you see them through by video, or hand them on.",
			"Nobody’s booked video session becomes a visit to an office by itself. Clients in care stay as they are.",
		},
		Post: "/pro/virtual", Yes: "Stop virtual care", No: assets.Link{Href: "/pro/participation", Text: "Go back"}, Danger: true, Fields: []assets.Hidden{{Name: "virtual", Value: "no"}},
	}})
}

// choices are the clients about whom a provider who has stopped still has to say
// something.
func (p *Pages) choices(r *http.Request, me care.Provider) ([]assets.Waiting, error) {
	if me.Standing == care.Active && me.Virtual != nil && *me.Virtual {
		return nil, nil
	}
	members, err := p.Store.Find(r.Context(), auth.Actor(r), care.Panel(me.ID))
	if err != nil {
		return nil, err
	}
	members = slices.DeleteFunc(members, func(m care.Member) bool { return m.Code == string(care.InCare) })
	charts, err := p.chartsOf(r, members, "participation")
	if err != nil {
		return nil, err
	}
	var cards []assets.Waiting
	zone, now := location(me.Hours.Zone), p.Now()
	for _, chart := range charts {
		for _, ref := range chart.Referrals {
			if choice, open := openChoice(chart, ref); open {
				shown := deadline(choice, by("Say by ", choice, zone), zone, now)
				cards = append(cards, assets.Waiting{
					Href: "/pro/r/" + string(ref.ID), Title: nameIn(chart), Line: sentence(act.Status(ref.Status)) + ".", Deadline: &shown, Explain: p.explain(choice),
					Actions: chooseActions(ref),
				})
			}
		}
	}
	return cards, nil
}

func openChoice(chart *care.Chart, ref care.Referral) (care.Deadline, bool) {
	for _, d := range chart.Deadlines {
		if d.Code == "choice" && d.Subject == string(ref.ID) && (d.State == care.Running || d.State == care.Missed) && ref.Status.Open() && ref.Status != care.InCare {
			return d, true
		}
	}
	return care.Deadline{}, false
}

func chooseActions(ref care.Referral) []assets.Action {
	path := "/pro/r/" + string(ref.ID) + "/choose"
	return []assets.Action{
		{Text: "I see them through", Post: path, Icon: "check", Fields: []assets.Hidden{{Name: "choice", Value: "through"}}},
		{Text: "Hand them on", Post: path, Style: "outline", Fields: []assets.Hidden{{Name: "choice", Value: "on"}}},
	}
}

func (p *Pages) chooseFor(w http.ResponseWriter, r *http.Request) error {
	id, on := mux.Vars(r)["id"], r.PostFormValue("choice") == "on"
	said := map[bool]string{true: "handed", false: "through"}[on]
	return p.onReferral(w, r, act.Choose{Referral: care.ReferralID(id), HandOn: on}, "/pro/participation", said)
}

func (p *Pages) discharging(w http.ResponseWriter, r *http.Request) error {
	chart, ref, err := p.addressed(r, "referral")
	if err != nil {
		return err
	}
	path := "/pro/r/" + string(ref.ID)
	return p.show(w, r, http.StatusOK, "pro/confirm", "", assets.Page{Title: "End care", Data: assets.Confirm{
		Title: "End care with " + nameIn(chart) + "?",
		Items: []string{
			nameIn(chart) + " is told that something about their appointments has changed, and finds the rest on their page.",
			"A follow-up that the programme still owes goes out all the same.",
			"If you set how many clients you see, there is room for one more.",
		},
		Post: path + "/discharge", Yes: "End care", No: assets.Link{Href: path, Text: "Go back"},
	}})
}

func (p *Pages) discharge(w http.ResponseWriter, r *http.Request) error {
	id := mux.Vars(r)["id"]
	return p.onReferral(w, r, act.Discharge{Referral: care.ReferralID(id)}, "/pro/r/"+id, "ended")
}

// onReferral does an act about a referral; refused, its page says why.
func (p *Pages) onReferral(w http.ResponseWriter, r *http.Request, a act.Act, to, said string) error {
	_, err := p.deed(r, a)
	if err == nil {
		return done(w, r, to, said)
	}
	if n, status, mendable := refused(r, err, location("")); mendable {
		return p.showReferral(w, r, status, n)
	}
	return err
}

// steps are how participation went, the last first.
func steps(me care.Provider) []assets.Fact {
	var facts []assets.Fact
	for _, s := range me.History {
		facts = append(facts, assets.Fact{Term: standingBadges[s.To].Text, Text: moment(s.At, location(me.Hours.Zone)).Text, Note: strings.TrimSpace("by " + or(map[care.Role]string{care.RoleProvider: "you", care.RoleSystem: "the appliance"}[s.Role], "the care team") + ". " + s.Why)})
	}
	slices.Reverse(facts)
	return facts
}

// onTime tells a provider how much of what they were asked was answered in time.
func (p *Pages) onTime(r *http.Request, me care.Provider) ([]assets.Fact, error) {
	now := p.Now()
	month := time.Date(now.UTC().Year(), now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	asked, err := p.Store.Find(r.Context(), auth.Actor(r), care.Asked(me.ID, month), care.Asked(me.ID, month.AddDate(0, -1, 0)), care.Asked(me.ID, month.AddDate(0, -2, 0)))
	if err != nil {
		return nil, err
	}
	programme, _ := p.Store.Programme()
	inTime, decided := act.OnTime(asked, programme, now.AddDate(0, 0, -onTimeDays), now)
	says := fmt.Sprintf("%d of %d", inTime, decided)
	if decided == 0 {
		says = "Nothing was asked yet"
	}
	return []assets.Fact{{
		Term: "Answered in time", Text: says, Note: fmt.Sprintf("In the last %d days. %s Yes, no and other times all count. Nobody is ranked by it, and only you and, after several misses, the care team look at it.", onTimeDays, rules.DutySays("duty.respond", p.Store.Words())),
	}}, nil
}

// onTimeDays are the days that are counted.
const onTimeDays = 60

// The care team's side: putting somebody forward, ending a review, suspending.

func (p *Pages) optIn(w http.ResponseWriter, r *http.Request) error {
	return p.onProvider(w, r, act.OptIn{Provider: care.ChartID(mux.Vars(r)["id"])}, "done")
}

func (p *Pages) admit(w http.ResponseWriter, r *http.Request) error {
	return p.onProvider(w, r, act.Admit{Provider: care.ChartID(mux.Vars(r)["id"])}, "done")
}

func (p *Pages) suspend(w http.ResponseWriter, r *http.Request) error {
	return p.onProvider(w, r, act.Suspend{Provider: care.ChartID(mux.Vars(r)["id"]), Reason: strings.TrimSpace(r.PostFormValue("reason"))}, "suspended")
}

func (p *Pages) reinstate(w http.ResponseWriter, r *http.Request) error {
	return p.onProvider(w, r, act.Reinstate{Provider: care.ChartID(mux.Vars(r)["id"])}, "done")
}

func (p *Pages) setDegrees(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return unread("The form could not be read. Go back and send it again.")
	}
	return p.onProvider(w, r, act.SetDegrees{Provider: care.ChartID(mux.Vars(r)["id"]), Degrees: r.PostForm["degree"]}, "saved")
}

// decidePsyD is the one decision for the whole instance.
func (p *Pages) decidePsyD(w http.ResponseWriter, r *http.Request) error {
	_, err := p.deed(r, act.DecidePsyD{Take: r.PostFormValue("take") == "yes"})
	if err != nil {
		return err
	}
	return done(w, r, "/ops/providers", "saved")
}

// onProvider does an act of the care team about a provider.
func (p *Pages) onProvider(w http.ResponseWriter, r *http.Request, a act.Act, said string) error {
	_, err := p.deed(r, a)
	if err == nil {
		return done(w, r, "/ops/providers/"+mux.Vars(r)["id"], said)
	}
	if n, status, mendable := refused(r, err, location("")); mendable {
		return p.showProvider(w, r, status, n, "")
	}
	return err
}

// standingForms are what the care team can do about a provider as they stand.
func (p *Pages) standingForms(pr care.Provider) map[string]any {
	path := "/ops/providers/" + string(pr.ID)
	var actions []assets.Action
	switch pr.Standing {
	case care.NotJoined, care.OptedOut:
		actions = []assets.Action{{Text: "Put them forward", Post: path + "/opt-in", Icon: "user", Style: "outline"}}
	case care.PendingReview:
		if pr.AskedBy == "" {
			actions = []assets.Action{{Text: "Admit", Post: path + "/admit", Icon: "check"}}
		}
	case care.Suspended:
		actions = []assets.Action{{Text: "End the suspension", Post: path + "/reinstate", Icon: "play"}}
	}
	forms := map[string]any{"Actions": actions, "Degrees": degreeOptions(pr)}
	if pr.Standing == care.Active || pr.Standing == care.Paused || pr.Standing == care.PendingReview {
		forms["Reason"] = assets.Field{Name: "reason", Label: "Why", Type: "textarea", Rows: 2, Max: 500, Hint: "The provider reads it."}
	}
	return forms
}

func degreeOptions(pr care.Provider) assets.Options {
	options := assets.Options{Name: "degree", Legend: "Degrees", Many: true, Hint: "Any one that qualifies is enough."}
	for _, d := range []string{"masters", "phd", "np", "psyd", "md", "other"} {
		options.Choices = append(options.Choices, assets.Choice{Value: d, Text: degreeWords[d], Checked: slices.Contains(pr.AllDegrees(), d)})
	}
	return options
}

// whyFor explains a provider's listing to the care team: in one state, or for a
// client.
func (p *Pages) whyFor(r *http.Request, pr care.Provider) (title string, facts []assets.Fact, err error) {
	known, ok := p.Store.Directory().Facts(pr.ID, strings.ToUpper(strings.TrimSpace(r.FormValue("state"))), p.Now())
	if !ok {
		return "", nil, nil
	}
	d, title := rules.ProviderIsListed.Decide(known, p.Store.Words()), "Listed in any state?"
	if known.State != "" {
		title = "Listed in " + stateName(known.State) + "?"
	}
	if id := strings.TrimSpace(r.FormValue("client")); id != "" {
		chart, err := p.Store.Chart(r.Context(), auth.Actor(r), care.ChartID(id), "listing")
		if err != nil {
			return "", nil, err
		}
		if chart.Client == nil {
			return "", nil, care.Missing()
		}
		programme, _ := p.Store.Programme()
		d, title = act.MayAsk(chart, known, programme, p.Now()), fmt.Sprintf("May %s ask?", nameIn(chart))
	}
	badges := map[rules.Truth]assets.Badge{
		rules.Yes: {Text: "Yes", Kind: "success", Icon: "check"}, rules.No: {Text: "No", Kind: "danger", Icon: "x"}, rules.Unknown: {Text: "Not known", Kind: "warning", Icon: "info"},
	}
	for _, f := range d.Findings {
		badge := badges[f.Truth]
		facts = append(facts, assets.Fact{Term: f.Code, Text: f.Says, Badge: &badge})
	}
	return title + " " + map[rules.Truth]string{rules.Yes: "Yes.", rules.No: "No.", rules.Unknown: "Not yet known."}[d.Outcome], facts, nil
}
