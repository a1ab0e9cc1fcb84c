package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"careconnect/http/reply"
)

// from is a request as it comes through the door, from a peer and with what the
// proxies on its way wrote of it.
func (w *world) from(peer string, said ...string) context.Context {
	w.Helper()
	var ctx context.Context
	h := w.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { ctx = r.Context() }))
	r := httptest.NewRequest(http.MethodPost, "/p/x/hold", nil)
	r.RemoteAddr = peer
	for _, s := range said {
		r.Header.Add("X-Forwarded-For", s)
	}
	h.ServeHTTP(httptest.NewRecorder(), r)
	return ctx
}

// refusedFor is how long a network has to wait; 0: it may hold, and has.
func (w *world) refusedFor(ctx context.Context) time.Duration {
	w.Helper()
	_, err := w.MayHold(ctx)
	if err == nil {
		return 0
	}
	var p *reply.Problem
	if !errors.As(err, &p) || p.Status != http.StatusTooManyRequests || p.Code != "held_enough_here" {
		w.Fatalf("refused by %v", err)
	}
	if p.RetryAfter() != fmt.Sprint(int(p.Wait/time.Second)) {
		w.Errorf("Retry-After %s, to wait %s", p.RetryAfter(), p.Wait)
	}
	return p.Wait
}

// TestR18OneNetworkHoldsFewTimes: whoever presses the button again and again from one
// address comes no further than a few times an hour, whatever browsers they have.
func TestR18OneNetworkHoldsFewTimes(t *testing.T) {
	w := newWorld(t, true)
	mine := w.from("203.0.113.9:4711")
	for n := range heldOfOneNetwork {
		if got := w.refusedFor(mine); got != 0 {
			t.Fatalf("the %d. time is refused for %s", n+1, got)
		}
		w.elapsed += time.Minute
	}
	if got := w.refusedFor(w.from("203.0.113.9:4712")); got != time.Hour-heldOfOneNetwork*time.Minute {
		t.Errorf("one more is refused for %s", got)
	}
	if got := w.refusedFor(w.from("203.0.113.10:4711")); got != 0 {
		t.Errorf("the neighbour is refused for %s", got)
	}
	w.elapsed = time.Hour - time.Millisecond
	if got := w.refusedFor(mine); got != time.Second { // never 0: whoever waits as told finds room
		t.Errorf("in the last second it is refused for %s", got)
	}
	w.elapsed = time.Hour
	if got := w.refusedFor(mine); got != 0 {
		t.Errorf("an hour after the first it is refused for %s", got)
	}
	if got := w.refusedFor(mine); got != time.Minute {
		t.Errorf("the second of the next hour is refused for %s", got)
	}
}

// TestR18WhatWasNotHeldDoesNotCount: a time that somebody else has got meanwhile takes
// nothing from the few.
func TestR18WhatWasNotHeldDoesNotCount(t *testing.T) {
	w := newWorld(t, true)
	mine := w.from("203.0.113.9:4711")
	for range 3 * heldOfOneNetwork {
		back, err := w.MayHold(mine)
		if err != nil {
			t.Fatal(err)
		}
		back()
	}
	if len(w.holding.times) != 0 {
		t.Errorf("%d networks are remembered of which nothing is held", len(w.holding.times))
	}
}

// TestR18WhichNetworkItIs: the peer, or whom the proxies before us name; what somebody
// wrote into the header before they came to one counts for nothing.
func TestR18WhichNetworkItIs(t *testing.T) {
	w := newWorld(t, true)
	w.Behind([]netip.Prefix{netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("2001:db8:ffff::/48")})
	of := func(peer string, said ...string) network { return Of(w.from(peer, said...)).network }
	for name, c := range map[string]struct {
		want string
		got  network
	}{
		"without a proxy":              {"203.0.113.9/32", of("203.0.113.9:80")},
		"who writes a header itself":   {"203.0.113.9/32", of("203.0.113.9:80", "192.0.2.1")},
		"a proxy on the machine":       {"192.0.2.1/32", of("127.0.0.1:80", "192.0.2.1")},
		"a proxy beside it":            {"192.0.2.1/32", of("172.18.0.3:80", "192.0.2.1")},
		"one by IPv6":                  {"192.0.2.1/32", of("[fd00::3]:80", "192.0.2.1")},
		"what stood there before":      {"192.0.2.1/32", of("127.0.0.1:80", "203.0.113.77, 10.0.0.9, 192.0.2.1")},
		"in headers of their own":      {"192.0.2.1/32", of("127.0.0.1:80", "203.0.113.77", "192.0.2.1")},
		"two proxies":                  {"192.0.2.1/32", of("127.0.0.1:80", "203.0.113.77, 192.0.2.1, 198.51.100.7")},
		"one that is named":            {"192.0.2.1/32", of("198.51.100.7:80", "192.0.2.1")},
		"with a port":                  {"192.0.2.1/32", of("127.0.0.1:80", "192.0.2.1:5501")},
		"IPv4 in IPv6":                 {"192.0.2.1/32", of("[::1]:80", "::ffff:192.0.2.1")},
		"IPv4 in IPv6, peer":           {"192.0.2.1/32", of("[::ffff:192.0.2.1]:80")},
		"IPv6":                         {"2001:db8:1:2::/64", of("[2001:db8:1:2:3:4:5:6]:80")},
		"IPv6 by a proxy, with a port": {"2001:db8:1:2::/64", of("[2001:db8:ffff::1]:80", "[2001:db8:1:2::9]:443")},
		"with a zone":                  {"2001:db8:1:2::/64", of("127.0.0.1:80", "2001:db8:1:2::9%eth0")},
		"a proxy that says nothing":    {"", of("127.0.0.1:80")},
		"one that says nonsense":       {"", of("127.0.0.1:80", "unknown")},
		"nonsense before who is named": {"192.0.2.1/32", of("127.0.0.1:80", "_hidden, 192.0.2.1")},
		"nothing but proxies":          {"", of("127.0.0.1:80", "10.0.0.1, 198.51.100.9")},
		"no address at all":            {"", of("@")},
	} {
		want := network{}
		if c.want != "" {
			want = w.holding.networkOf(netip.MustParsePrefix(c.want))
		}
		if c.got != want {
			t.Errorf("%s is not %q", name, c.want)
		}
	}
	for range 3 * heldOfOneNetwork { // of whom nobody knows the network, the bounds of the store are all there is
		if got := w.refusedFor(w.from("127.0.0.1:80")); got != 0 {
			t.Fatalf("nobody's network is refused for %s", got)
		}
	}
}

// TestR18NetworksAreNotKept: what is remembered is a hash that another process does not
// make, for an hour, of a bounded number of networks.
func TestR18NetworksAreNotKept(t *testing.T) {
	w, other := newWorld(t, true), newWorld(t, true)
	one := netip.MustParsePrefix("203.0.113.9/32")
	if w.holding.networkOf(one) == other.holding.networkOf(one) {
		t.Error("two processes hash a network alike: all there are can be tried")
	}
	for n := range 3 {
		w.refusedFor(w.from(fmt.Sprintf("203.0.113.%d:80", n)))
	}
	w.elapsed = time.Hour
	w.refusedFor(w.from("203.0.113.200:80"))
	if len(w.holding.times) != 1 {
		t.Errorf("%d networks are remembered after their hour", len(w.holding.times))
	}
	for n := range maxRemembers + 10 {
		w.refusedFor(context.WithValue(context.Background(), whoKey{}, Who{network: network{1, byte(n), byte(n >> 8), byte(n >> 16)}}))
	}
	if len(w.holding.times) > maxRemembers {
		t.Errorf("%d networks are remembered", len(w.holding.times))
	}
}
