package store

import (
	"fmt"
	"strings"
	"sync"

	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/seal"
)

// head is the first record of a chart: what it is about and how often it
// changed, and how much its key has sealed.
type head struct {
	ID      care.ChartID `json:"id"`
	Of      care.Subject `json:"of"`
	Version uint64       `json:"v"`
	Sealed  uint64       `json:"n"`
}

// Names in the engine. A chart's records share their first 16 bytes, so that a
// chart is one range; nothing else can be read from a name.

func (s *Store) chartName(id care.ChartID) []byte { return chartName(s.vault, id) }

func chartName(vault *seal.Vault, id care.ChartID) []byte {
	n := vault.Name("chart", string(id))
	return n[:]
}

func (s *Store) recordName(id care.ChartID, k care.Kind, key string) []byte {
	n := s.vault.Name("record", string(id), string(k), key)
	return append(s.chartName(id), n[:]...)
}

func (s *Store) headName(id care.ChartID) []byte { return s.recordName(id, "head", "") }

func (s *Store) setName(set care.Set) []byte {
	n := s.vault.Name("set "+string(set.Name), set.Of)
	return n[:]
}

func (s *Store) entryName(set care.Set, entry string) []byte {
	n := s.vault.Name("entry "+string(set.Name), set.Of, entry)
	return append(s.setName(set), n[:]...)
}

func chartAD(name, chart []byte) seal.AD {
	return seal.AD{Bucket: string(engine.Charts), Key: name, Version: codecJSON, Chart: chart}
}

func setAD(name []byte) seal.AD {
	return seal.AD{Bucket: string(engine.Sets), Key: name, Version: codecJSON}
}

// loadChart reads a chart as it is committed, or written so far in a
// transaction; nil if there is none.
func (s *Store) loadChart(r engine.Reader, id care.ChartID) (*care.Chart, error) {
	key, err := s.keys.get(r, id)
	if err != nil || key == nil {
		return nil, err
	}
	prefix := s.chartName(id)
	headName := s.headName(id)
	chart := &care.Chart{ID: id}
	err = r.Scan(engine.Charts, prefix, nil, func(k, v []byte) error {
		plain, err := key.Open(chartAD(k, prefix), v)
		if err != nil {
			return fmt.Errorf("record %x of chart %s: %w: %w", k[16:], id, ErrDamaged, err)
		}
		if string(k) == string(headName) {
			var h head
			if err := decodeJSON(plain, &h); err != nil {
				return fmt.Errorf("head of chart %s: %w", id, err)
			}
			chart.Of, chart.Version = h.Of, h.Version
			return nil
		}
		record, err := decodeRecord(plain)
		if err != nil {
			return fmt.Errorf("chart %s: %w", id, err)
		}
		chart.Add(record)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if chart.Version == 0 {
		return nil, s.headless(r, id)
	}
	return chart, nil
}

// loadHead reads the head of a chart, and tells its key how often it has sealed;
// false if there is no such chart.
func (s *Store) loadHead(r engine.Reader, key *seal.ChartKey, id care.ChartID) (head, bool, error) {
	var h head
	name := s.headName(id)
	sealed := r.Get(engine.Charts, name)
	if sealed == nil {
		return h, false, s.headless(r, id)
	}
	plain, err := key.Open(chartAD(name, name[:16]), sealed)
	if err != nil {
		return h, false, fmt.Errorf("head of chart %s: %w: %w", id, ErrDamaged, err)
	}
	if err := decodeJSON(plain, &h); err != nil {
		return h, false, fmt.Errorf("head of chart %s: %w", id, err)
	}
	key.Count(h.Sealed)
	return h, true, nil
}

// headless says what is wrong with a chart without a head: nothing, if its key
// is in memory only, because the commit that makes it is not done.
func (s *Store) headless(r engine.Reader, id care.ChartID) error {
	if r.Get(engine.Keys, s.chartName(id)) == nil {
		return nil
	}
	return fmt.Errorf("the head of chart %s is missing: %w", id, ErrDamaged)
}

// readChart is loadChart for those who only look: a chart that was decoded before
// and has not changed since is given again. Whoever gets it must not change it.
func (s *Store) readChart(r engine.Reader, id care.ChartID) (*care.Chart, error) {
	key, err := s.keys.get(r, id)
	if err != nil || key == nil {
		return nil, err
	}
	h, there, err := s.loadHead(r, key, id)
	if err != nil || !there {
		return nil, err
	}
	if chart := s.read.at(id, h.Version); chart != nil {
		return chart, nil
	}
	chart, err := s.loadChart(r, id)
	if err == nil && chart != nil && !chart.Of.Pictures() {
		s.read.put(chart)
	}
	return chart, err
}

// loadSet reads all members of a set, in no order.
func (s *Store) loadSet(r engine.Reader, set care.Set) ([]care.Member, error) {
	var members []care.Member
	err := s.eachMember(r, set, func(m care.Member) { members = append(members, m) })
	return members, err
}

func (s *Store) eachMember(r engine.Reader, set care.Set, fn func(care.Member)) error {
	key, err := s.setKey(r, set)
	if err != nil || key == nil {
		return err
	}
	return r.Scan(engine.Sets, s.setName(set), nil, func(k, v []byte) error {
		plain, err := key.OpenSet(setAD(k), v)
		if err != nil {
			return fmt.Errorf("entry %x of a %s list: %w: %w", k[16:], set.Name, ErrDamaged, err)
		}
		var m care.Member
		if err := decodeJSON(plain, &m); err != nil {
			return fmt.Errorf("entry of a %s list: %w", set.Name, err)
		}
		fn(m)
		return nil
	})
}

// locate finds the chart that a record is in; empty if it is nowhere.
func (s *Store) locate(r engine.Reader, id string) (care.ChartID, error) {
	if !looksLikeID(id) {
		return "", nil
	}
	members, err := s.loadSet(r, locating(id))
	if err != nil || len(members) == 0 {
		return "", err
	}
	return members[0].Chart, nil
}

// setKey is the key that seals a set's entries: that of the chart it serves.
func (s *Store) setKey(r engine.Reader, set care.Set) (*seal.ChartKey, error) {
	id := set.Serves
	if id == "" {
		id = care.ProgrammeChart
	}
	return s.keys.get(r, id)
}

// keyCache holds unwrapped chart keys, at most so many of them.
type keyCache struct {
	vault   *seal.Vault
	reading *reading
	mu      sync.Mutex
	keys    map[care.ChartID]*seal.ChartKey
	gone    map[care.ChartID]bool // of those who were erased, while somebody reads what was before: they put none back
}

// maxKeys bounds the keys held unwrapped. All are forgotten when it is reached:
// unwrapping costs a microsecond, keeping an order of use would cost more.
const maxKeys = 1 << 16

func (c *keyCache) get(r engine.Reader, id care.ChartID) (*seal.ChartKey, error) {
	c.mu.Lock()
	key := c.keys[id]
	c.mu.Unlock()
	if key != nil {
		return key, nil
	}
	defer c.reading.begin().Done() // also of one who looks at what there is at each moment
	name := chartName(c.vault, id)
	wrapped := r.Get(engine.Keys, name)
	if wrapped == nil {
		return nil, nil
	}
	key, err := c.vault.UnwrapChartKey(wrapped, name)
	if err != nil {
		return nil, fmt.Errorf("key of chart %s: %w: %w", id, ErrDamaged, err)
	}
	c.put(id, key)
	return key, nil
}

func (c *keyCache) put(id care.ChartID, key *seal.ChartKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone[id] {
		return
	}
	if c.keys == nil || len(c.keys) >= maxKeys {
		c.keys = map[care.ChartID]*seal.ChartKey{}
	}
	c.keys[care.ChartID(strings.Clone(string(id)))] = key // an id may be part of a long text
}

func (c *keyCache) has(id care.ChartID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.keys[id] != nil
}

// forget lets one go.
func (c *keyCache) forget(id care.ChartID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.keys, id)
}

// erased lets some go for good, once that is written. Whoever begins to read from then
// on finds none of theirs, so they are remembered for no longer than others read.
func (c *keyCache) erased(ids []care.ChartID) {
	c.mu.Lock()
	if c.gone == nil {
		c.gone = map[care.ChartID]bool{}
	}
	for _, id := range ids {
		c.gone[id] = true
		delete(c.keys, id)
	}
	c.mu.Unlock()
	c.reading.after(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, id := range ids {
			delete(c.gone, id)
		}
	})
}

// drop forgets all of them.
func (c *keyCache) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.keys)
}

// chartCache holds decoded charts for the committer, which is the only one to
// change them.
type chartCache struct {
	charts map[care.ChartID]*care.Chart
	large  []care.ChartID // pictures among them
}

// maxCharts bounds the charts that are kept from one commit to the next.
const maxCharts = 4096

func newChartCache() *chartCache { return &chartCache{charts: map[care.ChartID]*care.Chart{}} }

func (c *chartCache) get(id care.ChartID) *care.Chart { return c.charts[id] }

func (c *chartCache) put(chart *care.Chart) {
	c.charts[chart.ID] = chart
	if chart.Of.Pictures() {
		c.large = append(c.large, chart.ID)
	}
}

func (c *chartCache) drop(id care.ChartID) { delete(c.charts, id) }

// full says whether there is something to trim.
func (c *chartCache) full() bool { return len(c.large) > 0 || len(c.charts) >= maxCharts }

// trim lets all charts go when there are too many, and pictures always. It is for the beginning of a
// commit only: within one, a chart may be ahead of what is written of it.
func (c *chartCache) trim() {
	for _, id := range c.large {
		delete(c.charts, id)
	}
	c.large = c.large[:0]
	if len(c.charts) >= maxCharts {
		clear(c.charts)
	}
}
