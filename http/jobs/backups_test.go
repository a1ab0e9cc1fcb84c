package jobs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"careconnect/http/jobs"
	"careconnect/http/notify"
	"careconnect/store"
)

// A backup is made and proven at once, and it is said; when none is proven for
// long, that is said too.
func TestBackupsAreMadeAndTold(t *testing.T) {
	h := newHouse(t)
	j := h.start(&notify.Caught{})
	if says := j.Restorable(); len(says) > 0 {
		t.Errorf("without a folder it says %v", says)
	}
	dir := filepath.Join(t.TempDir(), "backups")
	if err := j.KeepBackups(jobs.Backups{Dir: dir, Keep: store.Keep{Hourly: 2, Daily: 2}}); err != nil {
		t.Fatal(err)
	}
	says := func(what string) func() bool {
		return func() bool { return strings.Contains(strings.Join(j.Restorable(), "\n"), what) }
	}
	h.eventually("a proven backup", says("last proven restore at 2026-"))
	all, err := h.store.Backups(dir)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d backups, %v", len(all), err)
	}
	if says("warning")() {
		t.Errorf("it warns: %v", j.Restorable())
	}
	h.elapsed.Add(int64(48*time.Hour + time.Second))
	if !says("warning: no backup was proven for 48 hours")() {
		t.Errorf("after 48 hours it says %v", j.Restorable())
	}
	if err := j.Stop(); err != nil {
		t.Fatal(err)
	}
}

// A folder that cannot be written to is told of.
func TestABackupThatFailsIsTold(t *testing.T) {
	h := newHouse(t)
	j := h.start(&notify.Caught{})
	dir := filepath.Join(t.TempDir(), "backups")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := j.KeepBackups(jobs.Backups{Dir: dir, Keep: store.Keep{Hourly: 1}}); err != nil {
		t.Fatal(err)
	}
	h.eventually("a warning", func() bool {
		return strings.Contains(strings.Join(j.Restorable(), "\n"), "warning: the last backup or its proof failed")
	})
	if err := j.Stop(); err != nil {
		t.Fatal(err)
	}
}
