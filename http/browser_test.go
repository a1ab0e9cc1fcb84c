package http_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The pages of the real program in a real browser: the roads that people go, by
// mouse, without script and by keyboard alone, and what holds of every page of
// every role. With CARECONNECT_SHOTS=DIR each page seen is also kept there as a
// picture, narrow and wide, light and dark.
func TestBrowser(t *testing.T) {
	c := &chrome{t: t, browser: chromium(t), program: binary(t), axe: axe(t)}
	t.Run("a new person books", c.books)
	t.Run("a provider answers and the client chooses", c.answers)
	t.Run("the care team verifies a plan", c.verifies)
	t.Run("R28 a link takes the details of a plan", c.takesDetails)
	t.Run("R13 a provider shows a photo", c.showsPhoto)
	t.Run("R23 somebody waits for a provider", c.waits)
	t.Run("the bar moves time", c.movesTime)
	t.Run("an address that leads nowhere", c.nowhere)
	t.Run("every page of every role", c.everyPage)
}

const (
	aFriday  = "2026-11-20T10:00:00-06:00"
	patience = 20 * time.Second // for one thing done in the browser
)

// chrome is the one browser of all these tests.
type chrome struct {
	t       *testing.T
	browser context.Context
	program string
	axe     string
}

// chromium starts headless Chromium with a profile of its own.
func chromium(t *testing.T) context.Context {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Fatal("Chromium is missing: install it with `make tools`, or with apt-get install chromium fonts-liberation")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("hide-scrollbars", true), chromedp.Flag("lang", "en-US"),
	)
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...) // t's own ends before the clean-up
	t.Cleanup(end)
	ctx, _ := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("%s does not start: %v; `make tools` looks after it", path, err)
	}
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("the browser did not end well: %v", err)
		}
	})
	return ctx
}

// axe is the checker of accessibility, as its maker published it.
func axe(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile("testdata/axe/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	about, err := os.ReadFile("testdata/axe/axe.json")
	if err != nil {
		t.Fatal(err)
	}
	var pinned struct{ SHA256 string }
	if err := json.Unmarshal(about, &pinned); err != nil {
		t.Fatal(err)
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(source)); sum != pinned.SHA256 {
		t.Fatalf("testdata/axe/axe.min.js has the SHA-256 %s, and axe.json says %q", sum, pinned.SHA256)
	}
	return string(source)
}

// books says where, and goes from the directory to a booked call, three times.
func (c *chrome) books(t *testing.T) {
	d := start(t, c.program, aFriday)
	for _, way := range []struct {
		name   string
		script bool
		hands
	}{
		{"by mouse", true, mouse},
		{"without script", false, mouse},
		{"by keyboard", true, keyboard},
	} {
		t.Run(way.name, func(t *testing.T) {
			b := c.tab(t, d)
			if !way.script {
				b.must(call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
			}
			b.open("/find")
			screens, fields := 0, map[string]bool{}
			seen := func() {
				screens++
				for _, name := range read[[]string](b, `[...document.querySelectorAll("main [required]")].map(e => e.name)`) {
					fields[name] = true
				}
			}
			seen()
			way.choose(b, "#f-state", "Illinois")
			way.follow(b, "main form button")
			seen()
			b.shows("in Illinois")
			if way.script { // a wish renews the list in place
				if !read[bool](b, `document.querySelector("details.fold").open`) {
					way.press(b, "details.fold summary")
				}
				way.choose(b, "#f-language", "English")
				b.until(`location.search.includes("language=en")`)
			}
			way.follow(b, fmt.Sprintf("#results a.button[href=%q]", read[string](b,
				`[...document.querySelectorAll("article.provider")].find(e => e.innerText.includes("Book a first call yourself")).querySelector("a.button").getAttribute("href")`)))
			seen()
			way.press(b, `input[name="start"]`)
			way.follow(b, `button[formaction$="/hold"]`)
			b.shows("Held for you for", "held for you").sound()
			if !read[bool](b, `document.querySelector('input[name="start"]:checked') !== null`) {
				t.Error("what is held is not chosen")
			}
			if way.script && way.name == "by mouse" {
				b.accessible(c.axe)
				b.shot("journey-held")
			}
			for _, f := range [][2]string{
				{"name", "Wren Talverone"}, {"email", strings.ReplaceAll(way.name, " ", ".") + "@example.test"},
				{"birth_date", "1990-05-31"}, {"employer", "LANTERN"},
			} {
				way.fill(b, "#f-"+f[0], f[1])
			}
			if screens > 3 || len(fields) > 8 {
				t.Errorf("%d screens and the required fields %v; at most 3 and 8", screens, slices.Collect(maps.Keys(fields)))
			}
			way.follow(b, `main form[method="post"] button.large`)
			b.at("/me").shows("Your consultation is booked", "Confirmed by the calendar").sound()
		})
	}
}

// answers has a provider find a request in the inbox, with the time that is left,
// and take it; the client chooses a time.
func (c *chrome) answers(t *testing.T) {
	d := start(t, c.program, aFriday)
	client, provider := d.user("client", 0), d.user("provider", 1)
	asked := d.ask(client, provider)

	b := c.tab(t, d).as(provider)
	b.at("/pro").shows("Inbox", "Answer by Sat 21 Nov 2026, 10:00 CST", "1 d 0 h left")
	b.shot("journey-inbox")
	mouse.follow(b, fmt.Sprintf("form[action=%q] button", "/pro/r/"+asked+"/accept"))
	b.sound()
	b.shot("journey-accepted")

	me := c.tab(t, d).as(client)
	me.at("/me").shows("Choose a time")
	me.shot("journey-choose-next")
	mouse.follow(me, `main a.button[href$="/time"]`)
	mouse.press(me, `input[name="start"]`)
	mouse.follow(me, `main form[method="post"] button.large`)
	me.at("/me").shows("Your consultation is booked").sound()
	me.shot("journey-chosen")
}

// verifies has the care team look at the board, and say of a plan that it cannot
// be processed: it reads both messages before they go, and both go.
func (c *chrome) verifies(t *testing.T) {
	d := start(t, c.program, aFriday)
	b := c.tab(t, d).as(d.user("care_team", 0))
	b.at("/ops").shows("Board", "Needs us now", "At risk")
	mouse.follow(b, `nav a[href="/ops/coverage"]`)
	b.shows("Harbor Legacy PPO")
	mouse.follow(b, fmt.Sprintf("main a[href=%q]", read[string](b,
		`[...document.querySelectorAll("main article")].find(e => e.innerText.includes("Harbor Legacy PPO")).querySelector("a").getAttribute("href")`)))
	mouse.press(b, `input[name="result"][value="non_participating"]`)
	b.shot("journey-verify")
	mouse.follow(b, `main form[method="post"] button`)
	b.shows("Your plan needs another way", "A plan cannot be processed", "Two messages").sound()
	b.shot("journey-preview")
	if sent := d.mails("A plan cannot be processed"); sent != 0 {
		t.Errorf("%d messages went out before anybody said so", sent)
	}
	mouse.follow(b, `main form[method="post"] button`)
	b.sound()
	for _, subject := range []string{"Your plan needs another way", "A plan cannot be processed"} {
		if sent := d.mails(subject); sent != 1 {
			t.Errorf("%d mails %q, want 1", sent, subject)
		}
	}
}

// takesDetails has somebody who has not signed in send the details of their plan
// and a photo of the card by a mailed link, and the care team look at it.
func (c *chrome) takesDetails(t *testing.T) {
	d := start(t, c.program, aFriday)
	team, client := d.user("care_team", 0), d.user("client", 0)
	card := filepath.Join(t.TempDir(), "card.png")
	var drawn bytes.Buffer
	if err := png.Encode(&drawn, image.NewGray(image.Rect(0, 0, 1200, 750))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(card, drawn.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, way := range []struct {
		name   string
		script bool
		hands
	}{{"without script", false, mouse}, {"by keyboard", true, keyboard}} {
		b := c.tab(t, d).as(team)
		b.open("/ops/client/" + client.ID)
		way.follow(b, `form[action$="/details"] button`)
		b.shows("A link is on its way").sound()
		_, raw := d.raw("", "GET", "/qa/mail", nil)
		links := regexp.MustCompile(`/details/\w+`).FindAllString(string(raw), -1)
		if len(links) == 0 {
			t.Fatal("no link was mailed")
		}
		b = c.tab(t, d)
		if !way.script {
			b.must(call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
		}
		b.open(links[len(links)-1])
		if way.script {
			b.accessible(c.axe)
		}
		b.shot("journey-plan-link")
		way.press(b, `input[name="kind"][value="health_plan"]`)
		way.fill(b, "#f-plan", "Choice Plus")
		way.fill(b, "#f-member_id", "W987654321")
		b.must(chromedp.SetUploadFiles(chromedp.CSS("#f-photo"), []string{card}))
		way.follow(b, `main form[method="post"] button.large`)
		b.shows("The care team has what you sent").sound()
		b.open(links[len(links)-1])
		b.shows("We have the details of your plan", "What comes next").sound()
		if way.script {
			b.accessible(c.axe)
		}
		b.shot("journey-plan-received")
	}
	b := c.tab(t, d).as(team)
	_, plans := d.call(team.Token, "GET", "/api/v1/coverages?status=pending&client="+client.ID, nil)
	plan := plans["items"].([]any)[0].(map[string]any)["id"].(string)
	b.open("/ops/coverage/" + plan)
	mouse.follow(b, fmt.Sprintf("main a[href=%q]", "/ops/coverage/"+plan+"/card"))
	b.until(`document.querySelector("main img").naturalWidth === 1200`)
	b.sound()
	b.accessible(c.axe)
	b.shot("journey-card")
}

// showsPhoto has a provider choose a photo, look at the preview and publish it, and
// somebody find it in the directory and on the profile; then the care team removes it.
func (c *chrome) showsPhoto(t *testing.T) {
	d := start(t, c.program, aFriday)
	team, provider := d.user("care_team", 0), d.user("provider", 1)
	drawn := image.NewRGBA(image.Rect(0, 0, 1200, 1600))
	for y := range 1600 {
		for x := range 1200 {
			in := func(cx, cy, rx, ry int) bool { return (x-cx)*(x-cx)*ry*ry+(y-cy)*(y-cy)*rx*rx < rx*rx*ry*ry }
			at := color.RGBA{uint8(90 + y/20), uint8(130 + x/20), 150, 0xFF}
			switch {
			case in(600, 660, 190, 250):
				at = color.RGBA{0xE2, 0xB4, 0x95, 0xFF}
			case in(600, 560, 230, 260):
				at = color.RGBA{0x4A, 0x33, 0x28, 0xFF}
			case in(600, 1400, 430, 460):
				at = color.RGBA{0x2E, 0x4A, 0x62, 0xFF}
			}
			drawn.SetRGBA(x, y, at)
		}
	}
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, drawn, nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "me.jpg")
	if err := os.WriteFile(path, photo.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	drawnAll := `[...document.querySelectorAll("main img")].every(e => { e.scrollIntoView(); return e.complete && e.naturalWidth > 0; })`
	for _, way := range []struct {
		script bool
		hands
	}{{false, mouse}, {true, keyboard}} {
		b := c.tab(t, d).as(provider)
		if !way.script {
			b.must(call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
		}
		b.open("/pro/profile")
		b.must(chromedp.SetUploadFiles(chromedp.CSS("#f-photo"), []string{path}))
		way.follow(b, `form[action="/pro/profile/photo"] button`)
		b.shows("Photo kept as a draft", "Not published yet").until(drawnAll)
		b.sound()
		if way.script {
			b.accessible(c.axe)
		}
		b.shot("journey-photo-preview")
		way.press(b, `input[name="accurate"]`)
		way.follow(b, `form[action="/pro/profile/publish"] button`)
		b.shows("Published").sound()
	}
	b := c.tab(t, d)
	for _, page := range []string{"/find?state=IL", "/p/" + provider.ID} {
		b.open(page)
		b.until(`document.querySelector("main img.avatar[alt^='Photo of ']") !== null`)
		b.until(drawnAll)
		b.sound()
		b.accessible(c.axe)
		b.shot("journey-photo-" + strings.Split(strings.Split(page, "?")[0], "/")[1])
	}
	b = c.tab(t, d).as(team)
	b.open("/ops/providers/" + provider.ID)
	b.until(drawnAll)
	b.accessible(c.axe)
	b.shot("journey-photo-team")
	mouse.fill(b, "#f-photo_reason", "It shows somebody else.")
	mouse.follow(b, "#photo button")
	b.shows("The provider is told why").sound()
	b = c.tab(t, d).as(provider)
	b.open("/pro/profile")
	b.shows("The care team has removed your photo", "It shows somebody else.").sound()
	b.shot("journey-photo-removed")
}

// waits has a provider take names only, a client wait for them, and the provider
// invite whoever waits, of whom they read no name.
func (c *chrome) waits(t *testing.T) {
	d := start(t, c.program, aFriday)
	client, provider := d.user("client", 0), d.user("provider", 1)
	heard := func(b *tab) *tab {
		b.sound()
		b.accessible(c.axe)
		return b
	}
	pro, me := c.tab(t, d).as(provider), c.tab(t, d).as(client)
	pro.open("/pro/participation")
	mouse.press(pro, `input[name="waitlist"]`)
	mouse.follow(pro, `form[action="/pro/caseload"] button`)
	heard(pro.shows("Nobody waits at present"))
	me.open("/find?waitlist=1")
	keyboard.follow(heard(me.shows("promises nothing")), `article.provider h2 a`)
	keyboard.follow(heard(me.shows("takes nobody new at present")), `main a[href*="/wait"]`)
	me.shot("journey-waiting-list")
	keyboard.follow(heard(me), `form[action$="/wait"] button.large`)
	heard(me.at("/me").shows("Your name is on the list", "I still wait"))
	pro.open("/pro/participation")
	mouse.follow(heard(pro.shows("1 person waits")), `form[action="/pro/waiting"] button`)
	heard(pro.shows("Invited until"))
	if name := client.Name; strings.Contains(read[string](pro, `document.querySelector("main").innerText`), name) {
		t.Error("the provider reads who waits")
	}
	pro.shot("journey-waiting-list-provider")
	me.open("/me")
	heard(me.shows("has room for you"))
	me.shot("journey-waiting-list-invited")
	mouse.follow(me, `section[aria-labelledby="lists"] a.button[href$="/book"]`)
	heard(me)
}

// movesTime lets an answer not come, by the bar alone.
func (c *chrome) movesTime(t *testing.T) {
	d := start(t, c.program, aFriday)
	client := d.user("client", 0)
	d.ask(client, d.user("provider", 1))
	b := c.tab(t, d).as(client)
	b.at("/me").shows("left")
	mouse.follow(b, `.bar button[value="24h"]`)
	b.at("/me").shows("Sat 21 Nov 2026, 10:00 CST")
	mouse.follow(b, `.bar button[value="1h"]`)
	b.at("/me").shows("Sat 21 Nov 2026, 11:00 CST").sound()
	if n := read[int](b, `document.querySelectorAll('section[aria-label="Others who can see you"] article.provider').length`); n < 1 || n > 3 {
		t.Errorf("%d others are offered, want up to 3", n)
	}
	b.shows("within the promise")
	b.shot("journey-rescue")
}

// nowhere opens what is not there, and what is another role's: both are pages that
// say so and lead on.
func (c *chrome) nowhere(t *testing.T) {
	d := start(t, c.program, aFriday)
	b := c.tab(t, d)
	for _, wrong := range []struct {
		path   string
		status int
	}{{"/nothing-here", 404}, {"/p/pr_nobody", 404}, {"/ops", 403}} {
		if wrong.status == 403 {
			b.as(d.user("client", 0))
		}
		if status := b.open(wrong.path); status != wrong.status {
			t.Errorf("%s answers %d, want %d", wrong.path, status, wrong.status)
		}
		b.mu.Lock()
		b.wrong = nil // the browser tells the status as an error
		b.mu.Unlock()
		b.shows("Back to my start page").sound()
		b.accessible(c.axe)
		b.shot(fmt.Sprint("problem-", wrong.status))
	}
}

// everyPage walks every page that each role can reach by links, and holds each to
// what must be true of all. People of one kind walk one after the other, so that
// it is always the same pages that they see.
func (c *chrome) everyPage(t *testing.T) {
	d := start(t, c.program, aFriday)
	d.enrich()
	kinds := []*walk{{chrome: c, t: t, d: d, people: []person{{Role: "anonymous"}}, public: true}}
	for _, roles := range [][]string{{"client"}, {"provider"}, {"care_team"}, {"clinical"}, {"billing", "payer", "employer", "operator"}} {
		k := &walk{chrome: c, t: t, d: d, public: roles[0] == "client"}
		for _, p := range d.line.Users {
			if slices.Contains(roles, p.Role) {
				k.people = append(k.people, p)
			}
		}
		kinds = append(kinds, k)
	}
	t.Run("all", func(t *testing.T) { // until each of them is through
		for _, k := range kinds {
			t.Run(k.people[0].Role, func(t *testing.T) {
				t.Parallel()
				k.t = t
				k.all()
			})
		}
	})
	total := 0
	for _, k := range kinds {
		total += k.seen
	}
	t.Logf("%d pages seen", total)
	if total < 80 || total > 400 {
		t.Errorf("%d pages seen, want 80 to 400: the links lead nowhere, or in circles", total)
	}
}

// walk is the way of people of one kind through their pages.
type walk struct {
	*chrome
	t      *testing.T
	d      *demo
	people []person
	public bool // whether they look closely at the pages that are everybody's, too

	shapes  map[string]int // pages seen, by their shape
	checked map[string]int // pages looked at closely
	seen    int
}

var (
	anID     = regexp.MustCompile(`/[a-z]{2}_[0-9a-z]{26}`)
	handbook = regexp.MustCompile(`^/(handbook|help|ops/help)/.+`)
	their    = regexp.MustCompile(`^/(?:me|coverage|sharing|pro|ops|desk)\b`)
)

// shape is what an address is like: pages of one shape differ in content only.
func shape(u *url.URL, readsAll bool) string {
	path := anID.ReplaceAllString(u.Path, "/*")
	if !readsAll {
		path = handbook.ReplaceAllString(path, "/$1/*")
	}
	if u.RawQuery != "" {
		path += "?"
	}
	return path
}

func (k *walk) all() {
	k.shapes, k.checked = map[string]int{}, map[string]int{}
	for i, p := range k.people {
		b, at := k.tab(k.t, k.d), "/"
		if p.ID != "" {
			b.as(p)
			at = read[string](b, "location.pathname")
		}
		k.from(b, p, fmt.Sprint(p.Role, i), at)
	}
}

// from follows the links of one person.
func (k *walk) from(b *tab, p person, name, at string) {
	k.shapes[at]++
	home := at
	queue, known := []string{at}, map[string]bool{at: true}
	for len(queue) > 0 {
		at, queue = queue[0], queue[1:]
		if at != home && b.file(at) {
			continue
		}
		status := b.open(at)
		k.seen++
		if status != 200 {
			k.t.Errorf("%s: %s answers %d", name, at, status)
			continue
		}
		b.shot(name + strings.NewReplacer("/", "-", "?", "-", "&", "-", "%", "").Replace(anID.ReplaceAllString(at, "/ID")))
		b.sound()
		here, _ := url.Parse(at)
		if s := shape(here, false); (k.public || their.MatchString(at)) && k.checked[s] < 2 {
			k.checked[s]++
			b.accessible(k.axe)
		}
		for _, href := range read[[]string](b, `[...document.links].map(a => a.href)`) {
			to, err := url.Parse(href)
			if err != nil || "http://"+to.Host != k.d.url || strings.HasPrefix(to.Path, "/qa/as/") {
				continue // elsewhere, or somebody else's cookies
			}
			to.Fragment = ""
			most := 1
			if their.MatchString(to.Path) {
				most = 3
			}
			if s := shape(to, p.ID == ""); !known[to.RequestURI()] && k.shapes[s] < most {
				k.shapes[s]++
				queue = append(queue, to.RequestURI())
			}
			known[to.RequestURI()] = true
		}
	}
}

// ask has a client ask a provider for a first call.
func (d *demo) ask(client, provider person) string {
	d.t.Helper()
	status, v := d.call(client.Token, "POST", "/api/v1/referrals", map[string]any{"provider_id": provider.ID, "note": "Evenings are best."})
	if status >= 300 {
		d.t.Fatalf("request: %d %v", status, v["detail"])
	}
	return v["id"].(string)
}

// mails counts the caught mails of a subject.
func (d *demo) mails(subject string) int {
	d.t.Helper()
	_, raw := d.raw("", "GET", "/qa/mail", nil)
	var all []struct{ Subject string }
	if err := json.Unmarshal(raw, &all); err != nil {
		d.t.Fatal(err)
	}
	n := 0
	for _, m := range all {
		if m.Subject == subject {
			n++
		}
	}
	return n
}

// enrich brings people into states that a new demo does not have: times to choose
// from, a call that was held, forms to fill in, a safety alert.
func (d *demo) enrich() {
	d.t.Helper()
	must := func(p person, method, path string, body any) map[string]any {
		d.t.Helper()
		status, v := d.call(p.Token, method, path, body)
		if status >= 300 {
			d.t.Fatalf("%s %s: %d %v %v", method, path, status, v["detail"], v["reasons"])
		}
		return v
	}
	first := func(p person, path string) map[string]any {
		d.t.Helper()
		items, _ := must(p, "GET", path, nil)["items"].([]any)
		if len(items) == 0 {
			d.t.Fatalf("%s: nothing there", path)
		}
		return items[0].(map[string]any)
	}
	own, waiting := d.user("client", 0), d.user("client", 3)
	opens, answers := d.user("provider", 0), d.user("provider", 2)
	must(answers, "POST", "/api/v1/referrals/"+first(waiting, "/api/v1/referrals")["id"].(string)+"/propose",
		map[string]any{"times": []string{"2026-11-23T17:00:00Z", "2026-11-24T18:00:00Z"}})
	opening := first(own, "/api/v1/providers/"+opens.ID+"/openings?kind=consultation")["start"]
	asked := must(own, "POST", "/api/v1/referrals", map[string]any{"provider_id": opens.ID, "start": opening})
	if status, v := d.call("", "POST", "/qa/clock", map[string]any{"advance": "5h"}); status != 200 {
		d.t.Fatalf("clock: %d %v", status, v)
	}
	must(opens, "POST", "/api/v1/appointments/"+first(own, "/api/v1/appointments")["id"].(string)+"/outcome", map[string]any{"result": "attended"})
	must(opens, "POST", "/api/v1/appointments", map[string]any{
		"referral_id": asked["id"], "kind": "session", "minutes": 50, "start": first(own, "/api/v1/providers/"+opens.ID+"/openings?kind=session")["start"],
	})
	items, _ := must(own, "GET", "/api/v1/screenings", nil)["items"].([]any)
	for _, it := range items {
		if s := it.(map[string]any); s["instrument"] == "phq-9" {
			must(own, "PUT", "/api/v1/screenings/"+s["id"].(string)+"/answers", map[string]any{"answers": map[string]int{"44260-8": 1}})
		}
	}
}

// hands are a way to use a page: to follow a link or send a form, to press what
// changes the page only, to fill in a field, to choose from a list.
type hands struct {
	follow, press func(b *tab, what string)
	fill, choose  func(b *tab, what, value string)
}

var mouse = hands{
	follow: func(b *tab, what string) { b.led(chromedp.Click(chromedp.CSS(what))) },
	press:  func(b *tab, what string) { b.must(chromedp.Click(chromedp.CSS(what))) },
	fill: func(b *tab, what, value string) {
		if read[string](b, fmt.Sprintf("document.querySelector(%q).type", what)) == "date" {
			b.must(chromedp.SetValue(chromedp.CSS(what), value)) // what a picker of dates does
			return
		}
		b.must(chromedp.SendKeys(chromedp.CSS(what), value))
	},
	choose: func(b *tab, what, value string) { b.must(chromedp.SendKeys(chromedp.CSS(what), value)) },
}

// keyboard reaches everything by Tab from where the page begins or one is.
var keyboard = hands{
	follow: func(b *tab, what string) { b.reach(what); b.led(chromedp.KeyEvent(kb.Enter)) },
	press:  func(b *tab, what string) { b.reach(what); b.must(chromedp.KeyEvent(" ")) },
	fill: func(b *tab, what, value string) {
		b.reach(what)
		if at, err := time.Parse(time.DateOnly, value); err == nil {
			value = at.Format("01022006") // as it is typed in the United States
		}
		b.must(chromedp.KeyEvent(value))
	},
	choose: func(b *tab, what, value string) { b.reach(what); b.must(chromedp.KeyEvent(value)) },
}

// reach presses Tab until something has the focus.
func (b *tab) reach(what string) {
	b.t.Helper()
	for range 250 {
		if read[bool](b, fmt.Sprintf("document.activeElement.matches(%q)", what)) {
			return
		}
		b.must(chromedp.KeyEvent(kb.Tab))
	}
	b.t.Fatalf("%s: Tab does not lead to %s", b.path(), what)
}

// tab is one person's browser: its cookies are its own, and it hears what goes
// wrong.
type tab struct {
	t   *testing.T
	d   *demo
	ctx context.Context

	mu    sync.Mutex
	wrong []string // what the console said, since it was last asked
}

// watch tells of what the content security policy refused.
const watch = `window.refused = []; document.addEventListener("securitypolicyviolation", e => window.refused.push(e.effectiveDirective + " " + e.blockedURI + " " + e.sample))`

func (c *chrome) tab(t *testing.T, d *demo) *tab {
	t.Helper()
	ctx, _ := chromedp.NewContext(c.browser, chromedp.WithNewBrowserContext())
	b := &tab{t: t, d: d, ctx: ctx}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) }) // a tab that is gone already is no harm
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	b.must(
		call(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}),
		call(page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watch}),
	)
	b.light(390, "light")
	return b
}

// hear notes errors, and whatever is fetched from elsewhere.
func (b *tab) hear(event any) {
	said := ""
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			said = "log: " + e.Entry.Text
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			said = "console: " + string(e.Type)
		}
	case *runtime.EventExceptionThrown:
		said = "exception: " + e.ExceptionDetails.Text
	case *network.EventRequestWillBeSent:
		if to := e.Request.URL; !strings.HasPrefix(to, b.d.url+"/") && !strings.HasPrefix(to, "data:") {
			said = "fetched from elsewhere: " + to
		}
	}
	if said != "" {
		b.mu.Lock()
		b.wrong = append(b.wrong, said)
		b.mu.Unlock()
	}
}

// call is a command of the browser's own, as a step.
func call[P, R any](command cdp.Command[P, R], with P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, command, with)
		return err
	})
}

// must does steps, each within patience.
func (b *tab) must(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", b.path(), err)
	}
}

// led does a step that leads to another page, and waits for it.
func (b *tab) led(step chromedp.Action[chromedp.Void]) int {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, step)
	if err != nil {
		b.t.Fatalf("%s: no other page came: %v", b.path(), err)
	}
	return int(response.Status)
}

// open goes to an address and gives the status of the answer.
func (b *tab) open(path string) int {
	b.t.Helper()
	return b.led(chromedp.Navigate(b.d.url + path))
}

// file says whether an address is that of a file to keep, which opens no page; it
// must be there all the same.
func (b *tab) file(path string) bool {
	b.t.Helper()
	answer := read[string](b, fmt.Sprintf(`fetch(%q, {method: "HEAD", headers: {Accept: "text/html"}}).then(r => r.status + " " + r.headers.get("Content-Type"))`, path))
	if strings.Contains(answer, " text/html") {
		return false
	}
	if !strings.HasPrefix(answer, "200 ") {
		b.t.Errorf("%s: the file %s answers %q", b.path(), path, answer)
	}
	return true
}

// as signs in by the one click that the demo's page of people offers.
func (b *tab) as(p person) *tab {
	b.t.Helper()
	b.open("/qa")
	mouse.follow(b, fmt.Sprintf("a[href=%q]", "/qa/as/"+p.ID))
	return b
}

// read is the value of an expression on the page.
func read[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression[:min(len(expression), 200)], err)
	}
	return v
}

// until waits for something to become true on the page.
func (b *tab) until(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression)); err != nil {
		b.t.Fatalf("%s: it does not become true that %s: %v", b.path(), expression, err)
	}
}

func (b *tab) path() string {
	at, _ := chromedp.Run(b.ctx, chromedp.Location())
	return strings.TrimPrefix(at, b.d.url)
}

// at wants to be on the page of a path.
func (b *tab) at(path string) *tab {
	b.t.Helper()
	if got := read[string](b, "location.pathname"); got != path {
		b.t.Fatalf("now at %s, want %s", got, path)
	}
	return b
}

// shows wants every text to be seen on the page.
func (b *tab) shows(texts ...string) *tab {
	b.t.Helper()
	seen := read[string](b, "document.body.innerText")
	for _, text := range texts {
		if !strings.Contains(seen, text) {
			b.t.Errorf("%s does not show %q", b.path(), text)
		}
	}
	return b
}

// light sets how wide the window is, and whether the person likes it light or dark.
func (b *tab) light(width int64, scheme string) {
	b.t.Helper()
	b.must(chromedp.EmulateViewport(width, 844), call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}}), chromedp.Evaluate[chromedp.Void](settle))
}

// settle ends what changes colour slowly; what inherits it begins to change only then.
const settle = `for (let i = 0; i < 9 && document.getAnimations().length; i++) document.getAnimations().forEach(a => a.finish())`

// about is what a page says about itself.
type about struct {
	Lang      string
	Title     string
	Headings  int
	Crisis    bool
	Inline    []string
	Refused   []string
	Overflow  int
	Text      string
	Addresses []string
}

const looks = `(() => {
	for (const d of document.querySelectorAll("details:not(.account)")) d.open = true;
	const own = [...document.querySelectorAll("style, [style], script:not([src])")].map(e => e.outerHTML.slice(0, 80));
	for (const e of document.querySelectorAll("*")) for (const a of e.attributes) if (a.name.startsWith("on")) own.push(a.name);
	return {
		Lang: document.documentElement.lang, Title: document.title,
		Headings: document.querySelectorAll("h1").length,
		Crisis: document.querySelector('a[href="tel:988"]') !== null,
		Inline: own, Refused: window.refused || [],
		Overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
		Text: document.body.innerText,
		Addresses: [location.href, ...[...document.links].map(a => a.href), ...[...document.forms].map(f => new URL(f.getAttribute("action") || "", location.href).href)],
	};
})()`

var (
	timeOfDay = regexp.MustCompile(`\b\d{1,2}:\d{2}(?::\d{2})?(?: ?[ap]m)?(.{0,7})`)
	itsZone   = regexp.MustCompile(`^\s(?:[A-Z]{2,5}\b|UTC[+-]\d)`)
)

// sound holds what must be true of every page: no error, nothing from elsewhere,
// nothing inline, one heading, crisis help, room on a phone, a zone behind each
// time of day, and nothing about anybody in an address.
func (b *tab) sound() *tab {
	b.t.Helper()
	page := read[about](b, looks)
	path := b.path()
	b.mu.Lock()
	said := b.wrong
	b.wrong = nil
	b.mu.Unlock()
	for _, s := range said {
		b.t.Errorf("%s: %s", path, s)
	}
	for _, s := range page.Refused {
		b.t.Errorf("%s: the content security policy refused %s", path, s)
	}
	for _, s := range page.Inline {
		b.t.Errorf("%s: inline: %s", path, s)
	}
	if page.Lang == "" || page.Title == "" || page.Headings != 1 {
		b.t.Errorf("%s: language %q, title %q, %d first headings", path, page.Lang, page.Title, page.Headings)
	}
	if !page.Crisis {
		b.t.Errorf("%s: crisis help is missing", path)
	}
	if page.Overflow > 0 {
		b.t.Errorf("%s: %d pixels too wide for a phone", path, page.Overflow)
	}
	for _, m := range timeOfDay.FindAllStringSubmatch(page.Text, -1) {
		if !itsZone.MatchString(m[1]) {
			b.t.Errorf("%s: no zone behind the time in %q", path, m[0])
		}
	}
	for _, address := range page.Addresses {
		if told := b.d.tells(address); told != "" {
			b.t.Errorf("%s: an address tells %s", path, told)
		}
	}
	return b
}

// tells is what an address gives away about anybody, by its sort.
func (d *demo) tells(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" {
		return "" // mail and telephone name whom they reach
	}
	plain := strings.ToLower(strings.NewReplacer("+", " ", "%20", " ").Replace(u.RequestURI()))
	for _, p := range d.line.Users {
		if p.Token != "" && strings.Contains(u.RequestURI(), p.Token) {
			return "a token"
		}
		for _, word := range strings.Fields(strings.ToLower(p.Name)) {
			if regexp.MustCompile(`\b` + word + `\b`).MatchString(plain) {
				return "a name"
			}
		}
	}
	if strings.Contains(plain, "%40") || strings.Contains(plain, "@") {
		return "an e-mail address"
	}
	return ""
}

const checked = `axe.run(document, {resultTypes: ["violations"], preload: false, %s}).then(r => r.violations
	.filter(v => v.impact === "serious" || v.impact === "critical")
	.map(v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.target.join(" ") + " (" + n.any.map(a => a.message).join("; ") + ")").join(", ")))`

// accessible wants no serious fault of accessibility, light or dark. In the dark
// only colours differ.
func (b *tab) accessible(axe string) {
	b.t.Helper()
	b.must(chromedp.Evaluate[chromedp.Void](axe))
	faults := read[[]string](b, fmt.Sprintf(checked, `runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}`))
	b.light(390, "dark")
	for _, s := range read[[]string](b, fmt.Sprintf(checked, `runOnly: {type: "rule", values: ["color-contrast", "link-in-text-block"]}`)) {
		faults = append(faults, "in the dark: "+s)
	}
	b.light(390, "light")
	for _, s := range faults {
		b.t.Errorf("%s: %s", b.path(), s)
	}
}

// shot keeps pictures of the page, if somebody wants to look at them.
func (b *tab) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("CARECONNECT_SHOTS")
	if dir == "" {
		return
	}
	for _, width := range []int64{390, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			b.light(width, scheme)
			picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
			if err != nil {
				b.t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", name, width, scheme)), picture, 0o600); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	b.light(390, "light")
}
