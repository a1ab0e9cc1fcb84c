package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"careconnect/rules/care"
	"careconnect/store/directory"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/seal"
)

// DirectoryFile keeps the directory as it was last written down, sealed, so that
// a start need not make it anew from the records. It is never believed before the
// state record says that it is of this store and of what the directory shows now;
// otherwise, or if it is not there, the directory is made from the records. It may
// be removed at any time.
const DirectoryFile = "care.directory"

// shown is what the store knows of the directory that it keeps in memory.
type shown struct {
	filling sync.WaitGroup // it is being read, beside the first answers
	keeping sync.Mutex     // held by who writes or removes the file
	kept    string         // what the file shows, and under which epoch; empty if there is none to rely on
	through time.Time      // the last day whose booked times were read
}

// kept says in one word what a file shows and under which epoch its key is wrapped.
func keptAs(shows []byte, epoch uint32) string { return fmt.Sprintf("%x %d", shows, epoch) }

// shownHead is the first part of the file.
type shownHead struct {
	Shows   []byte    `json:"shows"`
	Layout  string    `json:"layout"`
	Through time.Time `json:"through"`
	Parts   int       `json:"parts"`

	epoch uint32
}

// shownPart is how many bytes of a snapshot are sealed at once.
const shownPart = 1 << 20

// The parts of the file are numbered, and the key is its own: no part of another
// file, or of this one at another time, can stand in for one of it.
func shownAD(part int) seal.AD {
	return seal.AD{Bucket: "directory", Key: binary.BigEndian.AppendUint64(nil, uint64(part)), Version: 1}
}

// shownName is under which the file's key is wrapped. It is wrapped under an epoch,
// as the charts' are: once that is forgotten, no copy of the file opens any more.
func (s *Store) shownName() []byte {
	n := s.vault.Name("directory")
	return n[:]
}

// shows says whether a commit changes what the directory shows.
func (c *commit) shows() bool {
	return len(c.provider)+len(c.panels) > 0 || slices.ContainsFunc(c.moves, func(m move) bool { return m.place.Set.Name == care.SetBusy })
}

// show fills the directory: beside the first answers from what was kept of it, if
// that is what it shows now, and else from the records, before anything is
// answered. Whoever wants something of it meanwhile waits.
func (s *Store) show(r engine.Reader) error {
	now := s.now() // of this moment, and not of when it is read
	file, head, open := s.keptDirectory()
	f := s.directory.Fill()
	if file == nil {
		defer f.Done()
		return s.loadDirectory(r, f, now)
	}
	s.shown.kept = keptAs(head.Shows, head.epoch)
	s.shown.filling.Go(func() {
		defer f.Done()
		defer file.Close()
		snapshot, err := open()
		if err == nil {
			err = f.Read(snapshot)
		}
		defer s.reading.begin().Done()
		err = s.engine.View(func(r engine.Reader) error {
			if err != nil {
				s.shown.kept = ""
				return s.loadDirectory(r, f, now)
			}
			return s.loadBooked(r, f, head.Through.AddDate(0, 0, 1), now)
		})
		if err != nil { // as at a start that had nothing kept: it does not serve
			s.stopFor(err)
		}
	})
	return nil
}

// stopFor ends the store for something that is wrong with it, and for which no
// commit is to blame.
func (s *Store) stopFor(err error) {
	s.failed.CompareAndSwap(nil, &err)
	s.shut.Do(func() { close(s.closed) })
	if s.config.Fatal != nil {
		s.config.Fatal(err)
	}
}

// keptDirectory opens the file if it holds what the directory shows now. Only its
// head is read; open reads the rest.
func (s *Store) keptDirectory() (file *os.File, head shownHead, open func() ([]byte, error)) {
	if len(s.state.Shows) == 0 {
		return nil, head, nil
	}
	file, err := os.Open(filepath.Join(s.config.Dir, DirectoryFile))
	if err != nil {
		return nil, head, nil
	}
	key, body, err := s.shownHead(file, &head)
	if err != nil || !bytes.Equal(head.Shows, s.state.Shows) || head.Layout != directory.Layout() {
		_ = file.Close()
		return nil, head, nil
	}
	return file, head, func() ([]byte, error) {
		var snapshot []byte
		for part := range head.Parts {
			sealed, err := nextPart(file)
			if err != nil {
				return nil, err
			}
			if body, err = key.OpenTo(body, shownAD(part+1), sealed); err != nil {
				return nil, err
			}
			snapshot = append(snapshot, body...)
		}
		return snapshot, nil
	}
}

func (s *Store) shownHead(file *os.File, head *shownHead) (key *seal.ChartKey, body []byte, err error) {
	wrapped, err := nextPart(file)
	if err == nil {
		head.epoch, _ = seal.EpochOf(wrapped)
		key, err = s.vault.UnwrapChartKey(wrapped, s.shownName())
	}
	if err != nil {
		return nil, nil, err
	}
	sealed, err := nextPart(file)
	if err == nil {
		body, err = key.Open(shownAD(0), sealed)
	}
	if err == nil {
		err = json.Unmarshal(body, head)
	}
	return key, body, err
}

// nextPart reads a part of the file: its length, then so many bytes.
func nextPart(file *os.File) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(file, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > 2*shownPart {
		return nil, fmt.Errorf("%s: a part of %d bytes", DirectoryFile, n)
	}
	part := make([]byte, n)
	_, err := io.ReadFull(file, part)
	return part, err
}

// KeepDirectory writes down what the directory shows, unless that is what was
// written down last. It holds up nobody for longer than it takes to write it in
// memory, and of those who write only who changes the directory. If somebody does,
// it is left for the next time.
func (s *Store) KeepDirectory() error {
	if s.ReadOnly() || s.Full() {
		return nil
	}
	s.shown.filling.Wait()
	s.shown.keeping.Lock()
	defer s.shown.keeping.Unlock()
	if err := s.lookAhead(); err != nil {
		return err
	}
	before, err := s.showsNow()
	if err != nil || s.shown.kept == keptAs(before, s.vault.Epoch()) {
		return err
	}
	snapshot := s.directory.Snapshot()
	if after, err := s.showsNow(); err != nil || !bytes.Equal(before, after) {
		return err
	}
	return s.writeDirectory(before, snapshot)
}

// showsNow asks the committer, who has told the directory of all that was
// committed by then.
func (s *Store) showsNow() (shows []byte, err error) {
	err = s.work(nil, func(c *commit) error {
		shows = c.Store.state.Shows
		return nil
	})
	return shows, err
}

// lookAhead tells the directory the booked times of the days that have come within
// its sight since it was filled.
func (s *Store) lookAhead() error {
	f := s.directory.Fill()         // before the view: what is committed later is told after this
	for s.finishing.Load() != nil { // whoever answers first waits for the directory, perhaps
		f.Done()
		s.finished()
		f = s.directory.Fill()
	}
	defer f.Done()
	_ = s.ahead.landed()
	return s.viewWritten(func(r engine.Reader) error { return s.loadBooked(r, f, s.shown.through.AddDate(0, 0, 1), s.now()) })
}

// keepLast is KeepDirectory when the committer has ended. What goes wrong costs the
// next start some time, and nothing else.
func (s *Store) keepLast() {
	s.shown.filling.Wait()
	s.shown.keeping.Lock()
	defer s.shown.keeping.Unlock()
	if s.Failed() == nil && !s.ReadOnly() && s.shown.kept != keptAs(s.state.Shows, s.vault.Epoch()) {
		_ = s.writeDirectory(s.state.Shows, s.directory.Snapshot())
	}
}

// writeDirectory writes the file, whole or not at all. It is not synced: what a
// power cut leaves of it does not open.
func (s *Store) writeDirectory(shows, snapshot []byte) error {
	if len(shows) == 0 {
		return nil
	}
	key, err := s.vault.NewChartKey()
	if err != nil {
		return err
	}
	wrapped, err := s.vault.WrapChartKey(key, s.shownName())
	if err != nil {
		return err
	}
	epoch, _ := seal.EpochOf(wrapped)
	n := (len(snapshot) + shownPart - 1) / shownPart
	head, err := json.Marshal(shownHead{Shows: shows, Layout: directory.Layout(), Through: s.shown.through, Parts: n})
	if err != nil {
		return err
	}
	path := filepath.Join(s.config.Dir, DirectoryFile)
	draft, err := os.CreateTemp(s.config.Dir, DirectoryFile+".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	err = putPart(draft, wrapped)
	var sealed []byte
	for i, part := 0, head; i <= n && err == nil; i++ {
		if sealed, err = key.Seal(sealed[:0], shownAD(i), part); err == nil {
			err = putPart(draft, sealed)
		}
		part = snapshot[:min(shownPart, len(snapshot))]
		snapshot = snapshot[len(part):]
	}
	if err = errors.Join(err, draft.Close()); err == nil {
		err = os.Rename(draft.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("keep the directory for the next start: %w", err)
	}
	s.shown.kept = keptAs(shows, epoch)
	return nil
}

func putPart(file *os.File, part []byte) error {
	_, err := file.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(part))), part...))
	return err
}

// dropDirectory removes the file: it may show what is to be forgotten.
func (s *Store) dropDirectory() error {
	s.shown.keeping.Lock()
	defer s.shown.keeping.Unlock()
	s.shown.kept = ""
	err := os.Remove(filepath.Join(s.config.Dir, DirectoryFile))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return err
}

// loadDirectory fills the search with the providers' records and booked times.
func (s *Store) loadDirectory(r engine.Reader, f directory.Filling, now time.Time) error {
	providers, err := s.loadSet(r, care.Set{Name: care.SetProviders})
	if err != nil {
		return err
	}
	for _, m := range providers {
		chart, err := s.loadChart(r, m.Chart)
		if err != nil {
			return err
		}
		if chart == nil || chart.Provider == nil {
			continue
		}
		f.Put(*chart.Provider)
		if chart.Provider.Caseload > 0 {
			members, err := s.loadSet(r, care.Panel(chart.ID))
			if err != nil {
				return err
			}
			f.Panel(chart.ID, len(members))
		}
	}
	return s.loadBooked(r, f, now.AddDate(0, 0, -1), now)
}

// loadBooked tells the search the times that are booked from one day on, as far
// ahead as it looks.
func (s *Store) loadBooked(r engine.Reader, f directory.Filling, from, now time.Time) error {
	if yesterday := now.AddDate(0, 0, -1); from.Before(yesterday) {
		from = yesterday
	}
	last := dayOf(now.AddDate(0, 0, bookedAhead))
	for on := dayOf(from); !on.After(last); on = on.AddDate(0, 0, 1) {
		day := on.Format(time.DateOnly)
		err := s.eachMember(r, care.BookedOn(day), func(b care.Member) {
			f.Busy(care.ChartID(b.Code), b.Ref+"|"+day, slotOf(b))
		})
		if err != nil {
			return err
		}
		s.shown.through = on
	}
	if s.shown.through.Before(last) {
		s.shown.through = last
	}
	return nil
}

func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// bookedAhead is how many days of booked times the search knows; openings further
// on are checked where they are booked.
const bookedAhead = 60
