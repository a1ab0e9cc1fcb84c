package jobs

import (
	"context"
	"log/slog"
	"time"

	"github.com/go-co-op/gocron/v2"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// TellHeads begins to say outside what the trail is: at once and each hour a
// checkpoint goes to the anchor and into the log, once a day by mail to the
// operators. The last one is said when the jobs stop.
func (j *Jobs) TellHeads() error {
	for _, job := range []struct {
		when gocron.JobDefinition
		do   func(context.Context)
	}{
		{gocron.OneTimeJob(gocron.OneTimeJobStartImmediately()), j.mailHead},
		{gocron.OneTimeJob(gocron.OneTimeJobStartImmediately()), j.tellHead},
		{gocron.DurationJob(time.Hour), j.tellHead},
		{gocron.DurationJob(time.Hour), j.mailHead}, // one a day comes of it
	} {
		if _, err := j.scheduler.NewJob(job.when, gocron.NewTask(job.do, j.ctx), gocron.WithName("checkpoint")); err != nil {
			return err
		}
	}
	j.heads.Store(true)
	return nil
}

// tellHead writes a checkpoint to the anchor and into the log.
func (j *Jobs) tellHead(ctx context.Context) {
	defer caught(ctx, "checkpoint")
	signed, err := j.store.Anchor()
	if signed != "" {
		slog.InfoContext(ctx, "checkpoint", "signed", signed)
	}
	if err != nil && j.store.Failed() == nil {
		slog.ErrorContext(ctx, "the anchor was not told", "error", err)
	}
}

// mailHead mails the day's checkpoint to the operators.
func (j *Jobs) mailHead(ctx context.Context) {
	defer caught(ctx, "checkpoint")
	signed, err := j.store.Checkpoint()
	if err == nil {
		_, err = j.store.Do(ctx, care.System, act.SendHead{Checkpoint: signed})
	}
	if err != nil && j.store.Failed() == nil {
		slog.ErrorContext(ctx, "the day's checkpoint was not mailed", "error", err)
	}
}
