package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"careconnect/rules/care"
	"careconnect/store/internal/engine"
)

// What an anchor can say against a store.
var (
	// ErrRolledBack: the anchor has seen commits that the store has not.
	ErrRolledBack = errors.New("this store is older than its anchor")
	// ErrAnchor: the file is no anchor of this store.
	ErrAnchor = errors.New("this is no anchor of this store")
)

// anchorMost bounds what is read of an anchor: a century of hours.
const anchorMost = 256 << 20

// anchor is a list of checkpoints outside the store, best on another volume. An
// older copy of the whole file is a whole store, and only what was said outside
// can show that it is older.
type anchor struct {
	mu     sync.Mutex
	saved  uint64        // the last commit that stands in it
	seen   atomic.Uint64 // the same, for the committer
	failed error         // of the last try to write it
	at     time.Time
}

// Anchored is what is known of a store's anchor.
type Anchored struct {
	Path   string
	Seq    uint64    // the last commit that it has seen; 0 if none since the start
	At     time.Time // when
	Failed error     // of the last try
}

// Anchored says what is known of the anchor; without a path there is none.
func (s *Store) Anchored() Anchored {
	s.anchor.mu.Lock()
	defer s.anchor.mu.Unlock()
	return Anchored{s.config.Anchor, s.anchor.saved, s.anchor.at, s.anchor.failed}
}

// Anchor writes a checkpoint of the last commit to the outside anchor, if there
// is one and it has not got it yet, and gives it. It is durable there when this
// returns.
func (s *Store) Anchor() (string, error) { return s.anchorAt(0) }

func (s *Store) anchorAt(gaveUp uint64) (string, error) {
	s.anchor.mu.Lock()
	defer s.anchor.mu.Unlock()
	var of state
	if err := s.view(func(r engine.Reader) error { return of.read(r, s.vault) }); err != nil {
		return "", err
	}
	signed, err := s.sign(of, gaveUp)
	if err != nil || s.config.Anchor == "" || s.config.ReadOnly || of.Sequence == s.anchor.saved {
		return signed, err
	}
	apart := "\n\n" // also from a line that was being written when the power went
	if s.anchor.failed = appendTo(s.config.Anchor, apart+signed); s.anchor.failed != nil {
		return signed, fmt.Errorf("write the anchor: %w", s.anchor.failed)
	}
	s.anchor.saved, s.anchor.at = of.Sequence, s.now()
	s.anchor.seen.Store(of.Sequence)
	return signed, nil
}

// appendTo adds to the end of a file, which is made if it is not there; its
// folder is not, since it may be that of a volume which is missing.
func appendTo(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = io.WriteString(file, text)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// readAnchor gives the text of an anchor; empty where there is none yet.
func readAnchor(path string) (string, error) {
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return "", fmt.Errorf("the folder of the anchor (anchor.file) is not there, is its volume mounted? %w: %w", ErrPermission, err)
	}
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the anchor: %w: %w", ErrPermission, err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, anchorMost))
	return string(text), err
}

// compare holds the store against what its anchor saw last. A store that lacks a
// commit of it, or went another way, is refused, unless the loss is accepted;
// then gaveUp is the commit that the anchor had seen.
func (s *Store) compare() (gaveUp uint64, err error) {
	if s.config.Anchor == "" {
		return 0, nil
	}
	text, err := readAnchor(s.config.Anchor)
	if err != nil {
		return 0, err
	}
	last, any, err := lastSaid(text, newSigner(s.vault))
	switch {
	case !any && text != "" && !s.config.AcceptRollback:
		return 0, fmt.Errorf("%s: %w: nothing in it is signed by this store (%v); name another file in anchor.file, or take it away if you know why",
			s.config.Anchor, ErrAnchor, err)
	case !any && s.state.Anchored == 0:
		return 0, nil
	case !any && !s.config.AcceptRollback:
		return 0, fmt.Errorf("%s: %w: it is empty or gone, and one had seen commit %d. Put it back; if anchor.file names another place now, copy the old file there; to begin a new one, which cannot tell whether this is an older copy, say --accept-rollback",
			s.config.Anchor, ErrAnchor, s.state.Anchored)
	case !any:
		s.skipOrdinals()
		return s.state.Anchored, nil
	}
	why, err := s.behind(last.Checkpoint)
	if err != nil || why == "" {
		s.anchor.saved, s.anchor.at = last.Sequence, last.At
		s.anchor.seen.Store(last.Sequence)
		return 0, err
	}
	if !s.config.AcceptRollback {
		return 0, fmt.Errorf("%w: it %s; %s saw commit %d with %d entries of the trail at %s. An older copy stands in the file's place, or the disk lost what it had acknowledged. Put the newer file back, or restore the newest backup; to go on with this one and lose what is missing, say --accept-rollback",
			ErrRolledBack, why, s.config.Anchor, last.Sequence, last.Size, last.At.UTC().Format(time.RFC3339))
	}
	s.skipOrdinals()
	return last.Sequence, nil
}

// skipOrdinals leaves out those from which ids may have been drawn by what is
// lost: they must not be given to others.
func (s *Store) skipOrdinals() {
	s.state.Ordinal = max(s.state.Ordinal, uint64(s.config.Now().Unix())<<20)
}

// behind says what speaks against the store having come after a checkpoint; an
// empty text: nothing.
func (s *Store) behind(c Checkpoint) (why string, err error) {
	if c.Sequence > s.state.Sequence || c.Size > s.state.Leaves {
		return fmt.Sprintf("is at commit %d with %d entries", s.state.Sequence, s.state.Leaves), nil
	}
	var root tlog.Hash
	err = s.view(func(r engine.Reader) error {
		root, err = tlog.TreeHash(c.Size, hashes{r})
		return err
	})
	if err == nil && root != c.Root {
		why = fmt.Sprintf("is at commit %d and went another way before", s.state.Sequence)
	}
	return why, err
}

// acceptRollback writes into the trail that the store went on without what its
// anchor had seen, and tells the anchor.
func (s *Store) acceptRollback(from uint64) error {
	last, err := s.Sequence()
	if err != nil {
		return err
	}
	err = s.work([]Entry{{At: s.now(), Role: care.RoleSystem, Did: "accept rollback", Effect: fmt.Sprintf("seq %d to %d", from, last), Outcome: "yes"}}, nil)
	if err != nil {
		return err
	}
	_, err = s.anchorAt(from)
	return err
}
