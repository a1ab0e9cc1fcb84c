package api

import (
	"context"
	"time"

	"careconnect/http/auth"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// What either side does about an appointment before it begins, and what a client
// does before there is one.

// hold is an opening that is kept for a client while they fill in a form.
type hold struct {
	ID       care.HoldID  `json:"id"`
	Provider care.ChartID `json:"provider_id"`
	Start    time.Time    `json:"start" doc:"When the call that is held would begin"`
	Minutes  int          `json:"minutes" doc:"How long that call is"`
	End      time.Time    `json:"end" doc:"When the hold ends by itself"`
}

type postHold struct {
	Keyed
	Body struct {
		Provider care.ChartID `json:"provider_id" maxLength:"64"`
		Start    time.Time    `json:"start"`
	}
}

func (a *API) hold(ctx context.Context, in *postHold) (hold, error) {
	who := actor(ctx).Chart
	out, err := a.do(ctx, in.Keyed, act.Hold{Client: who, Provider: in.Body.Provider, Start: in.Body.Start})
	if err != nil {
		return hold{}, err
	}
	chart, err := a.store.Chart(ctx, actor(ctx), who, "hold")
	if err != nil {
		return hold{}, err
	}
	for _, h := range chart.Holds {
		if string(h.ID) == out.Made {
			zone := a.zone(ctx, chart)
			return hold{ID: h.ID, Provider: h.Provider, Start: h.Start.In(zone), Minutes: int(h.End.Sub(h.Start) / time.Minute), End: h.Until.In(zone)}, nil
		}
	}
	return hold{}, holdEnded()
}

type postNewHold struct {
	Keyed
	Body struct {
		Holder   string       `json:"holder" minLength:"32" maxLength:"200" doc:"A secret that the program makes for this one person, at random; only its hash is kept. It goes along with the request that takes the time"`
		Provider care.ChartID `json:"provider_id" maxLength:"64"`
		Start    time.Time    `json:"start"`
		State    string       `json:"state,omitempty" maxLength:"2" doc:"Where the person is, two letters"`
	}
}

// holdNew holds a time for somebody of whom nothing is known. It is read as the system:
// it stands with the provider, whose chart nobody else opens.
func (a *API) holdNew(ctx context.Context, in *postNewHold) (hold, error) {
	b := in.Body
	back, err := a.may(ctx)
	if err != nil {
		return hold{}, err
	}
	out, err := a.do(ctx, in.Keyed, act.Hold{Holder: auth.Hash(b.Holder), State: b.State, Provider: b.Provider, Start: b.Start})
	if err != nil {
		back()
		return hold{}, err
	}
	held, err := a.store.Find(ctx, care.System, care.HeldBy(auth.Hash(b.Holder)))
	if err != nil {
		return hold{}, err
	}
	card, _ := a.store.Directory().Provider(b.Provider, a.now())
	for _, m := range held {
		if m.Ref == out.Made {
			zone := rules.Zone(card.Zone)
			return hold{ID: care.HoldID(m.Ref), Provider: m.Chart, Start: m.At.In(zone), Minutes: int(m.Until.Sub(m.At) / time.Minute), End: m.Expires.In(zone)}, nil
		}
	}
	return hold{}, holdEnded()
}

func holdEnded() error {
	return &care.Fault{Kind: care.Conflict, Code: "hold_ended", Says: "That hold has ended. Hold the time again, if it is still open."}
}

type postReschedule struct {
	ByID
	Keyed
	Body struct {
		Start time.Time `json:"start" doc:"The client: an opening; the provider: any free time for a session, a listed time for a first call"`
	}
}

func (a *API) reschedule(ctx context.Context, in *postReschedule) (appointment, error) {
	return a.onAppointment(ctx, in.Keyed, act.Reschedule{Appointment: care.AppointmentID(in.ID), Start: in.Body.Start})
}

func (a *API) cancel(ctx context.Context, in *one) (appointment, error) {
	return a.onAppointment(ctx, in.Keyed, act.Cancel{Appointment: care.AppointmentID(in.ID)})
}

type postOtherTimes struct {
	ByID
	Keyed
	Body *struct {
		Preferred []time.Time `json:"preferred_times,omitempty" maxItems:"10" doc:"Starts that would suit; the provider may book one of them"`
		Later     bool        `json:"later,omitempty" doc:"The call is wanted later than it is due"`
	}
}

func (a *API) otherTimes(ctx context.Context, in *postOtherTimes) (referral, error) {
	ask := act.OtherTimes{Referral: care.ReferralID(in.ID)}
	if in.Body != nil {
		ask.Preferred, ask.Later = in.Body.Preferred, in.Body.Later
	}
	return a.onReferral(ctx, in.Keyed, ask)
}

func (a *API) notAFit(ctx context.Context, in *one) (referral, error) {
	return a.onReferral(ctx, in.Keyed, act.NotAFit{Referral: care.ReferralID(in.ID)})
}

type postHandOver struct {
	ByID
	Keyed
	Body struct {
		Provider care.ChartID `json:"provider_id" maxLength:"64" doc:"Who would take over"`
	}
}

func (a *API) handOver(ctx context.Context, in *postHandOver) (referral, error) {
	return a.onReferral(ctx, in.Keyed, act.HandOver{Referral: care.ReferralID(in.ID), To: in.Body.Provider})
}

type postAnswerHandOver struct {
	ByID
	Keyed
	Body struct {
		Yes bool `json:"yes"`
	}
}

func (a *API) answerHandOver(ctx context.Context, in *postAnswerHandOver) (referral, error) {
	return a.onReferral(ctx, in.Keyed, act.AnswerHandOver{Referral: care.ReferralID(in.ID), Yes: in.Body.Yes})
}
