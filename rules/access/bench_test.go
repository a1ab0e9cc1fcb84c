package access_test

import (
	"testing"

	"careconnect/rules/access"
)

// BenchmarkSee cuts a client's chart of some forty records for the provider who
// treats them.
func BenchmarkSee(b *testing.B) {
	chart := world()
	actor := viewers[2].actor
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := access.See(actor, chart); !ok {
			b.Fatal("the treating provider does not see the chart")
		}
	}
}
