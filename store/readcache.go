package store

import (
	"slices"
	"sync"

	"careconnect/rules/care"
	"careconnect/store/internal/engine"
)

// readCache holds decoded charts for those who only look. Nobody changes what is
// in it. A chart that a reader put in may have been overtaken by a commit
// meanwhile: whether it is still true is told by the version in the chart's head,
// and once that has been looked at it follows the commits.
type readCache struct {
	mu      sync.Mutex
	commits uint64 // so many were followed
	charts  map[care.ChartID]cached
}

type cached struct {
	*care.Chart
	last bool // it is as the last commit left it
}

// at gives a chart if it is kept in a version.
func (c *readCache) at(id care.ChartID, version uint64) *care.Chart {
	c.mu.Lock()
	defer c.mu.Unlock()
	if kept := c.charts[id]; kept.Chart != nil && kept.Version == version {
		return kept.Chart
	}
	return nil
}

// put keeps a copy of a chart that is the caller's.
func (c *readCache) put(chart *care.Chart) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.charts == nil || len(c.charts) >= maxCharts {
		c.charts = map[care.ChartID]cached{}
	}
	c.charts[chart.ID] = cached{chart.Clone(), false}
}

// last gives charts as the last commit left them, all of them or none, and how
// many commits there were.
func (c *readCache) last(ids []care.ChartID) (charts []*care.Chart, commits uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		kept := c.charts[id]
		if !kept.last {
			return nil, c.commits
		}
		charts = append(charts, kept.Chart)
	}
	return charts, c.commits
}

// seen says that charts were there in a reading that began after so many commits.
// If there were no others since, they are as the last one left them.
func (c *readCache) seen(charts []*care.Chart, commits uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, chart := range charts {
		if kept := c.charts[chart.ID]; commits == c.commits && kept.Chart != nil && kept.Version == chart.Version {
			c.charts[chart.ID] = cached{kept.Chart, true}
		}
	}
}

// follow takes over what a commit changed: whoever looked before will look again, and
// who has just come is about to.
func (c *readCache) follow(done *commit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.commits++
	if c.charts == nil {
		c.charts = map[care.ChartID]cached{}
	}
	for id := range done.touched {
		chart := done.charts.get(id)
		came := done.opened[id] && chart != nil && chart.Client != nil && len(c.charts) < maxCharts
		if c.charts[id].Chart != nil || came {
			c.charts[id] = cached{chart.Clone(), true}
		}
	}
	for _, id := range done.erased {
		delete(c.charts, id)
	}
}

// look reads charts as one commit left them, without those that do not exist.
func (s *Store) look(ids []care.ChartID) ([]*care.Chart, error) {
	if err := s.Failed(); err != nil {
		return nil, err
	}
	charts, commits := s.read.last(ids)
	if len(charts) == len(ids) {
		return charts, nil
	}
	err := s.view(func(r engine.Reader) error {
		for _, id := range ids {
			chart, err := s.readChart(r, id)
			if err != nil {
				return err
			}
			charts = append(charts, chart)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	charts = slices.DeleteFunc(charts, func(chart *care.Chart) bool { return chart == nil })
	s.read.seen(charts, commits)
	return charts, nil
}
