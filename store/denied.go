package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"careconnect/rules/care"
)

// deniedMax bounds the note of refused openings: a service that starts again
// and again must not fill the disk.
const deniedMax = 64 << 10

// deny notes, beside the store, that a secret opened nothing: the time and the
// type of the secret. The error goes on to the caller.
func (c Config) deny(wrong error, kind SlotType) error {
	path := filepath.Join(c.Dir, DeniedFile)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err == nil {
		var info fs.FileInfo
		if info, err = file.Stat(); err == nil && info.Size() < deniedMax {
			_, err = fmt.Fprintf(file, "%s %s\n", c.Now().UTC().Format(time.RFC3339), kind)
		}
		err = errors.Join(err, file.Sync(), file.Close())
	}
	if err != nil {
		return fmt.Errorf("%w (and this could not be noted in %s: %w)", wrong, path, err)
	}
	return wrong
}

// reportDenied writes what was noted into the trail as one entry, and removes
// the note once that is durable. A crash in between tells it twice, never not.
func (s *Store) reportDenied() error {
	path := filepath.Join(s.config.Dir, DeniedFile)
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the note of refused openings: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(file, 2*deniedMax))
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("read the note of refused openings: %w", err)
	}
	count := fmt.Sprint(bytes.Count(text, []byte("\n")))
	if len(text) >= deniedMax {
		count = "at least " + count
	}
	j := &job{answered: make(chan struct{})}
	j.entries = []Entry{{At: s.now(), Role: care.RoleSystem, Did: "open denied", Effect: count, Outcome: "no", note: true}}
	s.submit(j)
	if err := s.wait(j).Err; err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the note of refused openings, which is in the trail now: %w", err)
	}
	return syncDir(s.config.Dir)
}
