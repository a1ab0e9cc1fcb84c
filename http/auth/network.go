package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"careconnect/http/reply"
)

// A time that somebody new holds is bound to nothing but their browser, and whoever
// means harm has as many of these as they like. So of one network few are held within an
// hour. Which network that was is a record about strangers, so it is none: a hash under a
// key that only this process has, in memory, and the first hold after its hour forgets it.

// network is one line to the Internet, as far as can be told: an address of IPv4, or the
// 64 bits of IPv6 that one is given. The zero one is not known.
type network [sha256.Size]byte

const (
	heldOfOneNetwork = 10 // an office has one network, and each choice of another time is one more
	heldWithin       = time.Hour
)

// networks count what was held of each.
type networks struct {
	elapsed func() time.Duration
	key     [32]byte
	proxies []netip.Prefix // besides those on networks that are nobody's

	mu    sync.Mutex
	times map[network][]time.Duration // when, in order
	row   []held                      // all of them, in order
}

// held is that one time was held.
type held struct {
	of network
	at time.Duration
}

func newNetworks(elapsed func() time.Duration) *networks {
	n := &networks{elapsed: elapsed, times: map[network][]time.Duration{}}
	_, _ = rand.Read(n.key[:]) // never fails: the runtime ends the process instead
	return n
}

// Behind names the proxies before the service that are not on its own network. It is
// called once, before anybody comes.
func (a *Auth) Behind(proxies []netip.Prefix) { a.holding.proxies = proxies }

// MayHold says whether somebody new may hold a time, or hold another one, and counts it.
// The count is taken back by the function, where nothing came of it.
func (a *Auth) MayHold(ctx context.Context) (back func(), err error) {
	of := Of(ctx).network
	if of == (network{}) {
		return func() {}, nil
	}
	at, wait := a.holding.take(of)
	if wait > 0 {
		p := reply.Bad(ctx, http.StatusTooManyRequests, "held_enough_here", "Several times were held from your network within the hour, so no more are held for it just now. This one is still free: fill in the form and book it, and it is yours.")
		p.Wait = wait
		return nil, p
	}
	return func() {
		a.holding.mu.Lock()
		defer a.holding.mu.Unlock()
		a.holding.forget(held{of, at})
	}, nil
}

// take counts a hold before it is made, so that many at once count as many. A wait is how
// long there is no more.
func (n *networks) take(of network) (at, wait time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := n.elapsed()
	for len(n.row) > 0 && (now-n.row[0].at >= heldWithin || len(n.row) >= maxRemembers) {
		n.forget(n.row[0])
		n.row = n.row[1:]
	}
	if times := n.times[of]; len(times) >= heldOfOneNetwork {
		left := times[0] + heldWithin - now
		return 0, (left + time.Second - 1).Truncate(time.Second)
	}
	n.times[of] = append(n.times[of], now)
	n.row = append(n.row, held{of, now})
	return now, 0
}

// forget takes one hold away, unless it was given back.
func (n *networks) forget(h held) {
	times := n.times[h.of]
	if i := slices.Index(times, h.at); i >= 0 {
		times = slices.Delete(times, i, i+1)
	}
	if n.times[h.of] = times; len(times) == 0 {
		delete(n.times, h.of)
	}
}

// of is the network that a request comes from: that of its peer, or, where this is a
// proxy, whom it says that it had it from. Each proxy adds one name behind what it was
// sent, so the names are read from the end, and no further than to the first that is no
// proxy's: what stands before it anybody could have written.
func (n *networks) of(r *http.Request) network {
	said := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for from := r.RemoteAddr; ; {
		address, ok := parsed(from)
		switch {
		case !ok:
			return network{}
		case !n.proxy(address):
			bits := map[bool]int{true: 32, false: 64}[address.Is4()]
			prefix, err := address.Prefix(bits)
			if err != nil {
				return network{}
			}
			return n.networkOf(prefix)
		case len(said) == 0:
			return network{}
		}
		from, said = strings.TrimSpace(said[len(said)-1]), said[:len(said)-1]
	}
}

// parsed is an address as proxies write it, with its port or without.
func parsed(text string) (netip.Addr, bool) {
	address, err := netip.ParseAddr(text)
	if err != nil {
		with, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		address = with.Addr()
	}
	return address.Unmap().WithZone(""), true
}

// proxy says whether an address is a proxy's: on this machine, on a network of its own,
// or named by the operator. Nobody comes from there over the Internet.
func (n *networks) proxy(a netip.Addr) bool {
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || slices.ContainsFunc(n.proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

func (n *networks) networkOf(p netip.Prefix) network {
	return sha256.Sum256(slices.Concat(n.key[:], []byte(p.String())))
}
