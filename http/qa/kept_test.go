package qa

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// Mail that is only kept counts as handed over in the commit that makes it; while
// the server plays dead it goes the way of mail that may fail, and what cannot be
// written comes back.
func TestKeptMailIsHandedOverAtOnce(t *testing.T) {
	start := time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC)
	s, clock, post, caught := open(t, start)
	ctx := context.Background()
	enter := act.Enter{
		FullName: "Wren Umberdale", Email: "wren@people.example.test", State: "IL", Zone: "America/Chicago",
		Concerns: []string{"anxiety"}, Language: "en", Source: "portal", Evidence: "portal",
	}
	enter.BirthDate.Year, enter.BirthDate.Month, enter.BirthDate.Day = 1990, 3, 1
	made, err := s.Do(ctx, care.Anonymous, enter)
	if err != nil {
		t.Fatal(err)
	}
	client := care.ChartID(made.Made)
	number := 0
	asks := func() care.Message {
		t.Helper()
		number++ // the same details twice would be none
		plan := act.AddCoverage{Client: client, Type: care.HealthPlan, Payer: "Optum", Plan: "Lakefront HMO", MemberID: fmt.Sprint("TEST", number)}
		if _, err := s.Do(ctx, ofClient(client), plan); err != nil {
			t.Fatal(err)
		}
		c, err := s.Chart(ctx, care.System, client, "test")
		if err != nil || len(c.Messages) == 0 {
			t.Fatal("nobody was told", err)
		}
		last := c.Messages[0]
		for _, m := range c.Messages {
			if m.At.After(last.At) {
				last = m
			}
		}
		return last
	}
	sends := func() (keeps int) {
		t.Helper()
		if _, err := post.Deliver(ctx); err != nil {
			t.Fatal(err)
		}
		return len(caught.Mails("", time.Time{}))
	}

	asks()
	before := sends()
	clock.Set(start.Add(time.Minute))
	if m := asks(); m.State != care.Sent || !m.SentAt.Equal(clock.Now()) {
		t.Errorf("message %s is %s", m.ID, m.State)
	}
	if got := sends(); got != before+1 {
		t.Errorf("%d mails were kept, want %d", got, before+1)
	}

	caught.Down(true)
	clock.Set(start.Add(time.Hour))
	if m := asks(); m.State != care.Ready {
		t.Errorf("message %s is %s while the server is down", m.ID, m.State)
	}
	if got := sends(); got != before+1 {
		t.Errorf("%d mails were kept by a server that is down", got)
	}
	caught.Down(false)
	clock.Set(start.Add(2 * time.Hour))
	if got := sends(); got != before+2 {
		t.Errorf("%d mails once it is up again, want %d", got, before+2)
	}

	clock.Set(start.Add(150 * time.Minute))
	asks()
	caught.Down(true) // between the commit and the mail
	if got := sends(); got != before+2 {
		t.Errorf("%d mails were kept by a server that is down", got)
	}
	caught.Down(false)
	if got := sends(); got != before+3 {
		t.Errorf("%d mails, want that of before it was down: %d", got, before+3)
	}

	clock.Set(start.Add(3 * time.Hour))
	lost := asks()
	kept := s.Kept()
	for i := range kept {
		kept[i].Template = "no such text"
	}
	s.KeepAgain(kept)
	sends()
	c, err := s.Chart(ctx, care.System, client, "test")
	if err != nil {
		t.Fatal(err)
	}
	if m, _ := c.Message(lost.ID); m.State != care.Dead || !m.SentAt.IsZero() {
		t.Errorf("message %s, which could not be written, is %s", m.ID, m.State)
	}
}

// A link that lets somebody in is in the mail, and not in the chart.
func TestKeptLinkIsInTheMailAlone(t *testing.T) {
	s, _, post, caught := open(t, time.Date(2026, 11, 20, 16, 0, 0, 0, time.UTC))
	ctx := context.Background()
	enter := act.Enter{
		FullName: "Wren Umberdale", Email: "wren@people.example.test", State: "IL", Zone: "America/Chicago",
		Concerns: []string{"anxiety"}, Language: "en", Source: "portal", Evidence: "portal",
	}
	enter.BirthDate.Year, enter.BirthDate.Month, enter.BirthDate.Day = 1990, 3, 1
	made, err := s.Do(ctx, care.Anonymous, enter)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Do(ctx, care.System, act.AskDetails{Client: care.ChartID(made.Made)}); err != nil {
		t.Fatal(err)
	}
	if _, err := post.Deliver(ctx); err != nil {
		t.Fatal(err)
	}
	mailed := 0
	for _, m := range caught.Mails("", time.Time{}) {
		mailed += strings.Count(m.Text, "/details/dt_")
	}
	c, err := s.Chart(ctx, care.System, care.ChartID(made.Made), "test")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range c.Messages {
		if strings.Contains(m.Link, "dt_") {
			t.Errorf("message %s keeps its link", m.ID)
		}
	}
	if mailed != 1 {
		t.Errorf("the link is in %d mails", mailed)
	}
}
