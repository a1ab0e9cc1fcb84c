package rules_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// The promise of these cases: care was sought on day 0 and day 5 is the last.
var (
	soughtCare = care.Episode{ID: "ep_1"}
	promised   = care.Deadline{Code: "promise", Subject: "ep_1", State: care.Running, Due: dayNoon(5).Add(12*time.Hour - time.Second), Next: dayNoon(4)}
)

func dayNoon(n int) time.Time { return time.Date(2026, 10, 5+n, 12, 0, 0, 0, time.UTC) }

func TestR38R41PromiseCases(t *testing.T) {
	run(t, "promise.txt", "promise", func(c row) string {
		e, d := soughtCare, promised
		if when, why, closed := strings.Cut(c["closed"], "/"); closed {
			e.ClosedAt, e.ClosedFor = onDay(t, when), why
		}
		if from, to, paused := strings.Cut(c["paused"], ".."); paused {
			d.Pauses = []calendar.Pause{{From: onDay(t, from), Reason: calendar.WaitingOnClient}}
			if to == "" {
				d.State = care.Waiting
			} else {
				d.Pauses[0].To = onDay(t, to)
			}
		}
		var visits []care.Appointment
		for _, s := range split(c["sessions"]) {
			visits = append(visits, visit(t, s))
		}
		at := d.Due
		if c["at"] != "d5end" {
			at = onDay(t, c["at"])
		}
		row := rules.PromiseOf(e, d, visits, at).Judge()
		if row.Result == "" {
			return "open"
		}
		return string(row.Result)
	})
}

// TestR41EveryCombination tries every way in which one session can stand to the
// window, and holds what must be so of each.
func TestR41EveryCombination(t *testing.T) {
	tried := map[care.PromiseResult]int{}
	for _, first := range []int{3, 8} {
		for _, moved := range []string{"", "client>4", "provider>4", "client>9", "provider>9"} {
			for _, became := range []care.AppointmentStatus{care.Booked, care.Attended, care.NoShowClient, care.NoShowProvider, care.CancelledClient, care.CancelledProvider} {
				for bits := range 32 {
					virtual, recorded, passed, paused, ended := bits&1 == 0, bits&2 != 0, bits&4 != 0, bits&8 != 0, bits&16 != 0
					ap := care.Appointment{ID: "ap_1", Episode: "ep_1", Type: care.Session, Start: dayNoon(first), BookedAt: dayNoon(1), Status: became, Virtual: virtual, PassedOver: passed}
					if by, to, is := strings.Cut(moved, ">"); is {
						n, _ := strconv.Atoi(to)
						ap.Moves = []care.Move{{From: ap.Start, At: dayNoon(2), By: care.Role(by)}}
						ap.Start = dayNoon(n)
					}
					ap.OutcomeAt = ap.Start.Add(-time.Hour)
					if recorded {
						ap.Recorded = "seen on a walk-in day"
					}
					e, d := soughtCare, promised
					if paused {
						d.State, d.Pauses = care.Waiting, []calendar.Pause{{From: dayNoon(2)}}
					}
					if ended {
						e.ClosedAt, e.ClosedFor = dayNoon(4), "withdrawn"
					}
					got := rules.PromiseOf(e, d, []care.Appointment{ap}, dayNoon(20)).Judge().Result
					tried[got]++
					counts := virtual && !recorded
					in := !ap.Start.After(promised.Due) || paused
					stood := in || first == 3
					switch {
					case (got == care.Kept) != (counts && in && became == care.Attended):
						t.Errorf("%s: %+v", got, ap)
					case got != care.Kept && ended && got != care.PromiseDropped:
						t.Errorf("ended, and yet %s: %+v", got, ap)
					case got != care.Kept && !ended && paused && got != "" && !(recorded && got == care.NotApplicable):
						t.Errorf("it waits, and yet %s: %+v", got, ap)
					case got == care.KeptOffered && (!counts || !stood && !passed || became == care.NoShowProvider && in || became == care.CancelledProvider && in || moved == "provider>9" && first == 3):
						t.Errorf("kept, as if the client had let it go: %+v", ap)
					case got == care.Broken && counts && in && (became == care.NoShowClient || became == care.CancelledClient):
						t.Errorf("broken, though the client let it go: %+v", ap)
					}
				}
			}
		}
	}
	for _, r := range []care.PromiseResult{care.Kept, care.KeptOffered, care.Broken, care.PromiseDropped, care.NotApplicable, ""} {
		if tried[r] == 0 {
			t.Errorf("no combination gives %q", r)
		}
	}
}

// Each result that can be stored has a sentence, and no two rows give the same.
func TestR41EachResultHasItsSentence(t *testing.T) {
	for _, r := range []care.PromiseResult{care.Kept, care.KeptOffered, care.Broken, care.PromiseDropped, care.NotApplicable, ""} {
		if rules.PromiseSays(r, words) == "" {
			t.Errorf("%q has no sentence", r)
		}
	}
	if len(rules.PromiseResults) != 6 {
		t.Errorf("%d rows for six results", len(rules.PromiseResults))
	}
}

// visit reads a session as the case file writes it.
func visit(t *testing.T, s string) care.Appointment {
	t.Helper()
	times, became, ok := strings.Cut(s, "/")
	if !ok {
		t.Fatalf("%q: what became of it?", s)
	}
	times, marks, _ := strings.Cut(times, "+")
	ap := care.Appointment{Episode: "ep_1", Type: care.Session, Virtual: true, Status: care.AppointmentStatus(became), BookedAt: dayNoon(0)}
	parts := strings.Split(times, ">")
	for i := 0; i+2 < len(parts); i += 2 {
		ap.Moves = append(ap.Moves, care.Move{From: onDay(t, parts[i]), At: onDay(t, parts[i]).AddDate(0, 0, -1), By: care.Role(parts[i+1])})
	}
	ap.Start = onDay(t, parts[len(parts)-1])
	ap.OutcomeAt = ap.Start.AddDate(0, 0, -1)
	mark, when, _ := strings.Cut(marks, "@")
	switch mark {
	case "":
	case "in_person":
		ap.Virtual = false
	case "passed_over":
		ap.PassedOver = true
	case "recorded":
		ap.Recorded, ap.BookedAt = "off the portal", onDay(t, when)
	default:
		t.Fatalf("%q: unknown mark %q", s, mark)
	}
	return ap
}

// onDay reads d3 as noon of day 3.
func onDay(t *testing.T, s string) time.Time {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimPrefix(s, "d"))
	if err != nil {
		t.Fatalf("%q is no day", s)
	}
	return dayNoon(n)
}
