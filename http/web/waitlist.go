package web

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/gorilla/mux"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store/directory"
)

// Waiting lists: where a client meets one, joins it and leaves it, and where the
// provider invites from it.

// waitlistRoutes are the pages of waiting lists.
func (p *Pages) waitlistRoutes() []reply.Route {
	routes := []reply.Route{
		{Method: http.MethodGet, Path: "/p/{id}/wait", Does: "read waiting list", Handler: p.page(p.waitForm)},
		{Method: http.MethodPost, Path: "/p/{id}/wait", Does: "join_waitlist", Handler: p.page(p.wait)},
	}
	routes = append(routes, p.open([]care.Role{care.RoleClient}, []way{
		{http.MethodPost, "/me/waiting/{id}/stay", "stay_on_waitlist", p.stayOnList},
		{http.MethodPost, "/me/waiting/{id}/leave", "leave_waitlist", p.leaveList},
	})...)
	return append(routes, p.open([]care.Role{care.RoleProvider}, []way{
		{http.MethodPost, "/pro/waiting", "invite_waiting", p.inviteWaiting},
		{http.MethodPost, "/pro/waiting/{id}", "invite_waiting", p.inviteWaiting},
	})...)
}

// shown is the card of whom one can look at: who is listed, and who is not and
// keeps a waiting list.
func (p *Pages) shown(id string) (directory.Card, bool) {
	c, ok := p.Store.Directory().Provider(care.ChartID(id), p.Now())
	if !ok {
		c, ok = p.Store.Directory().Keeper(care.ChartID(id), p.Now())
	}
	return c, ok
}

// invitation is what a provider who takes nobody else has invited a client to.
func (p *Pages) invitation(chart *care.Chart, provider care.ChartID) (care.Wait, bool) {
	if chart == nil {
		return care.Wait{}, false
	}
	w, waits := chart.WaitsFor(provider)
	return w, waits && w.Invites(p.Now())
}

// keeping is what the profile of a provider says who keeps a waiting list.
func (p *Pages) keeping(r *http.Request, c directory.Card, v arrival, chart *care.Chart) (assets.Notice, []assets.Action) {
	n := assets.Notice{Kind: "info", Title: c.Name + " takes nobody new at present", Text: "They keep a waiting list. A place on it promises nothing, and no clock begins. If you want to be seen soon, ask somebody who has time; you stay on the list all the same."}
	others := assets.Action{Text: "Who has time", Href: v.to("/find"), Icon: "search", Style: "outline"}
	match := assets.Action{Text: "Let the care team match me", Href: v.to("/match"), Icon: "users", Style: "outline"}
	if role := auth.Actor(r).Role; role != care.RoleAnonymous && role != care.RoleClient {
		return n, nil
	}
	join := assets.Action{Text: "Join the waiting list", Href: v.to("/p/" + string(c.ID) + "/wait"), Icon: "hourglass", Style: "large"}
	if chart == nil {
		return n, []assets.Action{join, others, match}
	}
	if w, waits := chart.WaitsFor(c.ID); waits {
		n.Title = "You are on " + c.Name + "’s waiting list"
		n.Text = "Since " + moment(w.JoinedAt, location(v.zone())).Text + ". You are told as soon as there is room for you. If you want to be seen soon, ask somebody who has time; you stay on the list all the same."
		return n, []assets.Action{others, match, leaveAction(w)}
	}
	return n, []assets.Action{join, others, match}
}

func leaveAction(w care.Wait) assets.Action {
	return assets.Action{Text: "Leave the list", Post: "/me/waiting/" + string(w.ID) + "/leave", Style: "ghost", Icon: "x"}
}

// waitPage is the form by which somebody puts their name on a list.
type waitPage struct {
	Title, Lead, Path, Profile string
	Items                      []string
	Problems                   []assets.Problem
	You, Home                  []assets.Field // for those who are not signed in
	Fields                     []assets.Hidden
	Others                     []assets.Action
	Crisis, Signed             string
}

func (p *Pages) waitForm(w http.ResponseWriter, r *http.Request) error {
	v, chart, err := p.visitor(r, "book")
	if err != nil {
		return err
	}
	if chart != nil {
		if _, waits := chart.WaitsFor(care.ChartID(mux.Vars(r)["id"])); waits { // the profile says so
			return done(w, r, v.to("/p/"+mux.Vars(r)["id"]), "")
		}
	}
	return p.showWait(w, r, http.StatusOK, asked{arrival: v, form: r.Form, chart: chart})
}

func (p *Pages) showWait(w http.ResponseWriter, r *http.Request, status int, a asked) error {
	c, ok := p.Store.Directory().Keeper(care.ChartID(mux.Vars(r)["id"]), p.Now())
	if !ok {
		if _, listed := p.shown(mux.Vars(r)["id"]); listed { // they take clients again
			return done(w, r, a.to("/p/"+mux.Vars(r)["id"]), "")
		}
		return care.Missing()
	}
	words, path := p.Store.Words(), "/p/"+string(c.ID)
	data := waitPage{
		Title: "Join " + c.Name + "’s waiting list", Lead: "They take nobody new at present, and names for later.", Path: path + "/wait", Profile: a.to(path), Problems: a.problems,
		Items: []string{
			"A place on the list promises nothing: no first session by a certain day, and no answer by a certain hour.",
			c.Name + " sees that somebody waits, since when, and in which state. No name, no address, and nothing of what it is about.",
			words.Render("When there is room they invite somebody, as a rule whoever has waited longest. You are told by mail and have {invitation_days} days to ask or book."),
			words.Render("Your place ends by itself after {waitlist_days} days, unless you say that you still wait. You leave whenever you like."),
			"You can ask somebody else at any time, and see them; you stay on the list until you leave it.",
		},
		Fields: append(a.along("src", "proof", "language", "specialty"), assets.Hidden{Name: "once", Value: or(a.get("once"), auth.Secret())}),
		Others: []assets.Action{
			{Text: "Who has time", Href: a.to("/find"), Icon: "search", Style: "outline"}, {Text: "Let the care team match me", Href: a.to("/match"), Icon: "users", Style: "outline"},
		},
		Crisis: words["crisis"],
	}
	if a.chart == nil || a.chart.Client.Benefit.Found() == nil {
		data.Items = append(data.Items, "If you are not found on your employer’s list, the care team looks while you wait. Your employer is not asked.")
	}
	if a.chart == nil {
		data.You, data.Home = p.newcomerFields(a)
	} else {
		data.Signed = a.chart.Client.Name
	}
	return p.show(w, r, status, "wait", a.zone(), assets.Page{Title: data.Title, Data: data})
}

// wait puts a name on the list, and for somebody new opens their chart and signs
// them in, all in one act.
func (p *Pages) wait(w http.ResponseWriter, r *http.Request) error {
	v, chart, err := p.visitor(r, "book")
	if err != nil {
		return err
	}
	a := asked{arrival: v, form: r.PostForm, chart: chart}
	join, secret := act.JoinWaitlist{Provider: care.ChartID(mux.Vars(r)["id"])}, ""
	if chart != nil {
		join.Client = chart.ID
	} else {
		a.missingOf()
		join.New, secret = p.newcomer(&a)
	}
	if len(a.problems) > 0 {
		return p.showWait(w, r, http.StatusUnprocessableEntity, a)
	}
	out, err := p.deedOnce(r, join, a.get("once"))
	if err != nil && tooYoung(r, err) {
		return p.young(w, r)
	}
	if err != nil {
		return p.again(w, r, err, func(status int, problems []assets.Problem) error {
			a.problems = problems
			return p.showWait(w, r, status, a)
		})
	}
	return p.letIn(w, r, chart, out, secret, "waits")
}

func (p *Pages) stayOnList(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.deed(r, act.StayOnWaitlist{Wait: care.WaitID(mux.Vars(r)["id"])}); err != nil {
		return err
	}
	return done(w, r, "/me", "stays")
}

func (p *Pages) leaveList(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.deed(r, act.LeaveWaitlist{Wait: care.WaitID(mux.Vars(r)["id"])}); err != nil {
		return err
	}
	return done(w, r, "/me", "waits_no_more")
}

// keptInView is for how many days a client still sees a place that has ended.
const keptInView = 30

// lists are a client's places on waiting lists, those that ask something of them
// first, and those that ended lately.
func (m *mine) lists() []assets.Waiting {
	var cards []assets.Waiting
	for _, status := range []care.WaitStatus{care.WaitInvited, care.WaitStands, care.WaitOpen, care.WaitClosed, care.WaitLapsed, care.WaitUnused} {
		for _, w := range m.chart.Waits {
			if w.Status == status && (status.Stands() || w.EndedAt.AddDate(0, 0, keptInView).After(m.now) && !m.since(w)) {
				cards = append(cards, m.listCard(w))
			}
		}
	}
	return cards
}

func (m *mine) invited() bool {
	return slices.ContainsFunc(m.chart.Waits, func(w care.Wait) bool { return w.Invites(m.now) })
}

// since says whether a client has come back to a provider after a place on their
// list has ended.
func (m *mine) since(w care.Wait) bool {
	_, waits := m.chart.WaitsFor(w.Provider)
	return waits || slices.ContainsFunc(m.chart.Referrals, func(r care.Referral) bool { return r.Provider == w.Provider && r.SubmittedAt.After(w.EndedAt) })
}

func (m *mine) listCard(w care.Wait) assets.Waiting {
	name, path := or(m.who[w.Provider].Name, "A therapist"), "/p/"+string(w.Provider)
	card := assets.Waiting{Title: name, Href: path, Line: "On the waiting list since " + m.words(w.JoinedAt)}
	ended := "Ended " + m.words(w.EndedAt)
	find := assets.Action{Text: "Find a therapist", Href: "/find", Icon: "search", Style: "outline"}
	d, _ := m.chart.Deadline(w.Clock)
	switch w.Status {
	case care.WaitInvited:
		card.Line = name + " has room for you"
		card.Deadline = m.badge(d, by("Ask or book by ", d, m.zone))
		card.Note = "They take nobody else at present. After that the place goes to somebody else."
		card.Explain = m.p.explain(d)
		card.Actions = []assets.Action{{Text: "Ask " + name, Href: path + "/book", Icon: "arrow-right"}, leaveAction(w)}
	case care.WaitStands:
		card.Note = "It promises nothing, and ends by " + limit(d.Due, m.zone) + " unless you say that you still wait. You can see somebody else meanwhile; you stay on the list until you leave it."
		card.Explain = m.p.explain(d)
		card.Actions = []assets.Action{{Text: "I still wait", Post: "/me/waiting/" + string(w.ID) + "/stay", Icon: "hourglass", Style: "outline"}, leaveAction(w)}
	case care.WaitOpen:
		card.Line, card.Note = ended, name+" takes new clients again. Ask them, or book a time, as you would anybody else."
		card.Actions = []assets.Action{{Text: "Ask " + name, Href: path, Icon: "arrow-right"}}
	case care.WaitClosed:
		card.Href, card.Line, card.Note = "", ended, "The waiting list has ended. That has nothing to do with you."
		card.Actions = []assets.Action{find}
	default:
		card.Line, card.Note = ended, map[care.WaitStatus]string{care.WaitLapsed: "Your days on the list were over.", care.WaitUnused: "The place has gone to somebody else."}[w.Status]
		card.Actions = []assets.Action{find}
		if c, keeps := m.p.Store.Directory().Keeper(w.Provider, m.now); keeps && slices.Contains(c.States, m.chart.Client.State) {
			card.Actions = append(card.Actions, assets.Action{Text: "Join again", Href: path + "/wait", Icon: "hourglass", Style: "outline"})
		}
	}
	return card
}

// queueing is a provider's waiting list on their page.
type queueing struct {
	Says  string
	Next  bool // somebody can be invited
	First []queued
	Rest  []queued
}

// queued is one of those who wait: since when and where, and nothing more.
type queued struct {
	Text, Post string
	Badge      *assets.Badge
}

// inSight is how many of a waiting list stand open on the page.
const inSight = 10

// queue is who waits for a provider; nil where no list is kept.
func (p *Pages) queue(r *http.Request, me care.Provider) (*queueing, error) {
	members, err := p.Store.Find(r.Context(), auth.Actor(r), care.Waitlist(me.ID))
	if err != nil || !me.WaitlistOnly && len(members) == 0 {
		return nil, err
	}
	zone, q := location(me.Hours.Zone), &queueing{}
	states := me.States(calendar.On(p.Now(), zone))
	for i, m := range act.InRow(members) {
		line := queued{Text: "Since " + moment(m.At, zone).Text + " · " + stateName(m.Code), Post: "/pro/waiting/" + m.Ref}
		if !m.Until.IsZero() {
			line.Post, line.Badge = "", &assets.Badge{Text: "Invited until " + moment(m.Until, zone).Text, Kind: "info", Icon: "hourglass"}
		}
		if line.Badge == nil && !slices.Contains(states, m.Code) {
			line.Post, line.Badge = "", &assets.Badge{Text: "You are not credentialed there today", Kind: "quiet", Icon: "info"}
		}
		q.Next = q.Next || line.Badge == nil
		if i < inSight {
			q.First = append(q.First, line)
		} else {
			q.Rest = append(q.Rest, line)
		}
	}
	q.Says = map[int]string{0: "Nobody waits at present.", 1: "1 person waits."}[len(members)]
	if len(members) > 1 {
		q.Says = fmt.Sprintf("%d people wait.", len(members))
	}
	return q, nil
}

func (p *Pages) inviteWaiting(w http.ResponseWriter, r *http.Request) error {
	return p.takePart(w, r, act.InviteWaiting{Provider: auth.Actor(r).Chart, Wait: care.WaitID(mux.Vars(r)["id"])}, "invited")
}

// placeWords say to the care team where a place on a list stands.
var placeWords = map[care.WaitStatus]string{
	care.WaitStands: "Waits", care.WaitInvited: "Is invited", care.WaitTaken: "Has asked", care.WaitLeft: "Left the list", care.WaitLapsed: "Its days were over",
	care.WaitUnused: "The invitation was over", care.WaitOpen: "Takes clients again, told", care.WaitClosed: "The list has ended, told",
}

// placesOf are a client's places on waiting lists, for the care team.
func (p *Pages) placesOf(r *http.Request, chart *care.Chart) ([]assets.Fact, error) {
	var ids []care.ChartID
	for _, w := range chart.Waits {
		ids = append(ids, w.Provider)
	}
	who, err := p.named(r.Context(), ids)
	if err != nil {
		return nil, err
	}
	var facts []assets.Fact
	for _, w := range chart.Waits {
		zone := location(chart.Client.Zone)
		fact := assets.Fact{Term: or(who[w.Provider].Name, "A provider"), Text: placeWords[w.Status], Note: "Since " + moment(w.JoinedAt, zone).Text + ", " + stateName(w.State)}
		switch {
		case w.Status == care.WaitInvited:
			fact.Note += "; " + turnWords[rules.TurnOf(w)] + " until " + moment(w.Until, zone).Text
		case !w.EndedAt.IsZero():
			fact.Note += "; ended " + moment(w.EndedAt, zone).Text
		}
		facts = append(facts, fact)
	}
	return facts, nil
}
