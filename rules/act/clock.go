package act

import (
	"careconnect/rules"
	"careconnect/rules/care"
)

// ConfirmClock says that the clock is right: a person has looked at another one.
// What a leap forward held back goes on.
type ConfirmClock struct{}

// Name, Needs and About make ConfirmClock an Act. It is about nobody.
func (ConfirmClock) Name() string           { return "confirm_clock" }
func (ConfirmClock) Needs(Known) Needs      { return Needs{} }
func (ConfirmClock) About(Known) care.About { return care.About{} }

// Decide takes the person's word, also where nothing is held back.
func (ConfirmClock) Decide(Known, Env) Plan {
	return Plan{Decision: rules.Allowed(), Changes: []care.Change{care.TrustClock{}}}
}
