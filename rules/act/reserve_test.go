package act

import (
	"slices"
	"testing"

	"careconnect/rules/access"
)

// Each claim is that of an act which somebody may do, and beginning to share is
// none.
func TestClaims(t *testing.T) {
	for name := range claims {
		if !slices.Contains(access.Acts(), name) {
			t.Errorf("%s has a claim, and nobody may do it", name)
		}
	}
	for _, row := range []struct {
		act  Act
		want Claim
	}{
		{SetSharing{Sharing: false}, ToAll},
		{SetSharing{Sharing: true}, NoClaim},
		{Erase{}, ToAll},
		{DropPass{}, ToAll},
		{Request{}, NoClaim},
	} {
		if got := ClaimOf(row.act); got != row.want {
			t.Errorf("%s %+v: claim %d, want %d", row.act.Name(), row.act, got, row.want)
		}
	}
}
