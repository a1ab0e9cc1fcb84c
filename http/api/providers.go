package api

import (
	"context"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store/directory"
)

// provider is what anyone may see of a listed provider.
type provider struct {
	ID               care.ChartID `json:"id"`
	Name             string       `json:"name"`
	Degree           string       `json:"degree"`
	States           []string     `json:"states" doc:"Where a client must be to see them"`
	Specialties      []string     `json:"specialties"`
	Languages        []string     `json:"languages"`
	Modalities       []string     `json:"modalities"`
	Identities       []string     `json:"identities,omitempty" doc:"Communities that they know well"`
	Degrees          []string     `json:"degrees,omitempty" doc:"All of them, where there are several"`
	Gender           string       `json:"gender,omitempty"`
	Pronouns         string       `json:"pronouns,omitempty"`
	About            string       `json:"about,omitempty"`
	Photo            string       `json:"photo,omitempty" doc:"Address of their photo; another photo has another address"`
	SelfSchedule     bool         `json:"self_schedule" doc:"Clients may book an opening without asking first"`
	NextConsultation *time.Time   `json:"next_consultation" doc:"null: none within 90 days"`
	FirstSessionBy   *time.Time   `json:"first_session_by" doc:"When a first session could be; null: not within 90 days"`
	MeetsPromise     bool         `json:"meets_promise"`
	Waitlist         bool         `json:"waitlist,omitempty" doc:"Takes nobody new and keeps a waiting list: names only, and no promise"`
}

func showProvider(c directory.Card, zone *time.Location) provider {
	also := c.Degrees
	if len(also) < 2 {
		also = nil
	}
	return provider{
		Identities: c.Identities, Degrees: also,
		ID: c.ID, Name: c.Name, Degree: c.Degree, States: plain(c.States), Specialties: plain(c.Specialties), Languages: plain(c.Languages),
		Modalities: plain(c.Modalities), Gender: c.Gender, Pronouns: c.Pronouns, About: c.About, Photo: photoAddress(c.ID, c.Photo), SelfSchedule: c.SelfSchedule,
		NextConsultation: in(zone, c.NextConsultation), FirstSessionBy: in(zone, c.FirstSession), MeetsPromise: c.MeetsPromise, Waitlist: c.Waitlist,
	}
}

type findProviders struct {
	State     string   `query:"state" maxLength:"2" doc:"Where the client is, two letters. It has to be said; a client who leaves it out is where their record says, and staff and providers, who choose nobody, look everywhere"`
	Specialty []string `query:"specialty" maxItems:"10"`
	Language  string   `query:"language" maxLength:"60"`
	Modality  string   `query:"modality" maxLength:"60"`
	Gender    string   `query:"gender" maxLength:"60"`
	Degree    string   `query:"degree" maxLength:"60"`
	Identity  string   `query:"identity" maxLength:"60" doc:"A community that the provider knows well"`
	Time      []string `query:"time" maxItems:"2" enum:"evening,weekend" doc:"Open in the evening, at the weekend; both: both"`
	Plan      string   `query:"plan" maxLength:"80" doc:"The client's plan. With one that our systems cannot process in the state, nobody is found; every listed provider sees clients of all the others"`
	Waitlist  bool     `query:"waitlist" doc:"Instead of the directory: who takes nobody new and keeps a waiting list"`
	Promise   bool     `query:"promise" doc:"Only who can hold the first session in time"`
	Q         string   `query:"q" maxLength:"200" doc:"Words of the name, the profile, or another value"`
	Facets    bool     `query:"facets"`
	Limit     int      `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor    string   `query:"cursor" maxLength:"500" doc:"The next of the page before, with the same question"`
}

type foundProviders struct {
	Total  int                       `json:"total"`
	Items  []provider                `json:"items"`
	Facets map[string]map[string]int `json:"facets,omitempty" doc:"How many of all that were found have which value"`
	Next   string                    `json:"next,omitempty" doc:"The cursor of the next page; left out on the last"`
}

// whereLooked is the state that a search is about: the one that is said, or a client's
// own. Who looks for somebody to see is shown nobody from elsewhere.
func (a *API) whereLooked(ctx context.Context, said string) (string, error) {
	if said != "" {
		return said, nil
	}
	switch chart := a.own(ctx); {
	case chart != nil && chart.Client != nil:
		return chart.Client.State, nil
	case actor(ctx).Role == care.RoleAnonymous:
		return "", &care.Fault{Kind: care.Invalid, Code: "state", Says: "state: say in two letters where the client is, such as NY. A licence counts in its own state only."}
	}
	return "", nil
}

func (a *API) providers(ctx context.Context, in *findProviders) (foundProviders, error) {
	state, err := a.whereLooked(ctx, in.State)
	if err != nil {
		return foundProviders{}, err
	}
	programme, _ := a.store.Programme()
	if in.Plan != "" && rules.Unprocessable(rules.ListedAt(programme.Plans, a.now()), programme.Programme.Payer, in.Plan, state) {
		return foundProviders{Items: []provider{}}, nil
	}
	s := a.seeker(ctx)
	page, err := a.store.Directory().Search(directory.Query{
		State: state, Specialties: in.Specialty, Language: in.Language, Modality: in.Modality, Gender: in.Gender, Degree: in.Degree, Identity: in.Identity, Times: in.Time,
		Text: in.Q, Promise: in.Promise, Waitlist: in.Waitlist, SoughtAt: s.sought, Zone: s.zone, Facets: in.Facets, Limit: in.Limit, Cursor: in.Cursor,
	}, a.now())
	if err != nil {
		return foundProviders{}, err
	}
	show := func(c directory.Card) provider { return showProvider(c, s.reads(c.Zone)) }
	return foundProviders{Total: page.Total, Items: each(page.Items, show), Facets: page.Facets, Next: page.Next}, nil
}

// seeker is somebody who looks for a provider: since when, and where. Strangers
// and staff look as if they sought care now.
type seeker struct {
	sought time.Time
	zone   string
}

func (a *API) seeker(ctx context.Context) seeker {
	chart := a.own(ctx)
	s := seeker{zone: zoneOf(chart)}
	if chart != nil {
		programme, _ := a.store.Programme()
		if e, ok := act.Seeking(chart, programme.Terms, a.now()); ok {
			s.sought, s.zone = e.SoughtAt, e.Zone
		}
	}
	return s
}

// reads is the zone that the seeker reads in; a stranger reads in the provider's.
func (s seeker) reads(otherwise string) *time.Location {
	if s.zone == "" {
		return rules.Zone(otherwise)
	}
	return rules.Zone(s.zone)
}

type findOpenings struct {
	ByID
	Kind care.AppointmentType `query:"kind" required:"true" enum:"consultation,session"`
	From time.Time            `query:"from" doc:"Left out: now"`
	To   time.Time            `query:"to" doc:"Left out: 14 days after from; at most a year ahead"`
}

type opening struct {
	Start        time.Time `json:"start"`
	End          time.Time `json:"end"`
	MeetsPromise bool      `json:"meets_promise" doc:"A first session can still be in time: at this opening, or after this consultation"`
}

// mostOpenings bounds one answer.
const mostOpenings = 500

func (a *API) openings(ctx context.Context, in *findOpenings) (listed[opening], error) {
	id, now, dir := care.ChartID(in.ID), a.now(), a.store.Directory()
	from, to := in.From, in.To
	if from.Before(now) {
		from = now
	}
	if to.IsZero() {
		to = from.AddDate(0, 0, 14)
	}
	card, ok := dir.Provider(id, now)
	if chart := a.own(ctx); !ok && chart != nil { // whom they invited from their list, if they keep one
		if w, waits := chart.WaitsFor(id); waits && w.Invites(now) {
			card, ok = dir.Keeper(id, now)
		}
	}
	slots, also := dir.Openings(id, in.Kind, now, from, to, mostOpenings)
	if !ok || !also {
		return listed[opening]{}, care.Missing()
	}
	s := a.seeker(ctx)
	due := a.promiseDue(s, now)
	inTime, _ := dir.Openings(id, care.Session, now, now, due.Add(time.Second), mostOpenings)
	zone := s.reads(card.Zone)
	return listed[opening]{Items: each(slots, func(slot calendar.Slot) opening {
		o := opening{Start: slot.Start.In(zone), End: slot.End.In(zone)}
		if in.Kind == care.Session {
			o.MeetsPromise = !slot.Start.After(due)
		} else {
			o.MeetsPromise = len(inTime) > 0 && !inTime[len(inTime)-1].Start.Before(slot.End)
		}
		return o
	})}, nil
}

// promiseDue is when the first session is due for somebody who seeks care.
func (a *API) promiseDue(s seeker, now time.Time) time.Time {
	_, clock := a.store.Programme()
	if s.sought.IsZero() {
		s.sought = now
	}
	return clock.Start(care.Deadline{Code: "promise", Starts: s.sought, Zone: s.zone}).Due
}
