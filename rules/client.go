package rules

import (
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// ClientFacts are what is known when somebody wants to take part as a client.
type ClientFacts struct {
	Client    care.Client
	Employer  *care.Employer // found by the code that the client gave; nil: none has it
	CodeGiven bool
	Found     Truth         // what is known of the employment beyond the client's word
	Rostered  bool          // the employer gave a roster, so that a word alone waits for the care team
	Today     calendar.Date // where the client is
	Terms     care.Terms
}

// ClientMayTakePart says who takes part as a client.
var ClientMayTakePart = Policy[ClientFacts]{
	Heading: "Who takes part as a client?",
	Rules: []Rule[ClientFacts]{
		{"client.employed", "A client is employed, today, by an employer that offers {programme}.", employed},
		{"client.adult", "A client is at least {minimum_age} years old.", func(f ClientFacts) Truth {
			born := f.Client.BirthDate
			if born == (calendar.Date{}) {
				return Unknown
			}
			return Is(age(born, f.Today) >= f.Terms.MinimumAge)
		}},
	},
}

func employed(f ClientFacts) Truth {
	if !f.CodeGiven {
		return Unknown
	}
	if f.Employer == nil || !f.Employer.Offers(f.Today) {
		return No
	}
	if f.Found == Unknown && !f.Rostered {
		return Yes // on their word
	}
	return f.Found
}

// BenefitOn is what a benefit is worth when a session is to be covered: as for
// taking part, and not yet known while it rests on the client's word alone.
func BenefitOn(f ClientFacts) Truth {
	return worse(ClientMayTakePart.Outcome(f), f.Found)
}

// age is the number of full years from a birth date to a day; on the birthday
// itself the new year counts. Who was born on a 29 February has it on 1 March in
// a common year.
func age(born, today calendar.Date) int {
	years := today.Year - born.Year
	if today.Month < born.Month || today.Month == born.Month && today.Day < born.Day {
		years--
	}
	return years
}
