package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/smalldisk"
)

// fillings is how often the disk becomes full.
func fillings() int {
	if os.Getenv("CARECONNECT_TORTURE") != "" {
		return 24
	}
	return 2
}

// On a disk without room no commit begins: what was acknowledged is there, what
// was not is refused, one's own data and others' can be read and the reading is
// recorded, and sharing can be ended and sessions closed. Once there is room it
// goes on by itself, within five seconds.
func TestDiskFull(t *testing.T) {
	for _, disk := range []struct {
		system string
		size   int64
	}{{smalldisk.Tmpfs, 8 << 20}, {smalldisk.Ext4, 32 << 20}} {
		t.Run(disk.system, func(t *testing.T) {
			dir := smalldisk.New(t, disk.system, disk.size)
			w := newWorldIn(t, dir, Production, nil)
			w.do(care.System, act.SetAddresses{Privacy: "privacy@example.test"})
			provider, desk := w.provider(1), w.desk()
			n := 0
			var acks []acknowledged
			for range fillings() {
				sharing, leaving := w.sharer(n), w.client(800_000+n)
				fill(t, dir)
				had := len(acks)
				acks = append(acks, w.untilFull(&n, provider)...)
				w.mustRefuse(&n, provider)
				w.mustGoOnWhileFull(sharing, desk)
				w.do(ofClient(leaving), act.Erase{Client: leaving})
				if _, err := w.Chart(t.Context(), care.System, leaving, "test"); err == nil {
					t.Error("who was forgotten on a full disk is still there")
				}
				w.mustHave(acks)
				w.mustSurviveAKill(acks)
				if t.Failed() {
					return
				}
				t.Logf("%d acknowledged until it was full, the reserve is %d bytes", len(acks)-had, reserveSize(dir))
				empty(t, dir)
				w.mustRecover(&n, provider)
			}
			w.reopen()
			w.mustHave(acks)
			w.mustBeWhole()
		})
	}
}

// sharer is a client who shares with the payer, with a session.
func (w *world) sharer(n int) care.ChartID {
	w.Helper()
	id := w.client(900_000 + n)
	w.do(care.System, act.GivePass{Chart: id, Pass: care.Pass{Hash: fmt.Sprint("pass of ", id), Type: care.PassSession, Expires: begin.AddDate(1, 0, 0)}})
	w.do(ofClient(id), act.SetSharing{Client: id, Sharing: true, Scopes: []string{"identity"}, TextVersion: act.ConsentTextVersion})
	return id
}

// fill leaves the disk no room.
func fill(t testing.TB, dir string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(filepath.Dir(dir), "filling"), os.O_CREATE|os.O_WRONLY, 0o600)
	must(t, err)
	defer f.Close()
	for chunk := 1 << 20; chunk > 0; {
		if _, err = f.Write(make([]byte, chunk)); err != nil {
			chunk /= 2
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	_ = f.Sync()
}

func empty(t testing.TB, dir string) {
	t.Helper()
	must(t, os.Remove(filepath.Join(filepath.Dir(dir), "filling")))
}

func reserveSize(dir string) int64 {
	info, err := os.Stat(filepath.Join(dir, ReserveFile))
	if err != nil {
		return 0
	}
	return info.Size()
}

// tryAsking has a new client come in and ask.
func (w *world) tryAsking(n *int, provider care.ChartID) ([]acknowledged, error) {
	*n++
	ctx := context.Background()
	came, err := w.Do(ctx, care.Anonymous, entering(*n))
	if err != nil {
		return nil, err
	}
	client := care.ChartID(came.Made)
	acks := []acknowledged{{Did: "enter", Chart: client, Made: came.Made}}
	asked, err := w.Do(ctx, ofClient(client), act.Request{Client: client, Provider: provider})
	if err != nil {
		return acks, err
	}
	if asked.Decision.Outcome != rules.Yes {
		w.Fatal(asked.Decision.Reasons())
	}
	return append(acks, acknowledged{Did: "request", Chart: client, Made: asked.Made}), nil
}

// untilFull has people come until one is refused for want of room.
func (w *world) untilFull(n *int, provider care.ChartID) []acknowledged {
	w.Helper()
	var acks []acknowledged
	for range 20_000 {
		more, err := w.tryAsking(n, provider)
		acks = append(acks, more...)
		if errors.Is(err, ErrFull) {
			return acks
		}
		if err != nil {
			w.Fatal(err)
		}
	}
	w.Fatal("the disk does not become full")
	return nil
}

// mustRefuse sees twenty acts refused with nothing changed.
func (w *world) mustRefuse(n *int, provider care.ChartID) {
	w.Helper()
	before, err := w.Sequence()
	must(w.TB, err)
	for range 20 {
		if acks, err := w.tryAsking(n, provider); !errors.Is(err, ErrFull) || errors.Is(err, ErrUnknown) || len(acks) > 0 {
			w.Errorf("on a full disk: %v and %d acknowledged, want %v", err, len(acks), ErrFull)
		}
	}
	after, err := w.Sequence()
	must(w.TB, err)
	if !w.Full() || w.Store.Failed() != nil || before != after {
		w.Errorf("full %t, failed %v, commits %d to %d", w.Full(), w.Store.Failed(), before, after)
	}
}

// mustGoOnWhileFull reads and takes back.
func (w *world) mustGoOnWhileFull(sharing care.ChartID, desk care.Actor) {
	w.Helper()
	ctx := context.Background()
	for range 20 {
		_, own := w.Chart(ctx, ofClient(sharing), sharing, "test")
		_, others := w.Chart(ctx, desk, sharing, "test")
		if own != nil || others != nil {
			w.Errorf("reading on a full disk: %v, %v", own, others)
		}
	}
	w.Flush()
	seen, err := w.Seen(ctx, care.System, sharing, 100, "test")
	if must(w.TB, err); len(seen) < 40 {
		w.Errorf("%d entries of 40 readings are in the trail", len(seen))
	}
	// Reading may use half of the reserve and no more.
	reads := 0
	for err = nil; err == nil && reads < 20_000; reads++ {
		_, err = w.Chart(ctx, desk, sharing, "test")
	}
	if !errors.Is(err, ErrFull) {
		w.Errorf("after %d readings: %v", reads, err)
	}
	w.do(ofClient(sharing), act.SetSharing{Client: sharing, Sharing: false, TextVersion: act.ConsentTextVersion})
	w.do(ofClient(sharing), act.DropPass{Chart: sharing, Hash: fmt.Sprint("pass of ", sharing)})
	var ended bool
	must(w.TB, w.view(func(r engine.Reader) error {
		chart, err := w.readChart(r, sharing)
		if err == nil {
			_, signedIn := chart.Pass(fmt.Sprint("pass of ", sharing))
			ended = !signedIn && !slices.ContainsFunc(chart.Consents, func(c care.Consent) bool { return c.Active(w.now()) })
		}
		return err
	}))
	if !ended {
		w.Error("sharing was ended and the session closed, and yet they are there")
	}
	if _, err := w.Do(ctx, ofClient(sharing), act.SetSharing{Client: sharing, Sharing: true, Scopes: []string{"identity"}, TextVersion: act.ConsentTextVersion}); !errors.Is(err, ErrFull) {
		w.Errorf("beginning to share on a full disk: %v", err)
	}
	w.Logf("%d recorded readings fit into half of the reserve", reads)
}

// mustSurviveAKill opens what a SIGKILL would leave now.
func (w *world) mustSurviveAKill(acks []acknowledged) {
	w.Helper()
	dir := private(w.TB)
	for _, name := range []string{DataFile, KeyFile} {
		body, err := os.ReadFile(w.file(name))
		must(w.TB, err)
		must(w.TB, os.WriteFile(filepath.Join(dir, name), body, 0o600))
	}
	config := w.config
	config.Dir = dir
	s, err := Open(config)
	must(w.TB, err)
	defer s.Close()
	killed := &world{TB: w.TB, Store: s, config: config, clock: w.clock}
	killed.mustHave(acks)
	killed.mustBeWhole()
}

// mustRecover waits for the store to go on, as people would who try again.
func (w *world) mustRecover(n *int, provider care.ChartID) {
	w.Helper()
	began := time.Now()
	for {
		_, err := w.tryAsking(n, provider)
		if err == nil {
			break
		}
		if !errors.Is(err, ErrFull) || time.Since(began) > 5*time.Second {
			w.Fatalf("%v after there is room again: %v", time.Since(began), err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if w.Full() || reserveSize(w.config.Dir) != engine.Reserve {
		w.Errorf("full %t, the reserve is %d bytes", w.Full(), reserveSize(w.config.Dir))
	}
	w.Logf("goes on after %v", time.Since(began).Round(time.Millisecond))
}
