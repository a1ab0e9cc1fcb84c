package http

import (
	"net/http"
	"sync"

	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules/care"
)

// A body is in memory while its request is answered: a photo must not lie unsealed
// on a disk, and a call is hashed whole for its key. So what is being sent at one
// time is bounded, and whoever finds no room is told to come again.

// small is how long a body may be to need no room: that of nearly every form.
const small = 64 << 10

// queue is who shares a room. Nobody takes the room of others: strangers not that of
// people who are signed in, and usual forms not that of uploads.
type queue struct {
	signed bool // they are signed in, or bring a link that opens something
	upload bool // the route takes more than others
}

// rooms are the bytes that may be on their way at one time.
var rooms = map[queue]int64{
	{signed: true, upload: true}:   52 << 20, // a roster, and two photos beside it
	{signed: true, upload: false}:  16 << 20,
	{signed: false, upload: false}: 8 << 20,
}

// room counts what is on its way. Somebody who is signed in, and a link, uploads one
// thing at a time, so that no one of them takes all the room there is.
type room struct {
	mu    sync.Mutex
	taken map[queue]int64
	by    map[string]bool // who is uploading
}

func newRoom() *room { return &room{taken: map[queue]int64{}, by: map[string]bool{}} }

// take makes room for a body; false: there is none just now. What was taken is given
// back by the function.
func (m *room) take(q queue, who string, size int64) (func(), bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if q.upload && m.by[who] || m.taken[q]+size > rooms[q] {
		return nil, false
	}
	m.taken[q] += size
	if q.upload {
		m.by[who] = true
	}
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.taken[q] -= size
		if q.upload {
			delete(m.by, who)
		}
	}, true
}

// roomed answers only while there is room for what is sent. A body that does not say
// how long it is counts as long as its route takes.
func (c Config) roomed(m *room, most int64, route reply.Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		size := r.ContentLength
		if size < 0 {
			size = most
		}
		q := queue{signed: auth.Of(r.Context()).Actor.Role != care.RoleAnonymous, upload: route.Most > 0}
		who := string(auth.Of(r.Context()).Actor.Chart)
		switch {
		case size <= small:
			route.Handler.ServeHTTP(w, r)
			return
		case q.upload && route.Opens != nil:
			if !route.Opens(r) { // the handler says so, and needs nothing of the body for it
				r.Body = http.MaxBytesReader(w, r.Body, small)
				route.Handler.ServeHTTP(w, r)
				return
			}
			q.signed, who = true, r.URL.Path
		}
		done, ok := m.take(q, who, size)
		if !ok {
			c.problem(w, r, reply.Bad(r.Context(), http.StatusServiceUnavailable, "busy", "Too much is being sent just now, so this was not read and nothing was changed. Send it again in half a minute, one file at a time."))
			return
		}
		defer done()
		route.Handler.ServeHTTP(w, r)
	})
}
