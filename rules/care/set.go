package care

import (
	"strings"
	"time"
)

// Set names a list that records stand in: the inbox of a provider, what is due
// in an hour. A set has no order of its own; whoever reads it sorts it.
type Set struct {
	Name   SetName
	Of     string  // which of that name: a provider, an hour, an address
	Serves ChartID // the chart whose key seals the entries; empty: the programme's
}

// SetName is the sort of list.
type SetName string

// The sorts of list.
const (
	SetLocate    SetName = "locate"    // a record's id: the chart it is in
	SetEmail     SetName = "email"     // an address: accounts
	SetNPI       SetName = "npi"       // a national provider identifier: the provider
	SetPass      SetName = "pass"      // hash of a secret: the chart it opens
	SetProviders SetName = "providers" // all providers, joined or not
	SetInbox     SetName = "inbox"     // a provider's unanswered and just expired requests
	SetUnsaid    SetName = "unsaid"    // a provider's closed requests with a session of which nobody has said what became
	SetPanel     SetName = "panel"     // a provider's accepted clients
	SetWaitlist  SetName = "waitlist"  // who waits for a provider who takes nobody new
	SetAsked     SetName = "asked"     // what a provider was asked in one month, with what became of it
	SetAlerts    SetName = "alerts"    // a provider's unread safety alerts
	SetBusy      SetName = "busy"      // a provider's booked times on one UTC day
	SetHeld      SetName = "held"      // times that are held for people whom nobody knows, all of them or a browser's
	SetBooked    SetName = "booked"    // everybody's booked times on one UTC day, for the directory's start
	SetDue       SetName = "due"       // what falls due in one UTC hour
	SetResting   SetName = "resting"   // open deadlines with no instant to come: they wait for somebody
	SetOutbox    SetName = "outbox"    // what is to be sent in one UTC hour
	SetReturn    SetName = "return"    // a message that was sent under a tag of its own, by which its bounce finds it
	SetQueue     SetName = "queue"     // the care team's work: coverage, alert, task
	SetStaff     SetName = "staff"     // accounts of a role
	SetSeen      SetName = "seen"      // a client's trail: who looked, who acted
	SetErasures  SetName = "erasures"  // people to be forgotten, or forgotten, by state
	SetPlan      SetName = "plan"      // the coverages of one plan
	SetCharges   SetName = "charges"   // the billing desk's work, a batch, or a provider's month
	SetVisits    SetName = "visits"    // a programme's sessions of one UTC month
	SetEpisodes  SetName = "episodes"  // the episodes in which care was sought in one UTC month
	SetBatches   SetName = "batches"   // the claim files of one UTC month
	SetRoster    SetName = "roster"    // the pages of an employer's rosters
	SetRostered  SetName = "rostered"  // a key in a roster: its page
	SetEmployed  SetName = "employed"  // the clients who gave a key for an employer's roster
)

// Member is one entry of a set: small, and enough to find the rest.
type Member struct {
	Chart ChartID   `json:"c,omitempty"`
	Ref   string    `json:"r,omitempty"`
	Code  string    `json:"k,omitempty"`
	At    time.Time `json:"a,omitzero"`
	Until time.Time `json:"u,omitzero"`
	Seq   uint64    `json:"s,omitempty"`
	// Expires is from when on it counts no more, whether or not it is still there.
	Expires time.Time `json:"e,omitzero"`
}

// Place is a standing in a set: which set, under which name, saying what.
type Place struct {
	Set    Set
	Entry  string
	Member Member
}

const hourFormat = "2006-01-02T15"

// DueIn is the set of what falls due in the hour of an instant.
func DueIn(t time.Time) Set { return Set{Name: SetDue, Of: t.UTC().Format(hourFormat)} }

// Resting is the set of open deadlines that fall due in no hour: those that are
// paused, and those that are over and wait for word.
var Resting = Set{Name: SetResting}

// OutboxIn is the set of what is to be sent in the hour of an instant.
func OutboxIn(t time.Time) Set { return Set{Name: SetOutbox, Of: t.UTC().Format(hourFormat)} }

// ByReturn is the set that holds the one message whose bounce may come.
func ByReturn(m MessageID) Set { return Set{Name: SetReturn, Of: string(m)} }

// Busy is the set of a provider's booked times on one UTC day ("2026-11-20").
func Busy(provider ChartID, day string) Set {
	return Set{Name: SetBusy, Of: string(provider) + "|" + day, Serves: provider}
}

// Held is the set of the times that are held for people whom nobody knows yet, and
// HeldBy that of the browser with a secret of this hash.
var Held = Set{Name: SetHeld}

// HeldBy is of one browser.
func HeldBy(hash string) Set { return Set{Name: SetHeld, Of: hash} }

// Asked is the set of what a provider was asked in the UTC month of an instant. A
// member's At is when, Until when it was answered, and Code says if it ran out.
func Asked(provider ChartID, at time.Time) Set {
	return Set{Name: SetAsked, Of: string(provider) + "|" + at.UTC().Format("2006-01"), Serves: provider}
}

// RanOut is the code of what a provider did not answer in time.
const RanOut = "ran_out"

// Panel is the set of whom a provider has taken on and not let go.
func Panel(provider ChartID) Set {
	return Set{Name: SetPanel, Of: string(provider), Serves: provider}
}

// Unsaid is the set of a provider's closed requests of which a session had begun, and
// of which they have still to say what became of it.
func Unsaid(provider ChartID) Set {
	return Set{Name: SetUnsaid, Of: string(provider), Serves: provider}
}

// Waitlist is the set of who waits for a provider; a member's At is since when, its
// Code the state where they are, and Until the end of an invitation.
func Waitlist(provider ChartID) Set {
	return Set{Name: SetWaitlist, Of: string(provider), Serves: provider}
}

// BookedOn is the set of everybody's booked times on one UTC day; a member's code
// names the provider.
func BookedOn(day string) Set { return Set{Name: SetBooked, Of: day} }

// OnPlan is the set of the coverages of a plan; letter case and blanks do not
// count.
func OnPlan(payer, plan string) Set { return Set{Name: SetPlan, Of: Alike(payer) + "|" + Alike(plan)} }

// Alike is a name as it is compared: without letter case and blanks.
func Alike(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), "")) }

const monthFormat = "2006-01"

// Month is the UTC month of an instant, as "2026-12".
func Month(t time.Time) string { return t.UTC().Format(monthFormat) }

// VisitsIn is the set of a programme's sessions that begin in a UTC month.
func VisitsIn(programme ChartID, month string) Set {
	return Set{Name: SetVisits, Of: string(programme) + "|" + month}
}

// ChargesIn is the set of a provider's charges of a UTC month.
func ChargesIn(provider ChartID, month string) Set {
	return Set{Name: SetCharges, Of: string(provider) + "|" + month, Serves: provider}
}

// ChargesThat is the set of the charges that wait for the billing desk in a
// state.
func ChargesThat(state string) Set { return Set{Name: SetCharges, Of: state} }

// InBatch is the set of the charges of a claim file.
func InBatch(batch ChartID) Set { return Set{Name: SetCharges, Of: "batch|" + string(batch)} }

// BatchesIn is the set of the claim files made in a UTC month.
func BatchesIn(month string) Set { return Set{Name: SetBatches, Of: month} }

// ByEmail is the set of accounts with an address; letter case does not count.
func ByEmail(email string) Set {
	return Set{Name: SetEmail, Of: strings.ToLower(strings.TrimSpace(email))}
}

// ByPass is the set that holds the one pass with a hash.
func ByPass(hash string) Set { return Set{Name: SetPass, Of: hash} }

// Staff is the set of the accounts of a role.
func Staff(role Role) Set { return Set{Name: SetStaff, Of: string(role)} }
