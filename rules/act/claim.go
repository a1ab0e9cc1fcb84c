package act

import (
	"cmp"
	"slices"

	"careconnect/rules"
	"careconnect/rules/care"
)

// The billing desk's acts: charges go out in a claim file, come back accepted or
// rejected, are corrected or written off.

// ExportClaims puts what is ready into one claim file. What has gone out does
// not go out again: a second one finds nothing and makes no file.
type ExportClaims struct{}

// mostClaims bounds a claim file, and with it the charts that one act reads.
const mostClaims = 200

func (ExportClaims) Name() string           { return "export_claims" }
func (ExportClaims) About(Known) care.About { return care.About{} }
func (a ExportClaims) Needs(k Known) Needs {
	n := Needs{Sets: []care.Set{care.ChargesThat("ready")}}
	for _, m := range a.next(k) {
		n.Charts = append(n.Charts, m.Chart)
	}
	return n
}

// next are the charges for the next file, those of the earliest sessions first.
func (ExportClaims) next(k Known) []care.Member {
	ready := slices.Clone(k.Sets[care.ChargesThat("ready")])
	slices.SortFunc(ready, func(x, y care.Member) int { return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.Ref, y.Ref)) })
	return ready[:min(len(ready), mostClaims)]
}

// Decide tells how many rows the file has, and how many wait for the next.
func (a ExportClaims) Decide(k Known, env Env) Plan {
	next := a.next(k)
	plan := Plan{Decision: rules.Allowed(), Counts: map[string]int{"rows": 0, "left": len(k.Sets[care.ChargesThat("ready")]) - len(next)}}
	batch := care.Batch{Chart: care.ChartID(env.ID("ba")), At: env.Now, By: env.Actor.Chart}
	for _, m := range next {
		chart := k.Chart(m.Chart)
		if chart == nil {
			continue
		}
		c, ok := chart.Charge(care.ChargeID(m.Ref))
		if !ok || rules.MayClaim.Outcome(rules.ClaimFacts{Charge: c}) != rules.Yes {
			continue
		}
		c.State, c.At, c.Batch = care.ChargeExported, env.Now, batch.Chart
		plan.Changes = append(plan.Changes, care.Put{Chart: chart.ID, Record: c})
		batch.Rows++
		batch.Cents += c.FeeCents
	}
	if batch.Rows == 0 {
		return plan
	}
	plan.Counts["rows"], plan.Made = batch.Rows, string(batch.Chart)
	plan.Changes = append(plan.Changes, care.New{Chart: batch.Chart, Of: care.OfBatch}, care.Put{Chart: batch.Chart, Record: batch})
	return plan
}

// SettleClaim says what the plan answered to a claim.
type SettleClaim struct {
	Charge care.ChargeID
	Result care.ChargeState // accepted, rejected
	Why    string
}

// CorrectCharge mends a charge, so that it goes out with the next file. Fields
// left nil stay. Which coverage pays is looked up again for the day of the
// session.
type CorrectCharge struct {
	Charge   care.ChargeID
	Service  *string
	Code     *string
	Minutes  *int
	FeeCents *int64
	Why      string
}

// WriteOff ends a charge that nobody pays.
type WriteOff struct {
	Charge care.ChargeID
	Why    string
}

func (SettleClaim) Name() string                 { return "settle_claim" }
func (a SettleClaim) Needs(Known) Needs          { return needsCharge(a.Charge) }
func (a SettleClaim) About(k Known) care.About   { return aboutCharge(k, a.Charge) }
func (CorrectCharge) Name() string               { return "correct_charge" }
func (a CorrectCharge) Needs(Known) Needs        { return needsCharge(a.Charge) }
func (a CorrectCharge) About(k Known) care.About { return aboutCharge(k, a.Charge) }
func (WriteOff) Name() string                    { return "write_off" }
func (a WriteOff) Needs(Known) Needs             { return needsCharge(a.Charge) }
func (a WriteOff) About(k Known) care.About      { return aboutCharge(k, a.Charge) }

// Decide takes an answer to a claim that is out, and none twice.
func (a SettleClaim) Decide(k Known, env Env) Plan {
	d, c, plan, ok := chargeIn(k, env, a.Charge)
	if !ok {
		return plan
	}
	var wrong problems
	wrong.need(a.Result == care.ChargeAccepted || a.Result == care.ChargeRejected, "result: say accepted or rejected")
	wrong.need(len(a.Why) <= 500, "why: at most 500 letters")
	wrong.need(a.Result != care.ChargeRejected || a.Why != "", "why: say why the plan rejected it")
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	if c.State != care.ChargeExported {
		return fault(care.Conflict, "not_out", "No claim for this session is out, so there is no answer to it.")
	}
	c.State, c.At, c.Why = a.Result, env.Now, a.Why
	d.put(c)
	d.Made = string(c.ID)
	return d.plan()
}

// Decide leaves the charge held where its coverage does not pay after all.
func (a CorrectCharge) Decide(k Known, env Env) Plan {
	d, c, plan, ok := chargeIn(k, env, a.Charge)
	if !ok {
		return plan
	}
	if c.State == care.ChargeExported && !c.Rebill || c.State == care.ChargeAccepted && !c.Rebill {
		return fault(care.Conflict, "is_out", "The claim is out, and nothing was found otherwise. Wait for the plan's answer.")
	}
	set(&c.Service, a.Service)
	set(&c.Code, a.Code)
	set(&c.Minutes, a.Minutes)
	set(&c.FeeCents, a.FeeCents)
	service, known := rules.ServiceOf(c.Service)
	if a.Code == nil && (a.Service != nil || a.Minutes != nil) {
		c.Code = service.Code(c.Minutes)
	}
	var wrong problems
	wrong.need(known, "service: one of the kinds of session")
	wrong.need(c.Minutes >= 5 && c.Minutes <= 480, "minutes: from 5 to 480")
	wrong.need(c.FeeCents >= 0 && c.FeeCents <= mostCents, "fee_cents: from 0 to 1000000")
	wrong.need(c.Code == "" || claimCode(c.Code), "code: five letters or digits")
	wrong.need(a.Why != "" && len(a.Why) <= 500, "why: say what was corrected, in at most 500 letters")
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	out := c.State.Out()
	c.Rebill, c.Why, c.At = false, a.Why, env.Now
	ap, took := d.chart.Appointment(c.Appointment)
	if !took || ap.Status != care.Attended {
		c.State = care.ChargeVoid
	} else {
		c = d.priced(c, ap)
		if c.State = chargeState(c); c.State == care.ChargeReady && (out || c.Batch != "") {
			c.State = care.ChargeCorrected
		}
	}
	d.put(c)
	d.Made = string(c.ID)
	return d.plan()
}

// Decide needs a reason, for the statement is the client's too.
func (a WriteOff) Decide(k Known, env Env) Plan {
	d, c, plan, ok := chargeIn(k, env, a.Charge)
	if !ok {
		return plan
	}
	if a.Why == "" || len(a.Why) > 500 {
		return fault(care.Invalid, "invalid_input", "why: say why nobody pays for it, in at most 500 letters.")
	}
	c.State, c.At, c.Why, c.Rebill = care.ChargeWrittenOff, env.Now, a.Why, false
	d.put(c)
	d.Made = string(c.ID)
	return d.plan()
}

// SetFee is what a provider asks for a session. Sessions that are booked already
// keep the fee that they were booked with.
type SetFee struct {
	Provider care.ChartID
	FeeCents int64
}

// mostCents bounds a fee.
const mostCents = 10_000_00

func (SetFee) Name() string             { return "set_fee" }
func (a SetFee) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Provider}} }
func (a SetFee) About(Known) care.About { return care.About{Provider: a.Provider} }

// Decide takes zero as not told.
func (a SetFee) Decide(k Known, _ Env) Plan {
	p, ok := ofProvider(k, a.Provider)
	if !ok {
		return missing()
	}
	if a.FeeCents < 0 || a.FeeCents > mostCents {
		return fault(care.Invalid, "invalid_input", "fee_cents: from 0 to 1000000.")
	}
	p.FeeCents = a.FeeCents
	return changeProvider(p)
}

func claimCode(code string) bool {
	return len(code) == 5 && !slices.ContainsFunc([]rune(code), func(r rune) bool { return (r < '0' || r > '9') && (r < 'A' || r > 'Z') })
}

func needsCharge(id care.ChargeID) Needs { return Needs{Locate: []string{string(id)}} }

func aboutCharge(k Known, id care.ChargeID) care.About {
	if chart := k.Of(string(id)); chart != nil {
		return care.About{Client: chart.ID}
	}
	return care.About{}
}

// chargeIn begins a draft on a charge that has not ended.
func chargeIn(k Known, env Env, id care.ChargeID) (*draft, care.Charge, Plan, bool) {
	chart := k.Of(string(id))
	if chart == nil {
		return nil, care.Charge{}, missing(), false
	}
	c, ok := chart.Charge(id)
	switch {
	case !ok:
		return nil, c, missing(), false
	case c.State == care.ChargeWrittenOff || c.State == care.ChargeVoid:
		return nil, c, fault(care.Conflict, "charge_over", "This charge has ended, so nothing is done about it any more."), false
	}
	return begin(env, chart), c, Plan{}, true
}
