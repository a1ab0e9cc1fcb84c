package web

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"careconnect/assets"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// The week editor.

// mostSpans is how many spans of a day the editor shows at most.
const mostSpans = 3

// week is the order of the days in the editor.
var week = []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}

// spanLine is one line of the week editor: a stretch of a day.
type spanLine struct{ Day, Label, FromName, ToName, From, To string }

func (p *Pages) hours(w http.ResponseWriter, r *http.Request) error {
	me, _, err := p.practice(r, "hours")
	if err != nil {
		return err
	}
	return p.showHours(w, r, http.StatusOK, nil, me)
}

func (p *Pages) showHours(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice, me care.Provider) error {
	least, _ := strconv.Atoi(r.FormValue("lines"))
	least = min(max(least, 1), mostSpans)
	h := me.Hours
	number := func(name, label, hint string, value int) assets.Field {
		return assets.Field{Name: name, Label: label, Hint: hint, Type: "number", Inputmode: "numeric", Value: strconv.Itoa(value)}
	}
	data := map[string]any{
		"Zone": assets.Field{Name: "zone", Label: "Your time zone", Type: "select", Choices: zoneChoices(h.Zone), Hint: "Your hours stand on this clock, also when clocks change."},
		"Week": weekLines(h.Week, least),
		"More": least < mostSpans,
		"Numbers": []assets.Field{
			number("consult", "Length of a consultation", "In minutes; it is free of charge.", h.ConsultMinutes),
			number("session", "Usual length of a session", "In minutes, from 5 to 480; the choice is yours each time.", h.SessionMinutes),
			number("buffer", "Pause around each appointment", "In minutes.", h.BufferMinutes),
			number("notice", "Notice before an appointment", "In minutes; 1440 are a day.", h.NoticeMinutes),
			number("most", "Most appointments a day", "0 means as many as fit.", h.MostPerDay),
		},
		"Ticks": assets.Options{Name: "also", Legend: "Booking and holidays", Many: true, Choices: []assets.Choice{
			{Value: "self", Text: "Clients book an open time themselves", Note: "Otherwise they ask, and you answer within 24 hours.", Checked: me.SelfSchedule},
			{Value: "holidays", Text: "Closed on holidays", Note: "The federal ones, and those of the programme.", Checked: h.ClosedOnHolidays},
		}},
		"Link": assets.Field{Name: "link", Label: "Where virtual visits are joined", Type: "url", Optional: true, Value: me.Link, Hint: "Begins with https://; only you and your clients see it."},
		"Days": dayLines(h.Extra),
		"Away": awayLines(h.Away),
	}
	return p.show(w, r, status, "pro/hours", h.Zone, assets.Page{Title: "Hours", Notice: n, Data: data})
}

func weekLines(spans [7][]calendar.Span, least int) []spanLine {
	var lines []spanLine
	for _, day := range week {
		for i := range max(least, min(len(spans[day]), mostSpans)) {
			line := spanLine{Day: day.String(), Label: day.String(), FromName: fmt.Sprintf("from-%d-%d", day, i), ToName: fmt.Sprintf("to-%d-%d", day, i)}
			if i > 0 {
				line.Label = "and"
			}
			if i < len(spans[day]) {
				line.From, line.To = wallClock(spans[day][i].From), wallClock(spans[day][i].To)
			}
			lines = append(lines, line)
		}
	}
	return lines
}

func wallClock(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60%24, minute%60) }

// wallMinute reads a time of day; the end of a day is written as its midnight.
func wallMinute(s string, end bool) (int, bool) {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, false
	}
	minute := t.Hour()*60 + t.Minute()
	if end && minute == 0 {
		minute = 24 * 60
	}
	return minute, true
}

func (p *Pages) setHours(w http.ResponseWriter, r *http.Request) error {
	me, zone, err := p.practice(r, "hours")
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return unread("The form could not be read. Go back and send it again.")
	}
	wrong := readHours(r, &me)
	if len(wrong) > 0 {
		return p.showHours(w, r, http.StatusUnprocessableEntity, &assets.Notice{Kind: "danger", Title: "Nothing was changed", Items: wrong}, me)
	}
	_, err = p.deed(r, act.SetHours{Provider: me.ID, Hours: me.Hours, SelfSchedule: &me.SelfSchedule, Link: &me.Link})
	if err == nil {
		return done(w, r, "/pro/hours", "saved")
	}
	if n, status, mendable := refused(r, err, zone); mendable {
		return p.showHours(w, r, status, n, me)
	}
	return err
}

// readHours puts a form into a provider's record, and says what it cannot read.
func readHours(r *http.Request, me *care.Provider) (wrong []string) {
	me.Hours.Zone = r.PostFormValue("zone")
	me.Link = strings.TrimSpace(r.PostFormValue("link"))
	me.SelfSchedule, me.Hours.ClosedOnHolidays = slices.Contains(r.PostForm["also"], "self"), slices.Contains(r.PostForm["also"], "holidays")
	for name, field := range map[string]*int{
		"consult": &me.Hours.ConsultMinutes, "session": &me.Hours.SessionMinutes, "buffer": &me.Hours.BufferMinutes, "notice": &me.Hours.NoticeMinutes, "most": &me.Hours.MostPerDay,
	} {
		n, err := strconv.Atoi(strings.TrimSpace(r.PostFormValue(name)))
		if err != nil {
			wrong = append(wrong, name+": give a number.")
			continue
		}
		*field = n
	}
	for _, day := range week {
		me.Hours.Week[day] = nil
		for i := range mostSpans {
			from, to := r.PostFormValue(fmt.Sprintf("from-%d-%d", day, i)), r.PostFormValue(fmt.Sprintf("to-%d-%d", day, i))
			if from == "" && to == "" {
				continue
			}
			begins, ok := wallMinute(from, false)
			ends, alsoOK := wallMinute(to, true)
			if !ok || !alsoOK {
				wrong = append(wrong, day.String()+": give both a beginning and an end, such as 09:00 to 17:00, or leave both empty.")
				continue
			}
			me.Hours.Week[day] = append(me.Hours.Week[day], calendar.Span{From: begins, To: ends})
		}
	}
	return append(wrong, readDays(r, &me.Hours)...)
}

// dayLine is a day with hours of its own, or a run of days out.
type dayLine struct {
	Number                int
	Date, Until, From, To string
}

// spareDayLines is how many empty lines stand below the days that are known;
// mostDayLines bounds what a form may bring.
const (
	spareDayLines = 2
	mostDayLines  = 120
)

func dayLines(extra map[calendar.Date][]calendar.Span) []dayLine {
	var lines []dayLine
	for _, date := range slices.SortedFunc(maps.Keys(extra), func(a, b calendar.Date) int { return b.Until(a) }) {
		if len(extra[date]) == 0 {
			lines = append(lines, dayLine{Date: date.String()})
		}
		for _, s := range extra[date] {
			lines = append(lines, dayLine{Date: date.String(), From: wallClock(s.From), To: wallClock(s.To)})
		}
	}
	return lineNumbers(append(lines, make([]dayLine, spareDayLines)...))
}

func awayLines(away []calendar.DateSpan) []dayLine {
	var lines []dayLine
	for _, a := range away {
		lines = append(lines, dayLine{Date: a.From.String(), Until: a.To.String()})
	}
	return lineNumbers(append(lines, make([]dayLine, spareDayLines)...))
}

func lineNumbers(lines []dayLine) []dayLine {
	for i := range lines {
		lines[i].Number = i
	}
	return lines
}

// readDays puts the days with hours of their own, and the days out, into the
// hours. A day without a time is closed; several lines of one day are its spans.
func readDays(r *http.Request, h *calendar.Hours) (wrong []string) {
	h.Extra, h.Away = map[calendar.Date][]calendar.Span{}, nil
	for i := range mostDayLines {
		if on := r.PostFormValue(fmt.Sprintf("day-%d", i)); on != "" {
			from, to := r.PostFormValue(fmt.Sprintf("day-from-%d", i)), r.PostFormValue(fmt.Sprintf("day-to-%d", i))
			date, err := calendar.ParseDate(on)
			begins, ok := wallMinute(from, false)
			ends, alsoOK := wallMinute(to, true)
			closed := from == "" && to == ""
			if err != nil || !closed && (!ok || !alsoOK) {
				wrong = append(wrong, on+": give a day, and both a beginning and an end, or neither for a day that is closed.")
				continue
			}
			spans := h.Extra[date]
			if !closed {
				spans = append(spans, calendar.Span{From: begins, To: ends})
			}
			h.Extra[date] = spans
		}
		if on := r.PostFormValue(fmt.Sprintf("away-%d", i)); on != "" {
			from, err := calendar.ParseDate(on)
			to, alsoErr := calendar.ParseDate(or(r.PostFormValue(fmt.Sprintf("away-until-%d", i)), on))
			if err != nil || alsoErr != nil {
				wrong = append(wrong, on+": give the first and the last day that you are out.")
				continue
			}
			h.Away = append(h.Away, calendar.DateSpan{From: from, To: to})
		}
	}
	for date := range h.Extra {
		order.By(h.Extra[date], func(a, b calendar.Span) int { return a.From - b.From })
	}
	return wrong
}

// commas reads a list written with commas between.
func commas(s string) []string {
	var list []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" && !slices.Contains(list, part) {
			list = append(list, part)
		}
	}
	return list
}
