package store

import (
	"sync"
	"sync/atomic"
	"testing"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/seal"
)

// keyOf is a chart's key, as the store holds it.
func (w *world) keyOf(id care.ChartID) (key *seal.ChartKey, err error) {
	err = w.engine.View(func(r engine.Reader) error {
		key, err = w.keys.get(r, id)
		return err
	})
	return key, err
}

// A chart whose key has nearly sealed as often as it may gets another key with its
// next change, beside readers, and the count begins again. Nothing else changes.
func TestAChartGetsANewKeyBeforeItsOwnIsSpent(t *testing.T) {
	w := newWorld(t, Production, nil)
	who := w.wellKnown(1, w.provider(1))
	key, err := w.keyOf(who.client)
	must(t, err)
	var stop atomic.Bool
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			for !stop.Load() {
				if c, err := w.Chart(t.Context(), care.System, who.client, "test"); err != nil || len(c.Referrals) != 1 {
					t.Errorf("a reader beside it: %v", err)
					return
				}
			}
		})
	}
	for turn := range 3 {
		key.Count(seal.MaxSeals - 100)
		w.do(ofClient(who.client), act.SetSharing{Client: who.client, TextVersion: act.ConsentTextVersion})
		if key, err = w.keyOf(who.client); err != nil || key.Sealed() > 1000 {
			t.Fatalf("turn %d: the key has sealed %d, %v", turn, key.Sealed(), err)
		}
	}
	stop.Store(true)
	wait.Wait()
	for range 2 { // as it is, and opened again
		if now := w.chart(who.client); len(now.Records()) != len(who.records)+6 { // three answers, each with its message
			t.Errorf("%d records, there were %d", len(now.Records()), len(who.records))
		}
		w.mustBeWhole()
		w.mustVerify()
		w.reopen()
	}
	key, err = w.keyOf(who.client)
	must(t, err)
	w.do(ofClient(who.client), act.SetSharing{Client: who.client, TextVersion: act.ConsentTextVersion})
	if key.Worn() || key.Sealed() == 0 {
		t.Errorf("opened again the key has sealed %d", key.Sealed())
	}
	if _, err := w.RekeyData(t.Context(), nil); err != nil {
		t.Error(err)
	}
	w.mustVerify()
}
