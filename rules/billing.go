package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"careconnect/rules/care"
)

// Service is one sort of session, and the code that a claim names it by. No sort
// is left out: what is not in the table is billed under a code that billing
// enters.
type Service struct {
	Name  string
	Says  string
	codes []code
}

// code is a billing code from a number of minutes on.
type code struct {
	from int
	name string
}

// Services is the table. Codes go by the minutes of the session; with fewer
// minutes than the first asks for, there is none.
var Services = []Service{
	{"individual", "individual session", []code{{16, "90832"}, {38, "90834"}, {53, "90837"}}},
	{"intake", "first evaluation", []code{{0, "90791"}}},
	{"intake_medical", "first evaluation with medical services", []code{{0, "90792"}}},
	{"couples", "couples session", []code{{26, "90847"}}},
	{"family", "family session", []code{{26, "90847"}}},
	{"family_without_client", "family session without the client", []code{{26, "90846"}}},
	{"group", "group session", []code{{0, "90853"}}},
	{"crisis", "crisis session", []code{{30, "90839"}}},
	{"medication_management", "medication management", nil},
	{"other", "another kind of session", nil},
}

// ServiceOf finds a sort of session by its name; an empty name is an individual
// session.
func ServiceOf(name string) (Service, bool) {
	if name == "" {
		name = Services[0].Name
	}
	i := slices.IndexFunc(Services, func(s Service) bool { return s.Name == name })
	if i < 0 {
		return Service{}, false
	}
	return Services[i], true
}

// Code is the billing code of a session of so many minutes; empty: there is none
// in the table.
func (s Service) Code(minutes int) string {
	found := ""
	for _, c := range s.codes {
		if minutes >= c.from {
			found = c.name
		}
	}
	return found
}

// By video, to the client at home: what a claim says of each session.
const (
	ClaimModifier = "95"
	ClaimPlace    = "10"
)

// ClaimFacts are what is known when a claim is to go out.
type ClaimFacts struct{ Charge care.Charge }

// MayClaim says which charge goes out with a claim file.
var MayClaim = Policy[ClaimFacts]{
	Heading: "How are sessions billed?",
	Rules: []Rule[ClaimFacts]{
		{"billing.covered", "A claim goes out only for a session on whose day an eligible plan held.", func(f ClaimFacts) Truth {
			return claimable[f.Charge.Covered]
		}},
		{"billing.code", "A claim names the billing code that fits the kind and the minutes of the session.", func(f ClaimFacts) Truth {
			return Is(f.Charge.Code != "")
		}},
		{"billing.once", "Each session goes out once; a corrected one goes out once more.", func(f ClaimFacts) Truth {
			return Is(f.Charge.State == "" || f.Charge.State == care.ChargeHeld || f.Charge.State.ToExport())
		}},
	},
}

// claimable is what is said of a session's coverage, as a truth. Ordinary care
// is paid by the plan, though no longer as a benefit of the programme.
var claimable = map[string]Truth{"covered": Yes, "ordinary": Yes, "hold": No, "self_pay": No}

// CostFacts are what is known when a cost is to be shown.
type CostFacts struct {
	Coverage  *care.Coverage // that pays for the session; nil: none is known
	PartCents *int64         // the client's part, as it can be estimated
}

// MayShowPart says whether an estimate of the client's part may be shown. A
// session on a health plan is never shown as free.
var MayShowPart = Policy[CostFacts]{
	Heading: "How is care covered?",
	Rules: []Rule[CostFacts]{
		{"care.cost_share", "What you pay yourself is a matter between you and your plan: its copay or coinsurance applies here as anywhere.", func(f CostFacts) Truth {
			if f.Coverage == nil || f.PartCents == nil {
				return Unknown
			}
			return Is(f.Coverage.Type == care.EAP || *f.PartCents > 0)
		}},
	},
}

// ClientPart estimates the client's part of a session in cents; nil: it cannot
// be known. A copay is the whole of it; coinsurance is a part of the fee, after
// what is left of the deductible, rounded half up. An EAP asks for nothing.
func ClientPart(c care.Coverage, feeCents int64) *int64 {
	var part int64
	switch {
	case c.Type == care.EAP:
	case c.CopayCents != nil:
		part = int64(*c.CopayCents)
	case c.CoinsurancePct != nil && feeCents > 0:
		if c.DeductibleCents != nil {
			part = min(*c.DeductibleCents, feeCents)
		}
		part += ((feeCents-part)*int64(*c.CoinsurancePct) + 50) / 100
	default:
		return nil
	}
	return &part
}

// Cost is what a session costs the client, as far as anyone but the insurer can
// say.
type Cost struct {
	Says      string
	PartCents *int64 // nil: no estimate may be shown
}

// CostOf says what a session costs the client under the coverage that pays for
// it. It is said before a booking, and with each session to come.
func CostOf(c *care.Coverage, feeCents int64, words Words) Cost {
	facts := CostFacts{Coverage: c}
	if c != nil {
		facts.PartCents = ClientPart(*c, feeCents)
	}
	shown := MayShowPart.Outcome(facts) == Yes
	applies := func(about string, part *int64) Cost {
		return Cost{Says: "Your plan’s copay or coinsurance applies" + about, PartCents: part}
	}
	switch {
	case c == nil:
		return applies(". We do not know your plan yet, so the cost is not confirmed and there is no estimate; your insurer decides.", nil)
	case c.Type == care.EAP:
		return Cost{Says: "Your EAP asks you for " + Dollars(0) + ", within the sessions that it authorises.", PartCents: facts.PartCents}
	case !shown && c.CoinsurancePct != nil && *c.CoinsurancePct > 0:
		return applies(fmt.Sprintf(": about %d %% of a session%s. An estimate; your insurer decides.", *c.CoinsurancePct, afterDeductible(*c)), nil)
	case !shown:
		return applies(afterDeductible(*c)+". There is no estimate yet; your insurer decides how much.", nil)
	}
	return applies(fmt.Sprintf(": about %s a session%s. An estimate; your insurer decides.", Dollars(*facts.PartCents), afterDeductible(*c)), facts.PartCents)
}

// CostOfVisit says what an appointment costs its client: a session that is booked,
// one that is booked now (it has no id), or a first call with what comes after it.
func CostOfVisit(chart *care.Chart, ap care.Appointment, words Words) Cost {
	if ap.Type == care.Consultation {
		after := CostOfVisit(chart, care.Appointment{Start: ap.Start}, words)
		after.Says = "The first call costs nothing and needs no plan. For the sessions after it: " + strings.ToLower(after.Says[:1]) + after.Says[1:]
		return after
	}
	if ap.Covered == "self_pay" && ap.FeeCents > 0 {
		return Cost{Says: "You pay for this session yourself: " + Dollars(ap.FeeCents) + ".", PartCents: &ap.FeeCents}
	}
	c, ok := chart.Coverage(ap.Coverage)
	if ap.ID == "" && chart.Client != nil {
		c, ok = Paying(chart, ap)
	}
	if !ok {
		return CostOf(nil, 0, words)
	}
	cost := CostOf(&c, ap.FeeCents, words)
	if c.Status != care.Eligible {
		cost.Says += " The plan is not confirmed yet, so neither is the cost."
	}
	return cost
}

// CostInMail says the same in the words that a mail may use: without a figure of
// the client's, and without naming the sort of their plan.
func CostInMail(chart *care.Chart, at time.Time) string {
	c, ok := Paying(chart, care.Appointment{Start: at})
	switch {
	case ok && c.Type == care.EAP:
		return "For sessions you are asked for " + Dollars(0) + ", within those that are authorised."
	case ok && c.Way == care.WaySelfPay && c.Status != care.Eligible:
		return "For sessions you pay yourself, as you chose."
	}
	return "For sessions your plan’s copay or coinsurance applies. What we name is an estimate; your insurer decides."
}

func afterDeductible(c care.Coverage) string {
	if c.DeductibleCents == nil || *c.DeductibleCents == 0 {
		return ""
	}
	return ", with " + Dollars(*c.DeductibleCents) + " of your deductible left"
}

// Dollars writes cents as people read them.
func Dollars(cents int64) string {
	if cents < 0 {
		return "-" + Dollars(-cents)
	}
	return fmt.Sprintf("$%d.%02d", cents/100, cents%100)
}
