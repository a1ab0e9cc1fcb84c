package act

import (
	"slices"
	"time"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// coverageWord says in one word what the rules say of a session's coverage.
var coverageWord = map[rules.Truth]string{rules.Yes: "covered", rules.Unknown: "unverified", rules.No: "hold"}

// cover says of a session which coverage pays for it, and what that makes of it:
// covered; ordinary, where the plan pays though the employer's benefit is over, or
// the plan is another insurer's;
// self_pay, where the client chose so; unverified; or hold, until a changed or
// failing plan is settled. It never says whether the session may take place.
func cover(chart *care.Chart, env Env, ap care.Appointment) care.Appointment {
	on := calendar.On(ap.Start, rules.Zone(chart.Client.Zone))
	day := clientFacts(*chart.Client, env)
	day.Today = on
	if ended := chart.Client.Benefit.Ended; ap.Start.Before(ended) {
		day.Found = rules.Yes // it was good then
	}
	facts := rules.CoverageFacts{
		Benefit: rules.BenefitOn(day),
		Plans:   rules.ListedOn(env.Plans, on),
		Payer:   env.Programme.Payer,
	}
	c, ok := rules.Paying(chart, ap)
	ap.Coverage = c.ID
	if ok {
		c.Status = c.On(on)
		facts.Coverage = &c
	}
	decision := rules.SessionIsCovered.Decide(facts, env.Words)
	switch {
	case c.Way == care.WaySelfPay && c.Status != care.Eligible:
		ap.Covered = "self_pay"
	case c.Status == care.Eligible && ordinary(decision):
		ap.Covered = "ordinary"
	case c.Status == care.CoveragePending && c.Replaces != "":
		ap.Covered = "hold"
	default:
		ap.Covered = coverageWord[decision.Outcome]
	}
	return ap
}

// ordinary says whether nothing stands against a coverage but that the benefit is
// over, or that the plan is another insurer's.
func ordinary(d rules.Decision) bool {
	return d.Outcome == rules.No && !slices.ContainsFunc(d.Reasons(), func(f rules.Finding) bool {
		return f.Truth != rules.No || f.Code != "client.employed" && f.Code != "client.coverage"
	})
}

// recheckSessions says again of each session which coverage pays for it, the
// earliest first, since an EAP counts them in their order. Sessions that took
// place keep the plan of their day; where that was found otherwise since, so is
// their charge.
func (d *draft) recheckSessions() {
	sessions := slices.DeleteFunc(slices.Clone(d.chart.Appointments), func(ap care.Appointment) bool {
		return ap.Type != care.Session || ap.Status != care.Booked && ap.Status != care.Attended
	})
	order.By(sessions, func(a, b care.Appointment) int { return a.Start.Compare(b.Start) })
	for _, ap := range sessions {
		now := cover(d.chart, d.env, ap)
		if now.Covered != ap.Covered || now.Coverage != ap.Coverage {
			d.put(now)
		}
		if ap.Status == care.Attended {
			d.bill(now)
		}
	}
	d.nextCheck()
}

// bill keeps the charge of an attended session as the coverage of its day makes
// it. A claim that has gone out stays as it went, and is marked for another look
// where it would not go out so again.
func (d *draft) bill(ap care.Appointment) {
	c, had := d.chargeOf(ap.ID)
	now := d.priced(c, ap)
	switch {
	case !had:
		now.ID, now.Made = care.ChargeID(d.env.ID("ch")), d.env.Now
	case c.State == care.ChargeWrittenOff || c.State != care.ChargeVoid && c.Covered == now.Covered && c.Coverage == now.Coverage && same(c.PartCents, now.PartCents):
		return
	case c.State.Out():
		if c.Rebill || c.Covered == now.Covered && c.Coverage == now.Coverage {
			return // only the estimate moved: the claim does not depend on it
		}
		c.Rebill = true
		d.put(c)
		return
	}
	if next := chargeState(now); next != now.State && !(now.State == care.ChargeCorrected && next == care.ChargeReady) {
		now.State, now.At = next, d.env.Now
	}
	d.put(now)
}

// usedUp says whether all sessions that an EAP authorises have been had.
func (d *draft) usedUp(c care.Coverage) bool {
	attended, _ := rules.Used(d.chart, c.ID, care.Appointment{})
	return c.Type == care.EAP && c.Authorised > 0 && attended >= c.Authorised
}

// askForPlan asks the client for a health plan, now that their EAP is used up. Care
// goes on; the next session is billed once we know to whom.
func (d *draft) askForPlan(c care.Coverage) {
	if next, ok := rules.Paying(d.chart, care.Appointment{Start: d.env.Now}); !ok || next.Status != care.Eligible {
		d.tellClient("eap_used", string(c.ID), "/coverage", time.Time{})
	}
}

// priced is a charge as a session and its coverage make it now.
func (d *draft) priced(c care.Charge, ap care.Appointment) care.Charge {
	c.Client, c.Provider, c.Referral, c.Appointment, c.Programme = ap.Client, ap.Provider, ap.Referral, ap.ID, ap.Programme
	c.On, c.Start = calendar.On(ap.Start, rules.Zone(d.chart.Client.Zone)), ap.Start
	c.Coverage, c.Covered, c.PartCents = ap.Coverage, ap.Covered, nil
	if c.ID == "" { // what billing corrected since stays
		service, _ := rules.ServiceOf(ap.Service)
		c.Minutes, c.Service, c.FeeCents = int(ap.End.Sub(ap.Start).Minutes()), service.Name, ap.FeeCents
		c.Code = service.Code(c.Minutes)
	}
	if plan, ok := d.chart.Coverage(c.Coverage); ok && rules.Is(c.Covered == "covered" || c.Covered == "ordinary") == rules.Yes {
		c.PartCents = rules.ClientPart(plan, c.FeeCents)
	}
	if fee := c.FeeCents; c.Covered == "self_pay" && fee > 0 {
		c.PartCents = &fee
	}
	return c
}

// chargeState is where a charge that has not gone out stands.
func chargeState(c care.Charge) care.ChargeState {
	c.State = ""
	switch {
	case c.Covered == "self_pay":
		return care.ChargeSelfPay
	case rules.MayClaim.Outcome(rules.ClaimFacts{Charge: c}) == rules.Yes:
		return care.ChargeReady
	}
	return care.ChargeHeld
}

func (d *draft) chargeOf(ap care.AppointmentID) (care.Charge, bool) {
	for _, c := range d.chart.Charges {
		if c.Appointment == ap {
			return c, true
		}
	}
	return care.Charge{}, false
}

// rebill has the charge of a session follow what is now said to have become of
// it.
func (d *draft) rebill(ap care.Appointment) {
	switch {
	case ap.Type != care.Session:
		return
	case ap.Status == care.Attended:
		d.bill(ap)
	default:
		d.unbill(ap.ID)
	}
	d.recheckSessions()
}

// unbill takes the charge of a session back that did not take place after all. A
// claim that has gone out is marked for another look.
func (d *draft) unbill(ap care.AppointmentID) {
	c, ok := d.chargeOf(ap)
	switch {
	case !ok || c.State == care.ChargeVoid:
		return
	case c.State.Out():
		c.Rebill = true
	default:
		c.State, c.At = care.ChargeVoid, d.env.Now
	}
	d.put(c)
}

func same(a, b *int64) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }
