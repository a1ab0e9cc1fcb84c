package http

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"careconnect/assets"
	"careconnect/http/api"
	"careconnect/http/auth"
	"careconnect/http/jobs"
	"careconnect/http/notify"
	"careconnect/http/reply"
	"careconnect/http/web"
	"careconnect/store"
)

// Service is a store with everything that serves it: pages, API, and the jobs
// that wake what is due.
type Service struct {
	store   *store.Store
	handler http.Handler
	jobs    *jobs.Jobs
}

// ServiceConfig is what tells one service from another.
type ServiceConfig struct {
	Store   *store.Store
	Bundle  *assets.Bundle
	Now     func() time.Time
	Elapsed func() time.Duration // real time, also where the clock is virtual
	Base    string               // the site's address, for links
	Sender  notify.Sender        // nil: messages wait in the outbox

	// Besides gives the routes that only a throwaway instance has, and what its
	// pages show.
	Besides func(*auth.Auth, *notify.Post) ([]reply.Route, *web.Throwaway)
	// Seed has secrets follow from a number, in a throwaway instance.
	Seed *uint64
	// Still says that nothing falls due and nothing is sent by itself: where the
	// clock stands whoever moves it sweeps and sends, in an order that is the same
	// each time, and where nothing may be written nobody does.
	Still bool
	// Backup says where backups go; without a folder none are made.
	Backup jobs.Backups
	// Secure says that people reach the service over TLS.
	Secure bool
	// Proxies are the networks of proxies before the service, besides its own.
	Proxies []netip.Prefix
}

// NewService wires pages, API and jobs to a store. Closing the service closes
// the store.
func NewService(c ServiceConfig) (*Service, error) {
	passing := c.Now
	if c.Store.Kind() == store.Production {
		passing = c.Store.Passing
	}
	a := auth.New(c.Store, passing, c.Elapsed, c.Secure)
	a.Behind(c.Proxies)
	if c.Seed != nil {
		a.Seed(*c.Seed)
	}
	post, err := notify.New(c.Store, c.Sender, assets.FS(), c.Base)
	if err != nil {
		return nil, err
	}
	var routes []reply.Route
	var throwaway *web.Throwaway
	if c.Besides != nil {
		routes, throwaway = c.Besides(a, post)
	}
	pages, err := web.New(web.Config{Store: c.Store, Auth: a, Bundle: c.Bundle, Now: c.Now, Throwaway: throwaway})
	if err != nil {
		return nil, err
	}
	routes = append(routes, pages.Routes()...)
	routes = append(routes, api.New(api.Config{Store: c.Store, Now: c.Now, Secret: a.Secret, Other: a.Other, MayHold: a.MayHold}).Routes()...)
	s := &Service{store: c.Store}
	if s.handler, err = New(Config{Auth: a, Routes: routes, Secure: c.Secure, Ready: s.ready, Degraded: s.degraded, Known: s.known, Denied: c.Store.Denied, Page: pages.Problem}); err != nil {
		return nil, err
	}
	if !c.Still {
		s.jobs, err = jobs.Start(c.Store, post, c.Elapsed)
		if err == nil && c.Backup.Dir != "" {
			err = s.jobs.KeepBackups(c.Backup)
		}
		if err == nil && c.Store.Kind() == store.Production {
			err = s.jobs.TellHeads()
		}
	}
	return s, err
}

// ServeHTTP answers a request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close stops the jobs and closes the store.
func (s *Service) Close() error {
	if s.jobs == nil {
		return s.store.Close()
	}
	return errors.Join(s.jobs.Stop(), s.store.Close())
}

// ready says what stands in the way of serving.
func (s *Service) ready() []string {
	var not []string
	if s.store.Failed() != nil {
		not = append(not, "store: stopped after a failed commit")
	}
	if s.jobs != nil && !s.jobs.Fresh() && !s.store.Full() {
		not = append(not, "sweep: the last one is older than 60 s")
	}
	if last := s.store.Checked().Last; last != nil && len(last.Damages) > 0 {
		not = append(not, fmt.Sprintf("store: damaged in %d places, found at %s; stop the service and run careconnect verify", len(last.Damages), last.At.UTC().Format(time.RFC3339)))
	}
	return not
}

// degraded says what a service that is ready cannot do for now.
func (s *Service) degraded() []string {
	switch {
	case s.store.Full():
		return []string{"disk: full; nothing new is saved until there is room, then it goes on by itself"}
	case s.store.ReadOnly():
		return []string{"store: opened read-only; only what is public is shown"}
	}
	return nil
}

// known says what is known of the store's wholeness.
func (s *Service) known() []string {
	var says []string
	c := s.store.Checked()
	if c.Last != nil {
		says = append(says, fmt.Sprintf("verified at %s, seq %d, %d records", c.Last.At.UTC().Format(time.RFC3339), c.Last.Sequence, c.Last.Found))
	}
	if c.Unread {
		says = append(says, "started after a clean stop: each page is looked at before it is used, until all are walked")
	}
	if c.Percent > 0 {
		says = append(says, fmt.Sprintf("verifying %d %%", c.Percent))
	}
	if s.jobs != nil {
		says = append(says, s.jobs.Restorable()...)
	}
	if s.jobs != nil {
		says = append(says, s.jobs.Timely()...)
	}
	if a := s.store.Anchored(); a.Path != "" {
		says = append(says, fmt.Sprintf("anchor: seq %d at %s", a.Seq, a.At.UTC().Format(time.RFC3339)))
		if a.Failed != nil {
			says = append(says, "warning: the anchor cannot be written, see the log")
		}
	}
	return says
}
