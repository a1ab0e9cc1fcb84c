package notify_test

import (
	"context"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"careconnect/assets"
	"careconnect/http/notify"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store"
)

// server is a real mail server on loopback that keeps what it gets, or refuses.
type server struct {
	mu     sync.Mutex
	mails  []string
	from   []string // who each was from, by its envelope
	to     []string
	refuse *smtp.SMTPError
}

func (s *server) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{server: s}, nil }

type session struct {
	server   *server
	from, to string
}

func (*session) Reset()        {}
func (*session) Logout() error { return nil }
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.server.refuse != nil {
		return s.server.refuse
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.mails, s.server.from, s.server.to = append(s.server.mails, string(body)), append(s.server.from, s.from), append(s.server.to, s.to)
	return err
}

func (s *server) answer(code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = nil
	if code != 0 {
		s.refuse = &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "no"}
	}
}

func (s *server) got() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.mails...)
}

// world is a store with one client, whose only message is the set-up link.
type world struct {
	t      *testing.T
	store  *store.Store
	post   *notify.Post
	server *server
	now    time.Time
	client care.ChartID
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldWith(t, notify.SMTP{})
}

func newWorldWith(t *testing.T, mail notify.SMTP) *world {
	t.Helper()
	w := &world{t: t, server: &server{}, now: time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mta := smtp.NewServer(w.server)
	mta.Domain, mta.AllowInsecureAuth = "localhost", true
	go func() { _ = mta.Serve(l) }()
	t.Cleanup(func() { _ = mta.Close() })
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	w.store, err = store.Create(store.Config{Dir: dir, Now: func() time.Time { return w.now }, Elapsed: func() time.Duration { return time.Since(began) }, TZData: "test"},
		store.Throwaway, act.Found{Programme: rules.DefaultProgramme(), Terms: rules.DefaultTerms(w.now.Add(-time.Hour))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	mail.Host, mail.Port, mail.From, mail.Plain = "127.0.0.1", l.Addr().(*net.TCPAddr).Port, "care@careconnect.example", true
	sender := notify.NewSMTP(mail)
	if w.post, err = notify.New(w.store, sender, assets.FS(), "https://care.example.test"); err != nil {
		t.Fatal(err)
	}
	out, err := w.store.Do(context.Background(), care.Anonymous, act.Enter{
		FullName: "Wren Umberdale", Email: "wren@people.example.test", BirthDate: calendar.Date{Year: 1990, Month: 1, Day: 1},
		State: "IL", Zone: "America/Chicago", Source: "direct",
	})
	if err != nil {
		t.Fatal(err)
	}
	w.client = care.ChartID(out.Made)
	return w
}

func (w *world) deliver(want int) {
	w.t.Helper()
	sent, err := w.post.Deliver(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	if sent != want {
		w.t.Fatalf("%d messages were handed over, want %d", sent, want)
	}
}

func (w *world) chart() *care.Chart {
	w.t.Helper()
	chart, err := w.store.Chart(context.Background(), care.System, w.client, "test")
	if err != nil {
		w.t.Fatal(err)
	}
	return chart
}

func TestMailLeavesOnceUnderItsOwnID(t *testing.T) {
	w := newWorld(t)
	w.deliver(1)
	w.deliver(0)
	mails := w.server.got()
	if len(mails) != 1 {
		t.Fatalf("the server got %d mails", len(mails))
	}
	m := w.chart().Messages[0]
	for _, want := range []string{"Message-ID: <" + string(m.ID) + "@careconnect.invalid>", "Subject: Set up your way in", "https://care.example.test/set-up/", "Care Connect"} {
		if !strings.Contains(strings.ReplaceAll(mails[0], "=\r\n", ""), want) {
			t.Errorf("the mail does not hold %q", want)
		}
	}
	if m.State != care.Sent || m.Link != "" {
		t.Errorf("the message is %s; a link that lets somebody in must not be kept", m.State)
	}
}

func TestR95ServerThatIsDownIsTriedAgainLaterAndLater(t *testing.T) {
	w := newWorld(t)
	w.server.answer(451)
	w.deliver(0)
	wait := 30 * time.Second
	for range 14 {
		m := w.chart().Messages[0]
		rests := m.Next.Sub(w.now)
		if least := min(wait, 6*time.Hour); m.State != care.Retry || rests < least || rests > least+least/8 {
			t.Fatalf("the message is %s and rests %v, want %v and a little", m.State, rests, least)
		}
		w.now = m.Next.Add(-time.Second)
		w.deliver(0)
		if got := w.chart().Messages[0].Attempts; got != m.Attempts {
			t.Fatal("it was tried too early")
		}
		w.now = m.Next
		w.deliver(0)
		wait *= 2
	}
	w.server.answer(0)
	w.now = w.chart().Messages[0].Next
	w.deliver(1)
	if len(w.server.got()) != 1 {
		t.Error("it did not arrive exactly once")
	}
}

// TestR32ALateNoticeSaysSo: what left in time says nothing of it.
func TestR32ALateNoticeSaysSo(t *testing.T) {
	for _, c := range []struct {
		after time.Duration
		late  bool
	}{{0, false}, {59 * time.Minute, false}, {time.Hour, true}, {26 * time.Hour, true}} {
		w := newWorld(t)
		w.now = w.now.Add(c.after) // nothing was sent meanwhile
		w.deliver(1)
		got := strings.Contains(strings.ReplaceAll(w.server.got()[0], "=\r\n", ""), "This comes late, and we are sorry: it was meant for Fri 20 Nov 2026")
		if got != c.late {
			t.Errorf("after %v it says that it is late: %v", c.after, got)
		}
	}
}

func TestR95RecipientThatIsRefusedBecomesOneTask(t *testing.T) {
	w := newWorld(t)
	w.server.answer(550)
	w.deliver(0)
	chart := w.chart()
	dead, tasks := 0, 0
	for _, m := range chart.Messages {
		if m.Template == "invite" && m.State == care.Dead {
			dead++
		}
	}
	for _, task := range chart.Tasks {
		if task.Code == "mail_undelivered" {
			tasks++
		}
	}
	if dead != 1 || tasks != 1 {
		t.Errorf("%d dead messages and %d tasks, want one of each", dead, tasks)
	}
	w.now = w.now.Add(48 * time.Hour)
	w.deliver(0)
	if n := len(w.chart().Tasks); n != 1 {
		t.Errorf("%d tasks after two days", n)
	}
}

// A sender that dies between leasing and marking sends again, under the same id.
func TestLeaseThatIsNotMarkedIsTakenAgain(t *testing.T) {
	w := newWorld(t)
	m := w.chart().Messages[0]
	if _, err := w.store.Do(context.Background(), care.System, act.Lease{Chart: w.client, Message: m.ID, For: 2 * time.Minute}); err != nil {
		t.Fatal(err)
	}
	w.deliver(0)
	w.now = w.now.Add(2 * time.Minute)
	w.deliver(1)
	if got := w.chart().Messages[0]; got.State != care.Sent || got.Attempts != 2 {
		t.Errorf("the message is %s after %d attempts", got.State, got.Attempts)
	}
}
