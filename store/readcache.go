package store

import (
	"sync"

	"careconnect/rules/care"
)

// readCache holds decoded charts for those who only look. Whether one is still
// true is told by the version in the chart's head; nobody changes what is in it.
type readCache struct {
	mu     sync.Mutex
	charts map[care.ChartID]*care.Chart
}

func (c *readCache) get(id care.ChartID) *care.Chart {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.charts[id]
}

func (c *readCache) drop(id care.ChartID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.charts, id)
}

// put keeps a copy of a chart that is the caller's.
func (c *readCache) put(chart *care.Chart) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.charts == nil || len(c.charts) >= maxCharts {
		c.charts = map[care.ChartID]*care.Chart{}
	}
	c.charts[chart.ID] = chart.Clone()
}
