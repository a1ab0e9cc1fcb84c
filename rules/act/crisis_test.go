package act_test

import (
	"testing"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// A lasting instance is founded closed: it takes requests once an operator has
// confirmed the crisis text, and nobody else can.
func TestR50NoRequestBeforeTheCrisisTextIsConfirmed(t *testing.T) {
	programme := rules.DefaultProgramme()
	programme.Enabled = false
	w := founded(t, t.TempDir(), programme)
	t.Cleanup(w.close)
	p, me := w.joins(1, false), w.enters(1)
	ask := act.Request{Client: me, Provider: p}
	if got := w.refused(client(me), ask); got != "access.open" {
		t.Fatalf("before it is confirmed: %s", got)
	}
	operator := care.Actor{Role: care.RoleOperator, Chart: "ac_keeper"}
	if got := w.refused(careTeam, act.ConfirmCrisis{}); got != "forbidden" {
		t.Errorf("the care team confirms it: %s", got)
	}
	if got := w.refused(operator, act.ConfirmCrisis{Text: "Call us."}); got != "invalid_input" {
		t.Errorf("a text that says nothing: %s", got)
	}
	const text = "In danger? Call or text 988 at any hour, or call 911."
	w.do(operator, act.ConfirmCrisis{Text: text})
	now, _ := w.store.Programme()
	if got := now.Programme; got.Crisis != text || got.CrisisBy != operator.Chart || !got.CrisisAt.Equal(w.now) {
		t.Errorf("confirmed %q by %s at %v", got.Crisis, got.CrisisBy, got.CrisisAt)
	}
	w.do(client(me), ask)
}
