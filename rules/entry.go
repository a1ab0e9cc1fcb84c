package rules

import (
	"time"

	"careconnect/rules/care"
)

// LinkFacts are what is known of a link by which somebody comes from the portal.
type LinkFacts struct {
	Signed       bool // with a key that is in force, for this programme
	Expires, Now time.Time
	Terms        care.Terms
}

// LinkOpens says whether a link of the portal lets somebody in. That it does so
// once only is kept where it is used up.
var LinkOpens = Policy[LinkFacts]{
	Heading: "What is {programme}?",
	Rules: []Rule[LinkFacts]{
		{"access.path", "A client comes from the wellness portal of {payer} straight to the directory of providers who take part.", func(f LinkFacts) Truth {
			return Is(f.Signed)
		}},
		{"access.link", "A link from the portal opens once, and within {handoff_minutes} minutes.", func(f LinkFacts) Truth {
			skew := time.Duration(f.Terms.HandoffSkewMinutes) * time.Minute // two clocks differ
			last := f.Now.Add(skew + time.Duration(f.Terms.HandoffMinutes)*time.Minute)
			return Is(!f.Now.After(f.Expires.Add(skew)) && !f.Expires.After(last))
		}},
	},
}
