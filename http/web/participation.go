package web

import (
	"net/http"
	"slices"
	"strings"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// Joining the programme, pausing, and leaving it.

// meanings say what a duty comes to, beside its own sentence.
var meanings = map[string]string{
	"duty.virtual":   "By video or phone. Whom you see, how often and for how long stays your choice.",
	"duty.portal":    "Calls and sessions stand here, so that times, promises and bills agree.",
	"duty.respond":   "Yes, no, and other times are all answers. We remind you before the time runs out.",
	"duty.consult":   "The call itself lies within the days, not just the booking of it.",
	"duty.baseline":  "No work for you: the forms go out when you book the first session.",
	"duty.follow_up": "No work for you: the forms go out, and the results come to you.",
}

func (p *Pages) participation(w http.ResponseWriter, r *http.Request) error {
	return p.showParticipation(w, r, http.StatusOK, nil)
}

func (p *Pages) showParticipation(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice) error {
	me, zone, err := p.practice(r, "participation")
	if err != nil {
		return err
	}
	data := map[string]any{
		"Badge": standingBadges[me.Standing], "Duties": p.duties(r), "Card": publicCard(me), "Facts": p.credentialFacts(me),
		"Listing": p.listingFacts(me.ID), "Caseload": caseloadForm(me), "History": steps(me),
	}
	if data["Choices"], err = p.choices(r, me); err != nil {
		return err
	}
	if data["Queue"], err = p.queue(r, me); err != nil {
		return err
	}
	if data["OnTime"], err = p.onTime(r, me); err != nil {
		return err
	}
	if options, until := p.changedDuties(me); me.Standing == care.Active && until != "" {
		data["Again"], data["AgainUntil"] = options, until
	}
	switch me.Standing {
	case care.Active:
		data["Lead"] = "Clients find you, since " + moment(me.JoinedAt, zone).Text + "."
		if me.WaitlistOnly {
			data["Lead"] = "You take names on a waiting list only. The directory does not show you; those who know your page can wait."
		}
		data["Actions"] = []assets.Action{
			{Text: "Pause", Href: "/pro/pause", Icon: "pause", Style: "outline"}, {Text: "Leave the programme", Href: "/pro/leave", Icon: "log-out", Style: "ghost"},
		}
	case care.Paused:
		data["Lead"] = "You have paused: nobody new finds you."
		data["Actions"] = []assets.Action{
			{Text: "Resume", Post: "/pro/resume", Icon: "play"}, {Text: "Leave the programme", Href: "/pro/leave", Icon: "log-out", Style: "ghost"},
		}
	case care.Suspended:
		data["Lead"] = "The care team has suspended your participation: nobody new finds you. Clients in care stay with you. Write to " + p.Store.Words()["care_email"] + "."
		data["Actions"] = []assets.Action{{Text: "Leave the programme", Href: "/pro/leave", Icon: "log-out", Style: "ghost"}}
	case care.PendingReview:
		if me.AskedBy == "" {
			data["Lead"] = "Your yes is with the care team, who find out what is still missing. Then you take part."
			data["Actions"] = []assets.Action{{Text: "Take it back", Href: "/pro/leave", Icon: "log-out", Style: "ghost"}}
			data["Missing"] = p.missing(me)
			break
		}
		fallthrough
	default:
		data["Lead"] = "Say yes to each of the six duties, and clients can find you at once. You can leave at any time, without notice and without a reason."
		data["Join"] = true
		data["Missing"] = p.missing(me)
		data["Virtual"] = assets.Options{Name: "virtual", Legend: "Do you offer virtual care?", Choices: []assets.Choice{
			{Value: "yes", Text: "Yes, by video or phone", Checked: me.Virtual != nil && *me.Virtual || r.PostFormValue("virtual") == "yes"},
			{Value: "no", Text: "No, in person only", Note: "The programme is for virtual care, so you could not be listed.", Checked: me.Virtual != nil && !*me.Virtual},
		}}
	}
	return p.show(w, r, status, "pro/participation", me.Hours.Zone, assets.Page{Title: "Participation", Notice: n, Data: data})
}

// duties are the six, in the words of the handbook.
func (p *Pages) duties(r *http.Request) assets.Options {
	options := assets.Options{Name: "duty", Legend: "The six duties", Many: true}
	words := p.Store.Words()
	for _, code := range rules.DutyCodes() {
		i := slices.IndexFunc(rules.ProviderMayTakePart.Rules, func(rule rules.Rule[rules.ProviderFacts]) bool { return rule.Code == code })
		options.Choices = append(options.Choices, assets.Choice{
			Value: code, Text: words.Render(rules.ProviderMayTakePart.Rules[i].Says), Note: meanings[code],
			Checked: slices.Contains(r.PostForm["duty"], code), // each time afresh: a yes ends with leaving
		})
	}
	return options
}

// missing is what stands in the way of joining besides the duties.
func (p *Pages) missing(me care.Provider) *assets.Notice {
	n := &assets.Notice{Kind: "warn", Title: "Still missing", Text: "You can join once this is settled. The care team enters your credentials."}
	for _, f := range rules.MayJoin.Decide(p.facts(me), p.Store.Words()).Reasons() {
		if !slices.Contains(rules.DutyCodes(), f.Code) {
			n.Items = append(n.Items, f.Says)
		}
	}
	if err := me.Hours.Valid(); err != nil {
		n.Items = append(n.Items, "Your weekly hours and your time zone.")
		n.Actions = []assets.Action{{Text: "Enter your hours", Href: "/pro/hours", Icon: "calendar-clock", Style: "outline"}}
	}
	if len(n.Items) == 0 {
		return nil
	}
	return n
}

func (p *Pages) facts(me care.Provider) rules.ProviderFacts {
	programme, _ := p.Store.Programme()
	now := p.Now()
	return rules.ProviderFacts{Provider: me, Today: calendar.On(now, location(me.Hours.Zone)), Terms: rules.TermsAt(programme.Terms, now), Versions: programme.Terms}
}

func (p *Pages) credentialFacts(me care.Provider) []assets.Fact {
	facts := []assets.Fact{{Term: "Degree", Text: or(degreeWords[me.Degree], me.Degree)}, {Term: "NPI", Text: me.NPI}}
	for _, c := range me.Credentials {
		fact := assets.Fact{Term: "Credentialed in " + stateName(c.State), Text: "From " + c.From.Words(), Badge: &assets.Badge{Text: "Licensed there", Kind: "success", Icon: "check"}}
		if !c.Until.IsZero() {
			fact.Text += " until " + c.Until.Words()
		}
		if !me.Licensed(c.State) {
			fact.Badge = &assets.Badge{Text: "No licence known there", Kind: "warning", Icon: "triangle-alert"}
		}
		facts = append(facts, fact)
	}
	if len(me.Credentials) == 0 {
		facts = append(facts, assets.Fact{Term: "Credentials", Text: "None entered yet", Note: "The care team enters them."})
	}
	return facts
}

// publicCard is how the directory shows a provider.
func publicCard(me care.Provider) assets.ProviderCard {
	states := []string{}
	for _, c := range me.Credentials {
		states = append(states, stateName(c.State))
	}
	line := label(me.Degree)
	if len(states) > 0 {
		line += " · " + strings.Join(states, ", ")
	}
	if me.Pronouns != "" {
		line += " · " + me.Pronouns
	}
	return assets.ProviderCard{Href: "/p/" + string(me.ID), Name: me.Name, Initials: initials(me.Name), Tint: tint(string(me.ID)), Photo: faceOf("/pro/profile", me.Photo, "small"), Line: line, Tags: labelsOf(me.Specialties)}
}

func (p *Pages) join(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return unread("The form could not be read. Go back and send it again.")
	}
	virtual := r.PostFormValue("virtual") == "yes"
	a := act.Join{Provider: auth.Actor(r).Chart, Attest: r.PostForm["duty"], Virtual: &virtual}
	if r.PostFormValue("again") != "" {
		a.Virtual = nil
		return p.takePart(w, r, a, "again")
	}
	out, err := p.deed(r, a)
	if err == nil {
		return done(w, r, "/pro/participation", map[bool]string{true: "review", false: "joined"}[len(out.Decision.Reasons()) > 0])
	}
	if n, status, mendable := refused(r, err, location("")); mendable {
		return p.showParticipation(w, r, status, n)
	}
	return err
}

func (p *Pages) pause(w http.ResponseWriter, r *http.Request) error {
	return p.takePart(w, r, act.Pause{Provider: auth.Actor(r).Chart}, "paused")
}

func (p *Pages) resume(w http.ResponseWriter, r *http.Request) error {
	return p.takePart(w, r, act.Resume{Provider: auth.Actor(r).Chart}, "resumed")
}

func (p *Pages) leave(w http.ResponseWriter, r *http.Request) error {
	return p.takePart(w, r, act.Leave{Provider: auth.Actor(r).Chart}, "left")
}

// takePart does an act about taking part; refused, the page says why.
func (p *Pages) takePart(w http.ResponseWriter, r *http.Request, a act.Act, said string) error {
	_, err := p.deed(r, a)
	if err == nil {
		return done(w, r, "/pro/participation", said)
	}
	if n, status, mendable := refused(r, err, location("")); mendable {
		return p.showParticipation(w, r, status, n)
	}
	return err
}

func (p *Pages) pausing(w http.ResponseWriter, r *http.Request) error {
	me, _, err := p.practice(r, "participation")
	if err != nil {
		return err
	}
	return p.show(w, r, http.StatusOK, "pro/confirm", me.Hours.Zone, assets.Page{Title: "Pause", Data: assets.Confirm{
		Title: "Pause for a while?", Text: "You can resume with one click.",
		Items: []string{
			"You are off the list at once: nobody new can ask you or book a time.",
			"What was asked before still waits for you, and its time to answer runs on.",
			"Booked consultations and sessions stand; clients in care stay with you.",
		},
		Post: "/pro/pause", Yes: "Pause", No: assets.Link{Href: "/pro/participation", Text: "Go back"},
	}})
}

// leaving tells, before a provider leaves, what happens to whom.
func (p *Pages) leaving(w http.ResponseWriter, r *http.Request) error {
	me, zone, err := p.practice(r, "participation")
	if err != nil {
		return err
	}
	members, err := p.Store.Find(r.Context(), auth.Actor(r), serving(care.SetInbox, me.ID), serving(care.SetPanel, me.ID))
	if err != nil {
		return err
	}
	charts, err := p.chartsOf(r, members, "participation")
	if err != nil {
		return err
	}
	items := []string{"You are off the list at once: nobody new can ask you or book a time."}
	stays := 0
	for _, chart := range charts {
		for _, ref := range chart.Referrals {
			switch {
			case ref.Status == care.Submitted || stillAnswerable(ref):
				items = append(items, nameIn(chart)+" waits for your answer: within the minute they are told that you have left, and offered others who can still keep the promise.")
			case ref.Status.Undecided():
				items = append(items, nameIn(chart)+" is choosing a time with you: you say afterwards whether you see them through or hand them on.")
			case ref.Status == care.ConsultBooked:
				when := ""
				if ap, ok := chart.Appointment(ref.Meeting); ok {
					when = " on " + moment(ap.Start, zone).Text
				}
				items = append(items, "The consultation with "+nameIn(chart)+when+" stands, unless you hand them on.")
			case ref.Status == care.InCare:
				stays++
			case ref.Status.Open():
				items = append(items, nameIn(chart)+" waits for a first session: you say afterwards whether you see them through or hand them on.")
			}
		}
	}
	switch {
	case stays == 1:
		items = append(items, "One client in your care stays with you, with their sessions and check-ins.")
	case stays > 1:
		items = append(items, sentence(number(stays))+" clients in your care stay with you, with their sessions and check-ins.")
	}
	items = append(items, "You can come back any time; you then say yes to the six duties again.")
	return p.show(w, r, http.StatusOK, "pro/confirm", me.Hours.Zone, assets.Page{Title: "Leave", Data: assets.Confirm{
		Title: "Leave the programme?", Text: "It takes effect at once. There is no notice to give and no reason to name.", Items: items,
		Post: "/pro/leave", Yes: "Leave now", No: assets.Link{Href: "/pro/participation", Text: "Stay"}, Danger: true,
	}})
}
