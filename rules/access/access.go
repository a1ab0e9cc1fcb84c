// Package access says who may do which act, page over which list and see which
// field. Each of the three is a table with a row for everything there is, and
// what no row grants is denied. It is pure: an actor and a chart, or whom an act
// is about, go in; a verdict or a smaller chart comes out.
package access

import (
	"maps"
	"slices"

	"careconnect/rules/care"
)

// Verdict is the answer to somebody who wants something.
type Verdict int8

// The verdicts. Barred is the zero value: what nobody has granted is refused.
const (
	Barred  Verdict = iota // the role has no right to this at all: 403
	Hidden                 // not theirs: to be answered exactly as what does not exist, 404
	Granted                // go on
)

// String gives barred, hidden or granted.
func (v Verdict) String() string { return [...]string{"barred", "hidden", "granted"}[v] }

// Relation is how close an actor must be to a thing to be granted it.
type Relation int8

// The relations. Nobody is the zero value.
const (
	Nobody    Relation = iota
	Own                // it is their own: the client's chart, the provider's own matters, the person's own account
	Addressed          // it is addressed to them: the provider of the referral, appointment or alert
	Treated            // it is addressed to them and they treat the client, or did
	Accepted           // it is addressed to them and they treat the client
	Any                // whosoever it is
)

// String gives the relation as the matrix shows it.
func (r Relation) String() string {
	return [...]string{"-", "own", "addressed", "treated", "accepted", "any"}[r]
}

// May says whether somebody may do an act about somebody. An act without a row
// is barred to everyone, the system included.
func May(actor care.Actor, act string, about care.About) Verdict {
	i := slices.IndexFunc(acts, func(r ActRow) bool { return r.Act == act })
	if i < 0 {
		return Barred
	}
	return verdict(acts[i].By[actor.Role], nearness(actor, about))
}

// Acts are the names of all acts that have a row, in the order of the table.
func Acts() []string {
	names := make([]string, len(acts))
	for i, r := range acts {
		names[i] = r.Act
	}
	return names
}

// Rows are copies of the table's rows of acts, for those who walk it.
func Rows() []ActRow {
	rows := slices.Clone(acts)
	for i := range rows {
		rows[i].By = maps.Clone(rows[i].By)
	}
	return rows
}

// stance is how an actor stands to one thing.
type stance struct{ own, addressed, treated, accepted bool }

func (s stance) holds(r Relation) bool {
	switch r {
	case Own:
		return s.own
	case Addressed:
		return s.addressed
	case Treated:
		return s.addressed && s.treated
	case Accepted:
		return s.addressed && s.accepted
	case Any:
		return true
	}
	return false
}

func verdict(granted Relation, s stance) Verdict {
	switch {
	case granted == Nobody:
		return Barred
	case s.holds(granted):
		return Granted
	}
	return Hidden
}

// nearness is how an actor stands to whom an act is about. What is about a
// client is the client's, also when a provider is named in it; somebody without
// a chart stands near to nothing.
func nearness(actor care.Actor, about care.About) stance {
	if actor.Chart == "" {
		return stance{}
	}
	owner := about.Client
	if owner == "" {
		owner = about.Provider
	}
	if owner == "" {
		owner = about.Account
	}
	return stance{own: owner == actor.Chart, addressed: about.Provider == actor.Chart}
}
