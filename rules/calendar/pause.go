package calendar

import (
	"strings"
	"time"

	"careconnect/rules/order"
)

// Pause is a time in which a clock that can be paused, K2 or K3, stands still: why, and by whose hand. A zero To
// means that it is still running. A running pause moves no due time yet, since nobody knows when it ends; until
// it ends, its clock cannot be missed.
type Pause struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to,omitzero"`
	Reason string    `json:"reason"`
	Actor  string    `json:"actor"`
}

// The only reasons for which a clock is paused.
const (
	WaitingOnClient = "waiting_on_client"
	OnCoverage      = "coverage"
)

var reasons = map[string]string{
	WaitingOnClient: "waiting on the client",
	OnCoverage:      "plan details are being checked",
}

// PauseReason says whether it is one of the reasons for which a clock may pause.
func PauseReason(reason string) bool { return reasons[reason] != "" }

// words says the reason as a reader would: known ones by their sentence, others as they were written.
func (p Pause) words() string {
	if words, ok := reasons[p.Reason]; ok {
		return words
	}
	return strings.ReplaceAll(p.Reason, "_", " ")
}

// span is a time from one Unix second up to another, which it does not include.
type span struct{ from, to int64 }

// joined returns the ended pauses after start, in order, those that touch or overlap as one: two reasons at once
// stop a clock no more than one does.
func joined(pauses []Pause, start time.Time) []span {
	var ended []span
	for _, p := range pauses {
		s := span{max(p.From.Unix(), start.Unix()), p.To.Unix()}
		if !p.To.IsZero() && s.from < s.to {
			ended = append(ended, s)
		}
	}
	order.By(ended, func(a, b span) int { return int(a.from - b.from) })
	var union []span
	for _, s := range ended {
		if last := len(union) - 1; last >= 0 && s.from <= union[last].to {
			union[last].to = max(union[last].to, s.to)
			continue
		}
		union = append(union, s)
	}
	return union
}

// addPauses tells every pause that touched the time from start to due.
func (a *account) addPauses(pauses []Pause, start, due time.Time) {
	for _, p := range pauses {
		if p.From.After(due) || !p.To.IsZero() && !p.To.After(start) {
			continue
		}
		from := whole(p.From)
		if from.Before(start) {
			from = start
		}
		if p.To.IsZero() {
			a.add(from, "Paused since "+Words(from, a.zone)+"; the due time moves when the pause ends", p.words())
			continue
		}
		a.add(from, "Paused from "+Words(from, a.zone)+" to "+Words(whole(p.To), a.zone), p.words())
	}
}
