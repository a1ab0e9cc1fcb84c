package rules

import "careconnect/rules/care"

// JoinedFacts are what is known when somebody says that two accounts are theirs.
type JoinedFacts struct {
	Proven    bool // they are signed in to the one, and know the password of the other
	SameBirth bool
	SameState bool
	InCare    int  // in how many of the two care has begun
	Open      int  // requests that nobody has decided on, in both together
	Twice     bool // a provider has a time with, or treats, each of the two
	Lists     int  // waiting lists on which the two stand together
	Erasing   bool // somebody has asked that one of the two be erased, and nobody has agreed yet
	Terms     care.Terms
}

// MayJoinAccounts says whether two accounts of one person can become one. What it
// refuses nobody has to lose anything by: the two go on side by side.
var MayJoinAccounts = Policy[JoinedFacts]{
	Heading: "What if you have two accounts?",
	Rules: []Rule[JoinedFacts]{
		{"joined.proof", "Two accounts become one on the word of their person alone, who is signed in to one of them and gives the address and the password of the other.", func(f JoinedFacts) Truth { return Is(f.Proven) }},
		{"joined.birth", "Both accounts say the same date of birth.", func(f JoinedFacts) Truth { return Is(f.SameBirth) }},
		{"joined.state", "Both accounts say the same state.", func(f JoinedFacts) Truth { return Is(f.SameState) }},
		{"joined.care", "Care has begun in one of the two accounts at most.", func(f JoinedFacts) Truth { return Is(f.InCare < 2) }},
		{"joined.requests", "The two together have no more than {open_requests_max} open requests.", func(f JoinedFacts) Truth { return Is(f.Open <= f.Terms.OpenRequestsMax) }},
		{"joined.twice", "No provider has agreed on a time with the client in both accounts.", func(f JoinedFacts) Truth { return Is(!f.Twice) }},
		{"joined.lists", "The two together stand on no more than {waitlist_max} waiting lists.", func(f JoinedFacts) Truth { return Is(f.Lists <= f.Terms.WaitlistMax) }},
		{"joined.erasure", "Nobody has asked the care team to erase one of the two accounts.", func(f JoinedFacts) Truth { return Is(!f.Erasing) }},
	},
}

// Joined is why an episode was closed that went on in another: their two accounts
// became one. What had become of its promise by then stays as it was.
const Joined = "joined"
