package act

import (
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// HandOver proposes that another provider takes a client over. Nothing moves by
// it: the other one is not told, and sees nothing, before the client says yes.
type HandOver struct {
	Referral care.ReferralID
	To       care.ChartID
}

func (HandOver) Name() string               { return "hand_over" }
func (a HandOver) About(k Known) care.About { return aboutReferral(k, a.Referral) }
func (a HandOver) Needs(k Known) Needs      { return needsOther(k, a.Referral, a.To) }

// needsOther asks for a referral, and for a provider besides its own.
func needsOther(k Known, id care.ReferralID, to care.ChartID) Needs {
	n := needsReferral(k, id)
	if to != "" {
		n.Charts = append(n.Charts, to)
	}
	if p, ok := ofProvider(k, to); ok && p.Caseload > 0 {
		n.Sets = append(n.Sets, panel(p.ID))
	}
	return n
}

// Decide proposes only somebody whom the client could ask themselves.
func (a HandOver) Decide(k Known, env Env) Plan {
	chart, r, ok := referral(k, a.Referral)
	if !ok {
		return missing()
	}
	if plan, ok := takesOver(k, env, chart, r, a.To); !ok {
		return plan
	}
	if r.HandTo == a.To {
		return fault(care.Conflict, "already_proposed", "The client has been asked this already, and has not answered yet. You can propose somebody else instead.")
	}
	d := begin(env, chart)
	r.HandTo = a.To
	d.put(r)
	d.tellClient("hand_over", string(r.ID), "/me/r/"+string(r.ID)+"/hand-over", time.Time{})
	d.Made = string(r.ID)
	return d.plan()
}

// takesOver says whether a provider can take a client over; the plan says why not.
func takesOver(k Known, env Env, chart *care.Chart, r care.Referral, to care.ChartID) (Plan, bool) {
	p, ok := ofProvider(k, to)
	switch {
	case !r.Status.Open():
		return moved(r), false
	case !ok:
		return fault(care.Invalid, "invalid_input", "provider_id: choose one of the directory."), false
	case asked(chart, to):
		return fault(care.Conflict, "already_theirs", "The client has an open request to that provider already. Propose somebody else."), false
	}
	if d := rules.ProviderIsListed.Decide(providerFacts(k, p, chart.Client.State, env), env.Words); d.Outcome != rules.Yes {
		return refused(d), false
	}
	return Plan{}, true
}

// AnswerHandOver is the client's word on it.
type AnswerHandOver struct {
	Referral care.ReferralID
	Yes      bool
}

func (AnswerHandOver) Name() string               { return "answer_hand_over" }
func (a AnswerHandOver) About(k Known) care.About { return aboutReferral(k, a.Referral) }
func (a AnswerHandOver) Needs(k Known) Needs {
	_, r, _ := referral(k, a.Referral)
	return needsOther(k, a.Referral, r.HandTo)
}

// Decide opens a request to the other provider in the same episode: its promise
// goes on, the new provider sees the request and the forms from now on, and the
// former one nothing of what comes after.
func (a AnswerHandOver) Decide(k Known, env Env) Plan {
	chart, r, ok := referral(k, a.Referral)
	if !ok {
		return missing()
	}
	if r.HandTo == "" || !r.Status.Open() {
		return fault(care.Conflict, "nothing_proposed", "Nobody proposes another provider any more, so there is nothing to answer.")
	}
	to, d := r.HandTo, begin(env, chart)
	r.HandTo = ""
	if !a.Yes {
		d.put(r)
		d.tellProvider(r.Provider, "hand_over_no", string(r.ID), "/pro/r/"+string(r.ID), time.Time{}, "")
		d.Made = string(r.ID)
		return d.plan()
	}
	if plan, ok := takesOver(k, env, chart, r, to); !ok {
		return plan
	}
	former, _ := ofProvider(k, r.Provider)
	p, _ := ofProvider(k, to)
	d.callOffAll(r.ID, care.Void, former.Hours.Zone)
	d.end(&r, care.HandedOver)
	d.unchoose(r)
	d.put(r)
	d.tellProvider(r.Provider, "hand_over_yes", string(r.ID), "/pro", time.Time{}, "")
	e, _ := d.chart.Episode(r.Episode)
	next := care.Referral{
		ID: care.ReferralID(env.ID("rf")), Episode: r.Episode, Client: chart.ID, Provider: to, Status: care.Submitted,
		SubmittedAt: env.Now, Note: r.Note, Concerns: r.Concerns, From: r.ID,
	}
	next.Respond = d.start(care.Deadline{Code: "respond", Subject: string(next.ID), Zone: e.Zone, Reader: p.Hours.Zone})
	next.Consult = d.start(care.Deadline{Code: "consult", Subject: string(next.ID), Zone: e.Zone, Reader: p.Hours.Zone})
	d.put(next)
	d.asks(next)
	d.askProvider(next, p)
	d.baseline(r.Episode)
	d.judge(r.Episode)
	d.Made = string(next.ID)
	return d.plan()
}
