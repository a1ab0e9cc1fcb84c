package rules

import (
	"slices"
	"time"

	"careconnect/rules/care"
)

// SharingPurpose is the one purpose for which the payer partner may have data
// about a client.
const SharingPurpose = "personalized_health_recommendations"

// SharingFacts are what is known at the instant in which data about a client
// would leave for the payer partner.
type SharingFacts struct {
	Consent *care.Consent // the one given last; nil: the client was never asked, or never said yes
	Scope   string        // the kind of data, one of care.Scopes
	At      time.Time
}

// MayShare says whether it may leave. Where nothing is recorded the answer is
// no, not unknown: silence is never a yes to sharing.
var MayShare = Policy[SharingFacts]{
	Heading: "What is shared, and with whom?",
	Rules: []Rule[SharingFacts]{
		{"sharing.opt_in", "Unless a law demands it, {payer} receives data about a client only while the client has said yes, and only of the kinds they said yes to.", func(f SharingFacts) Truth {
			return Is(f.Consent != nil && f.Consent.Active(f.At) && slices.Contains(f.Consent.Scopes, f.Scope))
		}},
		{"sharing.purpose", "What {payer} receives serves one purpose alone: health recommendations made for that client.", func(f SharingFacts) Truth {
			if f.Consent == nil {
				return Unknown
			}
			return Is(f.Consent.Purpose == SharingPurpose)
		}},
		{"sharing.opt_out", "A client can take their yes back at any time, and from that instant nothing more is shared.", func(f SharingFacts) Truth {
			return Is(f.Consent == nil || f.Consent.WithdrawnAt.IsZero() || f.At.Before(f.Consent.WithdrawnAt))
		}},
	},
}
