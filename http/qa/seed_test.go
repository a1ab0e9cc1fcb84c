package qa

import (
	"context"
	"testing"
	"time"

	"careconnect/assets"
	"careconnect/http/notify"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/store"
)

// open makes a throwaway store on a virtual clock.
func open(t testing.TB, start time.Time) (*store.Store, *Clock, *notify.Post, *notify.Caught) {
	t.Helper()
	began := time.Now()
	elapsed := func() time.Duration { return time.Since(began) }
	clock := NewClock(start, elapsed, false)
	dir := t.TempDir()
	private(t, dir)
	seed := uint64(7)
	s, err := store.Create(store.Config{Dir: dir, Now: clock.Now, Elapsed: elapsed, TZData: "test", Seed: &seed},
		store.Throwaway, act.Found{Programme: rules.DefaultProgramme(), Terms: rules.DefaultTerms(start.Add(-time.Hour))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	caught := &notify.Caught{}
	post, err := notify.New(s, caught, assets.FS(), "http://localhost:1")
	if err != nil {
		t.Fatal(err)
	}
	return s, clock, post, caught
}

// The people of a demo are made by acts, and the same seed makes the same ones.
func TestSeedMakesTheSamePeopleTwice(t *testing.T) {
	begin := time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)
	var first []User
	var mails []notify.Mail
	for run := range 2 {
		s, clock, post, caught := open(t, begin.Add(-Before))
		began := time.Now()
		users, err := Seed(context.Background(), s, post, clock, 7, begin, Scenarios[0])
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("seeded in %v, %d mails", time.Since(began), len(caught.Mails("", time.Time{})))
		if run == 0 {
			first, mails = users, caught.Mails("", time.Time{})
			continue
		}
		if len(users) != len(first) {
			t.Fatalf("%d users, then %d", len(first), len(users))
		}
		for i := range users {
			if users[i] != first[i] {
				t.Errorf("user %d differs: %s, then %s", i, first[i].ID, users[i].ID)
			}
		}
		again := caught.Mails("", time.Time{})
		if len(again) != len(mails) {
			t.Fatalf("%d mails, then %d", len(mails), len(again))
		}
		for i := range again {
			if again[i] != mails[i] {
				t.Errorf("mail %d differs", i)
			}
		}
	}
}
