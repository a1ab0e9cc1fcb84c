package calendar_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"careconnect/rules/calendar"
)

func TestOwnHolidaysCloseTheInstanceOnTheirOwnDay(t *testing.T) {
	day := calendar.Date{Year: 2026, Month: time.November, Day: 27}
	if !calendar.New().BusinessDay(day) {
		t.Fatal("the day after Thanksgiving is a federal business day")
	}
	c := calendar.New(calendar.Holiday{Date: day, Name: "Day after Thanksgiving"})
	if name, is := c.Holiday(day); !is || name != "Day after Thanksgiving" {
		t.Fatalf("own holiday: %q, %v", name, is)
	}
	if c.BusinessDay(day) {
		t.Fatal("an own holiday is no business day")
	}
	start := time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)
	if due, _ := c.BusinessDaysAfter(start, 5, loadZone(t, "America/Chicago"), nil); due.Format(time.DateTime) != "2026-12-02 05:59:59" {
		t.Fatalf("an own holiday lengthens the promise by a day, to the end of 1 December: %s", due)
	}
}

func TestDueTimesAreWholeSecondsInUTC(t *testing.T) {
	zone := loadZone(t, "America/Chicago")
	start := time.Date(2026, 12, 4, 9, 0, 0, 999, zone)
	hours, _ := calendar.HoursAfter(start, 24, zone)
	days, _ := calendar.DaysAfter(start, 5, zone, nil)
	business, _ := calendar.New().BusinessDaysAfter(start, 5, zone, nil)
	open, closes, _ := calendar.WindowAfter(start, 28, 42, zone)
	for i, at := range []time.Time{hours, days, business, open, closes, calendar.Quiet(start, start, start, zone)} {
		if at.Location() != time.UTC || at.Nanosecond() != 0 {
			t.Errorf("%d: %s", i, at)
		}
	}
}

func TestDatesAreReadStrictly(t *testing.T) {
	for _, wrong := range []string{"", "2026-02-29", "2026-2-9", "26-02-09", "2026-13-01", "2026-12-01T00:00:00Z", "tomorrow"} {
		if d, err := calendar.ParseDate(wrong); err == nil {
			t.Errorf("%q was read as %s", wrong, d)
		}
	}
	d, err := calendar.ParseDate("2028-02-29")
	if err != nil || d.String() != "2028-02-29" || d.Words() != "Tue 29 Feb 2028" || d.Weekday() != time.Tuesday {
		t.Errorf("%s, %s, %v", d, d.Words(), err)
	}
	if got := d.AddDays(366).AddDays(-366); got != d || d.AddDays(1).String() != "2028-03-01" || d.AddDays(-29).String() != "2028-01-31" {
		t.Errorf("there and back: %s", got)
	}
}

func TestHoursSurviveJSON(t *testing.T) {
	day := calendar.Date{Year: 2026, Month: time.December, Day: 24}
	h := calendar.Hours{
		Zone: "America/Denver", ClosedOnHolidays: true, BufferMinutes: 10, NoticeMinutes: 60, ConsultMinutes: 15, SessionMinutes: 50,
		Away:  []calendar.DateSpan{{From: day, To: day.AddDays(3)}},
		Extra: map[calendar.Date][]calendar.Span{day: {{From: 540, To: 600}}},
	}
	h.Week[time.Monday] = []calendar.Span{{From: 540, To: 720}}
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var back calendar.Hours
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(h, back) {
		t.Fatalf("%v: %s", err, text)
	}
	if err := json.Unmarshal([]byte(`{"away":[{"from":"2026-02-30","to":""}]}`), &back); err == nil {
		t.Error("a day that does not exist was read")
	}
	var none calendar.Date
	if text, _ := json.Marshal(none); string(text) != `""` || json.Unmarshal(text, &none) != nil || !none.IsZero() {
		t.Errorf("no date is written as %s", text)
	}
}

func TestZonesThatDependOnTheMachineAreRefused(t *testing.T) {
	for _, name := range []string{"", "Local", "CT", "America/Nowhere", "../etc/passwd"} {
		if _, err := calendar.Zone(name); err == nil {
			t.Errorf("%q was taken as a zone", name)
		}
	}
	for _, name := range []string{"UTC", "America/Chicago", "Europe/Berlin"} {
		if zone, err := calendar.Zone(name); err != nil || zone.String() != name {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestWordsNameTheZone(t *testing.T) {
	at := time.Date(2026, 12, 4, 15, 30, 0, 0, time.UTC)
	for zone, want := range map[string]string{
		"America/New_York":  "Fri 4 Dec 2026, 10:30 EST",
		"America/Sao_Paulo": "Fri 4 Dec 2026, 12:30 UTC-03",
		"UTC":               "Fri 4 Dec 2026, 15:30 UTC",
	} {
		if got := calendar.Words(at, loadZone(t, zone)); got != want {
			t.Errorf("want %s, got %s", want, got)
		}
	}
}
