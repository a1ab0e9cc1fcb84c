package api

import (
	"context"
	"slices"
	"time"

	"careconnect/http/reckon"
	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// holiday is a day on which the instance does no business, besides the federal ones.
type holiday struct {
	Date calendar.Date `json:"date"`
	Name string        `json:"name" maxLength:"60"`
}

// version is one version of the terms.
type version struct {
	Version   string         `json:"version"`
	Effective time.Time      `json:"effective"`
	InForce   bool           `json:"in_force"`
	Numbers   map[string]int `json:"numbers" doc:"By the codes of the terms"`
	Holidays  []holiday      `json:"holidays"`
	Why       string         `json:"why,omitempty"`
}

func (a *API) terms(ctx context.Context, _ *struct{}) (listed[version], error) {
	programme, clock := a.store.Programme()
	zone, in := a.zone(ctx, nil), rules.TermsAt(clock.Terms, a.now())
	found := listed[version]{Items: []version{}}
	for _, t := range clock.Terms {
		t, _ = rules.TermsOf(clock.Terms, t.Version)
		v := version{Version: t.Version, Effective: t.Effective.In(zone), InForce: t.Version == in.Version, Numbers: map[string]int{}, Why: t.Why}
		for _, f := range rules.TermFields() {
			v.Numbers[f.Code] = f.Of(t)
		}
		own := t.Holidays
		if own == nil {
			own = programme.Programme.Holidays
		}
		v.Holidays = each(own, func(h calendar.Holiday) holiday { return holiday{h.Date, h.Name} })
		found.Items = append(found.Items, v)
	}
	order.By(found.Items, func(x, y version) int { return y.Effective.Compare(x.Effective) })
	return found, nil
}

// Proposal is what a new version would say; what is left out stays as it is.
type Proposal struct {
	Numbers   map[string]int `json:"numbers,omitempty" maxProperties:"60" doc:"By the codes of the terms"`
	Holidays  *[]holiday     `json:"holidays,omitempty" maxItems:"200" doc:"All of the instance's own; left out: those that hold now"`
	Effective time.Time      `json:"effective,omitempty" doc:"Left out: from now on"`
}

func (a *API) proposed(ctx context.Context, in Proposal) (care.Terms, error) {
	programme, clock := a.store.Programme()
	t := rules.TermsAt(clock.Terms, a.now())
	t.Version, t.Effective = "proposed", a.now().UTC().Truncate(time.Second)
	if !in.Effective.IsZero() {
		t.Effective = in.Effective
	}
	if t.Holidays == nil {
		t.Holidays = append([]calendar.Holiday{}, programme.Programme.Holidays...)
	}
	if in.Holidays != nil {
		t.Holidays = each(*in.Holidays, func(h holiday) calendar.Holiday { return calendar.Holiday{Date: h.Date, Name: h.Name} })
	}
	for code, n := range in.Numbers {
		i := slices.IndexFunc(rules.TermFields(), func(f rules.TermField) bool { return f.Code == code })
		if i < 0 {
			return t, reply.Bad(ctx, 422, "invalid_input", "numbers: there is no term of one of these codes; GET /api/v1/terms lists them.")
		}
		rules.TermFields()[i].Set(&t, n)
	}
	return t, nil
}

type postTrial struct {
	Keyed
	Body struct {
		Proposal
		Cursor time.Time `json:"cursor,omitempty" doc:"From the page before"`
	}
}

// trial is a page of what would move.
type trial struct {
	Items []shift    `json:"items"`
	Seen  int        `json:"seen" doc:"How many open deadlines this page looked at"`
	Next  *time.Time `json:"next,omitempty" doc:"The cursor of the next page"`
}

// shift is an open deadline that would move.
type shift struct {
	ID     care.DeadlineID `json:"id"`
	Code   string          `json:"code"`
	Due    time.Time       `json:"due"`
	Would  time.Time       `json:"would_be_due"`
	Late   bool            `json:"newly_late" doc:"It would be late at once, so it stays where it is"`
	Sooner bool            `json:"sooner" doc:"It would end sooner, so it stays where it is"`
}

// mostTried is how many open deadlines one page of a trial looks at.
const mostTried = 200

func (a *API) tryTerms(ctx context.Context, in *postTrial) (trial, error) {
	t, err := a.proposed(ctx, in.Body.Proposal)
	if err != nil {
		return trial{}, err
	}
	for _, says := range rules.TermsProblems(t) {
		return trial{}, reply.Bad(ctx, 422, "invalid_input", says+".")
	}
	from, now := in.Body.Cursor, a.now()
	if from.IsZero() {
		from = reckon.Begin(now)
	}
	page, err := reckon.Try(ctx, a.store, actor(ctx), t, from, now, mostTried)
	if err != nil {
		return trial{}, err
	}
	zone := a.zone(ctx, nil)
	found := trial{Seen: page.Seen, Items: each(page.Rows, func(r reckon.Row) shift {
		return shift{ID: r.Deadline, Code: r.Code, Due: r.Was.In(zone), Would: r.Then.In(zone), Late: r.Late, Sooner: r.Sooner}
	})}
	if !page.Next.IsZero() {
		found.Next = &page.Next
	}
	return found, nil
}

type postTerms struct {
	Keyed
	Body struct {
		Proposal
		Why  string `json:"why" minLength:"1" maxLength:"300" doc:"Why the terms change; everybody can read it"`
		Open string `json:"open,omitempty" enum:"keep,lengthen" doc:"What is open already keeps its version, or is given the longer time; nothing ends sooner than was said"`
	}
}

// adopted says which version was made, and how much of what was open moved.
type adopted struct {
	Version string `json:"version"`
	Moved   int    `json:"moved"`
	Asked   int    `json:"asked" doc:"How many providers are asked to say yes again, since a duty of theirs changes"`
}

func (a *API) adoptTerms(ctx context.Context, in *postTerms) (adopted, error) {
	t, err := a.proposed(ctx, in.Body.Proposal)
	if err != nil {
		return adopted{}, err
	}
	out, err := a.do(ctx, in.Keyed, act.AdoptTerms{Terms: t, Why: in.Body.Why, Lengthen: in.Body.Open == "lengthen"})
	if err != nil {
		return adopted{}, err
	}
	made := adopted{Version: out.Made}
	made.Asked, made.Moved, err = reckon.Follow(context.WithoutCancel(ctx), a.store, actor(ctx))
	return made, err
}
