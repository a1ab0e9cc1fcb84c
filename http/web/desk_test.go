package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"careconnect/http/qa"
	"careconnect/rules/care"
)

// qaNobody is somebody who has not signed in.
var qaNobody qa.User

// Whoever must not see a client asks for every page there is: none of a client's
// words, names, numbers or ids is on any of them.
func TestDesksGetNoClientsDataOnAnyPage(t *testing.T) {
	d := newDemo(t)
	client := d.chart(d.one(care.RoleClient, 1).ID)
	c, _ := client.CurrentCoverage()
	var canaries, paths []string
	for _, u := range d.users {
		if u.Role == care.RoleClient {
			chart := d.chart(u.ID)
			canaries = append(canaries, chart.Client.Name, chart.Client.Email, string(chart.ID))
			for _, v := range chart.Coverages {
				canaries = append(canaries, v.MemberID)
			}
		}
	}
	canaries = append(canaries, "Evenings are best for me.")
	for _, ref := range client.Referrals {
		id := string(ref.ID)
		paths = append(paths, "/pro/r/"+id, "/pro/r/"+id+"/propose", "/pro/r/"+id+"/decline")
	}
	paths = append(paths, "/", "/home", "/me", "/find", "/plans", "/handbook", "/help", "/desk", "/desk/accounts", "/coverage", "/me/privacy",
		"/pro", "/pro/clients", "/pro/hours", "/pro/participation", "/pro/pause", "/pro/leave",
		"/ops", "/ops/coverage", "/ops/coverage/"+string(c.ID), "/ops/client/"+string(client.ID), "/ops/alerts", "/ops/providers", "/p/"+string(d.one(care.RoleProvider, 1).ID))
	for _, role := range []care.Role{care.RoleBilling, care.RolePayer, care.RoleEmployer, care.RoleOperator} {
		as := d.one(role, 0)
		for _, path := range paths {
			got, body := d.get(as, path)
			if got >= 500 {
				t.Errorf("%s %s: %d", role, path, got)
			}
			// What was asked for may stand in the answer; nothing else of it may.
			if len(path) > 1 {
				body = strings.ReplaceAll(body, path, "")
			}
			body = strings.ReplaceAll(body, "/qa/as/"+string(d.one(care.RoleClient, 0).ID), "") // how a throwaway instance lets one in
			for i, canary := range canaries {
				if strings.Contains(body, canary) {
					t.Errorf("%s finds canary %d of a client on %s", role, i, strings.NewReplacer(string(client.ID), "{client}", string(c.ID), "{plan}").Replace(path))
				}
			}
			if got == http.StatusOK && (strings.HasPrefix(path, "/ops") || strings.HasPrefix(path, "/pro") || strings.HasPrefix(path, "/me")) {
				t.Errorf("%s opens %s", role, path)
			}
		}
	}
}

func TestEachDeskSaysWhatItIs(t *testing.T) {
	d := newDemo(t)
	for role, says := range map[care.Role]string{
		care.RoleBilling: "billed to the plan", care.RolePayer: "not said yes to sharing", care.RoleEmployer: "you never learn who", care.RoleOperator: "sealed under a key",
	} {
		wants(t, d.page(d.one(role, 0), "/desk"), says, "What you do not see", `href="/handbook"`, `href="/help"`)
	}
	if got, _ := d.get(d.one(care.RoleClient, 0), "/desk"); got != http.StatusForbidden {
		t.Errorf("a client at a desk: %d", got)
	}
}

func TestOperatorSeesTheServiceAndOpensAccounts(t *testing.T) {
	d := newDemo(t)
	operator := d.one(care.RoleOperator, 0)
	wants(t, d.page(operator, "/desk"), "Size of the store", "Zone data", "Throwaway", "Providers listed today")
	wants(t, d.page(operator, "/desk/accounts"), "Open the account")
	form := url.Values{"role": {"client"}, "name": {"Quill Thistleshade"}, "email": {"quill@people.example.test"}}
	got, body, _ := d.submit(operator, "/desk/accounts", form)
	if got != http.StatusUnprocessableEntity {
		t.Errorf("an account of a client: %d", got)
	}
	wants(t, body, "role: one of", "Quill Thistleshade")
	form.Set("role", "care_team")
	if got, body, _ = d.submit(operator, "/desk/accounts", form); got != http.StatusOK {
		t.Fatalf("an account of the care team: %d", got)
	}
	if got, _ = d.get(qaNobody, between(t, body, `readonly value="`+d.url, `"`)); got != http.StatusOK {
		t.Errorf("the set-up link: %d", got)
	}
	if got, _, _ = d.submit(d.one(care.RoleBilling, 0), "/desk/accounts", form); got != http.StatusForbidden {
		t.Errorf("billing opens an account: %d", got)
	}
}

func TestPeopleOfAThrowawayInstanceAreOneClickAway(t *testing.T) {
	d := newDemo(t)
	page := d.page(qaNobody, "/qa")
	for _, u := range d.users {
		wants(t, page, u.Name, `href="/qa/as/`+string(u.ID)+`"`)
	}
	wants(t, page, "Try this")
}
