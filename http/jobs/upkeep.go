package jobs

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"

	"careconnect/store"
)

// resume brings a change of all keys to its end that was cut short.
func (j *Jobs) resume(ctx context.Context) {
	defer caught(ctx, "rekey")
	_, _, cut, err := j.store.Rekeying()
	if err == nil && cut {
		var done store.Rekeyed
		if done, err = j.store.RekeyData(ctx, nil); err == nil {
			slog.InfoContext(ctx, "all keys are wrapped anew", "epoch", done.Epoch, "keys", done.Keys)
		}
	}
	upkept(ctx, "the change of keys that was cut short", err)
}

// Forget makes unreadable what is left of those who were erased, and has their
// certificates issued: each night, and whenever it is called.
func (j *Jobs) Forget(ctx context.Context) {
	defer caught(ctx, "forgetting")
	issued, err := j.store.Forget(ctx, j.copies, nil)
	for _, c := range issued {
		slog.InfoContext(ctx, "certified an erasure", "certificate", c.ID)
	}
	upkept(ctx, "forgetting those who were erased", err)
}

// copies are the backups there are, and until when.
func (j *Jobs) copies() ([]store.Copy, error) {
	b := j.backups.Load()
	if b == nil {
		return nil, nil
	}
	return b.Copies(j.store)
}

// Copies are a store's backups in the folder, and until when each is kept.
func (b Backups) Copies(s *store.Store) ([]store.Copy, error) {
	if b.Dir == "" {
		return nil, nil
	}
	all, err := s.Backups(b.Dir)
	copies := make([]store.Copy, len(all))
	for i, made := range all {
		copies[i] = store.Copy{Name: filepath.Base(made.Path), Made: made.At, Expires: b.Keep.Until(made.At)}
	}
	return copies, err
}

// compact gives back, once a week, the room that was freed.
func (j *Jobs) compact(ctx context.Context) {
	defer caught(ctx, "compaction")
	done, err := j.store.Compact(ctx, nil)
	if err == nil {
		slog.InfoContext(ctx, "compacted", "before", done.Before, "after", done.After)
	}
	upkept(ctx, "compacting the file", err)
}

// upkept logs what went wrong, unless the service stops or somebody is at it.
func upkept(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrBusy) {
		slog.ErrorContext(ctx, "upkeep failed; it is tried again", "what", what, "error", err)
	}
}
