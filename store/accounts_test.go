package store

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/planted"
)

// comesBack is a client who begins anew in another browser and asks somebody there.
func (w *world) comesBack(n int, provider care.ChartID) known {
	w.Helper()
	k := planted.New(uint64(n))
	enter := entering(n)
	enter.FullName, enter.Email, enter.Phone = k.Next(), k.Next()+"@example.test", k.Next()
	enter.Pass = &care.Pass{Hash: k.Next(), Type: care.PassToken}
	who := known{client: care.ChartID(w.do(care.Anonymous, enter)), provider: provider}
	w.do(ofClient(who.client), act.Request{Client: who.client, Provider: provider, Note: k.Next()})
	_, err := w.Chart(w.Context(), ofProvider(provider), who.client, "client")
	must(w.TB, err)
	who.records, who.words = w.chart(who.client).Records(), k.All
	return who
}

// opens gives an account a password, and says what it is kept as.
func (w *world) opens(c care.ChartID) string {
	w.Helper()
	hash := act.HashOf("link of " + string(c))
	w.do(care.System, act.GivePass{Chart: c, Pass: care.Pass{Hash: hash, Type: care.PassInvite, Expires: w.now().Add(time.Hour)}})
	w.do(care.System, act.Redeem{Chart: c, Hash: hash, Password: "kept:" + string(c)})
	return "kept:" + string(c)
}

// TestR14WhatIsLeftOfTwoAccounts: with the night nothing opens any more that was the
// other account's own, while the person still reads who looked at it; and who has the
// one erased is forgotten with both, also where an older backup brings them back.
func TestR14WhatIsLeftOfTwoAccounts(t *testing.T) {
	w := newWorld(t, Production, nil)
	who, other := w.wellKnown(1, w.provider(1)), w.comesBack(2, w.provider(2))
	folder := filepath.Join(private(t), "backups")
	made, err := w.Backup(t.Context(), folder, nil)
	must(t, err)
	before, err := w.vault.Former(headersOf(t, w))
	must(t, err)
	w.do(ofClient(other.client), act.JoinAccounts{Mine: other.client, Other: who.client, Proof: w.opens(who.client)})
	w.Flush()
	if got := w.thief(before, other, w.everyFile()...); got["the chart's key"] == 0 || got["a record"] == 0 {
		t.Errorf("before the night the search finds %v: it would find nothing anywhere", got)
	}
	w.mustVerify()
	issued, err := w.Forget(t.Context(), nil, nil)
	must(t, err)
	if len(issued) != 0 {
		t.Errorf("%d certificates for somebody who was not erased", len(issued))
	}
	if got := w.thief(w.vault, other, w.everyFile()...); got["the chart's key"] > 0 || got["a record"] > 0 || got["the trail"] == 0 {
		t.Errorf("after the night these open: %v", got)
	}
	looked := 0
	seen, err := w.Seen(t.Context(), ofClient(who.client), who.client, 1000, "test")
	must(t, err)
	for _, e := range seen {
		if e.Who == other.provider && e.Did == "read client" {
			looked++
			_, err := w.Receipt(t.Context(), ofClient(who.client), who.client, e.Place)
			must(t, err)
		}
	}
	if looked != 1 {
		t.Errorf("%d lines tell of who looked at the other account", looked)
	}
	if _, err := w.Seen(t.Context(), ofClient(who.client), other.client, 10, "test"); !errors.As(err, new(*care.Fault)) {
		t.Errorf("the list of an account that is gone can be asked for by itself: %v", err)
	}
	w.mustBeWhole()
	w.mustVerify()

	w.do(ofClient(who.client), act.Erase{Client: who.client})
	_, err = w.Backup(t.Context(), folder, nil) // the list goes where the backups are
	must(t, err)
	for range 2 { // as it is, and brought back by the backup of before
		issued, err = w.Forget(t.Context(), nil, nil)
		must(t, err)
		if len(issued) != 2 {
			t.Errorf("%d certificates, want one for each of the two", len(issued))
		}
		for _, gone := range []known{who, other} {
			if found := w.thief(w.vault, gone, mustRead(t, filepath.Join(w.config.Dir, DataFile))); len(found) > 0 {
				t.Errorf("these open: %v", found)
			}
			if _, err := w.Chart(t.Context(), care.System, gone.client, "test"); !errors.As(err, new(*care.Fault)) {
				t.Errorf("they are there: %v", err)
			}
		}
		w.mustVerify()
		must(t, w.Close())
		_, err = Restore(t.Context(), w.config, made.Path, true, nil)
		must(t, err)
		w.Store, err = Open(w.config)
		must(t, err)
	}
}

// TestR14ABackupBringsTwoAccountsBack: one that was made before they became one has
// both, and whatever was asked in either. Nobody is erased by having joined.
func TestR14ABackupBringsTwoAccountsBack(t *testing.T) {
	w := newWorld(t, Production, nil)
	who, other := w.wellKnown(1, w.provider(1)), w.comesBack(2, w.provider(2))
	folder := filepath.Join(private(t), "backups")
	made, err := w.Backup(t.Context(), folder, nil)
	must(t, err)
	proof := w.opens(who.client)
	w.do(ofClient(other.client), act.JoinAccounts{Mine: other.client, Other: who.client, Proof: proof})
	w.reopen()
	if got := len(w.chart(who.client).Referrals); got != 2 {
		t.Errorf("opened again: %d requests", got)
	}
	_, err = w.Backup(t.Context(), folder, nil)
	must(t, err)
	_, err = w.Forget(t.Context(), nil, nil)
	must(t, err)
	must(t, w.Close())
	_, err = Restore(t.Context(), w.config, made.Path, true, nil)
	must(t, err)
	w.Store, err = Open(w.config)
	must(t, err)
	if got := len(w.chart(other.client).Referrals) + len(w.chart(who.client).Referrals); got != 2 {
		t.Errorf("%d requests came back", got)
	}
	w.do(ofClient(other.client), act.JoinAccounts{Mine: other.client, Other: who.client, Proof: w.opens(who.client)})
	w.mustVerify()
}
