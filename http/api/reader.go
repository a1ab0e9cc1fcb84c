package api

import (
	"context"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// zone is where the reader's days are counted: a client's and a provider's own,
// and for the staff that of the record before them.
func (a *API) zone(ctx context.Context, of *care.Chart) *time.Location { return a.zones(ctx)(of) }

// zones is zone for many records: the reader's own is looked up once.
func (a *API) zones(ctx context.Context) func(*care.Chart) *time.Location {
	who := actor(ctx)
	if who.Role == care.RoleClient || who.Role == care.RoleProvider {
		mine := rules.Zone(zoneOf(a.own(ctx)))
		return func(*care.Chart) *time.Location { return mine }
	}
	return func(of *care.Chart) *time.Location { return rules.Zone(zoneOf(of)) }
}

func zoneOf(c *care.Chart) string {
	switch {
	case c == nil:
		return ""
	case c.Client != nil:
		return c.Client.Zone
	case c.Provider != nil:
		return c.Provider.Hours.Zone
	}
	return ""
}

// own is the caller's own chart, to write instants as they read them; nil for a
// stranger. Nothing of it is shown, so it is no reading that anyone is told of.
func (a *API) own(ctx context.Context) *care.Chart {
	who := actor(ctx)
	if who.Chart == "" {
		return nil
	}
	chart, err := a.store.Chart(ctx, care.System, who.Chart, "zone")
	if err != nil {
		return nil
	}
	return chart
}

// in writes an instant in a zone; nothing for none.
func in(zone *time.Location, t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.In(zone)
	return &t
}

func allIn(zone *time.Location, times []time.Time) []time.Time {
	shown := make([]time.Time, len(times))
	for i, t := range times {
		shown[i] = t.In(zone)
	}
	return shown
}

// each shows every element of a list; the list is never null.
func each[T, S any](list []T, show func(T) S) []S {
	shown := make([]S, len(list))
	for i, v := range list {
		shown[i] = show(v)
	}
	return shown
}

// listed is the reply of a list that has no pages.
type listed[T any] struct {
	Items []T `json:"items"`
}

// plain is a list that is never null.
func plain(list []string) []string { return append([]string{}, list...) }
