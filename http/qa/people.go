package qa

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"careconnect/http/auth"
	"careconnect/http/notify"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/order"
	"careconnect/store"
)

// User is somebody to sign in as.
type User struct {
	Role     care.Role    `json:"role"`
	Name     string       `json:"name"`
	ID       care.ChartID `json:"id"`
	Token    string       `json:"token"`
	LoginURL string       `json:"login_url"`
	About    string       `json:"about,omitempty"` // what is to be seen as this person
}

// Login is the path that signs in as the person.
func (u User) Login() string { return "/qa/as/" + string(u.ID) }

// Seed fills a new store with the people of a scenario: the staff, employers,
// providers and clients, some of them already on their way. All of it is done by
// acts, on a clock that runs up to the instant the demo begins.
func Seed(ctx context.Context, s *store.Store, post *notify.Post, clock *Clock, seed uint64, begin time.Time, of Scenario) ([]User, error) {
	p := &people{ctx: ctx, store: s, post: post, clock: clock, seed: seed, namer: newNamer(seed)}
	p.employers()
	p.staff()
	if !of.bare {
		p.providers()
		if of.plan != nil {
			of.plan(p, begin)
		}
		p.until(begin.Add(-Before))
		p.clients(begin)
	}
	p.until(begin)
	return p.users(), p.err
}

type people struct {
	ctx   context.Context
	store *store.Store
	post  *notify.Post
	clock *Clock
	seed  uint64
	*namer
	err error

	staffUsers, providerUsers []User
	clientUsers               []shown
	employer                  care.EmployerID
	todo                      []appointed // in the order of their instants
	doctors                   []doctor
	tokens                    int
}

type doctor struct {
	id    care.ChartID
	zone  string
	state string
}

// shown is a client to sign in as, and their place among them.
type shown struct {
	User
	place int
}

// users are in the contract's order of roles.
func (p *people) users() []User {
	order.By(p.clientUsers, func(a, b shown) int { return a.place - b.place })
	users := make([]User, len(p.clientUsers))
	for i, c := range p.clientUsers {
		users[i] = c.User
	}
	return append(append(users, p.providerUsers...), p.staffUsers...)
}

// do does an act, and keeps the first error.
func (p *people) do(actor care.Actor, a act.Act) string {
	if p.err != nil {
		return ""
	}
	out, err := p.store.Do(p.ctx, actor, a)
	if err == nil && out.Decision.Outcome != rules.Yes {
		err = fmt.Errorf("%v", out.Decision.Reasons())
	}
	if err != nil {
		p.err = fmt.Errorf("seed people: %s: %w", a.Name(), err)
	}
	return out.Made
}

// until lets time pass, and everybody do on the way what they have to.
func (p *people) until(t time.Time) {
	for len(p.todo) > 0 && !p.todo[0].at.After(t) && p.err == nil {
		next := p.todo[0]
		p.todo = p.todo[1:]
		p.advance(next.at)
		if p.err == nil {
			next.do()
		}
	}
	p.advance(t)
}

func (p *people) advance(t time.Time) {
	if p.err == nil {
		_, p.err = Advance(p.ctx, p.store, p.post, p.clock, t)
	}
}

// token draws the next token from the seed, so that the same demo has the same.
func (p *people) token() (string, *care.Pass) {
	p.tokens++
	var key [8]byte
	binary.BigEndian.PutUint64(key[:], p.seed)
	mac := hmac.New(sha256.New, key[:])
	fmt.Fprintf(mac, "token %d", p.tokens)
	secret := "demo_" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:24])
	return secret, &care.Pass{Hash: auth.Hash(secret), Type: care.PassToken}
}

func (p *people) employers() {
	started := calendar.Date{Year: 2026, Month: 1, Day: 1}
	p.employer = care.EmployerID(p.do(care.System, act.AddEmployer{Employer: care.Employer{Name: "Lanternworks Power", Code: "LANTERN", Industry: "energy", Starts: started}}))
	p.do(care.System, act.AddEmployer{Employer: care.Employer{Name: "Quarrymere Robotics", Code: "QUARRY", Industry: "technology", Starts: started}})
	p.do(care.System, act.AddEmployer{Employer: care.Employer{
		Name: "Umberfall Labs", Code: "UMBER", Industry: "pharmaceutical", Starts: started, Ends: calendar.Date{Year: 2026, Month: 6, Day: 30},
	}})
	for _, plan := range []care.UnprocessablePlan{{Payer: "Optum", Plan: "Harbor Legacy PPO"}, {Payer: "Optum", Plan: "Coastline EAP Direct", State: "CA"}} {
		p.do(care.System, act.ListPlan{Plan: plan})
	}
}

// desks are the staff and partners of the instance.
var desks = []struct {
	role  care.Role
	about string
}{
	{care.RoleCareTeam, "verifies plans, watches the promises, helps to match"},
	{care.RoleClinical, "reads and acknowledges safety alerts"},
	{care.RoleBilling, "makes claim files, and follows each charge to its end"},
	{care.RolePayer, "start page and handbook; sees no client"},
	{care.RoleEmployer, "start page and handbook; never sees a person"},
	{care.RoleOperator, "runs the appliance; sees no client"},
}

func (p *people) staff() {
	for _, d := range desks {
		name := p.name()
		token, pass := p.token()
		open := act.OpenAccount{Role: d.role, FullName: name, Email: address(name), Pass: pass}
		if d.role == care.RoleEmployer {
			open.Employer = p.employer
		}
		id := p.do(care.System, open)
		p.staffUsers = append(p.staffUsers, User{Role: d.role, Name: name, ID: care.ChartID(id), Token: token, About: d.about})
	}
}

// place is where somebody lives or practises.
type place struct{ state, zone string }

var (
	specialties = []string{"anxiety", "depression", "stress", "burnout", "grief", "relationships", "trauma", "sleep", "parenting", "addiction", "adhd", "life changes"}
	modalities  = []string{"cbt", "act", "dbt", "emdr", "psychodynamic", "mindfulness", "couples"}
	languages   = []string{"es", "fr", "hi", "zh", "vi", "ar", "pl"}
	places      = []place{
		{"IL", "America/Chicago"}, {"NY", "America/New_York"}, {"CA", "America/Los_Angeles"}, {"TX", "America/Chicago"}, {"CO", "America/Denver"}, {"WA", "America/Los_Angeles"},
	}
	titles = []struct{ degree, about string }{
		{"masters", "a licensed counselor"}, {"masters", "a clinical social worker"}, {"phd", "a psychologist"}, {"np", "a psychiatric nurse practitioner"},
	}
)

// named are the providers to sign in as, by what is to be seen as each.
var named = []string{
	"opens the calendar: clients book consultation times themselves",
	"answers requests from the inbox",
	"answers requests from the inbox, in New York",
}

// providers opt in: three to sign in as, and a directory around them.
func (p *people) providers() {
	for i := range 36 {
		place, about := places[i%len(places)], ""
		if i < len(named) {
			place, about = places[[]int{0, 0, 1}[i]], named[i]
		}
		p.provider(i, place, about, i == 0 || i >= len(named) && i%3 == 0)
	}
}

// provider brings one in, all the way to taking part.
func (p *people) provider(i int, place place, about string, self bool) {
	title := titles[i%len(titles)]
	name := p.name()
	virtual := true
	with := some(p.namer, specialties, 3+p.random.IntN(4))
	states := []string{place.state}
	if i%4 == 3 {
		states = append(states, "IL")
	}
	profile := care.Provider{
		NPI: npi(10_000 + i), Name: name, Degree: title.degree, Gender: pick(p.namer, []string{"woman", "man", "nonbinary"}),
	}
	credentials := []care.Credential{}
	for _, st := range states {
		profile.Licences = append(profile.Licences, care.Licence{State: st, Number: fmt.Sprintf("%s-%05d", st, 20000+i)})
		credentials = append(credentials, care.Credential{State: st, From: calendar.Date{Year: 2026, Month: 1, Day: 1}})
	}
	id := care.ChartID(p.do(care.System, act.Import{Rows: []act.Row{{Provider: profile, Digest: "demo"}}}))
	p.do(care.System, act.Credential{Provider: id, Credentials: credentials})
	link := "https://video.example.test/" + string(id)
	p.do(care.System, act.SetHours{Provider: id, Hours: p.hours(place.zone), SelfSchedule: &self, Link: &link})
	p.do(care.System, act.SetProfile{
		Provider: id, Specialties: with, Languages: append([]string{"en"}, some(p.namer, languages, p.random.IntN(2))...), Modalities: some(p.namer, modalities, 2),
		Identities: [][]string{{"veterans"}, {"lgbtq", "new parents"}, nil}[len(p.doctors)%3],
		About_:     fmt.Sprintf("I am %s and work with adults on %s and %s. A first call is short and free: we find out together whether we fit.", title.about, with[0], with[1]),
	})
	token, pass := p.token()
	p.do(care.System, act.InviteProvider{Provider: id, Email: address(name), Pass: pass})
	p.do(care.System, act.Join{Provider: id, Attest: rules.DutyCodes(), Virtual: &virtual})
	if i%photographed == 0 {
		p.shows(id, i/photographed)
	}
	p.doctors = append(p.doctors, doctor{id, place.zone, place.state})
	if about != "" {
		p.providerUsers = append(p.providerUsers, User{Role: care.RoleProvider, Name: name, ID: id, Token: token, About: about})
	}
}

// photographed is how many providers there are to one who shows a photo.
const photographed = 5

// shows has a provider publish a photo.
func (p *people) shows(id care.ChartID, n int) {
	if p.err != nil {
		return
	}
	face, err := portrait(n)
	if err != nil {
		p.err = err
		return
	}
	p.do(care.System, act.PutPhoto{Provider: id, Face: face})
	p.do(care.System, act.PublishProfile{Provider: id, Accurate: true})
}

// hours are a working week with a break, a little different for each.
func (p *people) hours(zone string) calendar.Hours {
	starts := 8*60 + 30*p.random.IntN(5)
	h := calendar.Hours{Zone: zone, ClosedOnHolidays: true, BufferMinutes: 10, NoticeMinutes: 120, ConsultMinutes: 15, SessionMinutes: 50}
	for day := time.Monday; day <= time.Friday; day++ {
		h.Week[day] = []calendar.Span{{From: starts, To: starts + 4*60}, {From: starts + 5*60, To: starts + 8*60 + 30}}
	}
	return h
}

// person is a client of the demo.
type person struct {
	about    string
	state    string
	zone     string
	code     string
	concerns []string
	plan     string
	road     func(*people, care.ChartID) // what has happened to them before the demo begins
	show     bool
}

// clients are three cases to start from, and others on their way.
func (p *people) clients(begin time.Time) {
	folk := []person{
		{"new and eligible: nothing asked yet", "IL", "America/Chicago", "LANTERN", []string{"anxiety", "stress"}, "", nil, true},
		{"their plan cannot be processed: the care team is about to find out", "IL", "America/Chicago", "LANTERN", []string{"sleep"}, "Harbor Legacy PPO", asks(1), true},
		{"their employer does not take part any more", "IL", "America/Chicago", "UMBER", []string{"burnout"}, "", nil, true},
		{"has asked a provider and waits for the answer", "NY", "America/New_York", "LANTERN", []string{"grief"}, "Lakefront HMO", asks(2), true},
		{"is in care: screened before the first session", "IL", "America/Chicago", "QUARRY", []string{"anxiety"}, "Lakefront HMO", inCare(0), true},
	}
	for range 12 {
		place := pick(p.namer, places)
		folk = append(folk, person{"", place.state, place.zone, "LANTERN", some(p.namer, specialties, 2), "Lakefront HMO", nil, false})
	}
	// Those in care began days ago; the others arrive on the last day.
	for _, longAgo := range []bool{true, false} {
		if !longAgo {
			p.until(begin.Add(-2 * time.Hour))
		}
		for i, f := range folk {
			if (i == 4) == longAgo {
				p.arrive(f, i)
			}
		}
	}
}

// arrive enters somebody, in a place among those to sign in as.
func (p *people) arrive(f person, i int) care.ChartID {
	name := p.name()
	token, pass := p.token()
	id := care.ChartID(p.do(care.Anonymous, act.Enter{
		FullName: name, Email: address(name), Phone: fmt.Sprintf("555-01%02d", i%100), BirthDate: calendar.Date{Year: 1980 + i%24, Month: 5, Day: 10},
		State: f.state, Zone: f.zone, Concerns: f.concerns, Language: "en", Source: "portal", Code: f.code, Evidence: "portal", Pass: pass,
	}))
	if f.plan != "" {
		p.do(care.Actor{Role: care.RoleClient, Chart: id}, act.AddCoverage{
			Client: id, Type: care.HealthPlan, Payer: "Optum", Plan: f.plan, MemberID: fmt.Sprintf("DEMO%06d", 1000+i), Group: "G-100",
		})
	}
	if f.road != nil {
		f.road(p, id)
	}
	if f.show {
		p.clientUsers = append(p.clientUsers, shown{User{Role: care.RoleClient, Name: name, ID: id, Token: token, About: f.about}, i})
	}
	return id
}

// asks has the client request a consultation of one of the named providers.
func asks(doctor int) func(*people, care.ChartID) {
	return func(p *people, client care.ChartID) {
		p.do(care.Actor{Role: care.RoleClient, Chart: client}, act.Request{
			Client: client, Provider: p.doctors[doctor].id, Note: "Evenings are best for me.",
			Preferred: []time.Time{p.clock.Now().UTC().Truncate(time.Hour).Add(50 * time.Hour)},
		})
	}
}

// inCare takes a client along the whole road: booked call, session, screening,
// attendance.
func inCare(doctor int) func(*people, care.ChartID) {
	return func(p *people, client care.ChartID) {
		me, them := care.Actor{Role: care.RoleClient, Chart: client}, care.Actor{Role: care.RoleProvider, Chart: p.doctors[doctor].id}
		call := p.opening(them.Chart, care.Consultation)
		referral := care.ReferralID(p.do(me, act.Request{Client: client, Provider: them.Chart, Start: call}))
		p.until(call.Add(20 * time.Minute))
		p.outcome(client, them, care.Consultation)
		session := p.opening(them.Chart, care.Session)
		p.do(them, act.BookSession{Referral: referral, Start: session, Minutes: 50})
		p.answers(client, me)
		p.until(session.Add(time.Hour))
		p.outcome(client, them, care.Session)
	}
}

func (p *people) opening(provider care.ChartID, kind care.AppointmentType) time.Time {
	now := p.clock.Now()
	slots, _ := p.store.Directory().Openings(provider, kind, now, now, now.AddDate(0, 0, 14), 1)
	if len(slots) == 0 {
		if p.err == nil {
			p.err = fmt.Errorf("seed people: provider %s has no opening", provider)
		}
		return now.Add(time.Hour)
	}
	return slots[0].Start
}

func (p *people) outcome(client care.ChartID, actor care.Actor, of care.AppointmentType) {
	chart := p.chart(client)
	if chart == nil {
		return
	}
	for _, ap := range chart.Appointments {
		if ap.Type == of && ap.Status == care.Booked {
			p.do(actor, act.Outcome{Appointment: ap.ID, Result: care.Attended})
		}
	}
}

// answers fills in the baseline: moderately severe, nothing on item 9.
func (p *people) answers(client care.ChartID, me care.Actor) {
	chart := p.chart(client)
	if chart == nil {
		return
	}
	for _, s := range chart.Screenings {
		p.do(me, act.SaveAnswers{Screening: s.ID, Answers: filled(s.Instrument, 2)})
		p.do(me, act.Submit{Screening: s.ID})
	}
}

func (p *people) chart(id care.ChartID) *care.Chart {
	if p.err != nil {
		return nil
	}
	chart, err := p.store.Chart(p.ctx, care.System, id, "seed")
	p.err = err
	return chart
}

// JoinCandidates lets every candidate of a store join, by the demo's own act,
// with hours and words drawn from the seed. Who may not take part stays a
// candidate.
func JoinCandidates(ctx context.Context, s *store.Store, seed uint64) error {
	members, err := s.Find(ctx, care.System, care.Set{Name: care.SetProviders})
	if err != nil {
		return err
	}
	p := &people{namer: newNamer(seed)}
	slices.SortFunc(members, func(a, b care.Member) int { return strings.Compare(string(a.Chart), string(b.Chart)) })
	for batch := range slices.Chunk(members, 256) {
		orders := make([]store.Order, 0, len(batch))
		for _, m := range batch {
			orders = append(orders, store.Order{Actor: care.System, Act: act.DemoJoin{Provider: m.Chart, With: p.practice()}})
		}
		for _, a := range s.OrderAll(ctx, orders) {
			var fault *care.Fault
			if a.Err != nil && !errors.As(a.Err, &fault) {
				return a.Err
			}
		}
	}
	return nil
}

// practice is what a registry does not know of somebody.
func (p *people) practice() care.Provider {
	place := pick(p.namer, places)
	with := some(p.namer, specialties, 3)
	return care.Provider{
		Hours: p.hours(place.zone), SelfSchedule: p.random.IntN(2) == 0, Link: "https://video.example.test/visit",
		Specialties: with, Languages: append([]string{"en"}, some(p.namer, languages, p.random.IntN(2))...), Modalities: some(p.namer, modalities, 2),
		About: fmt.Sprintf("I work with adults on %s and %s.", with[0], with[1]),
	}
}
