package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/go-co-op/gocron/v2"

	"careconnect/store"
)

// Backups says where backups go and how many are kept.
type Backups struct {
	Dir  string // empty: none are made
	Keep store.Keep
}

// overdue is the age from which the last proof of a backup is warned of.
const overdue = 48 * time.Hour

// backups are made each hour in which there was a commit. Once a night the
// newest is opened again, as a restore would.
type backups struct {
	Backups
	jobs  *Jobs
	began time.Duration

	work   sync.Mutex // one at a time
	mu     sync.Mutex // for what follows
	proven store.BackupInfo
	at     time.Time     // when it was opened last
	since  time.Duration // the same in elapsed time
	failed bool          // the last attempt did
}

// KeepBackups begins to make backups: one at once, as a proof that they can be
// made, and then by the hour.
func (j *Jobs) KeepBackups(c Backups) error {
	b := &backups{Backups: c, jobs: j, began: j.elapsed()}
	for _, job := range []struct {
		when gocron.JobDefinition
		do   func(context.Context)
	}{
		{gocron.OneTimeJob(gocron.OneTimeJobStartImmediately()), b.make},
		{gocron.DurationJob(time.Hour), b.make},
		{gocron.DailyJob(1, gocron.NewAtTimes(gocron.NewAtTime(4, 0, 0))), b.prove}, // after the full pass
	} {
		if _, err := j.scheduler.NewJob(job.when, gocron.NewTask(job.do, j.ctx), gocron.WithName("backup")); err != nil {
			return err
		}
	}
	j.backups.Store(b)
	return nil
}

// make makes a backup if there was a commit since the last one of this run.
func (b *backups) make(ctx context.Context) {
	defer caught(ctx, "backup")
	b.work.Lock()
	defer b.work.Unlock()
	sequence, err := b.jobs.store.Sequence()
	if last := b.last(); err == nil && last.Path != "" && last.Sequence == sequence {
		if _, err := os.Stat(last.Path); err == nil {
			b.warn(ctx)
			return
		}
	}
	b.again(ctx)
}

// again makes a backup, and removes those that need not be kept any more.
func (b *backups) again(ctx context.Context) {
	s := b.jobs.store
	made, err := s.Backup(ctx, b.Dir, nil)
	if err == nil {
		b.note(made)
		slog.InfoContext(ctx, "backed up", "seq", made.Sequence, "bytes", made.Size)
		_, err = s.Prune(b.Dir, b.Keep, made)
	}
	b.told(ctx, err)
}

// prove opens the newest backup again. If it is no good, another is made.
func (b *backups) prove(ctx context.Context) {
	defer caught(ctx, "proof of a backup")
	b.work.Lock()
	defer b.work.Unlock()
	all, err := b.jobs.store.Backups(b.Dir)
	if err == nil && len(all) > 0 {
		var proven store.BackupInfo
		if proven, err = b.jobs.store.Prove(ctx, all[0].Path, nil); err == nil {
			b.note(proven)
			slog.InfoContext(ctx, "the newest backup can be restored", "seq", proven.Sequence, "records", proven.Records)
			b.told(ctx, nil)
			return
		}
	}
	b.told(ctx, err)
	if ctx.Err() == nil {
		b.again(ctx)
	}
}

func (b *backups) last() store.BackupInfo {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.proven
}

func (b *backups) note(proven store.BackupInfo) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.proven, b.at, b.since = proven, b.jobs.store.Now(), b.jobs.elapsed()
}

// told logs a failure, and keeps that there was one.
func (b *backups) told(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return // the service stops
	}
	b.mu.Lock()
	b.failed = err != nil
	b.mu.Unlock()
	if err != nil {
		slog.ErrorContext(ctx, "backup failed", "error", err)
	}
	b.warn(ctx)
}

func (b *backups) warn(ctx context.Context) {
	if b.late() {
		slog.WarnContext(ctx, "no backup was proven for 48 hours")
	}
}

func (b *backups) late() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.jobs.elapsed()-max(b.since, b.began) > overdue
}

// Restorable says what is known of the backups, for people: which one was proven
// last, and what is wrong. It is empty where none are made.
func (j *Jobs) Restorable() []string {
	b := j.backups.Load()
	if b == nil {
		return nil
	}
	late := b.late()
	b.mu.Lock()
	defer b.mu.Unlock()
	says := []string{"backup: none was proven since the start"}
	if !b.at.IsZero() {
		says[0] = fmt.Sprintf("last proven restore at %s, seq %d", b.at.UTC().Format(time.RFC3339), b.proven.Sequence)
	}
	if b.failed {
		says = append(says, "warning: the last backup or its proof failed, see the log")
	}
	if late {
		says = append(says, "warning: no backup was proven for 48 hours")
	}
	return says
}
