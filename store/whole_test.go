package store

import (
	"encoding/json"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/seal"
)

// whole reads every record of a store and says what does not fit together:
// count and digest, the tree over the trail, each chart, each list.
func (s *Store) whole() error {
	return s.engine.View(func(r engine.Reader) error {
		var kept state
		if err := kept.read(r, s.vault); err != nil {
			return err
		}
		if err := s.sumIsRight(r, kept); err != nil {
			return err
		}
		if err := s.trailIsRight(r, kept); err != nil {
			return err
		}
		return s.listsAreRight(r)
	})
}

func (w *world) mustBeWhole() {
	w.Helper()
	if err := w.whole(); err != nil {
		w.Error(err)
	}
}

// sumIsRight compares the count and the digest of the state record with a full
// pass over all buckets.
func (s *Store) sumIsRight(r engine.Reader, kept state) error {
	var records uint64
	var digest seal.Sum
	for _, b := range engine.Buckets {
		if b == engine.Header || b == engine.State {
			continue
		}
		err := r.Scan(b, nil, nil, func(k, v []byte) error {
			records++
			digest = digest.Add(s.vault.Digest(string(b), k, v))
			return nil
		})
		if err != nil {
			return err
		}
	}
	if records != kept.Records {
		return fmt.Errorf("%d records found, %d committed", records, kept.Records)
	}
	if digest != kept.Digest {
		return fmt.Errorf("the digest of %d records differs from the committed one", records)
	}
	return nil
}

// leaves is a tree's hashes in memory, grown leaf by leaf.
type leaves []tlog.Hash

func (l leaves) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		found[i] = l[at]
	}
	return found, nil
}

// trailIsRight builds the tree again from the entries, and finds each entry
// about a person in that person's list.
func (s *Store) trailIsRight(r engine.Reader, kept state) error {
	var tree leaves
	var n int64
	seen := 0
	err := r.Scan(engine.Trail, nil, nil, func(k, v []byte) error {
		body, err := s.vault.OpenTrail(trailAD(k), v)
		if err != nil {
			return err
		}
		block, err := decodeBlock(body)
		if err != nil {
			return err
		}
		for _, line := range block {
			hashes, err := tlog.StoredHashesForRecordHash(n, line.leaf(), tree)
			if err != nil {
				return err
			}
			tree, n = append(tree, hashes...), n+1
			if line.Entry == nil {
				continue // it told of somebody who was erased
			}
			e, err := line.open()
			if err != nil {
				return err
			}
			for _, id := range e.About {
				if person(id) {
					seen++
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if n != kept.Leaves {
		return fmt.Errorf("the trail has %d entries, %d were committed", n, kept.Leaves)
	}
	root, err := tlog.TreeHash(n, tree)
	if err != nil {
		return err
	}
	if root != tlog.Hash(kept.Root) {
		return fmt.Errorf("the root over %d entries of the trail differs from the committed one", n)
	}
	for i, h := range tree {
		if stored := r.Get(engine.Tree, treeKey(int64(i))); string(stored) != string(h[:]) {
			return fmt.Errorf("hash %d of the trail's tree differs", i)
		}
	}
	if size := s.count(r, engine.Tree); size != len(tree) {
		return fmt.Errorf("the trail's tree has %d hashes, its entries make %d", size, len(tree))
	}
	return nil
}

func (s *Store) count(r engine.Reader, b engine.Bucket) int {
	n := 0
	_ = r.Scan(b, nil, nil, func(_, _ []byte) error { n++; return nil })
	return n
}

// all are the charts of a store, found by the lists that the tests' acts fill.
func (s *Store) all(r engine.Reader, extra ...care.ChartID) ([]*care.Chart, error) {
	var charts []*care.Chart
	members, err := s.loadSet(r, care.Set{Name: care.SetProviders})
	if err != nil {
		return nil, err
	}
	ids := append([]care.ChartID{care.ProgrammeChart}, extra...)
	for _, state := range []care.ErasureState{care.ErasureAsked, care.ErasureRefused, care.ErasureWaiting, care.ErasureCertified} {
		erasures, err := s.loadSet(r, care.Erasures(state))
		if err != nil {
			return nil, err
		}
		members = append(members, erasures...)
	}
	for _, m := range members {
		ids = append(ids, m.Chart)
	}
	for _, id := range ids {
		chart, err := s.loadChart(r, id)
		if err != nil {
			return nil, err
		}
		if chart != nil {
			charts = append(charts, chart)
		}
	}
	return charts, nil
}

// listsAreRight checks that every entry of every list is one that a record
// stands in, and the other way round: their number is that of all places.
func (s *Store) listsAreRight(r engine.Reader) error {
	clients, err := s.people(r)
	if err != nil {
		return err
	}
	charts, err := s.all(r, clients...)
	if err != nil {
		return err
	}
	expected := map[string]string{}
	for _, chart := range charts {
		for _, record := range chart.Records() {
			for _, p := range stands(chart.ID, record) {
				expected[string(s.entryName(p.Set, p.Entry))] = string(record.Kind())
			}
		}
		if n := s.count2(r, engine.Charts, s.chartName(chart.ID)); n != len(chart.Records())+1 {
			return fmt.Errorf("chart %s has %d records and a head, %d in the file", chart.ID, len(chart.Records()), n)
		}
	}
	found := 0
	err = r.Scan(engine.Sets, nil, nil, func(k, _ []byte) error {
		if _, ok := expected[string(k)]; ok {
			found++
		}
		return nil
	})
	if err != nil {
		return err
	}
	if found != len(expected) {
		return fmt.Errorf("records stand in %d places, %d are in the file", len(expected), found)
	}
	return s.noStrayEntries(r, len(expected), clients, charts)
}

func (s *Store) count2(r engine.Reader, b engine.Bucket, prefix []byte) int {
	n := 0
	_ = r.Scan(b, prefix, nil, func(_, _ []byte) error { n++; return nil })
	return n
}

// noStrayEntries counts: places of records and lines about people are all that
// lists hold.
func (s *Store) noStrayEntries(r engine.Reader, places int, clients []care.ChartID, charts []*care.Chart) error {
	lines := 0
	for _, id := range clients {
		lines += s.count2(r, engine.Sets, s.setName(care.Set{Name: care.SetSeen, Of: string(id)}))
	}
	if n := s.count(r, engine.Sets); n != places+lines {
		return fmt.Errorf("lists hold %d entries; %d places of the records of %d charts and %d lines about people make %d", n, places, len(charts), lines, places+lines)
	}
	return nil
}

// people are the persons' charts, as the trail names them.
func (s *Store) people(r engine.Reader) ([]care.ChartID, error) {
	known := map[care.ChartID]bool{}
	var ids []care.ChartID
	err := r.Scan(engine.Trail, nil, nil, func(k, v []byte) error {
		body, err := s.vault.OpenTrail(trailAD(k), v)
		if err != nil {
			return err
		}
		block, err := decodeBlock(body)
		if err != nil {
			return err
		}
		for _, line := range block {
			if line.Entry == nil {
				continue
			}
			e, err := line.open()
			if err != nil {
				return err
			}
			for _, id := range e.About {
				if person(id) && !known[id] {
					known[id] = true
					ids = append(ids, id)
				}
			}
		}
		return nil
	})
	return ids, err
}

func decodeBlock(body []byte) ([]kept, error) {
	var block []kept
	return block, json.Unmarshal(body, &block)
}
