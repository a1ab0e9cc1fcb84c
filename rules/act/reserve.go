package act

// Claim says how far something may reach into the room that is held back for a
// disk that is full.
type Claim int8

// The claims. NoClaim is the zero value: what nobody has named waits until there
// is room again.
const (
	NoClaim  Claim = iota
	ToHalf         // to get in, and to see what is there: while half of it is left
	ToAll          // to take back and to leave: to the last of it
	NoneLeft       // more than anybody has: nothing at all is written
)

// claims are the acts that go on when the disk is full. Nobody may be kept from
// ending what they agreed to, from leaving or from being forgotten; whoever wants
// to do that must come in first.
var claims = map[string]Claim{
	"set_sharing":     ToAll, // to end it; see ClaimOf
	"erase":           ToAll,
	"ask_erasure":     ToAll,
	"confirm_erasure": ToAll,
	"drop_pass":       ToAll,
	"leave_programme": ToAll,
	"leave_waitlist":  ToAll,
	"give_session":    ToHalf,
	"touch_pass":      ToHalf,
}

// ClaimOf is how far an act may reach into the reserve.
func ClaimOf(a Act) Claim {
	if s, is := a.(SetSharing); is && s.Sharing {
		return NoClaim
	}
	return claims[a.Name()]
}
