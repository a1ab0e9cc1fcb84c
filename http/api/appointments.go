package api

import (
	"context"
	"time"

	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// appointment is a consultation or a session.
type appointment struct {
	ID        care.AppointmentID     `json:"id"`
	Referral  care.ReferralID        `json:"referral_id"`
	Episode   care.EpisodeID         `json:"episode_id"`
	Client    care.ChartID           `json:"client_id"`
	Provider  care.ChartID           `json:"provider_id"`
	Kind      care.AppointmentType   `json:"kind" enum:"consultation,session"`
	Start     time.Time              `json:"start"`
	End       time.Time              `json:"end"`
	Minutes   int                    `json:"minutes"`
	Status    care.AppointmentStatus `json:"status" enum:"booked,attended,no_show_client,no_show_provider,cancelled_client,cancelled_provider,void"`
	Virtual   bool                   `json:"virtual"`
	Link      string                 `json:"link,omitempty" doc:"Where it is joined"`
	Covered   string                 `json:"covered,omitempty" enum:"covered,ordinary,unverified,hold,self_pay" doc:"Of a session; ordinary: the plan pays, the employer's benefit is over"`
	Coverage  care.CoverageID        `json:"coverage_id,omitempty" doc:"The one that pays for the session, as far as is known"`
	Service   string                 `json:"service,omitempty" doc:"The kind of session; left out: individual"`
	Cost      string                 `json:"cost,omitempty" doc:"What it costs the client, and after a first call a session, as far as anyone but the insurer can say"`
	PartCents *int64                 `json:"part_cents,omitempty" doc:"The client's part, as estimated; left out: not known"`
	AtRisk    bool                   `json:"at_risk,omitempty" doc:"The provider has no credential where the client is on that day, as far as is known"`
	BookedBy  care.Role              `json:"booked_by,omitempty"`
	OutcomeAt *time.Time             `json:"outcome_at,omitempty"`
	Corrected []correction           `json:"corrections,omitempty" doc:"What was said of it before, the oldest first"`
	Sequence  int                    `json:"sequence" doc:"Counts its changes, as the calendar notices do"`
	Late      bool                   `json:"late_cancel,omitempty" doc:"The client cancelled it late"`
	Recorded  string                 `json:"recorded_late,omitempty" doc:"Why it was entered only after it had been; it keeps no promise"`
}

// correction is an outcome that was taken back.
type correction struct {
	Was    care.AppointmentStatus `json:"was"`
	At     time.Time              `json:"at"`
	As     care.Role              `json:"as"`
	Reason string                 `json:"reason"`
}

func (a *API) showAppointment(chart *care.Chart, ap care.Appointment, zone *time.Location) appointment {
	shown := appointment{
		ID: ap.ID, Referral: ap.Referral, Episode: ap.Episode, Client: ap.Client, Provider: ap.Provider, Kind: ap.Type,
		Start: ap.Start.In(zone), End: ap.End.In(zone), Minutes: int(ap.End.Sub(ap.Start) / time.Minute), Status: ap.Status,
		Virtual: ap.Virtual, Link: ap.Link, Covered: ap.Covered, AtRisk: ap.AtRisk, BookedBy: ap.BookedBy, OutcomeAt: in(zone, ap.OutcomeAt),
		Corrected: each(ap.Corrections, func(c care.Correction) correction {
			return correction{Was: c.Was, At: c.At.In(zone), As: c.As, Reason: c.Reason}
		}),
		Sequence: ap.Sequence, Late: ap.LateCancel, Recorded: ap.Recorded,
		Coverage: ap.Coverage, Service: ap.Service,
	}
	cost := rules.CostOfVisit(chart, ap, a.store.Words())
	shown.Cost = cost.Says
	if ap.Type == care.Session {
		shown.PartCents = cost.PartCents
	}
	return shown
}

type postAppointment struct {
	Keyed
	Body struct {
		Referral care.ReferralID      `json:"referral_id" maxLength:"64"`
		Kind     care.AppointmentType `json:"kind" enum:"session" doc:"A consultation is booked on its referral"`
		Start    time.Time            `json:"start"`
		Minutes  int                  `json:"minutes" minimum:"5" maximum:"480"`
		Service  string               `json:"service,omitempty" maxLength:"40" doc:"The kind of session: individual (left out), intake, intake_medical, couples, family, family_without_client, group, crisis, medication_management, other"`
		// Late turns the booking into the record of a session that is over.
		Late   bool   `json:"recorded_late,omitempty" doc:"For a provider: the session took place outside the portal and is over; it keeps no promise"`
		Reason string `json:"reason,omitempty" maxLength:"300" doc:"Why it was not booked here; needed with recorded_late"`
	}
}

func (a *API) bookSession(ctx context.Context, in *postAppointment) (appointment, error) {
	b := in.Body
	if b.Late != (b.Reason != "") {
		return appointment{}, reply.Bad(ctx, 422, "invalid_input", "reason: a session that is recorded late needs a reason, and any other has none.")
	}
	return a.onAppointment(ctx, in.Keyed, act.BookSession{Referral: b.Referral, Start: b.Start, Minutes: b.Minutes, Late: b.Reason, Service: b.Service})
}

type postOutcome struct {
	ByID
	Keyed
	Body struct {
		Result care.AppointmentStatus `json:"result" enum:"attended,no_show_client,no_show_provider"`
	}
}

func (a *API) outcome(ctx context.Context, in *postOutcome) (appointment, error) {
	return a.onAppointment(ctx, in.Keyed, act.Outcome{Appointment: care.AppointmentID(in.ID), Result: in.Body.Result})
}

type postCorrection struct {
	ByID
	Keyed
	Body struct {
		Result care.AppointmentStatus `json:"result" enum:"attended,no_show_client,no_show_provider" doc:"What is right"`
		Reason string                 `json:"reason" minLength:"1" maxLength:"300" doc:"Why it was told wrongly; the client can read it"`
	}
}

func (a *API) correct(ctx context.Context, in *postCorrection) (appointment, error) {
	return a.onAppointment(ctx, in.Keyed, act.Correct{Appointment: care.AppointmentID(in.ID), Result: in.Body.Result, Reason: in.Body.Reason})
}

func (a *API) onAppointment(ctx context.Context, key Keyed, do act.Act) (appointment, error) {
	out, err := a.do(ctx, key, do)
	if err != nil {
		return appointment{}, err
	}
	chart, err := a.store.Locate(ctx, actor(ctx), out.Made, "appointment")
	if err != nil {
		return appointment{}, err
	}
	ap, ok := chart.Appointment(care.AppointmentID(out.Made))
	if !ok {
		return appointment{}, care.Missing()
	}
	return a.showAppointment(chart, ap, a.zone(ctx, chart)), nil
}

type findAppointments struct {
	From time.Time `query:"from" doc:"For a provider; left out: a week ago"`
	To   time.Time `query:"to" doc:"For a provider; left out: 60 days after from; at most 100 days after it"`
}

// appointments are a client's own, all of them, or what stands in a provider's
// calendar.
func (a *API) appointments(ctx context.Context, in *findAppointments) (listed[appointment], error) {
	who := actor(ctx)
	ids, wanted := []care.ChartID{who.Chart}, func(care.Appointment) bool { return true }
	if who.Role == care.RoleProvider {
		if in.From.IsZero() {
			in.From = a.now().AddDate(0, 0, -7)
		}
		if in.To.IsZero() {
			in.To = in.From.AddDate(0, 0, 60)
		}
		if in.To.Before(in.From) || in.To.After(in.From.AddDate(0, 0, 100)) {
			return listed[appointment]{}, reply.Bad(ctx, 422, "invalid_input", "to: give an instant after from, at most 100 days later.")
		}
		var err error
		if ids, err = a.calendarOf(ctx, in.From, in.To); err != nil {
			return listed[appointment]{}, err
		}
		wanted = func(ap care.Appointment) bool {
			return ap.Provider == who.Chart && ap.End.After(in.From) && ap.Start.Before(in.To)
		}
	}
	charts, err := a.store.Charts(ctx, who, ids, "appointments")
	if err != nil {
		return listed[appointment]{}, err
	}
	found, zone := listed[appointment]{Items: []appointment{}}, a.zone(ctx, nil)
	for _, chart := range charts {
		for _, ap := range chart.Appointments {
			if wanted(ap) {
				found.Items = append(found.Items, a.showAppointment(chart, ap, zone))
			}
		}
	}
	order.By(found.Items, func(x, y appointment) int { return x.Start.Compare(y.Start) })
	return found, nil
}

// calendarOf are the clients in the caller's own calendar.
func (a *API) calendarOf(ctx context.Context, from, to time.Time) ([]care.ChartID, error) {
	who := actor(ctx)
	var sets []care.Set
	for _, day := range care.Days(from, to) {
		sets = append(sets, care.Busy(who.Chart, day))
	}
	members, err := a.store.Find(ctx, who, sets...)
	return chartsOf(members), err
}
