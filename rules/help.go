package rules

import (
	"slices"

	"careconnect/rules/care"
)

// HelpPages are the pages of help, one for each thing that people ask about the
// programme, in their order. Their texts are the care team's to edit.
var HelpPages = []string{"what-it-is", "why-join", "how-it-works", "requirements", "data-sharing", "providers", "clients", "eap", "leaving"}

const gettingHelp = "Getting help"

// MayWriteToUs says who may send the care team a question.
var MayWriteToUs = Policy[care.Role]{
	Heading: gettingHelp,
	Rules: []Rule[care.Role]{
		{"help.request", "Anyone can send the care team a question, signed in or not.", func(care.Role) Truth { return Yes }},
	},
}

// VoteFacts are what is known when somebody says whether a page of help was of use.
type VoteFacts struct {
	Page  string
	Voted bool // in this session, as the browser says
}

// MayVote says whether a vote on a page of help counts.
var MayVote = Policy[VoteFacts]{
	Heading: gettingHelp,
	Rules: []Rule[VoteFacts]{
		{"help.useful", "Each page of help asks whether it was of use, and shows how many said that it was.", func(f VoteFacts) Truth { return Is(slices.Contains(HelpPages, f.Page)) }},
		{"help.vote", "In one session a page is voted on once, and nobody keeps whose vote it was.", func(f VoteFacts) Truth { return Is(!f.Voted) }},
	},
}

// TicketCategories are what a question to the care team can be about.
var TicketCategories = []string{"finding", "plan", "dates", "privacy", "page", "other"}
