package act

import (
	"testing"

	"careconnect/rules"
)

// What happens at an instant of a duty is told twice: that it happens, in the
// table of duties, and what it is, in the table of effects. Neither has a row
// that the other lacks.
func TestEveryEffectOfADutyIsBroughtAbout(t *testing.T) {
	said := map[string]bool{}
	for _, duty := range rules.Duties {
		for _, effect := range duty.On {
			said[duty.Code+" "+effect.Name] = true
		}
	}
	for name := range said {
		if effects[name] == nil {
			t.Errorf("nothing happens at %q", name)
		}
	}
	for name := range effects {
		if !said[name] {
			t.Errorf("%q happens at no instant of a duty", name)
		}
	}
}
