package http_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
)

// The journeys are scripts in testdata/journeys that the programme's owner can
// read. Each runs against a demo of the real program, over HTTP alone, with its
// clock moved by /qa/clock.

// binary builds the program once for all journeys.
func binary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "careconnect")
	if out, err := exec.Command("go", "build", "-o", path, "careconnect").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

// demo is a running demo and the people in it.
type demo struct {
	t     *testing.T
	url   string
	users map[string]person // by the name that a script gives them
	line  line
}

type line struct {
	URL   string `json:"url"`
	API   string `json:"api"`
	Now   string `json:"now"`
	Users []person
}

type person struct {
	Role     string `json:"role"`
	Name     string `json:"name"`
	ID       string `json:"id"`
	Token    string `json:"token"`
	LoginURL string `json:"login_url"`
}

// start runs a demo until the test ends.
func start(t *testing.T, program, clock string, more ...string) *demo {
	t.Helper()
	args := append([]string{"demo", "--json", "--listen", "127.0.0.1:0", "--seed", "7", "--clock", clock}, more...)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var says bytes.Buffer
	cmd.Stderr = &says
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		var exit *exec.ExitError
		if err := cmd.Wait(); err != nil && !errors.As(err, &exit) && !errors.Is(err, context.Canceled) {
			t.Errorf("demo: %v", err)
		}
		if says.Len() > 0 {
			t.Logf("demo said:\n%s", says.String())
		}
	})
	first, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("demo printed no line: %v\n%s", err, says.String())
	}
	d := &demo{t: t, users: map[string]person{}}
	if err := json.Unmarshal(first, &d.line); err != nil {
		t.Fatal(err)
	}
	d.url = d.line.URL
	return d
}

// user is the n-th person of a role (from 0).
func (d *demo) user(role string, n int) person {
	for _, u := range d.line.Users {
		if u.Role == role {
			if n == 0 {
				return u
			}
			n--
		}
	}
	d.t.Fatalf("the demo has no %s %d", role, n)
	return person{}
}

// call asks as somebody and gives status and answer.
func (d *demo) call(token, method, path string, body any) (int, map[string]any) {
	d.t.Helper()
	status, raw := d.raw(token, method, path, body)
	var v map[string]any
	if len(raw) > 0 && raw[0] == '{' {
		if err := json.Unmarshal(raw, &v); err != nil {
			d.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	return status, v
}

func (d *demo) raw(token, method, path string, body any) (int, []byte) {
	d.t.Helper()
	var send io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			d.t.Fatal(err)
		}
		send = bytes.NewReader(b)
	}
	r, err := http.NewRequest(method, d.url+path, send)
	if err != nil {
		d.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return answer.StatusCode, raw
}

func TestJourneys(t *testing.T) {
	program := binary(t)
	scripts, err := filepath.Glob("testdata/journeys/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no journeys: %v", err)
	}
	for _, path := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			j := &journey{t: t, program: program, path: path}
			for i, l := range strings.Split(string(text), "\n") {
				j.at = i + 1
				if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "#") {
					j.step(l)
				}
			}
		})
	}
}

// journey runs one script.
type journey struct {
	*demo
	t         *testing.T
	program   string
	path      string
	at        int
	zone      *time.Location
	referral  string            // the one last asked for
	names     map[string]string // of referrals, by the provider's name in the script
	fired     []any
	status    int // of the last act
	problem   map[string]any
	since     string // mails are looked for from here on
	client    person
	clientIs  string
	careTeam  person
	clinical  person
	providers map[string]person
}

func (j *journey) fail(format string, args ...any) {
	j.t.Helper()
	j.t.Fatalf("%s:%d: %s", j.path, j.at, fmt.Sprintf(format, args...))
}

// verbs is the language of the scripts: a pattern and what it does.
var verbs = []struct {
	pattern *regexp.Regexp
	do      func(*journey, []string)
}{
	{re(`^it is (\S+)$`), (*journey).begin},
	{re(`^(\w+) is a client in (\w\w), zone (\S+)$`), (*journey).isClient},
	{re(`^(\w+) is provider (\d)$`), (*journey).isProvider},
	{re(`^clock \+(\S+)$`), (*journey).clockBy},
	{re(`^clock to (\S+)$`), (*journey).clockTo},
	{re(`^clock to the next due time$`), (*journey).clockNext},
	{re(`^(\w+) asks (\w+)$`), (*journey).asks},
	{re(`^(\w+) asks (\w+) and lists (\S+)$`), (*journey).asks},
	{re(`^(\w+) books opening (\d+) of (\w+)$`), (*journey).booksOpening},
	{re(`^(\w+) chooses opening (\d+) of (\w+)$`), (*journey).choosesOpening},
	{re(`^(\w+) chooses (\S+) of (\w+)$`), (*journey).choosesTime},
	{re(`^(\w+) withdraws from (\w+)$`), (*journey).withdraws},
	{re(`^(\w+) (accepts|declines)$`), (*journey).answers},
	{re(`^(\w+) proposes (\S+)$`), (*journey).proposes},
	{re(`^(\w+) books the listed time (\S+)$`), (*journey).booksListed},
	{re(`^(\w+) moves the (consultation|session) to (\S+)$`), (*journey).moves},
	{re(`^(\w+) cancels the (consultation|session)$`), (*journey).cancels},
	{re(`^(\w+) asks (\w+) for (other times|a later date)$`), (*journey).otherTimes},
	{re(`^(\w+) holds (\S+) of (\w+)$`), (*journey).holds},
	{re(`^(\w+) books (\S+) of (\w+)$`), (*journey).booksTime},
	{re(`^(\w+) says that (\w+) does not fit$`), (*journey).notAFit},
	{re(`^(\w+) says that nobody came$`), (*journey).nobodyCame},
	{re(`^see the calendar of (\w+): (.+)$`), (*journey).seeCalendar},
	{re(`^see (\d+) tasks? (\w+)$`), (*journey).seeTasks},
	{re(`^(\w+) leaves the programme$`), (*journey).leaves},
	{re(`^the (consultation|session) was (attended|no_show_client|no_show_provider)$`), (*journey).outcome},
	{re(`^(\w+) books a session at (\S+)$`), (*journey).session},
	{re(`^(\w+) answers the (baseline|follow_up) (phq-9|gad-7) with (\d+)(?: and item 9 with (\d))?$`), (*journey).fills},
	{re(`^(\w+) saves only item 9 of the (baseline|follow_up) with (\d)$`), (*journey).savesItem9},
	{re(`^(\w+) gives the plan (.+), group (\S+)$`), (*journey).planGroup},
	{re(`^(\w+) gives an EAP of (\d+) sessions$`), (*journey).eap},
	{re(`^the care team finds (\w+), copay (\d+)$`), (*journey).verifyMoney},
	{re(`^(\w+) goes on with (\w+)$`), (*journey).goesOn},
	{re(`^see the plan (.+) is (\w+(?:, found \w+)?)$`), (*journey).seePlan},
	{re(`^see EAP: (\d+) of (\d+) used$`), (*journey).seeUsed},
	{re(`^see the session (\w+)$`), (*journey).seeCovered},
	{re(`^see the choice due (\S+), (\w+)$`), (*journey).seeChoice},
	{re(`^see the consultation stands$`), (*journey).seeCall},
	{re(`^billing exports (\d+) rows?$`), (*journey).exports},
	{re(`^see the charge (\w+), the client's part (\w+)$`), (*journey).seeCharge},
	{re(`^see (\d+) programme visits?$`), (*journey).seeVisits},
	{re(`^(\w+) gives the plan (.+)$`), (*journey).plan},
	{re(`^the care team finds (\w+)$`), (*journey).verify},
	{re(`^(\w+) (shares|stops sharing)$`), (*journey).sharing},
	{re(`^see it refused with (\d+) (\w[\w.]*)$`), (*journey).seeRefused},
	{re(`^see the referral (\S+), turn of (\w+)$`), (*journey).seeReferral},
	{re(`^see the referral to (\w+) (\S+)$`), (*journey).seeReferralTo},
	{re(`^see deadline (\w+) due (\S+), (\w+)$`), (*journey).seeDeadline},
	{re(`^see no deadline (\w+)$`), (*journey).seeNoDeadline},
	{re(`^see why (\w+): (.+)$`), (*journey).seeWhy},
	{re(`^see (\d+) alternatives$`), (*journey).seeAlternatives},
	{re(`^see (\d+) (baseline|follow_up) screenings (\w+)$`), (*journey).seeScreenings},
	{re(`^see (baseline|follow_up) (phq-9|gad-7) (\d+), (elevated|not elevated)$`), (*journey).seeScore},
	{re(`^see (\d+) alerts? for (\w+)$`), (*journey).seeAlerts},
	{re(`^see mail "(.+)" to (\w+) at (\S+)$`), (*journey).seeMail},
	{re(`^see (\d+) mails? "(.+)" to (\w+)$`), (*journey).seeMails},
	{re(`^see fired (\S+) (\S+) at (\S+)$`), (*journey).seeFired},
	{re(`^see (\w+) in the directory$`), (*journey).seeListed},
	{re(`^see (\w+) not in the directory$`), (*journey).seeNotListed},
	{re(`^mails from now on$`), (*journey).mailsFromNow},
}

func re(s string) *regexp.Regexp { return regexp.MustCompile(s) }

func (j *journey) step(l string) {
	j.t.Helper()
	for _, v := range verbs {
		if m := v.pattern.FindStringSubmatch(l); m != nil {
			v.do(j, m[1:])
			return
		}
	}
	j.fail("no verb for: %s", l)
}

func (j *journey) begin(m []string) {
	j.demo = start(j.t, j.program, m[0])
	j.names, j.providers = map[string]string{}, map[string]person{}
	j.careTeam, j.clinical = j.user("care_team", 0), j.user("clinical", 0)
	j.since = j.line.Now
}

func (j *journey) isClient(m []string) {
	j.client, j.clientIs = j.user("client", 0), m[0]
	zone, err := time.LoadLocation(m[2])
	if err != nil {
		j.fail("%v", err)
	}
	j.zone = zone
	j.must(j.client, "PUT", "/api/v1/me", map[string]any{"state": m[1], "zone": m[2]})
}

func (j *journey) isProvider(m []string) {
	n, _ := strconv.Atoi(m[1])
	j.providers[m[0]] = j.user("provider", n-1)
}

func (j *journey) who(name string) person {
	if name == j.clientIs {
		return j.client
	}
	if name == "care_team" {
		return j.careTeam
	}
	if name == "clinical" {
		return j.clinical
	}
	p, ok := j.providers[name]
	if !ok {
		j.fail("who is %s?", name)
	}
	return p
}

// must does an act that has to succeed.
func (j *journey) must(p person, method, path string, body any) map[string]any {
	j.t.Helper()
	status, v := j.call(p.Token, method, path, body)
	if status >= 300 {
		j.fail("%s %s: %d %v %v %v", method, path, status, v["code"], v["detail"], v["reasons"])
	}
	return v
}

// try does an act that may be refused; the next line may see how.
func (j *journey) try(p person, method, path string, body any) map[string]any {
	j.status, j.problem = 0, nil
	status, v := j.call(p.Token, method, path, body)
	if status >= 300 {
		j.status, j.problem = status, v
	}
	return v
}

// settled fails the script if an act was refused and no line expected it.
func (j *journey) settled() {
	j.t.Helper()
	if j.problem != nil {
		j.fail("refused: %d %v: %v %v", j.status, j.problem["code"], j.problem["detail"], j.problem["reasons"])
	}
}

func (j *journey) clock(body map[string]any) {
	j.settled()
	status, v := j.call("", "POST", "/qa/clock", body)
	if status != 200 {
		j.fail("clock: %d %v", status, v)
	}
	j.fired, _ = v["fired"].([]any)
}

func (j *journey) clockBy(m []string)   { j.clock(map[string]any{"advance": m[0]}) }
func (j *journey) clockTo(m []string)   { j.clock(map[string]any{"to": m[0]}) }
func (j *journey) clockNext(_ []string) { j.clock(map[string]any{"next": true}) }

func (j *journey) asks(m []string) {
	j.settled()
	body := map[string]any{"provider_id": j.who(m[1]).ID}
	if len(m) > 2 && m[2] != "" {
		body["preferred_times"] = strings.Split(m[2], ",")
	}
	j.made(m[1], j.try(j.who(m[0]), "POST", "/api/v1/referrals", body))
}

func (j *journey) made(provider string, v map[string]any) {
	if j.problem == nil {
		j.referral, _ = v["id"].(string)
		j.names[provider] = j.referral
	}
}

func (j *journey) openings(provider, kind string) []any {
	v := j.must(j.client, "GET", "/api/v1/providers/"+j.who(provider).ID+"/openings?kind="+kind, nil)
	items, _ := v["items"].([]any)
	return items
}

func (j *journey) opening(provider, kind, n string) string {
	items := j.openings(provider, kind)
	i, _ := strconv.Atoi(n)
	if i > len(items) {
		j.fail("%s has only %d openings", provider, len(items))
	}
	return items[i-1].(map[string]any)["start"].(string)
}

func (j *journey) booksOpening(m []string) {
	j.settled()
	j.made(m[2], j.try(j.client, "POST", "/api/v1/referrals", map[string]any{"provider_id": j.who(m[2]).ID, "start": j.opening(m[2], "consultation", m[1])}))
}

func (j *journey) choosesOpening(m []string) {
	j.choosesTime([]string{m[0], j.opening(m[2], "consultation", m[1]), m[2]})
}

func (j *journey) choosesTime(m []string) {
	j.settled()
	j.try(j.client, "POST", "/api/v1/referrals/"+j.names[m[2]]+"/book", map[string]any{"start": m[1]})
}

func (j *journey) withdraws(m []string) {
	j.settled()
	j.try(j.client, "POST", "/api/v1/referrals/"+j.names[m[1]]+"/withdraw", map[string]any{})
}

func (j *journey) answers(m []string) {
	j.settled()
	j.try(j.who(m[0]), "POST", "/api/v1/referrals/"+j.names[m[0]]+"/"+map[string]string{"accepts": "accept", "declines": "decline"}[m[1]], map[string]any{})
}

func (j *journey) proposes(m []string) {
	j.settled()
	j.try(j.who(m[0]), "POST", "/api/v1/referrals/"+j.names[m[0]]+"/propose", map[string]any{"times": strings.Split(m[1], ",")})
}

func (j *journey) booksListed(m []string) {
	j.settled()
	j.try(j.who(m[0]), "POST", "/api/v1/referrals/"+j.names[m[0]]+"/book", map[string]any{"start": m[1]})
}

func (j *journey) leaves(m []string) {
	j.settled()
	j.try(j.who(m[0]), "POST", "/api/v1/participation/leave", map[string]any{})
}

// appointment finds the booked one of a kind.
func (j *journey) appointment(kind string) string {
	v := j.must(j.client, "GET", "/api/v1/appointments", nil)
	items, _ := v["items"].([]any)
	for _, it := range items {
		a := it.(map[string]any)
		if a["kind"] == kind && a["status"] == "booked" {
			return a["id"].(string)
		}
	}
	j.fail("no %s is booked", kind)
	return ""
}

func (j *journey) treating() person {
	v := j.must(j.client, "GET", "/api/v1/referrals/"+j.referral, nil)
	for _, p := range j.providers {
		if p.ID == v["provider_id"] {
			return p
		}
	}
	j.fail("the referral's provider is not in the script")
	return person{}
}

func (j *journey) outcome(m []string) {
	j.settled()
	j.try(j.treating(), "POST", "/api/v1/appointments/"+j.appointment(m[0])+"/outcome", map[string]any{"result": m[1]})
}

func (j *journey) session(m []string) {
	j.settled()
	j.try(j.who(m[0]), "POST", "/api/v1/appointments", map[string]any{"referral_id": j.referral, "kind": "session", "start": m[1], "minutes": 50})
}

func (j *journey) screenings(purpose string) []map[string]any {
	v := j.must(j.client, "GET", "/api/v1/screenings", nil)
	var found []map[string]any
	items, _ := v["items"].([]any)
	for _, it := range items {
		if s := it.(map[string]any); s["purpose"] == purpose {
			found = append(found, s)
		}
	}
	return found
}

func (j *journey) screening(purpose, instrument string) map[string]any {
	for _, s := range j.screenings(purpose) {
		if s["instrument"] == instrument {
			return s
		}
	}
	j.fail("there is no %s %s", purpose, instrument)
	return nil
}

var items = map[string][]string{
	"phq-9": {"44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8"},
	"gad-7": {"69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7"},
}

// total spreads a total over the items, item 9 as told.
func total(instrument string, sum, item9 int) map[string]int {
	answers := map[string]int{}
	for _, code := range items[instrument] {
		if code == "44260-8" {
			answers[code] = item9
			sum -= item9
			continue
		}
		answers[code] = 0
	}
	for _, code := range items[instrument] {
		if code != "44260-8" {
			answers[code] = min(3, max(0, sum))
			sum -= answers[code]
		}
	}
	return answers
}

func (j *journey) fills(m []string) {
	j.settled()
	s := j.screening(m[1], m[2])
	sum, _ := strconv.Atoi(m[3])
	item9, _ := strconv.Atoi(m[4])
	path := "/api/v1/screenings/" + s["id"].(string)
	j.must(j.client, "PUT", path+"/answers", map[string]any{"answers": total(m[2], sum, item9)})
	j.try(j.client, "POST", path+"/submit", map[string]any{})
}

func (j *journey) savesItem9(m []string) {
	j.settled()
	value, _ := strconv.Atoi(m[2])
	j.must(j.client, "PUT", "/api/v1/screenings/"+j.screening(m[1], "phq-9")["id"].(string)+"/answers", map[string]any{"answers": map[string]int{"44260-8": value}})
}

func (j *journey) plan(m []string) {
	j.settled()
	j.try(j.client, "POST", "/api/v1/coverages", map[string]any{"kind": "health_plan", "payer": "Optum", "plan": m[1], "member_id": "TEST0001"})
}

func (j *journey) verify(m []string) {
	j.settled()
	v := j.must(j.client, "GET", "/api/v1/coverages", nil)
	list, _ := v["items"].([]any)
	for _, it := range list {
		if c := it.(map[string]any); c["status"] == "pending" {
			j.try(j.careTeam, "POST", "/api/v1/coverages/"+c["id"].(string)+"/verify", map[string]any{"result": m[0]})
			return
		}
	}
	j.fail("no plan waits")
}

func (j *journey) sharing(m []string) {
	j.settled()
	body := map[string]any{"sharing": m[1] == "shares", "text_version": "2026-11"}
	if m[1] == "shares" {
		body["scopes"] = []string{"identity", "referral"}
	}
	j.try(j.client, "PUT", "/api/v1/consent", body)
	v := j.must(j.client, "GET", "/api/v1/consent", nil)
	if v["sharing"] != body["sharing"] {
		j.fail("consent is %v", v)
	}
}

func (j *journey) seeRefused(m []string) {
	if strconv.Itoa(j.status) != m[0] || j.problem["code"] != m[1] {
		j.fail("got %d %v", j.status, j.problem)
	}
	if detail, _ := j.problem["detail"].(string); len(detail) < 10 {
		j.fail("the refusal does not say what to do: %v", j.problem)
	}
	j.problem = nil
}

func (j *journey) see(id string) map[string]any {
	j.settled()
	return j.must(j.client, "GET", "/api/v1/referrals/"+id, nil)
}

func (j *journey) seeReferral(m []string) {
	v := j.see(j.referral)
	if v["status"] != m[0] || v["whose_turn"] != m[1] {
		j.fail("the referral is %v, turn of %v", v["status"], v["whose_turn"])
	}
}

func (j *journey) seeReferralTo(m []string) {
	if v := j.see(j.names[m[0]]); v["status"] != m[1] {
		j.fail("the referral is %v", v["status"])
	}
}

func (j *journey) deadline(code string) map[string]any {
	list, _ := j.see(j.referral)["deadlines"].([]any)
	for _, it := range list {
		if d := it.(map[string]any); d["code"] == code {
			return d
		}
	}
	return nil
}

func (j *journey) same(got any, want string) bool {
	s, _ := got.(string)
	a, err1 := time.Parse(time.RFC3339, s)
	b, err2 := time.Parse(time.RFC3339, want)
	if err1 != nil || err2 != nil || !a.Equal(b) {
		return false
	}
	_, offA := a.Zone()
	_, offB := b.Zone()
	return offA == offB
}

func (j *journey) seeDeadline(m []string) {
	d := j.deadline(m[0])
	if d == nil || !j.same(d["due"], m[1]) || d["state"] != m[2] {
		j.fail("deadline %s is %v", m[0], d)
	}
}

func (j *journey) seeNoDeadline(m []string) {
	if d := j.deadline(m[0]); d != nil {
		j.fail("deadline %s is %v", m[0], d)
	}
}

func (j *journey) seeWhy(m []string) {
	d := j.deadline(m[0])
	if d == nil {
		j.fail("no deadline %s", m[0])
	}
	v := j.must(j.client, "GET", "/api/v1/deadlines/"+d["id"].(string)+"/explain", nil)
	if v["due"] != d["due"] {
		j.fail("explained as %v, due %v", v["due"], d["due"])
	}
	body, _ := json.Marshal(v["steps"])
	for _, part := range strings.Split(m[1], " | ") {
		if !strings.Contains(string(body), part) {
			j.fail("%q is not among the steps: %s", part, body)
		}
	}
}

func (j *journey) seeAlternatives(m []string) {
	v := j.see(j.referral)
	list, _ := v["alternatives"].([]any)
	if strconv.Itoa(len(list)) != m[0] {
		j.fail("%d alternatives", len(list))
	}
}

func (j *journey) seeScreenings(m []string) {
	n := 0
	for _, s := range j.screenings(m[1]) {
		if s["status"] == m[2] {
			n++
		}
	}
	if strconv.Itoa(n) != m[0] {
		j.fail("%d are %s: %v", n, m[2], j.screenings(m[1]))
	}
}

func (j *journey) seeScore(m []string) {
	j.settled()
	s := j.screening(m[0], m[1])
	sum, _ := s["total"].(float64)
	if strconv.Itoa(int(sum)) != m[2] || s["elevated"] != (m[3] == "elevated") {
		j.fail("%s is %v, elevated %v", m[1], s["total"], s["elevated"])
	}
}

func (j *journey) seeAlerts(m []string) {
	j.settled()
	v := j.must(j.who(m[1]), "GET", "/api/v1/alerts", nil)
	if list, _ := v["items"].([]any); strconv.Itoa(len(list)) != m[0] {
		j.fail("%d alerts", len(list))
	}
}

func (j *journey) address(name string) string {
	switch name {
	case "care_team":
		return "care@careconnect.example"
	case "clinical":
		return "on-call@careconnect.example"
	}
	return strings.ToLower(strings.ReplaceAll(j.who(name).Name, " ", ".")) + "@people.example.test"
}

func (j *journey) mails(name, subject string) []map[string]any {
	j.settled()
	status, raw := j.raw("", "GET", "/qa/mail?to="+url.QueryEscape(j.address(name))+"&since="+url.QueryEscape(j.since), nil)
	if status != 200 {
		j.fail("mail: %d", status)
	}
	var all []map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		j.fail("%v", err)
	}
	return slices.DeleteFunc(all, func(m map[string]any) bool { return m["subject"] != subject })
}

func (j *journey) seeMail(m []string) {
	for _, mail := range j.mails(m[1], m[0]) {
		at, _ := time.Parse(time.RFC3339, mail["at"].(string))
		want, err := time.Parse(time.RFC3339, m[2])
		if err == nil && at.Equal(want) {
			return
		}
	}
	got := []any{}
	for _, mail := range j.mails(m[1], m[0]) {
		got = append(got, mail["at"])
	}
	j.fail("no such mail; those with that subject are of %v", got)
}

func (j *journey) seeMails(m []string) {
	if got := j.mails(m[2], m[1]); strconv.Itoa(len(got)) != m[0] {
		at := []any{}
		for _, g := range got {
			at = append(at, g["at"])
		}
		j.fail("%d mails, of %v", len(got), at)
	}
}

func (j *journey) seeFired(m []string) {
	for _, f := range j.fired {
		f := f.(map[string]any)
		at, _ := time.Parse(time.RFC3339, f["at"].(string))
		want, err := time.Parse(time.RFC3339, m[2])
		if err == nil && f["kind"] == m[0] && f["effect"] == m[1] && at.Equal(want) {
			return
		}
	}
	j.fail("fired were %v", j.fired)
}

func (j *journey) listed(name string) bool {
	p := j.who(name)
	for _, state := range []string{"IL", "NY"} {
		path := "/api/v1/providers?limit=100&state=" + state
		v := j.must(j.client, "GET", path, nil)
		list, _ := v["items"].([]any)
		for _, it := range list {
			if it.(map[string]any)["id"] == p.ID {
				return true
			}
		}
	}
	return false
}

func (j *journey) seeListed(m []string) {
	if j.settled(); !j.listed(m[0]) {
		j.fail("%s is not listed", m[0])
	}
}

func (j *journey) seeNotListed(m []string) {
	if j.settled(); j.listed(m[0]) {
		j.fail("%s is listed", m[0])
	}
}

func (j *journey) mailsFromNow(_ []string) {
	_, v := j.call("", "GET", "/qa/clock", nil)
	j.since, _ = v["now"].(string)
}

func (j *journey) moves(m []string) {
	j.settled()
	j.try(j.who(m[0]), "POST", "/api/v1/appointments/"+j.appointment(m[1])+"/reschedule", map[string]any{"start": m[2]})
}

func (j *journey) cancels(m []string) {
	j.settled()
	j.try(j.who(m[0]), "POST", "/api/v1/appointments/"+j.appointment(m[1])+"/cancel", map[string]any{})
}

func (j *journey) otherTimes(m []string) {
	j.settled()
	j.try(j.who(m[0]), "POST", "/api/v1/referrals/"+j.names[m[1]]+"/other_times", map[string]any{"later": m[2] == "a later date"})
}

func (j *journey) holds(m []string) {
	j.settled()
	j.try(j.who(m[0]), "POST", "/api/v1/holds", map[string]any{"provider_id": j.who(m[2]).ID, "start": m[1]})
}

func (j *journey) booksTime(m []string) {
	j.settled()
	j.made(m[2], j.try(j.who(m[0]), "POST", "/api/v1/referrals", map[string]any{"provider_id": j.who(m[2]).ID, "start": m[1]}))
}

func (j *journey) notAFit(m []string) {
	j.settled()
	j.try(j.who(m[0]), "POST", "/api/v1/referrals/"+j.names[m[1]]+"/not_a_fit", map[string]any{})
}

func (j *journey) nobodyCame(m []string) {
	j.settled()
	j.try(j.who(m[0]), "POST", "/api/v1/appointments/"+j.appointment("consultation")+"/outcome", map[string]any{"result": "no_show_provider"})
}

// seeCalendar compares the notices in somebody's mail, each as its sequence, its
// method and when it begins.
func (j *journey) seeCalendar(m []string) {
	j.settled()
	_, raw := j.raw("", "GET", "/qa/mail?to="+url.QueryEscape(j.address(m[0]))+"&since="+url.QueryEscape(j.since), nil)
	var all []struct{ ICS string }
	if err := json.Unmarshal(raw, &all); err != nil {
		j.fail("%v", err)
	}
	var got []string
	for _, mail := range all {
		if mail.ICS == "" {
			continue
		}
		c, err := ics.ParseCalendar(strings.NewReader(mail.ICS))
		if err != nil || len(c.Events()) != 1 {
			j.fail("a calendar file cannot be read: %v", err)
		}
		start, err := c.Events()[0].GetStartAt()
		if err != nil {
			j.fail("%v", err)
		}
		method := ""
		for _, p := range c.CalendarProperties {
			if p.IANAToken == "METHOD" {
				method = p.Value
			}
		}
		got = append(got, c.Events()[0].GetProperty(ics.ComponentPropertySequence).Value+" "+method+" "+start.UTC().Format("2006-01-02T15:04"))
	}
	if strings.Join(got, ", ") != m[1] {
		j.fail("the calendar got %s", strings.Join(got, ", "))
	}
}

func (j *journey) seeTasks(m []string) {
	j.settled()
	v := j.must(j.careTeam, "GET", "/api/v1/tasks", nil)
	list, _ := v["items"].([]any)
	n := 0
	for _, it := range list {
		if task := it.(map[string]any); task["code"] == m[1] && task["client_id"] == j.client.ID {
			n++
		}
	}
	if strconv.Itoa(n) != m[0] {
		j.fail("%d tasks: %v", n, list)
	}
}
