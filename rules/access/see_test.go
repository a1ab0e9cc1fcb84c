package access_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"careconnect/rules/access"
	"careconnect/rules/care"
)

// TestWhoSeesWhichField compares what everybody sees of a chart in which every
// field is filled with a checked-in table, so that a change is seen in review.
func TestWhoSeesWhichField(t *testing.T) {
	chart := world()
	whole := leaves(chart)
	views := views(chart)
	var out strings.Builder
	head := fmt.Sprintf("%-34s", "x seen, m masked, . not")
	for _, v := range viewers {
		head += fmt.Sprintf(" %-9s", v.name)
	}
	out.WriteString(strings.TrimRight(head, " "))
	out.WriteString("\n")
	for _, path := range slices.Sorted(maps.Keys(whole)) {
		line := fmt.Sprintf("%-34s", path)
		for _, view := range views {
			mark := "."
			if got, ok := view[path]; ok {
				mark = map[bool]string{true: "x", false: "m"}[got == whole[path]]
			}
			line += fmt.Sprintf(" %-9s", mark)
		}
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	golden(t, "seen.txt", out.String())
	for i, view := range views {
		for path := range view {
			if _, ok := whole[path]; !ok {
				t.Errorf("%s sees %s, which is not in the chart", viewers[i].name, path)
			}
		}
	}
}

// views are what each viewer sees of a chart, field by field.
func views(chart *care.Chart) []map[string]string {
	all := make([]map[string]string, len(viewers))
	for i, v := range viewers {
		if view, ok := access.See(v.actor, chart); ok {
			all[i] = leaves(view)
		}
	}
	return all
}

// TestTheMatrixIsKept says the matrix of authorisation once more, in its own
// order and by hand: who sees a part, and that nobody else does.
func TestTheMatrixIsKept(t *testing.T) {
	chart := world()
	whole, views := leaves(chart), views(chart)
	for _, row := range []struct{ resource, paths, by string }{
		{"client identity, contact", `^client .*\.(Name|State|Zone|Email|Phone)$`, "client treating asked other care_team clinical billing"},
		{"birth date", `^client .*\.BirthDate$`, "client care_team clinical billing"},
		{"employer's benefit", `^client .*\.Benefit$`, "client care_team clinical"},
		{"referral", `^referral rf-treating\.(Status|SubmittedAt|Respond|Offered)$`, "client treating care_team clinical"},
		{"referral to somebody who declined", `^referral rf-asked\.(Status|SubmittedAt|Provider)$`, "client asked care_team clinical"},
		{"request note, concerns", `^(referral rf-treating\.(Note|Concerns))$`, "client treating clinical"},
		{"decline reason", `^referral rf-asked\.Reason$`, "asked care_team clinical"},
		{"alternatives", `^referral .*\.Alternatives$`, "client care_team clinical"},
		{"screening answers", `^screening sc-1\.Answers$`, "client treating"},
		{"screening score", `^screening sc-1\.(Total|Band|Elevated)$`, "client treating clinical"},
		{"screening status", `^screening sc-1\.(Status|Due|Instrument)$`, "client treating care_team clinical"},
		{"safety alert", `^alert al-treating\.(RaisedAt|Ack|Screening)$`, "treating care_team clinical"},
		{"what was done about it", `^alert al-treating\.(Action|AckedBy)$`, "treating clinical"},
		{"alert of one who did not take the client on", `^alert al-asked\.(ID|RaisedAt|Provider|Screening)$`, "care_team clinical"},
		{"coverage", `^coverage cv-1\.(Plan|Payer|Status)$`, "client treating other care_team clinical billing"},
		{"plan group", `^coverage cv-1\.Group$`, "client care_team clinical billing"},
		{"visits", `^appointment ap-treating-2\.(Start|Status)$`, "client treating care_team clinical billing"},
		{"visit link", `^appointment ap-treating-2\.Link$`, "client treating"},
		{"attendance", `^appointment ap-treating-2\.(OutcomeAt|Covered)$`, "client treating clinical billing"},
		{"charge of a session", `^charge ch-treating\.(Code|State|PartCents)$`, "client treating billing"},
		{"course of a claim", `^charge ch-treating\.(Batch|Rebill)$`, "treating billing"},
		{"what was said of a claim", `^charge ch-treating\.Why$`, "billing"},
		{"charge of one who did not take the client on", `^charge ch-asked\.(State|Code)$`, "client billing"},
		{"consent, yes or no", `^consent cn-2\.ID$`, "client treating other care_team clinical"},
		{"consent ledger", `^consent cn-2\.(Scopes|At|WithdrawnAt|TextVersion)$`, "client care_team"},
		{"former consents", `^consent cn-1\.`, "client care_team"},
		{"clock of an answer", `^deadline dl-rf-treating\.`, "client treating care_team clinical"},
		{"clock of an alert", `^deadline dl-al-treating\.`, "treating care_team clinical"},
		{"clock of the promise", `^deadline dl-promise-ep-1\.`, "client treating asked care_team clinical"},
		{"clock of a plan's verification", `^deadline dl-cv\.`, "client care_team clinical"},
		{"clock of something that is not there", `^deadline dl-nowhere\.`, "care_team clinical"},
		{"tasks", `^task `, "care_team"},
		{"own account", `^account .*\.Email$`, "client"},
		{"message to the client", `^message ms-client\.`, "client"},
		{"message to others", `^message ms-(treating|desk)\.`, ""},
		{"password, passes", `^(account .*\.Password|pass .*)$`, ""},
		{"what does not belong here", `^(provider|programme|terms|employer|plan) `, ""},
	} {
		paths := regexp.MustCompile(row.paths)
		matched := 0
		for path := range whole {
			if !paths.MatchString(path) {
				continue
			}
			matched++
			for i, v := range viewers {
				_, seen := views[i][path]
				if want := slices.Contains(strings.Fields(row.by), v.name); seen != want {
					t.Errorf("%s: %s sees %s: %v, but it should be %v", row.resource, v.name, path, seen, want)
				}
			}
		}
		if matched == 0 {
			t.Errorf("%s: no field is meant by %s", row.resource, row.paths)
		}
	}
}

// TestCanaries looks for every field's unique text in the bytes of a view, and
// finds it only where that field was to be seen.
func TestCanaries(t *testing.T) {
	for of, chart := range worlds() {
		whole := leaves(chart)
		for _, v := range viewers {
			view, ok := access.See(v.actor, chart)
			if !ok {
				continue
			}
			body, seen := encoded(t, view), leaves(view)
			for path, token := range whole {
				if unique(token, whole) && seen[path] != token && strings.Contains(body, strings.Trim(token, `[]{}"`)) {
					t.Errorf("%s's chart: %s finds what stands in %s", of, v.name, path)
				}
			}
		}
	}
}

// unique says whether a text is told apart from all others.
func unique(token string, whole map[string]string) bool {
	n := 0
	for _, other := range whole {
		if strings.Contains(other, strings.Trim(token, `[]{}"`)) {
			n++
		}
	}
	return n == 1
}

// TestNoChartForTheOutside holds the two absolute walls: to the employer, the
// payer, the operator and whoever has not signed in, all clients' charts are
// alike, and like none.
func TestNoChartForTheOutside(t *testing.T) {
	rng := rand.New(rand.NewSource(7))
	for range 100 {
		chart := scattered(rng)
		for _, name := range []string{"employer", "payer", "operator", "anonymous", "system", "stranger", "client2"} {
			if view, ok := access.See(viewer(t, name), chart); ok || view != nil {
				t.Fatalf("%s sees a client's chart", name)
			}
		}
		for _, id := range []care.ChartID{"", "nowhere"} {
			for _, role := range append([]care.Role{"", "nobody"}, care.Roles[:]...) {
				own := role == care.RoleCareTeam || role == care.RoleClinical || role == care.RoleBilling
				if _, ok := access.See(care.Actor{Role: role, Chart: id}, chart); ok && !own {
					t.Fatalf("role %q with chart %q sees a client's chart", role, id)
				}
			}
		}
	}
}

// TestOthersLeaveNoTrace takes away, in every combination, what concerns other
// providers, and finds each provider's view the same to the byte.
func TestOthersLeaveNoTrace(t *testing.T) {
	rng := rand.New(rand.NewSource(7))
	for _, who := range []care.ChartID{treating, asked, other, stranger} {
		actor := care.Actor{Role: care.RoleProvider, Chart: who}
		want, seen := access.See(actor, world())
		for range 50 {
			c := world()
			gone := func() bool { return rng.Intn(2) == 0 }
			c.Version = rng.Uint64()
			lost := map[string]bool{}
			c.Referrals = slices.DeleteFunc(c.Referrals, func(r care.Referral) bool {
				drop := r.Provider != who && gone()
				lost[string(r.ID)] = drop
				return drop
			})
			c.Appointments = slices.DeleteFunc(c.Appointments, func(a care.Appointment) bool { return a.Provider != who && gone() })
			c.Alerts = slices.DeleteFunc(c.Alerts, func(a care.Alert) bool { return a.Provider != who && gone() })
			c.Deadlines = slices.DeleteFunc(c.Deadlines, func(d care.Deadline) bool { return lost[d.Subject] })
			c.Messages, c.Tasks, c.Passes, c.Account = nil, nil, nil, nil
			for i := range c.Screenings {
				if !strings.HasSuffix(string(c.Screenings[i].Referral), strings.TrimPrefix(string(who), "pv-")) {
					c.Screenings[i].Referral = "rf-another"
				}
			}
			got, ok := access.See(actor, c)
			if ok != seen {
				t.Fatalf("%s: the chart exists: %v, with other providers' matters gone: %v", who, seen, ok)
			}
			if seen && encoded(t, got) != encoded(t, want) {
				t.Fatalf("%s can tell what concerns other providers", who)
			}
		}
	}
}

// scattered is the world with random records left out and random fields emptied.
func scattered(rng *rand.Rand) *care.Chart {
	c := world()
	v := reflect.ValueOf(c).Elem()
	for i := range v.NumField() {
		list := v.Field(i)
		if list.Kind() != reflect.Slice {
			continue
		}
		for j := range list.Len() {
			record := list.Index(j)
			for k := range record.NumField() {
				if rng.Intn(3) == 0 {
					record.Field(k).SetZero()
				}
			}
		}
		list.Set(list.Slice(0, rng.Intn(list.Len()+1)))
	}
	return c
}

// TestTheOriginalStaysAsItWas reads a chart as everybody, spoils each view down
// to its last leaf, and finds the chart unchanged.
func TestTheOriginalStaysAsItWas(t *testing.T) {
	for of, chart := range worlds() {
		before := encoded(t, chart)
		seen := 0
		for _, v := range viewers {
			view, ok := access.See(v.actor, chart)
			if !ok {
				continue
			}
			seen++
			spoil(reflect.ValueOf(view).Elem())
			if encoded(t, chart) != before {
				t.Fatalf("%s's chart: what %s does to the view reaches the original", of, v.name)
			}
		}
		if seen == 0 {
			t.Errorf("nobody sees a chart of %s", of)
		}
	}
}

// spoil empties whatever can be reached from a value.
func spoil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			spoil(v.Elem())
		}
		return
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			spoil(v.Index(i))
		}
		return
	case reflect.Map:
		for k, e := range v.Seq2() {
			for i := 0; e.Kind() == reflect.Slice && i < e.Len(); i++ {
				spoil(e.Index(i))
			}
			v.SetMapIndex(k, reflect.Value{})
		}
		return
	case reflect.Struct:
		if v.Type() != reflect.TypeFor[time.Time]() {
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					spoil(v.Field(i))
				}
			}
			return
		}
	}
	v.SetZero()
}

// TestOtherCharts says who sees charts that are not a client's.
func TestOtherCharts(t *testing.T) {
	all := worlds()
	all["nothing known"] = &care.Chart{ID: "x", Of: "nothing known"}
	for of, by := range map[care.Subject]string{
		care.OfProvider:  "treating care_team",
		care.OfAccount:   "employer operator",
		care.OfProgramme: "client client2 treating asked other stranger care_team clinical billing payer employer operator anonymous",
		care.OfErasure:   "care_team billing",
		care.OfHelp:      "care_team",
		"nothing known":  "",
	} {
		for _, v := range viewers {
			view, ok := access.See(v.actor, all[of])
			if want := slices.Contains(strings.Fields(by), v.name); ok != want {
				t.Errorf("chart of %s: %s sees it: %v, but it should be %v", of, v.name, ok, want)
			}
			if ok && (len(view.Passes) > 0 || view.Account != nil && view.Account.Password != "") {
				t.Errorf("chart of %s: %s sees secrets", of, v.name)
			}
			if ok && of == care.OfProvider && len(view.Deadlines) != len(all[of].Deadlines) {
				t.Errorf("%s does not see all that is owed about the provider's leaving, whose subjects are in other charts", v.name)
			}
			if ok && of == care.OfProgramme && (len(view.Employers) > 0) != slices.Contains([]string{"care_team", "operator"}, v.name) {
				t.Errorf("%s sees the list of employers: %v", v.name, len(view.Employers) > 0)
			}
		}
	}
	if _, ok := access.See(care.Actor{Role: care.RoleCareTeam, Chart: "ac-care"}, nil); ok {
		t.Error("a chart that does not exist is seen")
	}
}

// TestMemberIDIsMasked shows the treating provider two signs and not how many
// there are.
func TestMemberIDIsMasked(t *testing.T) {
	for id, want := range map[string]string{"": "", "7": "••••", "1234": "••••", "12345": "••••45", " ZZ-99-1238 ": "••••38", "ßßßßéé": "••••éé"} {
		chart := world()
		chart.Coverages[0].MemberID = id
		view, _ := access.See(viewer(t, "treating"), chart)
		if got := view.Coverages[0].MemberID; got != want {
			t.Errorf("an id of %d signs is shown as %q, not %q", len(id), got, want)
		}
	}
}

// TestConsentIsOnlyYesOrNo shows the provider and the clinical desk what holds
// now, in one record that says so by itself.
func TestConsentIsOnlyYesOrNo(t *testing.T) {
	now := time.Date(2032, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, name := range []string{"treating", "clinical"} {
		for _, withdrawn := range []bool{true, false} {
			chart := world()
			if !withdrawn {
				chart.Consents[1].WithdrawnAt = time.Time{}
			}
			view, _ := access.See(viewer(t, name), chart)
			if len(view.Consents) != 1 {
				t.Fatalf("%s sees %d consents, not the one that holds", name, len(view.Consents))
			}
			last, _ := view.Sharing()
			if last.Active(now) == withdrawn || last.Sharing == withdrawn {
				t.Errorf("%s: withdrawn is %v, and the view says that sharing is %v", name, withdrawn, last.Sharing)
			}
		}
	}
}

// TestAnEarlierProviderIsNotNamed gives the treating provider answers that were
// asked for another's sake, and hides for whose.
func TestAnEarlierProviderIsNotNamed(t *testing.T) {
	view, _ := access.See(viewer(t, "treating"), world())
	s, ok := view.Screening("sc-2")
	if !ok || len(s.Answers) == 0 {
		t.Fatal("the treating provider does not see the baseline given earlier in the episode")
	}
	if s.Referral != "" {
		t.Error("the treating provider learns of a referral to somebody else")
	}
	if own, _ := view.Screening("sc-1"); own.Referral != "rf-treating" {
		t.Error("the treating provider does not see their own referral on a screening")
	}
}

// TestR49TheClinicalPartFollowsTheStatus lets a provider read the clinical part
// while they have the client, and no longer; their own sessions stay theirs.
func TestR49TheClinicalPartFollowsTheStatus(t *testing.T) {
	for _, status := range []care.ReferralStatus{
		care.Submitted, care.Accepted, care.Proposed, care.ConsultBooked, care.ConsultHeld, care.SessionBooked, care.InCare,
		care.Declined, care.Expired, care.Withdrawn, care.Superseded, care.Rerouted, care.NotAFit, care.NoResponse, care.HandedOver, care.Ended,
	} {
		chart := world()
		for i := range chart.Referrals {
			if chart.Referrals[i].Provider == treating {
				chart.Referrals[i].Status, chart.Referrals[i].From, chart.Referrals[i].Begun = status, "", false
			}
		}
		view, ok := access.See(viewer(t, "treating"), chart)
		if !ok || len(view.Referrals) != 1 || view.Client == nil {
			t.Fatalf("%s: the provider does not see the request addressed to them", status)
		}
		counts := [...]int{len(view.Screenings), len(view.Alerts), len(view.Coverages), len(view.Consents), len(view.Appointments) - 1}
		want := [...]int{0, 0, 0, 0, 0}
		if status.Clinical() {
			want = [...]int{2, 1, 1, 1, 1}
		}
		if status == care.Ended || status == care.HandedOver {
			want[4] = 1
		}
		if counts != want {
			t.Errorf("%s: the provider sees screenings, alerts, coverages, consents, sessions: %v, not %v", status, counts, want)
		}
		if status.Clinical() || status.Open() {
			continue
		}
		for i := range chart.Referrals { // closed while a session of theirs had begun
			chart.Referrals[i].Begun = chart.Referrals[i].Provider == treating
		}
		view, _ = access.See(viewer(t, "treating"), chart)
		counts, want[4] = [...]int{len(view.Screenings), len(view.Alerts), len(view.Coverages), len(view.Consents), len(view.Appointments) - 1}, 1
		if counts != want {
			t.Errorf("%s, a session begun: the provider sees screenings, alerts, coverages, consents, sessions: %v, not %v", status, counts, want)
		}
	}
}

// TestNamesThatAreEmptyAreNobody reads a chart without an id as somebody without
// a chart, and a visit that names another provider than its referral.
func TestNamesThatAreEmptyAreNobody(t *testing.T) {
	chart := world()
	chart.ID = ""
	for i := range chart.Referrals {
		chart.Referrals[i].Provider = ""
	}
	for _, role := range []care.Role{care.RoleClient, care.RoleProvider} {
		if _, ok := access.See(care.Actor{Role: role}, chart); ok {
			t.Errorf("a %s without a chart sees a chart without an id", role)
		}
	}
	chart = world()
	for i := range chart.Appointments {
		chart.Appointments[i].Provider = stranger
	}
	for _, name := range []string{"treating", "stranger"} {
		if view, ok := access.See(viewer(t, name), chart); ok && len(view.Appointments) > 0 {
			t.Errorf("%s sees visits that are not of both their referral and themselves", name)
		}
	}
}

// TestOthers says when reading needs an entry in the trail first.
func TestOthers(t *testing.T) {
	for _, c := range []struct {
		actor care.Actor
		chart care.ChartID
		want  bool
	}{
		{viewer(t, "client"), person, false}, {viewer(t, "client"), "cl-2", true}, {viewer(t, "treating"), person, true},
		{viewer(t, "care_team"), treating, true}, {viewer(t, "care_team"), care.ProgrammeChart, false},
		{care.Anonymous, care.ProgrammeChart, false}, {care.Anonymous, person, true}, {care.Anonymous, "", true}, {care.System, person, true},
	} {
		if got := access.Others(c.actor, c.chart); got != c.want {
			t.Errorf("%s reads %s as somebody else's: %v", cmp.Or(c.actor.Role, "?"), c.chart, got)
		}
	}
}
