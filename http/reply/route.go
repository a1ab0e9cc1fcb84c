package reply

import (
	"net/http"

	"careconnect/rules/care"
)

// Route is one line of the table of what can be asked for. Does names the act it
// does, or, behind "read ", the view it gives; a route that names none does not
// start.
type Route struct {
	Method string
	Path   string // as the router writes it: /api/v1/referrals/{id}
	Does   string
	Roles  []care.Role // who may come here at all; empty: anyone, signed in or not
	Most   int64       // how many bytes may be sent here; 0: as everywhere
	// Opens says whether the link that a route is reached by takes what is sent; nil: it
	// is reached by no link. What none takes is not read.
	Opens   func(*http.Request) bool
	Handler http.Handler
}

// For says whether a role may come here at all.
func (r Route) For(role care.Role) bool {
	if len(r.Roles) == 0 {
		return true
	}
	for _, allowed := range r.Roles {
		if allowed == role {
			return true
		}
	}
	return false
}
