package http_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store"
)

// gateway is a lasting instance with one client who asked one provider, and those
// who may look at them.
type gateway struct {
	*lasting
	client  care.ChartID
	ids     []string             // that an address may hold
	cookies map[care.Role]string // of those who look
	planted []string             // what only the client's chart says
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{lasting: newLasting(t), cookies: map[care.Role]string{}}
	started, yes := calendar.Date{Year: 2026, Month: 1, Day: 1}, true
	g.does(act.AddEmployer{Employer: care.Employer{Name: "Lanternworks Power", Code: "LANTERN", Industry: "energy", Starts: started}})
	provider := care.ChartID(g.does(act.Import{Rows: []act.Row{{Digest: "1", Provider: care.Provider{NPI: "2000000010", Name: "Velmorin Tashquil", Degree: "phd", Licences: []care.Licence{{State: "IL"}}}}}}))
	g.does(act.Credential{Provider: provider, Credentials: []care.Credential{{State: "IL", From: started}}})
	week := calendar.Hours{Zone: "America/Chicago", ConsultMinutes: 15, SessionMinutes: 50}
	week.Week[1] = []calendar.Span{{From: 9 * 60, To: 17 * 60}}
	g.does(act.SetHours{Provider: provider, Hours: week})
	g.does(act.SetProfile{Provider: provider, Specialties: []string{"anxiety"}, Languages: []string{"en"}})
	g.does(act.Join{Provider: provider, Attest: rules.DutyCodes(), Virtual: &yes})
	g.does(act.InviteProvider{Provider: provider, Email: "velmorin@example.test"})
	g.planted = []string{"Zephyrine Quandlewick", "QW77310042"}
	g.client = care.ChartID(g.does(act.Enter{
		FullName: g.planted[0], Email: "zephyrine@example.test", BirthDate: calendar.Date{Year: 1990, Month: 5, Day: 10},
		State: "IL", Zone: "America/Chicago", Source: "portal", Code: "LANTERN", Evidence: "portal",
	}))
	referral := g.does(act.Request{Client: g.client, Provider: provider})
	coverage := g.does(act.AddCoverage{Client: g.client, Type: care.HealthPlan, Payer: "Optum", Plan: "Lakefront HMO", MemberID: g.planted[1]})
	g.ids = []string{string(g.client), referral, coverage}
	for _, role := range []care.Role{care.RoleCareTeam, care.RoleClinical} {
		g.cookies[role], _ = g.signedIn(role)
	}
	g.cookies[care.RoleProvider], _ = g.session(string(provider))
	return g
}

// look is one address that somebody opens: a route, with one of the ids in it.
type look struct {
	role care.Role
	path string
	id   int
}

// opens asks for it, and says whether the answer tells of the client.
func (g *gateway) opens(l look) (code int, request string, tells bool) {
	g.Helper()
	path := places.ReplaceAllString(l.path, g.ids[l.id])
	w := asked(g.service, "GET", path, "", "Cookie", g.cookies[l.role], "Accept", "text/html")
	return w.Code, w.Header().Get("X-Request-Id"), slices.ContainsFunc(g.planted, func(word string) bool { return strings.Contains(w.Body.String(), word) })
}

// telling are all addresses at which somebody else is told of the client.
func (g *gateway) telling(t *testing.T) (found []look) {
	t.Helper()
	for _, r := range table(t) {
		if r.Method != http.MethodGet || strings.HasPrefix(r.Path, "/qa") {
			continue
		}
		for role := range g.cookies {
			for id := range g.ids {
				if !r.For(role) || id > 0 && !strings.Contains(r.Path, "{") {
					continue
				}
				l := look{role, r.Path, id}
				if _, _, tells := g.opens(l); tells {
					found = append(found, l)
				}
			}
		}
	}
	return found
}

// Whoever opens what tells of a client leaves an entry of it: as whom, for what,
// under the id of the request. Where that entry cannot be written, nothing is
// told: the file is taken away under the running service, as only a broken
// machine would.
func TestR86NothingIsToldWithoutItsEntry(t *testing.T) {
	g := newGateway(t)
	looks := g.telling(t)
	roles := map[care.Role]bool{}
	for _, l := range looks {
		roles[l.role] = true
		before := g.said()
		_, request, _ := g.opens(l)
		after := g.said()
		fresh := after[:len(after)-len(before)]
		if !slices.ContainsFunc(fresh, func(e store.Seen) bool {
			return e.Role == l.role && e.Request == request && strings.HasPrefix(e.Did, "read ") && e.Outcome == "yes"
		}) {
			t.Errorf("%s opens %s and the client's list says %v of it", l.role, l.path, fresh)
		}
	}
	if len(looks) < 6 || len(roles) < 3 {
		t.Fatalf("only %d addresses tell of a client, to %d roles", len(looks), len(roles))
	}
	t.Logf("%d addresses, %d roles", len(looks), len(roles))
	for _, l := range looks {
		g := newGateway(t)
		if code, _, tells := g.opens(l); code != http.StatusOK || !tells {
			t.Errorf("%s opens %s: %d, %t", l.role, l.path, code, tells)
		}
		if err := os.Remove(filepath.Join(g.config.Dir, store.DataFile)); err != nil {
			t.Fatal(err)
		}
		if code, _, tells := g.opens(l); code < 500 || tells {
			t.Errorf("without a trail %s opens %s: %d, it tells of the client: %t", l.role, l.path, code, tells)
		}
	}
}

// said is the client's list, the newest first.
func (g *gateway) said() []store.Seen {
	g.Helper()
	seen, err := g.store.Seen(g.Context(), care.System, g.client, 10_000, "test")
	if err != nil {
		g.Fatal(err)
	}
	return seen
}

// Whoever opens a client's page leaves one entry, and the client who reads it
// leaves another.
func TestR86OneEntryForOnePage(t *testing.T) {
	g := newGateway(t)
	before := len(g.said())
	if code, _, tells := g.opens(look{care.RoleCareTeam, "/ops/client/{id}", 0}); code != http.StatusOK || !tells {
		t.Fatalf("the page answers %d, %t", code, tells)
	}
	seen := g.said()
	if n := len(seen) - before; n != 1 || seen[0].Did != "read client" || seen[0].Role != care.RoleCareTeam {
		t.Errorf("%d entries, the newest %+v", n, seen[0])
	}
	cookie, _ := g.session(string(g.client))
	w := asked(g.service, "GET", "/me/privacy", "", "Cookie", cookie, "Accept", "text/html")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "looked at your page") {
		t.Errorf("the client's page: %d", w.Code)
	}
	g.store.Flush()
	if !slices.ContainsFunc(g.said(), func(e store.Seen) bool { return e.Did == "read access log" && e.Who == g.client }) {
		t.Error("reading the list is not recorded")
	}
}

// Somebody known who comes where they have no right is an entry.
func TestR86WhoIsTurnedAwayIsRecorded(t *testing.T) {
	g := newGateway(t)
	cookie, _ := g.session(string(g.client))
	g.store.Flush()
	begun, err := g.store.VerifyTrail(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	w := asked(g.service, "GET", "/ops", "", "Cookie", cookie, "Accept", "text/html")
	if w.Code != http.StatusForbidden {
		t.Fatalf("a client on the board: %d", w.Code)
	}
	g.store.Flush()
	for range 3 {
		asked(g.service, "GET", "/ops", "", "Accept", "text/html")
	}
	before, err := g.store.VerifyTrail(t.Context(), "", nil)
	if err != nil || before.Requests != begun.Requests+1 {
		t.Fatalf("a client who was turned away: %d requests, then %d, %v", begun.Requests, before.Requests, err)
	}
	g.wall.Add(60e9)
	g.elapsed.Add(60e9)
	g.store.Flush()
	after, err := g.store.VerifyTrail(t.Context(), "", nil)
	if err != nil || after.Err() != nil || after.Notes != before.Notes+1 || after.Difference != 0 {
		t.Errorf("strangers of a minute: %+v then %+v, %v", before, after, err)
	}
}
