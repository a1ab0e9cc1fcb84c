package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/engine/bolt"
	"careconnect/store/internal/seal"
)

// Salvaged says what could be taken out of a damaged store, and what could not.
// It names ids and places, never content.
type Salvaged struct {
	Path      string `json:"path"`                // of the new store
	Records   uint64 `json:"records"`             // in it
	Committed uint64 `json:"committed,omitempty"` // that the old one had; 0 if that cannot be read
	Charts    uint64 `json:"charts"`
	Leaves    int64  `json:"trail_size"` // entries of the trail
	Missing   []Harm `json:"missing"`    // empty if nothing is
	More      uint64 `json:"more,omitempty"`
}

// Err is nil if nothing is missing; otherwise it wraps ErrDamaged.
func (d Salvaged) Err() error {
	if len(d.Missing) == 0 {
		return nil
	}
	return fmt.Errorf("%w: what is missing in the new store is listed, %d in all", ErrDamaged, uint64(len(d.Missing))+d.More)
}

// Salvage reads a damaged store page by page and makes a new one in the folder to
// from every record that is authentic, with the same keys: what is sealed stays
// as it was sealed, and what follows from it, the lists, the trail's tree and the
// digest, is made anew. The trail of the new store tells it. What is missing is
// listed; that it is not nothing is no error. Nothing is written to the damaged
// store or its folder.
func Salvage(ctx context.Context, config Config, to string, progress Progress) (Salvaged, error) {
	config.Fatal, config.Anchor = nil, ""
	x := &salvaging{ctx: ctx, config: config, damaged: config.Dir, to: to, progress: progress, from: map[care.SetName]time.Time{}}
	defer x.end()
	for _, step := range []func() error{x.open, x.create, x.takeKeys, x.takeRecords, x.charts, x.trail, x.account, x.note} {
		if err := step(); err != nil {
			return x.done, err
		}
	}
	return x.done, nil
}

// salvaging is one salvage on its way.
type salvaging struct {
	ctx      context.Context
	config   Config
	damaged  string // the folder of the damaged store
	to       string
	progress Progress
	done     Salvaged

	old      *bolt.Broken
	header   []byte
	vault    *seal.Vault
	was      *state // of the old store, if it can be read
	store    *Store // the new one
	prefix   []byte // of the chart whose key was asked for last
	keyed    *seal.ChartKey
	from     map[care.SetName]time.Time // the earliest of each hourly list
	expected []uint64                   // entries of lists behind which something stands
	high     time.Time                  // the highest instant that the trail tells
	last     uint64                     // its last block
}

// salvagingFile is the new store until it is whole.
const salvagingFile = DataFile + ".salvaging"

func (x *salvaging) end() {
	if x.old != nil {
		_ = x.old.Close()
	}
	if x.store != nil {
		_ = x.store.engine.Close()
		_ = os.Remove(filepath.Join(x.to, salvagingFile))
	}
}

func (x *salvaging) missing(h Harm) {
	if len(x.done.Missing) < mostHarms {
		x.done.Missing = append(x.done.Missing, h)
		return
	}
	x.done.More++
}

func (x *salvaging) tell(done, total int64) error {
	x.progress.tell(done, total)
	return x.ctx.Err()
}

// open opens the old store's pages, and its keys with a header that is whole.
func (x *salvaging) open() (err error) {
	if x.old, err = bolt.OpenBroken(filepath.Join(x.config.Dir, DataFile)); err != nil {
		return err
	}
	for _, what := range x.old.Harmed {
		x.missing(Harm{What: what})
	}
	headers := map[string][]byte{}
	var states [][]byte
	err = x.old.Each(func(_ uint64, k, v []byte) error {
		switch string(k) {
		case string(headerKey), string(mirrorKey):
			headers[string(k)] = bytes.Clone(v)
		case string(stateKey):
			states = append(states, bytes.Clone(v))
		}
		return nil
	}, func(page uint64, what string) { x.missing(Harm{Page: page, What: what}) }, x.tell)
	if err != nil {
		return err
	}
	if err := x.unlock(headers); err != nil {
		return err
	}
	for _, sealed := range states {
		if body, err := x.vault.OpenState(stateAD(), sealed); err == nil {
			x.was = &state{}
			if err := json.Unmarshal(body, x.was); err != nil {
				return fmt.Errorf("the store's own record: %w", err)
			}
			x.done.Committed = x.was.Records
			if err := errors.Join(x.config.known(*x.was), x.config.current(*x.was)); err != nil {
				return err
			}
		}
	}
	if x.was == nil {
		x.missing(Harm{Bucket: string(engine.State), What: "the store's own record does not open: how much there was is not known"})
	}
	return nil
}

// unlock opens the keys. A secret that opens nothing is noted nowhere: the old
// folder stays as it is.
func (x *salvaging) unlock(headers map[string][]byte) error {
	for _, name := range [][]byte{headerKey, mirrorKey} {
		found := headers[string(name)]
		if _, err := seal.Inspect(found, found); err != nil {
			x.missing(Harm{Bucket: string(engine.Header), Record: string(name), What: err.Error()})
			continue
		}
		x.header = found
	}
	if x.header == nil && x.config.Header != "" {
		copied, err := readCopy(x.config.Header)
		if err != nil {
			return err
		}
		x.header = copied
	}
	slots, err := seal.Inspect(x.header, x.header)
	if err != nil {
		return err
	}
	secret, err := x.config.secret(slots)
	if err != nil {
		return err
	}
	defer secret.Wipe()
	x.vault, err = seal.Open(x.header, x.header, secret)
	return err
}

// create makes the new file, with the header in it.
func (x *salvaging) create() error {
	if err := os.MkdirAll(x.to, 0o700); err != nil {
		return fmt.Errorf("%w: %w", ErrPermission, err)
	}
	x.done.Path = filepath.Join(x.to, DataFile)
	if _, err := os.Lstat(x.done.Path); err == nil {
		return fmt.Errorf("%s: %w; salvage into a folder without a store", x.done.Path, ErrExists)
	}
	side := filepath.Join(x.to, salvagingFile)
	if err := os.Remove(side); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	file, err := bolt.Create(side, bolt.Options{NoSync: true}, func(w engine.Writer) error { return putHeader(w, x.header) })
	if err != nil {
		return err
	}
	x.config.Dir, x.config.header = x.to, nil
	x.store = newStore(x.config, x.vault)
	x.store.engine = file
	return nil
}

// salvageAtOnce is how many records go into one transaction of the new file.
const salvageAtOnce = 4096

// batches runs work in transactions of the new file: put is called with each
// record until there is no more.
func (x *salvaging) batches(work func(put func(engine.Bucket, []byte, []byte) error) error) error {
	type put struct {
		bucket     engine.Bucket
		key, value []byte
	}
	var waiting []put
	flush := func() error {
		defer func() { waiting = waiting[:0] }()
		return x.write(func(c *commit) error {
			for _, p := range waiting {
				if c.w.Get(p.bucket, p.key) != nil {
					continue
				}
				if err := c.w.Put(p.bucket, p.key, p.value); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := work(func(b engine.Bucket, key, value []byte) error {
		waiting = append(waiting, put{b, bytes.Clone(key), bytes.Clone(value)})
		if len(waiting) < salvageAtOnce {
			return nil
		}
		return flush()
	})
	return errors.Join(err, flush())
}

// write runs fn in one transaction of the new file, and keeps its count. An engine
// that finds no room runs fn once more, so what it noted is taken back first.
func (x *salvaging) write(fn func(c *commit) error) error {
	done, last, high, stood := x.done, x.last, x.high, len(x.expected)
	var made *commit
	err := x.store.engine.Update(func(w engine.Writer) error {
		x.done, x.last, x.high, x.expected = done, last, high, x.expected[:stood]
		x.store.charts = newChartCache()
		x.store.keys.drop()
		x.store.sums.forget()
		made = x.store.newCommit(w)
		return fn(made)
	})
	if err == nil {
		x.store.state = made.state
	}
	return err
}

// takeKeys takes the chart keys that open.
func (x *salvaging) takeKeys() error {
	return x.batches(func(put func(engine.Bucket, []byte, []byte) error) error {
		return x.old.Each(func(page uint64, k, v []byte) error {
			if len(k) != 16 {
				return nil
			}
			if _, err := x.vault.UnwrapChartKey(v, k); err != nil {
				x.missing(Harm{Bucket: string(engine.Keys), Record: hex.EncodeToString(k), Page: page, What: "the key of a chart does not open, nor does anything in it"})
				return nil
			}
			return put(engine.Keys, k, v)
		}, ignore, x.tell)
	})
}

func ignore(uint64, string) {}

// takeRecords takes what opens at its place: a record of a chart, a block of the
// trail, an answer that is kept. What else there is may be an entry of a list;
// that shows once the charts are there. Hashes follow from the trail.
func (x *salvaging) takeRecords() error {
	var programme *seal.ChartKey
	err := x.store.engine.View(func(r engine.Reader) (err error) {
		programme, err = x.store.keys.get(r, care.ProgrammeChart)
		return err
	})
	if err != nil || programme == nil {
		return errors.Join(err, fmt.Errorf("%w: the key of the programme's own chart cannot be read, %s", ErrDamaged, standsOnIt))
	}
	return x.batches(func(put func(engine.Bucket, []byte, []byte) error) error {
		return x.old.Each(func(page uint64, k, v []byte) error {
			switch len(k) {
			case 8:
				if len(v) == sha256.Size {
					return nil // a hash of the tree
				}
				if _, err := x.vault.OpenTrail(trailAD(k), v); err != nil {
					x.missing(Harm{Bucket: string(engine.Trail), Record: fmt.Sprint(binaryKey(k)), Page: page, What: "this block of the trail does not open"})
					return nil
				}
				return put(engine.Trail, k, v)
			case 32:
				key, err := x.keyOf(k[:16])
				if err != nil {
					return err
				}
				if key == nil {
					if _, err := programme.OpenSet(replyAD(k), v); err == nil {
						return put(engine.Replies, k, v)
					}
					return put(engine.Sets, k, v)
				}
				if _, err := key.Open(chartAD(k, k[:16]), v); err != nil {
					x.missing(Harm{Bucket: string(engine.Charts), Record: hex.EncodeToString(k), Page: page, What: "this record does not open: it was altered"})
					return nil
				}
				return put(engine.Charts, k, v)
			}
			return nil
		}, ignore, x.tell)
	})
}

const standsOnIt = "and everything stands on it; go back to a backup"

// keyOf is the key of the chart with a prefix, nil if it is no chart's. Records of
// a chart stand side by side, so the last one is kept.
func (x *salvaging) keyOf(prefix []byte) (key *seal.ChartKey, err error) {
	if x.keyed != nil && bytes.Equal(x.prefix, prefix) {
		return x.keyed, nil
	}
	err = x.store.engine.View(func(r engine.Reader) error {
		wrapped := r.Get(engine.Keys, prefix)
		if wrapped == nil {
			return nil
		}
		key, err = x.vault.UnwrapChartKey(wrapped, prefix)
		return err
	})
	x.prefix, x.keyed = bytes.Clone(prefix), key
	return key, err
}

// charts looks through each chart twice: what is not whole is left out, and then
// what is there enters its lists.
func (x *salvaging) charts() error {
	for _, look := range []func(c *commit, prefix []byte) error{x.sound, x.list} {
		prefixes, err := x.prefixes()
		if err != nil {
			return err
		}
		for len(prefixes) > 0 {
			n := min(len(prefixes), 64)
			err := x.write(func(c *commit) error {
				for _, prefix := range prefixes[:n] {
					if err := look(c, prefix); err != nil {
						return err
					}
				}
				return nil
			})
			if err := errors.Join(err, x.ctx.Err()); err != nil {
				return err
			}
			prefixes = prefixes[n:]
		}
	}
	return nil
}

// prefixes are those of all charts.
func (x *salvaging) prefixes() (all [][]byte, err error) {
	err = x.store.engine.View(func(r engine.Reader) error {
		return r.Scan(engine.Keys, nil, nil, func(k, _ []byte) error {
			all = append(all, bytes.Clone(k))
			return nil
		})
	})
	return all, err
}

// openedChart is a chart whose records are all authentic.
type openedChart struct {
	key     *seal.ChartKey
	head    *head
	records []care.Record
	names   [][]byte
	strange [][]byte // names of those that cannot be understood
}

func (x *salvaging) read(c *commit, prefix []byte) (o openedChart, err error) {
	if o.key, err = x.vault.UnwrapChartKey(c.w.Get(engine.Keys, prefix), prefix); err != nil {
		return o, err
	}
	err = c.w.Scan(engine.Charts, prefix, nil, func(k, v []byte) error {
		plain, err := o.key.Open(chartAD(k, prefix), v)
		if err != nil {
			return err
		}
		var h head
		if len(plain) > 0 && plain[0] == '{' && json.Unmarshal(plain, &h) == nil {
			o.head = &h
			return nil
		}
		record, err := decodeRecord(plain)
		if err != nil {
			o.strange = append(o.strange, bytes.Clone(k))
			return nil
		}
		o.records, o.names = append(o.records, record), append(o.names, bytes.Clone(k))
		return nil
	})
	return o, err
}

// sound leaves out what cannot be understood, and makes a chart's head anew where
// a record of it still tells its id.
func (x *salvaging) sound(c *commit, prefix []byte) error {
	o, err := x.read(c, prefix)
	if err != nil {
		return err
	}
	if o.head == nil {
		for _, r := range o.records {
			if id := care.ChartID(r.Key()); bytes.Equal(x.store.chartName(id), prefix) {
				x.missing(Harm{Bucket: string(engine.Charts), Chart: id, What: "the head of this chart was missing and is made anew"})
				o.head = &head{ID: id, Of: subjectOf(id), Version: 1 << 20, Sealed: 1 << 20}
				if err := x.putHead(c, *o.head); err != nil {
					return err
				}
			}
		}
	}
	if o.head == nil && bytes.Equal(x.store.chartName(care.ProgrammeChart), prefix) {
		return fmt.Errorf("%w: nothing tells any more which is the programme's own chart, %s", ErrDamaged, standsOnIt)
	}
	if o.head == nil || !bytes.Equal(x.store.chartName(o.head.ID), prefix) {
		x.missing(Harm{Bucket: string(engine.Charts), Record: hex.EncodeToString(prefix), What: fmt.Sprintf("a chart without a head, so nobody can tell whose it is: %d records of it are left out", len(o.records)+len(o.strange))})
		return x.leaveOut(c, prefix)
	}
	for i, r := range o.records {
		if !bytes.Equal(o.names[i], x.store.recordName(o.head.ID, r.Kind(), r.Key())) {
			o.strange = append(o.strange, o.names[i])
		}
	}
	for _, name := range o.strange {
		x.missing(Harm{Bucket: string(engine.Charts), Chart: o.head.ID, Record: hex.EncodeToString(name), What: "this record is of no kind that this version knows, or under another's name"})
		if err := c.w.Delete(engine.Charts, name); err != nil {
			return err
		}
	}
	return nil
}

// subjectOf tells by an id what its chart is about.
func subjectOf(id care.ChartID) care.Subject {
	for prefix, of := range map[string]care.Subject{"cl_": care.OfClient, "pr_": care.OfProvider, "ac_": care.OfAccount, "er_": care.OfErasure, "qu_": care.OfHelp, "ba_": care.OfBatch, "ro_": care.OfRoster, string(care.HelpChart): care.OfHelp} {
		if strings.HasPrefix(string(id), prefix) {
			return of
		}
	}
	return care.OfProgramme
}

func (x *salvaging) putHead(c *commit, h head) error {
	plain, err := json.Marshal(h)
	if err != nil {
		return err
	}
	key, err := x.store.keys.get(c.w, h.ID)
	if err != nil || key == nil {
		return errors.Join(err, fmt.Errorf("chart %s has no key", h.ID))
	}
	name := x.store.headName(h.ID)
	sealed, err := key.Seal(nil, chartAD(name, name[:16]), plain)
	if err != nil {
		return err
	}
	return c.w.Put(engine.Charts, name, sealed)
}

// leaveOut removes a chart.
func (x *salvaging) leaveOut(c *commit, prefix []byte) error {
	var names [][]byte
	err := c.w.Scan(engine.Charts, prefix, nil, func(k, _ []byte) error {
		names = append(names, bytes.Clone(k))
		return nil
	})
	for _, name := range names {
		err = errors.Join(err, c.w.Delete(engine.Charts, name))
	}
	return errors.Join(err, c.w.Delete(engine.Keys, prefix))
}

// list lets the records of a chart stand in their lists.
func (x *salvaging) list(c *commit, prefix []byte) error {
	o, err := x.read(c, prefix)
	if err != nil {
		return err
	}
	x.done.Charts++
	for _, r := range o.records {
		for _, place := range stands(o.head.ID, r) {
			if err := x.stand(c, place); err != nil {
				return err
			}
		}
	}
	return nil
}

// stand keeps an entry of a list that is as it should be, and makes any other
// anew. A list that serves a chart that is missing gets one with nothing in it.
func (x *salvaging) stand(c *commit, place care.Place) error {
	if from := x.from[place.Set.Name]; from.IsZero() || place.Member.At.Before(from) {
		x.from[place.Set.Name] = place.Member.At
	}
	key, err := x.store.setKey(c.w, place.Set)
	if err != nil {
		return err
	}
	if key == nil {
		x.missing(Harm{Bucket: string(engine.Charts), Chart: place.Set.Serves, What: "this chart is missing; an empty one holds its lists"})
		id := place.Set.Serves
		if err := c.open(care.New{Chart: id, Of: subjectOf(id)}); err != nil {
			return err
		}
		c.touch(id)
		if err := c.writeHead(c.headOf(id)); err != nil {
			return err
		}
		if key, err = x.store.setKey(c.w, place.Set); err != nil {
			return err
		}
	}
	name := x.store.entryName(place.Set, place.Entry)
	x.expected = append(x.expected, markOf(name))
	if sealed := c.w.Get(engine.Sets, name); sealed != nil {
		if plain, err := key.OpenSet(setAD(name), sealed); err == nil && bytes.Equal(plain, encodeMember(place.Member)) {
			return nil
		}
	}
	return c.enter(place, false)
}

// markOf is enough of a name to know it again, though it may be damaged anywhere.
func markOf(name []byte) uint64 {
	sum := sha256.Sum256(name)
	return binary.BigEndian.Uint64(sum[:])
}

// trail makes the tree over the blocks that are there, and the lists of who did
// and read what.
func (x *salvaging) trail() error {
	for from, more := []byte(nil), true; more; {
		var keys [][]byte
		err := x.write(func(c *commit) error {
			n := 0
			var bodies [][]byte
			keys, more = nil, false
			err := c.w.Scan(engine.Trail, nil, from, func(k, v []byte) error {
				if n++; n > salvageAtOnce {
					more = true
					return engine.ErrStop
				}
				body, err := x.vault.OpenTrail(trailAD(k), v)
				keys, bodies = append(keys, bytes.Clone(k)), append(bodies, body)
				return err
			})
			for i := range keys {
				err = errors.Join(err, x.block(c, keys[i], bodies[i]))
			}
			return err
		})
		if len(keys) > 0 {
			from = append(keys[len(keys)-1], 0)
		}
		if err := errors.Join(err, x.ctx.Err()); err != nil {
			return err
		}
	}
	return x.write(func(c *commit) (err error) {
		c.state.Root, err = treeHash(c.state.Leaves, c.w)
		return err
	})
}

func (x *salvaging) block(c *commit, k, body []byte) error {
	var block []kept
	if err := json.Unmarshal(body, &block); err != nil {
		return fmt.Errorf("trail block %d: %w", binaryKey(k), err)
	}
	x.last = binaryKey(k)
	for i, line := range block {
		if err := c.grow(line.leaf()); err != nil {
			return err
		}
		if line.Entry == nil {
			continue // it told of somebody who was erased, and of nobody else
		}
		e, err := line.open()
		if err != nil {
			return fmt.Errorf("trail block %d: %w", x.last, err)
		}
		if e.At.After(x.high) {
			x.high = e.At
		}
		for _, id := range e.About {
			if !person(id) {
				continue
			}
			ref := fmt.Sprintf("%d.%d", x.last, i)
			place := care.Place{Set: care.Set{Name: care.SetSeen, Of: string(id)}, Entry: ref, Member: care.Member{Seq: x.last, Ref: ref, At: e.At}}
			if err := x.stand(c, place); err != nil {
				return err
			}
		}
	}
	return nil
}

// account leaves out the entries behind which nothing stands any more, compares
// what there is with what there was, and writes the new store's own record.
func (x *salvaging) account() error {
	slices.Sort(x.expected)
	var strays [][]byte
	err := x.store.engine.View(func(r engine.Reader) error {
		programme, err := x.store.keys.get(r, care.ProgrammeChart)
		if err != nil {
			return err
		}
		return r.Scan(engine.Sets, nil, nil, func(k, v []byte) error {
			if _, ok := slices.BinarySearch(x.expected, markOf(k)); ok {
				return nil
			}
			strays = append(strays, bytes.Clone(k))
			h := Harm{Record: hex.EncodeToString(k), What: "nothing opens this record, or nothing stands behind this entry of a list"}
			var m care.Member
			if plain, err := programme.OpenSet(setAD(k), v); err == nil && json.Unmarshal(plain, &m) == nil {
				h = Harm{Chart: m.Chart, Record: strings.TrimSpace(m.Code + " " + m.Ref), What: "the record behind an entry of a list is missing"}
			}
			x.missing(h)
			return nil
		})
	})
	if err != nil {
		return err
	}
	return x.write(func(c *commit) error {
		for _, k := range strays {
			if err := c.w.Delete(engine.Sets, k); err != nil {
				return err
			}
		}
		x.compare(&c.state)
		c.state.Format = len(x.config.formats())
		c.state.From = map[care.SetName]time.Time{}
		for _, h := range []*hourly{c.due, c.outbox} {
			if from, ok := x.from[h.name]; ok {
				c.state.From[h.name] = hourOf(from)
			}
		}
		// Ids that were given out and are lost must not be given to others.
		c.state.Ordinal = max(c.state.Ordinal, uint64(x.config.Now().Unix())<<20)
		c.state.Apart = nil // its entries came on no way of this store
		x.done.Records, x.done.Leaves = c.state.Records, c.state.Leaves
		return c.state.write(c.w.Writer, x.vault)
	})
}

// compare goes on from what the old store said of itself, and says what of that
// is not there.
func (x *salvaging) compare(now *state) {
	now.Sequence, now.High = x.last, x.high
	if x.was == nil {
		return
	}
	now.Sequence, now.Ordinal = max(x.last, x.was.Sequence), x.was.Ordinal
	if x.was.High.After(now.High) {
		now.High = x.was.High
	}
	now.Rekey, now.Forget = x.was.Rekey, x.was.Forget
	switch {
	case now.Leaves != x.was.Leaves:
		x.missing(Harm{Bucket: string(engine.Trail), What: fmt.Sprintf("%d entries found, %d committed; the tree over them is another one from here on", now.Leaves, x.was.Leaves)})
	case now.Root != x.was.Root:
		x.missing(Harm{Bucket: string(engine.Trail), What: "the root over its entries is not the committed one"})
	}
	switch {
	case now.Records != x.was.Records:
		x.missing(Harm{What: fmt.Sprintf("%d records found, %d committed", now.Records, x.was.Records)})
	case now.Digest != x.was.Digest && len(x.done.Missing) == 0:
		x.missing(Harm{What: "the digest of all records is not the committed one: something is older or other than it was"})
	}
}

// note opens the new store as any other, proves it whole, writes into its trail
// what was done, and gives it its name.
func (x *salvaging) note() error {
	side := filepath.Join(x.to, salvagingFile)
	if err := x.store.engine.Close(); err != nil {
		return err
	}
	file, err := bolt.Open(side, bolt.Options{})
	if err != nil {
		return err
	}
	s := newStore(x.config, x.vault)
	s.engine, x.store.engine = file, file
	if err := file.View(func(r engine.Reader) error { return s.state.read(r, x.vault) }); err != nil {
		return err
	}
	report, err := s.Verify(x.ctx, x.progress)
	if err == nil {
		err = report.Err()
	}
	if err != nil {
		return fmt.Errorf("what was salvaged is no whole store: %w", err)
	}
	if err := s.start(); err != nil {
		return err
	}
	effect := fmt.Sprintf("%d records, %d places missing", x.done.Records, uint64(len(x.done.Missing))+x.done.More)
	err = s.work([]Entry{{At: s.now(), Role: care.RoleSystem, Did: "salvage", Effect: effect, Outcome: "yes"}}, nil)
	if err == nil {
		err = x.eraseAgain(s)
	}
	if err := errors.Join(err, s.Close(), syncFile(side)); err != nil {
		return err
	}
	if err := os.Rename(side, x.done.Path); err != nil {
		return err
	}
	if x.vault.Kind() == Production {
		if err := x.config.copyHeader(x.header); err != nil {
			return err
		}
	}
	return syncDir(x.to)
}

// eraseAgain takes over the list of those who were erased, and erases whoever an
// older file would bring back.
func (x *salvaging) eraseAgain(s *Store) error {
	list, err := readErased(x.damaged, x.vault)
	if err == nil && len(list) > 0 {
		err = writeErased(x.to, x.vault, list)
	}
	if err == nil {
		_, err = s.eraseAgain(x.to)
	}
	return errors.Join(err, s.rememberErased())
}

// syncFile makes durable what was written without.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
