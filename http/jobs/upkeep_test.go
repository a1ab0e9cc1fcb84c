package jobs_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"careconnect/http/jobs"
	"careconnect/http/notify"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

// A change of keys that was cut short is brought to its end by the next start.
func TestAStartFinishesTheChangeOfKeys(t *testing.T) {
	h := newHouse(t)
	ctx, cut := context.WithCancel(t.Context())
	_, err := h.store.RekeyData(ctx, func(int64, int64) { cut() })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("it was not cut short: %v", err)
	}
	j := h.start(&notify.Caught{})
	h.eventually("the end of it", func() bool {
		_, _, on, err := h.store.Rekeying()
		return err == nil && !on
	})
	if err := j.Stop(); err != nil {
		t.Fatal(err)
	}
}

// By night a certificate issues that names the backups there are, and until when.
func TestTheNightCertifiesAndNamesTheBackups(t *testing.T) {
	h := newHouse(t)
	j := h.start(&notify.Caught{})
	dir := filepath.Join(t.TempDir(), "backups")
	if err := j.KeepBackups(jobs.Backups{Dir: dir, Keep: store.Keep{Hourly: 2, Daily: 7}}); err != nil {
		t.Fatal(err)
	}
	var all []store.BackupInfo
	h.eventually("a backup", func() bool {
		var err error
		all, err = h.store.Backups(dir)
		return err == nil && len(all) == 1 && len(j.Restorable()) > 0
	})
	number := h.do(act.Erase{Client: h.client})
	j.Forget(t.Context())
	body, _, err := h.store.Certificate(care.ChartID(number))
	if err != nil {
		t.Fatal(err)
	}
	c, err := store.CheckCertificate([]byte(body), h.store.CertificateKey())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Backups) != 1 || c.Backups[0].Name != filepath.Base(all[0].Path) || c.Backups[0].Expires.Before(all[0].At.Add(7*24*time.Hour)) {
		t.Errorf("it names %+v, there is %+v", c.Backups, all)
	}
	if err := j.Stop(); err != nil {
		t.Fatal(err)
	}
}
