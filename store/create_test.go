package store

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"careconnect/rules/care"
)

// A lasting store draws its ids from its own keys and never from a seed.
func TestLastingStoreTakesNoSeed(t *testing.T) {
	seed := uint64(7)
	config := setting(private(t), &hands{at: begin})
	config.Seed = &seed
	if s, err := Create(config, Production, founding(begin)); err == nil {
		_ = s.Close()
		t.Error("made a lasting store with a seed")
	} else if !strings.Contains(err.Error(), "takes no seed") {
		t.Errorf("made: %v", err)
	}
	if files, err := os.ReadDir(config.Dir); err != nil || len(files) > 0 {
		t.Errorf("%d files were left behind (%v)", len(files), err)
	}
	w := newWorld(t, Production, nil)
	w.config.Seed = &seed
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(w.config); err == nil || !strings.Contains(err.Error(), "takes no seed") {
		t.Errorf("opened: %v", err)
	}
}

func TestCreateFoundsTheProgrammeOnce(t *testing.T) {
	config := setting(private(t), &hands{at: begin})
	s, err := Create(config, Production, founding(begin))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := Create(config, Production, founding(begin)); err == nil {
		t.Error("made a store over another")
	}
	if chart, _ := s.Programme(); chart.Programme == nil || len(chart.Terms) != 1 {
		t.Error("the programme is not there")
	}
	if err := s.whole(); err != nil {
		t.Error(err)
	}
}

// How often a chart's key has sealed is told by the chart's head, also when the
// key was let go and unwrapped again while the chart stayed in memory.
func TestSealsAreCountedOverTheLifeOfAKey(t *testing.T) {
	w := newWorld(t, Production, nil)
	client := w.client(1)
	sealed := func() uint64 {
		w.keys.mu.Lock()
		defer w.keys.mu.Unlock()
		return w.keys.keys[client].Sealed()
	}
	last := sealed()
	for round := range 6 {
		other := covering(client)
		other.MemberID = fmt.Sprintf("M10%d", round)
		w.do(ofClient(client), other)
		if now := sealed(); now <= last {
			t.Errorf("round %d: %d records sealed, %d before", round, now, last)
		} else {
			last = now
		}
		if round%2 == 1 {
			w.reopen()
			continue
		}
		w.keys.mu.Lock()
		clear(w.keys.keys)
		w.keys.mu.Unlock()
	}
}

// A chart that is being made is not there yet for anybody who looks.
func TestChartInTheMakingIsNotThere(t *testing.T) {
	w := newWorld(t, Production, nil)
	key, err := w.vault.NewChartKey()
	if err != nil {
		t.Fatal(err)
	}
	w.keys.put("cl_00000000000000000000000000", key)
	_, err = w.Chart(t.Context(), care.System, "cl_00000000000000000000000000", "test")
	wantFault(t, err, care.NotFound, "not_found")
}
