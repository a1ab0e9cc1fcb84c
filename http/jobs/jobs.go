// Package jobs wakes what has to look at the clock: the sweep over due times,
// the delivery of messages, the full pass over the store. It holds no business time: everything it wakes finds
// out by itself what is due, and finds nothing the second time.
package jobs

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/go-co-op/gocron/v2"

	"careconnect/http/notify"
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
	scheduler gocron.Scheduler
	stop      context.CancelFunc
	ended     chan struct{}
}

// Start begins to wake. Elapsed is real time, also where the clock is virtual.
func Start(s *store.Store, post *notify.Post, elapsed func() time.Duration) (*Jobs, error) {
	scheduler, err := gocron.NewScheduler()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	j := &Jobs{store: s, post: post, elapsed: elapsed, scheduler: scheduler, stop: cancel, ended: make(chan struct{})}
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
	scheduler.Start()
	go j.follow(ctx)
	return j, nil
}

// follow sweeps after commits, without waiting for the next tick.
func (j *Jobs) follow(ctx context.Context) {
	defer close(j.ended)
	for {
		select {
		case <-ctx.Done():
			return
		case <-j.store.Wake():
			j.wake(ctx)
		}
	}
}

// wake sweeps and delivers once. A panic in it ends this turn, not the process.
func (j *Jobs) wake(ctx context.Context) {
	defer func() {
		if r := recover(); r != nil {
			slog.ErrorContext(ctx, "a wake-up failed", "panic", r)
		}
	}()
	if ctx.Err() != nil {
		return
	}
	if _, err := j.store.Sweep(ctx); err != nil {
		slog.ErrorContext(ctx, "sweep failed", "error", err)
		return
	}
	if _, err := j.post.Deliver(ctx); err != nil {
		slog.ErrorContext(ctx, "delivery failed", "error", err)
		return
	}
	j.store.Flush()
	j.last.Store(int64(j.elapsed()))
}

// verify makes a full pass over the store. What it finds stands in /readyz; the
// log names the first of it.
func (j *Jobs) verify(ctx context.Context) {
	defer func() {
		if r := recover(); r != nil {
			slog.ErrorContext(ctx, "the full pass failed", "panic", r)
		}
	}()
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
	<-j.ended
	return j.scheduler.Shutdown()
}
