package calendar_test

import (
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
}
