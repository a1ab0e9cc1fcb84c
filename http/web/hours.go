package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"careconnect/assets"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// The week editor, and what a provider tells of themselves in public.

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
		},
		"Ticks": assets.Options{Name: "also", Legend: "Booking and holidays", Many: true, Choices: []assets.Choice{
			{Value: "self", Text: "Clients book an open time themselves", Note: "Otherwise they ask, and you answer within 24 hours.", Checked: me.SelfSchedule},
			{Value: "holidays", Text: "Closed on holidays", Note: "The federal ones, and those of the programme.", Checked: h.ClosedOnHolidays},
		}},
		"Link":    assets.Field{Name: "link", Label: "Where virtual visits are joined", Type: "url", Optional: true, Value: me.Link, Hint: "Begins with https://; only you and your clients see it."},
		"Profile": profileFields(me),
	}
	return p.show(w, r, status, "pro/hours", h.Zone, assets.Page{Title: "Hours", Notice: n, Data: data})
}

func profileFields(me care.Provider) []assets.Field {
	list := func(name, label, hint string, values []string) assets.Field {
		return assets.Field{Name: name, Label: label, Hint: hint, Optional: true, Value: strings.Join(values, ", ")}
	}
	return []assets.Field{
		{Name: "pronouns", Label: "Pronouns", Optional: true, Value: me.Pronouns, Max: 40},
		{Name: "about", Label: "About you", Type: "textarea", Rows: 6, Optional: true, Value: me.About, Max: 3000, Hint: "What a first call with you is like, in plain words."},
		list("specialties", "What you help with", "With commas between, such as anxiety, grief, sleep.", me.Specialties),
		list("languages", "Languages", "As two letters, such as en, es.", me.Languages),
		list("modalities", "How you work", "Such as cbt, mindfulness.", me.Modalities),
	}
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
// Days out and special days stay as they are.
func readHours(r *http.Request, me *care.Provider) (wrong []string) {
	me.Hours.Zone = r.PostFormValue("zone")
	me.Link = strings.TrimSpace(r.PostFormValue("link"))
	me.SelfSchedule, me.Hours.ClosedOnHolidays = slices.Contains(r.PostForm["also"], "self"), slices.Contains(r.PostForm["also"], "holidays")
	for name, field := range map[string]*int{
		"consult": &me.Hours.ConsultMinutes, "session": &me.Hours.SessionMinutes, "buffer": &me.Hours.BufferMinutes, "notice": &me.Hours.NoticeMinutes,
	} {
		n, err := strconv.Atoi(strings.TrimSpace(r.PostFormValue(name)))
		if err != nil {
			wrong = append(wrong, name+": give a number of minutes.")
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
	return wrong
}

func (p *Pages) setProfile(w http.ResponseWriter, r *http.Request) error {
	me, zone, err := p.practice(r, "hours")
	if err != nil {
		return err
	}
	me.Pronouns, me.About = strings.TrimSpace(r.PostFormValue("pronouns")), strings.TrimSpace(r.PostFormValue("about"))
	me.Specialties, me.Languages, me.Modalities = commas(r.PostFormValue("specialties")), commas(r.PostFormValue("languages")), commas(r.PostFormValue("modalities"))
	_, err = p.deed(r, act.SetProfile{
		Provider: me.ID, Pronouns: me.Pronouns, About_: me.About, Specialties: me.Specialties, Languages: me.Languages, Modalities: me.Modalities,
	})
	if err == nil {
		return done(w, r, "/pro/hours", "saved")
	}
	if n, status, mendable := refused(r, err, zone); mendable {
		return p.showHours(w, r, status, n, me)
	}
	return err
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
