package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"careconnect/http/auth"
	"careconnect/http/qa"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

// A client erases themselves on the page: a word against slips, then no account,
// and by night a certificate under the number that they were given.
func TestAClientErasesEverythingOnThePage(t *testing.T) {
	d := newDemo(t)
	chart, ap := d.inCare()
	me, provider := d.as(chart.ID), d.as(ap.Provider)
	wants(t, d.page(me, "/me/privacy"), "Erase everything", "/me/erase")
	wants(t, d.page(me, "/me/erase"), "Kept for 6 years", "cannot be brought back", "Write “erase”")
	got, page, _ := d.submit(me, "/me/erase", url.Values{"word": {"yes"}})
	if got != http.StatusUnprocessableEntity {
		t.Errorf("without the word: %d", got)
	}
	wants(t, page, "Nothing was erased")
	got, _, to := d.submit(me, "/me/erase", url.Values{"word": {"erase"}})
	if got != http.StatusSeeOther || !strings.HasPrefix(to, "/erased/er_") {
		t.Fatalf("erased: %d, to %q", got, to)
	}
	if got, _ := d.get(me, "/me"); got == http.StatusOK {
		t.Errorf("their page still opens: %d", got)
	}
	if page := d.page(provider, "/pro"); strings.Contains(page, chart.Client.Name) {
		t.Error("the provider's page still names them")
	}
	if got, _ := d.get(d.one(care.RoleCareTeam, 0), "/ops/client/"+string(chart.ID)); got != http.StatusNotFound {
		t.Errorf("the care team's page of them: %d", got)
	}
	nobody := qa.User{}
	wants(t, d.page(nobody, to), "Everything about you is gone", strings.TrimPrefix(to, "/erased/"), "By night")
	if got, _ := d.get(nobody, to+"/certificate"); got != http.StatusNotFound {
		t.Errorf("the certificate before it is issued: %d", got)
	}
	copies := func() ([]store.Copy, error) {
		return []store.Copy{{Name: "care-1.ccb", Made: demoBegins, Expires: demoBegins.AddDate(0, 0, 31)}}, nil
	}
	if _, err := d.store.Forget(t.Context(), copies, nil); err != nil {
		t.Fatal(err)
	}
	wants(t, d.page(nobody, to), "The certificate", "Until ", "Copies that still hold it", "care-1.ccb", "21 December 2026")
	body := d.page(nobody, to+"/certificate")
	if _, err := store.CheckCertificate([]byte(body), d.store.CertificateKey()); err != nil {
		t.Error(err)
	}
	for _, number := range []string{"er_aaaaaaaaaaaaaaaaaaaaaaaaaa", string(provider.ID), string(care.ProgrammeChart)} {
		if got, _ := d.get(nobody, "/erased/"+number); got != http.StatusNotFound {
			t.Errorf("a number that is none: %d", got)
		}
	}
}

// The care team needs two for it, and the client hears of the first.
func TestTheCareTeamErasesByTwoOnThePage(t *testing.T) {
	d := newDemo(t)
	chart, _ := d.inCare()
	one := d.one(care.RoleCareTeam, 0)
	out, err := d.store.Do(t.Context(), care.System, act.OpenAccount{
		Role: care.RoleCareTeam, FullName: "Second Desk", Email: "second@example.test", Pass: &care.Pass{Hash: auth.Hash("a second token"), Type: care.PassToken},
	})
	if err != nil {
		t.Fatal(err)
	}
	two := qa.User{Role: care.RoleCareTeam, ID: care.ChartID(out.Made), Token: "a second token"}
	path := "/ops/client/" + string(chart.ID)
	wants(t, d.page(one, path), path+"/erase")
	wants(t, d.page(one, path+"/erase"), "They are told that you asked")
	wants(t, d.done(one, path+"/erase", nil), "Somebody else of the care team has to agree")
	page := d.page(two, "/ops/erasures")
	wants(t, page, "Erase everything", chart.Client.Name)
	at := strings.Index(page, "/ops/erasures/er_")
	confirm := page[at : at+len("/ops/erasures/er_")+26]
	if got, _, _ := d.submit(one, confirm+"/confirm", nil); got != http.StatusConflict {
		t.Errorf("the first person's own yes: %d", got)
	}
	if got, _, to := d.submit(two, confirm+"/confirm", nil); got != http.StatusSeeOther || !strings.HasPrefix(to, "/erased/") {
		t.Errorf("the second person's yes: %d, %s", got, to)
	}
	if got, _ := d.get(two, path); got != http.StatusNotFound {
		t.Errorf("their page: %d", got)
	}
	wants(t, d.page(two, "/ops/erasures"), "Nobody has to be erased")
}
