// Package jobs wakes what has to look at the clock: the sweep over due times,
// the delivery of messages, the full pass over the store. It holds no business time: everything it wakes finds
// out by itself what is due, and finds nothing the second time.
package jobs

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-co-op/gocron/v2"

	"careconnect/http/figures"
	"careconnect/http/notify"
	"careconnect/http/reckon"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store"
)

// every is how often the sweep is woken when no commit wakes it.
const every = time.Second

// stale is the age of the last sweep from which the service is not ready.
const stale = 60 * time.Second

// Jobs are the running wake-ups of a store.
type Jobs struct {
	store     *store.Store
	post      *notify.Post
	elapsed   func() time.Duration
	last      atomic.Int64 // elapsed time of the last good sweep
	full      atomic.Bool  // the log was told that the disk is
	scheduler gocron.Scheduler
	stop      context.CancelFunc
	letters   chan struct{} // there may be messages to deliver
	ended     sync.WaitGroup
	ctx       context.Context // ends with Stop
	backups   atomic.Pointer[backups]
	heads     atomic.Bool // checkpoints are said outside
	clock     clock
	nights    chan struct{} // a night may have come
}

// Start begins to wake. Elapsed is real time, also where the clock is virtual.
func Start(s *store.Store, post *notify.Post, elapsed func() time.Duration) (*Jobs, error) {
	scheduler, err := gocron.NewScheduler()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	j := &Jobs{ctx: ctx, store: s, post: post, elapsed: elapsed, scheduler: scheduler, stop: cancel, letters: make(chan struct{}, 1), nights: make(chan struct{}, 1)}
	j.last.Store(int64(elapsed()))
	_, err = scheduler.NewJob(
		gocron.DurationJob(every),
		gocron.NewTask(j.wake, ctx),
		gocron.WithSingletonMode(gocron.LimitModeReschedule),
		gocron.WithName("sweep"),
	)
	if err != nil {
		cancel()
		return nil, err
	}
	for _, when := range []gocron.JobDefinition{
		gocron.OneTimeJob(gocron.OneTimeJobStartImmediately()),
		gocron.DailyJob(1, gocron.NewAtTimes(gocron.NewAtTime(3, 0, 0))), // local time, when few people look
	} {
		if _, err := scheduler.NewJob(when, gocron.NewTask(j.verify, ctx), gocron.WithName("verify")); err != nil {
			cancel()
			return nil, err
		}
	}
	for _, job := range []struct {
		when gocron.JobDefinition
		do   func(context.Context)
	}{
		{gocron.OneTimeJob(gocron.OneTimeJobStartImmediately()), j.resume},
		{gocron.OneTimeJob(gocron.OneTimeJobStartImmediately()), j.reckon},
		{gocron.OneTimeJob(gocron.OneTimeJobStartImmediately()), j.followTerms},
		{gocron.DurationJob(time.Hour), j.followTerms},
		{gocron.DurationJob(time.Hour), j.keep},
		{gocron.DailyJob(1, gocron.NewAtTimes(gocron.NewAtTime(2, 0, 0))), j.Forget}, // before the full pass
		{gocron.WeeklyJob(1, gocron.NewWeekdays(time.Sunday), gocron.NewAtTimes(gocron.NewAtTime(2, 30, 0))), j.compact},
	} {
		if _, err := scheduler.NewJob(job.when, gocron.NewTask(job.do, ctx), gocron.WithName("upkeep")); err != nil {
			cancel()
			return nil, err
		}
	}
	scheduler.Start()
	j.ended.Add(3)
	go j.follow(ctx)
	go j.count(ctx)
	go j.carry(ctx)
	return j, nil
}

// reckon computes anew, once at start, what was computed with other zone data, and
// says how much of it moved.
func (j *Jobs) reckon(ctx context.Context) {
	defer caught(ctx, "zone data")
	moved, err := reckon.All(ctx, j.store, care.System, "", j.store.Now())
	switch {
	case err != nil && ctx.Err() == nil:
		slog.ErrorContext(ctx, "open deadlines could not all be computed anew with the zone data in use; the next start tries again", "error", err)
	case moved > 0:
		slog.InfoContext(ctx, "zone data has changed since the last start, and open deadlines with it; each tells why where it is explained", "moved", moved)
	}
}

// followTerms makes good what adopting terms brings with it, where it was cut short.
func (j *Jobs) followTerms(ctx context.Context) {
	defer caught(ctx, "terms")
	asked, moved, err := reckon.Follow(ctx, j.store, care.System)
	switch {
	case err != nil && ctx.Err() == nil:
		slog.ErrorContext(ctx, "not all that follows from new terms could be done; it is tried again", "error", err)
	case asked+moved > 0:
		slog.InfoContext(ctx, "new terms were followed through after they had been cut short", "asked", asked, "moved", moved)
	}
}

// keep writes down the directory, so that the next start need not make it anew.
func (j *Jobs) keep(ctx context.Context) {
	defer caught(ctx, "keep the directory")
	if err := j.store.KeepDirectory(); err != nil && ctx.Err() == nil {
		slog.WarnContext(ctx, "the directory could not be kept for the next start, which will take longer", "error", err)
	}
}

// follow sweeps after commits, without waiting for the next tick.
func (j *Jobs) follow(ctx context.Context) {
	defer j.ended.Done()
	for {
		select {
		case <-ctx.Done():
			return
		case <-j.store.Wake():
			j.wake(ctx)
		}
	}
}

// wake sweeps once, and has what came of it delivered.
func (j *Jobs) wake(ctx context.Context) {
	defer caught(ctx, "sweep")
	if ctx.Err() != nil {
		return
	}
	if full := j.store.Full(); full != j.full.Swap(full) {
		if full {
			slog.ErrorContext(ctx, "the disk is full: nothing falls due and nothing is sent until there is room; people can still end sharing and sign out")
		} else {
			slog.InfoContext(ctx, "there is room on the disk again")
		}
	}
	if j.store.Full() {
		j.store.Flush()
		return
	}
	fired, err := j.store.Sweep(ctx)
	if errors.Is(err, store.ErrFull) || ctx.Err() != nil {
		return // told at the next wake, or at the next start
	}
	if err != nil {
		slog.ErrorContext(ctx, "sweep failed", "error", err)
		return
	}
	j.clock.caughtUp(ctx, j.store, len(fired))
	j.clock.look(ctx, j.store.Clock())
	select {
	case j.nights <- struct{}{}:
	default:
	}
	j.store.Flush()
	j.last.Store(int64(j.elapsed()))
	select {
	case j.letters <- struct{}{}:
	default: // somebody is on the way to them already
	}
}

// count takes the figures of each night that has come, once. It is a way of its
// own, since the pass over the episodes may take a while; a night that could not be
// taken is tried again at the next wake.
func (j *Jobs) count(ctx context.Context) {
	defer j.ended.Done()
	var taken calendar.Date
	for {
		select {
		case <-ctx.Done():
			return
		case <-j.nights:
		}
		if night := figures.Night(j.store.Now()); taken.Before(night) && j.takeFigures(ctx) {
			taken = night
		}
	}
}

func (j *Jobs) takeFigures(ctx context.Context) (taken bool) {
	defer caught(ctx, "figures")
	if j.store.ReadOnly() || j.store.Full() || j.store.Clock().Leapt {
		return false
	}
	err := figures.Take(ctx, j.store)
	if err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrFull) {
		slog.ErrorContext(ctx, "the night's figures could not be taken; it is tried again", "error", err)
	}
	return err == nil
}

// carry delivers messages whenever a sweep has gone by. It is a way of its own,
// since a mail server may take long: what falls due does not wait for it.
func (j *Jobs) carry(ctx context.Context) {
	defer j.ended.Done()
	for {
		select {
		case <-ctx.Done():
			return
		case <-j.letters:
			j.deliver(ctx)
		}
	}
}

func (j *Jobs) deliver(ctx context.Context) {
	defer caught(ctx, "delivery")
	if _, err := j.post.Deliver(ctx); err != nil && !errors.Is(err, store.ErrFull) && ctx.Err() == nil {
		slog.ErrorContext(ctx, "delivery failed", "error", err)
	}
}

// caught ends a turn that panicked, and not the process. The value of a panic may
// hold what somebody wrote: only where it happened is told.
func caught(ctx context.Context, what string) {
	if recover() != nil {
		slog.ErrorContext(ctx, "a wake-up panicked", "what", what, "stack", string(debug.Stack()))
	}
}

// verify makes a full pass over the store. What it finds stands in /readyz; the
// log names the first of it.
func (j *Jobs) verify(ctx context.Context) {
	defer caught(ctx, "verify")
	report, err := j.store.Verify(ctx, nil)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		slog.ErrorContext(ctx, "the full pass failed", "error", err)
	case report.Err() != nil:
		slog.ErrorContext(ctx, "the store is damaged", "places", len(report.Damages), "error", report.Err())
	default:
		slog.InfoContext(ctx, "verified", "seq", report.Sequence, "records", report.Found)
	}
}

// Fresh says whether the last sweep is recent enough to be ready.
func (j *Jobs) Fresh() bool { return j.elapsed()-time.Duration(j.last.Load()) < stale }

// Stop ends the wake-ups and waits for the one that runs.
func (j *Jobs) Stop() error {
	j.stop()
	j.ended.Wait()
	err := j.scheduler.Shutdown()
	if j.heads.Load() {
		j.tellHead(context.WithoutCancel(j.ctx))
	}
	return err
}
