package act

import (
	"encoding/base64"

	"careconnect/rules"
	"careconnect/rules/care"
)

// AddHandoffKey gives the payer partner's portal a key to sign links with. Those
// before it go on until they are retired, so that a key can be exchanged without
// a gap.
type AddHandoffKey struct{ Public string }

// RetireHandoffKey ends a key: no link signed with it opens from then on.
type RetireHandoffKey struct{ ID string }

// UseHandoff notes that somebody came through a link of the portal. It keeps
// nothing of them: that the link is used up is kept by its order's key.
type UseHandoff struct{}

// RefuseHandoff leaves in the trail that a link was refused, and why.
type RefuseHandoff struct{ Code string }

// mostKeys is how many keys can be in force at a time.
const mostKeys = 5

func (AddHandoffKey) Name() string              { return "add_handoff_key" }
func (AddHandoffKey) Needs(Known) Needs         { return Needs{Charts: []care.ChartID{care.ProgrammeChart}} }
func (AddHandoffKey) About(Known) care.About    { return care.About{} }
func (RetireHandoffKey) Name() string           { return "retire_handoff_key" }
func (RetireHandoffKey) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{care.ProgrammeChart}} }
func (RetireHandoffKey) About(Known) care.About { return care.About{} }
func (UseHandoff) Name() string                 { return "use_handoff" }
func (UseHandoff) Needs(Known) Needs            { return Needs{} }
func (UseHandoff) About(Known) care.About       { return care.About{} }
func (RefuseHandoff) Name() string              { return "refuse_handoff" }
func (RefuseHandoff) Needs(Known) Needs         { return Needs{} }
func (RefuseHandoff) About(Known) care.About    { return care.About{} }

// Decide takes a public key only: whoever holds the other half signs.
func (a AddHandoffKey) Decide(k Known, env Env) Plan {
	chart := k.Chart(care.ProgrammeChart)
	if chart == nil {
		return missing()
	}
	inForce := 0
	for _, had := range chart.HandoffKeys {
		if had.Retired.IsZero() {
			inForce++
		}
		if had.Public == a.Public {
			return fault(care.Conflict, "key_known", "This key is known already. Make a new pair, and give its public half.")
		}
	}
	var wrong problems
	bytes, err := base64.StdEncoding.DecodeString(a.Public)
	wrong.need(err == nil && len(bytes) == 32, "public: give the 32 bytes of an Ed25519 public key, in base64")
	wrong.need(inForce < mostKeys, "public: five keys are in force; retire one first")
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	key := care.HandoffKey{ID: env.ID("hk"), Public: a.Public, By: env.Actor.Chart, Made: env.Now}
	return Plan{Decision: rules.Allowed(), Made: key.ID, Changes: []care.Change{care.Put{Chart: care.ProgrammeChart, Record: key}}}
}

// Decide keeps the key, so that it is never taken for a new one.
func (a RetireHandoffKey) Decide(k Known, env Env) Plan {
	chart := k.Chart(care.ProgrammeChart)
	if chart == nil {
		return missing()
	}
	key, ok := chart.HandoffKey(a.ID)
	if !ok {
		return missing()
	}
	if !key.Retired.IsZero() {
		return fault(care.Conflict, "already_retired", "This key is retired already.")
	}
	key.Retired = env.Now
	return Plan{Decision: rules.Allowed(), Made: key.ID, Changes: []care.Change{care.Put{Chart: care.ProgrammeChart, Record: key}}}
}

// Decide has nothing to decide: the link's signature was looked at before.
func (UseHandoff) Decide(Known, Env) Plan { return Plan{Decision: rules.Allowed()} }

// Decide refuses, which is what the trail keeps.
func (a RefuseHandoff) Decide(Known, Env) Plan {
	return fault(care.Gone, a.Code, "This link cannot be used any more. You can go on without it: enter your employer’s code when you are asked for it.")
}
