package api

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// referral is one client to one provider, cut down to what the reader may see.
type referral struct {
	ID            care.ReferralID     `json:"id"`
	Episode       care.EpisodeID      `json:"episode_id"`
	Client        care.ChartID        `json:"client_id"`
	Provider      care.ChartID        `json:"provider_id"`
	Status        care.ReferralStatus `json:"status" enum:"submitted,accepted,proposed,consult_booked,consult_held,first_session_booked,in_care,declined,expired,withdrawn_by_client,withdrawn_superseded,rerouted,not_a_fit,care_ended,no_response,handed_over"`
	Turn          string              `json:"whose_turn" enum:"client,provider,care_team,nobody"`
	SelfScheduled bool                `json:"self_scheduled"`
	SubmittedAt   time.Time           `json:"submitted_at"`
	SoughtAt      *time.Time          `json:"sought_at,omitempty" doc:"Since when the client has sought care: the promise counts from here"`
	Note          string              `json:"note,omitempty"`
	Preferred     []time.Time         `json:"preferred_times" doc:"Starts that the client listed"`
	Offered       []time.Time         `json:"offered_times" doc:"Starts that the provider proposed"`
	Appointment   care.AppointmentID  `json:"appointment_id,omitempty" doc:"What is booked: the session, else the consultation"`
	Alternatives  []provider          `json:"alternatives,omitempty" doc:"For the client: others who can still keep the promise"`
	HandTo        care.ChartID        `json:"hand_over_to,omitempty" doc:"Who is proposed to take over; the client answers"`
	Cost          string              `json:"cost,omitempty" doc:"For the client: what the first call and sessions cost, as far as anyone but the insurer can say"`
	Badge         string              `json:"badge,omitempty" doc:"The name of the programme that the client came through; left out where they are on another insurer's plan, or their employment has ended"`
	From          care.ReferralID     `json:"handed_over_from,omitempty" doc:"The request before this one"`
	Employer      string              `json:"employer,omitempty" doc:"The employer's name, if the client lets it be read"`
	Source        string              `json:"source,omitempty" enum:"portal,employer_link,care_team,direct" doc:"How the client came; not for providers"`
	Deadlines     []deadline          `json:"deadlines"`
}

// deadline is something owed by an instant.
type deadline struct {
	ID    care.DeadlineID    `json:"id"`
	Code  string             `json:"code"`
	Opens *time.Time         `json:"opens,omitempty"`
	Due   time.Time          `json:"due" doc:"The last good second"`
	State care.DeadlineState `json:"state" enum:"running,paused,met,missed,stopped"`
	// Offered says why a first call that took place later counts all the same.
	Offered bool `json:"offered,omitempty" doc:"It was offered in time and the client chose later, so it counts as met"`
}

func showDeadline(d care.Deadline, zone *time.Location) deadline {
	return deadline{ID: d.ID, Code: d.Code, Opens: in(zone, d.Opens), Due: d.Due.In(zone), State: d.State, Offered: d.Offered}
}

func (a *API) showReferral(ctx context.Context, chart *care.Chart, r care.Referral, zone *time.Location) referral {
	shown := referral{
		ID: r.ID, Episode: r.Episode, Client: r.Client, Provider: r.Provider, Status: r.Status, Turn: rules.WhoseTurn(r, chart),
		SelfScheduled: r.SelfBooked, SubmittedAt: r.SubmittedAt.In(zone), Note: r.Note,
		Preferred: allIn(zone, r.Preferred), Offered: allIn(zone, r.Offered),
		Appointment: booked(chart, r), HandTo: r.HandTo, From: r.From,
		Deadlines: each(owed(chart, r), func(d care.Deadline) deadline { return showDeadline(d, zone) }),
	}
	if e, ok := chart.Episode(r.Episode); ok {
		programme, _ := a.store.Programme()
		shown.SoughtAt, shown.Badge = in(zone, e.SoughtAt), rules.Badge(e, *programme.Programme)
		shown.Employer, shown.Source = e.EmployerName, e.Source
	}
	if actor(ctx).Role == care.RoleClient {
		shown.Cost = rules.CostOfVisit(chart, care.Appointment{Type: care.Consultation, Start: a.now()}, a.store.Words()).Says
		for _, id := range r.Alternatives {
			if card, ok := a.store.Directory().Provider(id, a.now()); ok {
				shown.Alternatives = append(shown.Alternatives, showProvider(card, zone))
			}
		}
	}
	return shown
}

// owed are the deadlines of a referral and of its episode, earliest first.
func owed(chart *care.Chart, r care.Referral) []care.Deadline {
	e, _ := chart.Episode(r.Episode)
	var list []care.Deadline
	for _, d := range chart.Deadlines {
		if d.Subject == string(r.ID) || d.ID != "" && (d.ID == e.Promise || d.ID == e.FollowUp) {
			list = append(list, d)
		}
	}
	order.By(list, func(x, y care.Deadline) int { return x.Due.Compare(y.Due) })
	return list
}

// booked is the appointment that stands for a referral, the latest of them;
// else its consultation.
func booked(chart *care.Chart, r care.Referral) care.AppointmentID {
	id, start := r.Meeting, time.Time{}
	for _, ap := range chart.Appointments {
		if ap.Referral == r.ID && ap.Status == care.Booked && ap.Start.After(start) {
			id, start = ap.ID, ap.Start
		}
	}
	return id
}

func (a *API) referral(ctx context.Context, in *ByID) (referral, error) {
	chart, err := a.store.Locate(ctx, actor(ctx), in.ID, "referral")
	if err != nil {
		return referral{}, err
	}
	r, ok := chart.Referral(care.ReferralID(in.ID))
	if !ok {
		return referral{}, care.Missing()
	}
	return a.showReferral(ctx, chart, r, a.zone(ctx, chart)), nil
}

type postReferral struct {
	Keyed
	Body struct {
		Provider  care.ChartID `json:"provider_id" maxLength:"64"`
		Note      string       `json:"note,omitempty" maxLength:"2000"`
		Preferred []time.Time  `json:"preferred_times,omitempty" maxItems:"10" doc:"Starts that would suit; the provider may book one of them"`
		Start     time.Time    `json:"start,omitzero" doc:"An opening of the provider's: then the consultation is booked at once"`
		Came      *came        `json:"came,omitempty" doc:"How I came this time; it counts where this begins a new episode"`
	}
}

func (a *API) request(ctx context.Context, in *postReferral) (referral, error) {
	b := in.Body
	return a.onReferral(ctx, in.Keyed, act.Request{Client: actor(ctx).Chart, Provider: b.Provider, Start: b.Start, Note: b.Note, Preferred: b.Preferred, Came: a.came(b.Came)})
}

func (a *API) accept(ctx context.Context, in *one) (referral, error) {
	return a.onReferral(ctx, in.Keyed, act.Accept{Referral: care.ReferralID(in.ID)})
}

func (a *API) withdraw(ctx context.Context, in *one) (referral, error) {
	return a.onReferral(ctx, in.Keyed, act.Withdraw{Referral: care.ReferralID(in.ID)})
}

type postChoose struct {
	ByID
	Keyed
	Body struct {
		HandOn bool `json:"hand_on" doc:"true: the client is offered others; false: I see them through"`
	}
}

func (a *API) choose(ctx context.Context, in *postChoose) (referral, error) {
	return a.onReferral(ctx, in.Keyed, act.Choose{Referral: care.ReferralID(in.ID), HandOn: in.Body.HandOn})
}

func (a *API) discharge(ctx context.Context, in *one) (referral, error) {
	return a.onReferral(ctx, in.Keyed, act.Discharge{Referral: care.ReferralID(in.ID)})
}

type postDecline struct {
	ByID
	Keyed
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"500" doc:"Only you and the care team read it"`
	}
}

func (a *API) decline(ctx context.Context, in *postDecline) (referral, error) {
	decline := act.Decline{Referral: care.ReferralID(in.ID)}
	if in.Body != nil {
		decline.Reason = in.Body.Reason
	}
	return a.onReferral(ctx, in.Keyed, decline)
}

type postPropose struct {
	ByID
	Keyed
	Body struct {
		Times []time.Time `json:"times" minItems:"1" maxItems:"10"`
	}
}

func (a *API) propose(ctx context.Context, in *postPropose) (referral, error) {
	return a.onReferral(ctx, in.Keyed, act.Propose{Referral: care.ReferralID(in.ID), Times: in.Body.Times})
}

type postBook struct {
	ByID
	Keyed
	Body struct {
		Start time.Time `json:"start"`
	}
}

func (a *API) book(ctx context.Context, in *postBook) (referral, error) {
	return a.onReferral(ctx, in.Keyed, act.Book{Referral: care.ReferralID(in.ID), Start: in.Body.Start})
}

// onReferral does an act about a referral and shows it as it is now.
func (a *API) onReferral(ctx context.Context, key Keyed, do act.Act) (referral, error) {
	out, err := a.do(ctx, key, do)
	if err != nil {
		return referral{}, err
	}
	return a.referral(ctx, &ByID{ID: out.Made})
}

type findReferrals struct {
	Status care.ReferralStatus `query:"status" enum:"submitted,accepted,proposed,consult_booked,consult_held,first_session_booked,in_care,declined,expired,withdrawn_by_client,withdrawn_superseded,rerouted,not_a_fit,care_ended,no_response,handed_over"`
	Client care.ChartID        `query:"client" maxLength:"64" doc:"For the care team: all of one client; left out: those with something due in the next days"`
	Limit  int                 `query:"limit" minimum:"1" maximum:"100" default:"50"`
	Cursor string              `query:"cursor" maxLength:"200" doc:"The next of the page before"`
}

type foundReferrals struct {
	Items []referral `json:"items" doc:"Newest first. A client's own; of a provider those that are open or have just expired"`
	Next  string     `json:"next,omitempty" doc:"The cursor of the next page; left out on the last"`
}

func (a *API) referrals(ctx context.Context, in *findReferrals) (foundReferrals, error) {
	places, charts, err := a.places(ctx, in.Client)
	if err != nil {
		return foundReferrals{}, err
	}
	places = slices.DeleteFunc(places, func(p place) bool { return in.Status != "" && p.status != in.Status })
	order.By(places, newestFirst)
	if in.Cursor != "" {
		after, err := readCursor(ctx, in.Cursor)
		if err != nil {
			return foundReferrals{}, err
		}
		places = slices.DeleteFunc(places, func(p place) bool { return newestFirst(p, after) <= 0 })
	}
	found := foundReferrals{Items: []referral{}}
	if len(places) > in.Limit {
		places = places[:in.Limit]
		found.Next = places[in.Limit-1].cursor()
	}
	if charts == nil {
		ids := each(places, func(p place) care.ChartID { return p.client })
		slices.Sort(ids)
		if charts, err = a.store.Charts(ctx, actor(ctx), slices.Compact(ids), "referrals"); err != nil {
			return foundReferrals{}, err
		}
	}
	zone := a.zones(ctx)
	for _, p := range places {
		for _, chart := range charts {
			if r, ok := chart.Referral(p.id); ok {
				found.Items = append(found.Items, a.showReferral(ctx, chart, r, zone(chart)))
			}
		}
	}
	return found, nil
}

// place is where a referral stands in a list.
type place struct {
	at     time.Time
	id     care.ReferralID
	client care.ChartID
	status care.ReferralStatus
}

func newestFirst(x, y place) int { return cmp.Or(y.at.Compare(x.at), cmp.Compare(x.id, y.id)) }

func (p place) cursor() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", p.at.Unix(), p.id))
}

func readCursor(ctx context.Context, cursor string) (place, error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	var at int64
	var id string
	if err == nil {
		_, err = fmt.Sscanf(string(raw), "%d %s", &at, &id)
	}
	if err != nil {
		return place{}, reply.Bad(ctx, 422, "cursor", "cursor: this is not the next of an earlier page. Start again without a cursor.")
	}
	return place{at: time.Unix(at, 0).UTC(), id: care.ReferralID(id)}, nil
}

// places are the referrals that the caller can list. Where finding them meant
// reading the charts, the charts come with them.
func (a *API) places(ctx context.Context, client care.ChartID) ([]place, []*care.Chart, error) {
	who := actor(ctx)
	switch {
	case who.Role == care.RoleProvider:
		members, err := a.store.Find(ctx, who, ofProvider(care.SetInbox, who.Chart), ofProvider(care.SetPanel, who.Chart))
		return each(members, func(m care.Member) place {
			return place{m.At, care.ReferralID(m.Ref), m.Chart, care.ReferralStatus(m.Code)}
		}), nil, err
	case who.Role == care.RoleClient:
		client = who.Chart
	case client == "":
		charts, err := a.boardCharts(ctx)
		return placesIn(charts, func(r care.Referral) bool {
			return r.Status.Open() || r.Status == care.Expired && r.ClosedAt.IsZero()
		}), charts, err
	}
	chart, err := a.store.Chart(ctx, who, client, "referrals")
	if err != nil {
		return nil, nil, err
	}
	charts := []*care.Chart{chart}
	return placesIn(charts, func(care.Referral) bool { return true }), charts, nil
}

func ofProvider(name care.SetName, provider care.ChartID) care.Set {
	return care.Set{Name: name, Of: string(provider), Serves: provider}
}

func placesIn(charts []*care.Chart, wanted func(care.Referral) bool) []place {
	var places []place
	for _, chart := range charts {
		for _, r := range chart.Referrals {
			if wanted(r) {
				places = append(places, place{r.SubmittedAt, r.ID, chart.ID, r.Status})
			}
		}
	}
	return places
}

func (a *API) explain(ctx context.Context, in *ByID) (rules.Explanation, error) {
	chart, err := a.store.Locate(ctx, actor(ctx), in.ID, "explanation")
	if err != nil {
		return rules.Explanation{}, err
	}
	d, ok := chart.Deadline(care.DeadlineID(in.ID))
	if !ok {
		return rules.Explanation{}, care.Missing()
	}
	_, clock := a.store.Programme()
	return clock.Explain(d, a.store.Words()), nil
}
