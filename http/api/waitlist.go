package api

import (
	"context"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// waiting is a place on a waiting list. Its client sees all of it; the provider, who
// knows nobody on it, since when and where.
type waiting struct {
	ID       care.WaitID     `json:"id"`
	Provider care.ChartID    `json:"provider_id,omitempty" doc:"For the client and the care team"`
	Number   int             `json:"number,omitempty" doc:"For the provider: the place in the row, from 1"`
	State    string          `json:"state" doc:"Where the client is"`
	JoinedAt time.Time       `json:"joined_at"`
	Status   care.WaitStatus `json:"status" enum:"waiting,invited,taken,left,lapsed,unused,open,closed" doc:"invited: can ask although the provider takes nobody else. taken: has asked. left: by the client. lapsed: the days were over. unused: those of the invitation were. open: the provider takes new clients again. closed: the provider takes no part any more, or not where the client is"`
	Turn     string          `json:"whose_turn" enum:"client,nobody"`
	Until    *time.Time      `json:"invited_until,omitempty"`
	Ends     *time.Time      `json:"ends_at,omitempty" doc:"For the client: when the place ends by itself, unless they say before that they still wait"`
	Asked    care.ReferralID `json:"referral_id,omitempty" doc:"The request that ended the waiting"`
	EndedAt  *time.Time      `json:"ended_at,omitempty"`
}

func (a *API) showPlace(w care.Wait, chart *care.Chart, zone *time.Location) waiting {
	shown := waiting{
		ID: w.ID, Provider: w.Provider, State: w.State, JoinedAt: w.JoinedAt.In(zone), Status: w.Status, Turn: rules.TurnOf(w),
		Asked: w.Asked, EndedAt: in(zone, w.EndedAt), Until: in(zone, w.Until),
	}
	if d, ok := chart.Deadline(w.Clock); ok && w.Status == care.WaitStands {
		shown.Ends = in(zone, d.Due)
	}
	return shown
}

type findWaiting struct {
	Client care.ChartID `query:"client" maxLength:"64" doc:"For the care team: whose places"`
}

// waitlist are a client's places, the last one first, or those who wait for a provider, the
// first one first.
func (a *API) waitlist(ctx context.Context, in *findWaiting) (listed[waiting], error) {
	who := actor(ctx)
	if who.Role == care.RoleProvider {
		row, err := a.row(ctx)
		return listed[waiting]{Items: row}, err
	}
	id := who.Chart
	if who.Role != care.RoleClient {
		id = in.Client
	}
	chart, err := a.store.Chart(ctx, who, id, "waiting lists")
	if err != nil {
		return listed[waiting]{}, err
	}
	if chart.Client == nil {
		return listed[waiting]{}, care.Missing()
	}
	zone := a.zone(ctx, chart)
	found := listed[waiting]{Items: each(chart.Waits, func(w care.Wait) waiting { return a.showPlace(w, chart, zone) })}
	order.By(found.Items, func(x, y waiting) int { return y.JoinedAt.Compare(x.JoinedAt) })
	return found, nil
}

// row is a provider's own list.
func (a *API) row(ctx context.Context) ([]waiting, error) {
	who := actor(ctx)
	members, err := a.store.Find(ctx, who, care.Waitlist(who.Chart))
	if err != nil {
		return nil, err
	}
	zone, number := a.zone(ctx, nil), 0
	return each(act.InRow(members), func(m care.Member) waiting {
		number++
		w := care.Wait{ID: care.WaitID(m.Ref), State: m.Code, JoinedAt: m.At, Status: care.WaitStands, Until: m.Until}
		if !m.Until.IsZero() {
			w.Status = care.WaitInvited
		}
		shown := a.showPlace(w, &care.Chart{}, zone)
		shown.Number = number
		return shown
	}), nil
}

type postPlace struct {
	Keyed
	Body struct {
		Provider care.ChartID `json:"provider_id" maxLength:"64"`
	}
}

func (a *API) joinWaitlist(ctx context.Context, in *postPlace) (waiting, error) {
	return a.onPlace(ctx, in.Keyed, act.JoinWaitlist{Client: actor(ctx).Chart, Provider: in.Body.Provider})
}

func (a *API) leaveWaitlist(ctx context.Context, in *one) (waiting, error) {
	return a.onPlace(ctx, in.Keyed, act.LeaveWaitlist{Wait: care.WaitID(in.ID)})
}

func (a *API) stayOnWaitlist(ctx context.Context, in *one) (waiting, error) {
	return a.onPlace(ctx, in.Keyed, act.StayOnWaitlist{Wait: care.WaitID(in.ID)})
}

func (a *API) inviteNext(ctx context.Context, in *own) (waiting, error) {
	return a.onPlace(ctx, in.Keyed, act.InviteWaiting{Provider: actor(ctx).Chart})
}

func (a *API) inviteWaiting(ctx context.Context, in *one) (waiting, error) {
	return a.onPlace(ctx, in.Keyed, act.InviteWaiting{Provider: actor(ctx).Chart, Wait: care.WaitID(in.ID)})
}

// onPlace does an act about a place and shows it as whoever did it sees it now. A
// provider whose invitation has ended since sees no more than its id.
func (a *API) onPlace(ctx context.Context, key Keyed, do act.Act) (waiting, error) {
	out, err := a.do(ctx, key, do)
	if err != nil {
		return waiting{}, err
	}
	shown, err := a.waitlist(ctx, &findWaiting{})
	if err != nil {
		return waiting{}, err
	}
	for _, p := range shown.Items {
		if string(p.ID) == out.Made {
			return p, nil
		}
	}
	return waiting{}, &care.Fault{Kind: care.Conflict, Code: "not_waiting", Says: "This place on the list has ended meanwhile."}
}
