// Package notify takes messages from the outbox and hands them over. Nothing is
// sent inside a transaction: a message is leased, sent under its own id, and
// marked, so that it is sent at least once, and by the same id always. A mail
// says that there is something to see and where, never what.
package notify

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"log/slog"
	"path"
	"strings"
	"sync"
	"text/template"
	"time"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/order"
	"careconnect/store"
)

// Mail is one message as it leaves.
type Mail struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"` // when it was due to be sent
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"html"`
	ICS     string    `json:"ics,omitempty"` // for the reader's calendar
	Tag     string    `json:"-"`             // for the envelope: what its bounce is known by; empty: none
}

// Sender hands a mail over. An error that is ErrRefused says that trying again
// is of no use.
type Sender interface {
	Send(ctx context.Context, m Mail) error
}

// ErrRefused says that the other side will never take a message.
var ErrRefused = errors.New("refused for good")

// Post is the way from the outbox to a sender.
type Post struct {
	store     *store.Store
	sender    Sender
	base      string // address of the site, for links
	templates map[string]*template.Template
	one       sync.Mutex // one delivery at a time keeps the order
}

// New reads the mail texts and makes the way out. Base is the site's address,
// without a slash at its end.
func New(s *store.Store, sender Sender, texts fs.FS, base string) (*Post, error) {
	p := &Post{store: s, sender: sender, base: strings.TrimSuffix(base, "/"), templates: map[string]*template.Template{}}
	files, err := fs.Glob(texts, "mail/*.txt")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		name := strings.TrimSuffix(path.Base(f), ".txt")
		if p.templates[name], err = template.ParseFS(texts, f); err != nil {
			return nil, fmt.Errorf("mail text %s: %w", name, err)
		}
	}
	p.Keep()
	return p, nil
}

// Keep tells a throwaway store, where the sender only keeps mail, to count it as
// handed over at once.
func (p *Post) Keep() {
	if k, ok := p.sender.(keeper); ok {
		p.store.KeepMail(k.Takes)
	}
}

// lease is how long a message is a sender's before another may take it.
const lease = 2 * time.Minute

// tagger is a sender whose mails come back, where they come back, under the tag
// that their envelope carried.
type tagger interface{ Tags() bool }

func (p *Post) tags() bool {
	t, is := p.sender.(tagger)
	return is && t.Tags()
}

// atOnce is how many messages are leased in one go.
const atOnce = 64

// Deliver sends everything that is due. It returns how many messages were
// handed over; those that could not be are tried again later.
func (p *Post) Deliver(ctx context.Context) (int, error) {
	if p.sender == nil {
		return 0, nil // without a way out, messages wait
	}
	p.one.Lock()
	defer p.one.Unlock()
	sent, err := p.hold(ctx)
	if err != nil {
		return sent, err
	}
	for {
		if err := ctx.Err(); err != nil {
			return sent, err
		}
		due, err := p.store.ToSend()
		if err != nil || len(due) == 0 {
			return sent, err
		}
		due = due[:min(len(due), atOnce)]
		n, err := p.keep(ctx, due)
		sent += n
		if err != nil {
			return sent, err
		}
		if n == len(due) {
			continue
		}
		orders := make([]store.Order, len(due))
		for i, m := range due {
			orders[i] = store.Order{Actor: care.System, Act: act.Lease{Chart: m.Chart, Message: care.MessageID(m.Ref), For: lease, Tagged: p.tags()}}
		}
		leased := p.store.OrderAll(ctx, orders)
		var after []store.Order
		for i, l := range leased {
			if l.Err != nil {
				if p.store.Failed() != nil {
					return sent, l.Err
				}
				continue
			}
			after = append(after, p.hand(ctx, due[i]))
		}
		if len(after) == 0 {
			return sent, nil
		}
		for i, a := range p.store.OrderAll(ctx, after) {
			if a.Err != nil {
				return sent, a.Err
			}
			if _, ok := after[i].Act.(act.Delivered); ok {
				sent++
			}
		}
	}
}

// keeper is a sender that cannot fail once it has said that it takes mail, since
// it only keeps it.
type keeper interface {
	Takes() bool
	Keep(l letter) bool // false: it takes none now
}

// hold gives the keeper what counted as handed over when it was made. What cannot
// be written did not arrive.
func (p *Post) hold(ctx context.Context) (int, error) {
	kept := p.store.Kept()
	keeper, _ := p.sender.(keeper)
	for i, m := range kept {
		l, err := p.addressed(ctx, m)
		if err != nil {
			slog.WarnContext(ctx, "message not sent", "message", m.ID, "final", true, "error", err)
			if _, err := p.store.Do(ctx, care.System, act.Undelivered{Chart: m.Chart, Message: m.ID, Final: true}); err != nil {
				return i, err
			}
			continue
		}
		if keeper == nil || !keeper.Keep(l) { // it takes none now, and will later
			p.store.KeepAgain(kept[i:])
			return i, nil
		}
	}
	return len(kept), nil
}

// Replayed gives the keeper what a replayed commit made.
func (p *Post) Replayed(ctx context.Context) error {
	for _, m := range p.store.Kept() {
		mail, err := p.written(ctx, m)
		if err != nil {
			continue // that it did not arrive is an act that comes yet
		}
		if err := p.sender.Send(ctx, mail); err != nil {
			return err
		}
	}
	return nil
}

// keep hands messages to a keeper, each in one act, and says how many: all, or
// none. Where one cannot be written, or the sender is no keeper, they go the way
// of mail that may fail.
func (p *Post) keep(ctx context.Context, due []care.Member) (int, error) {
	if k, ok := p.sender.(keeper); !ok || !k.Takes() {
		return 0, nil
	}
	mails, orders := make([]Mail, len(due)), make([]store.Order, len(due))
	for i, m := range due {
		var err error
		if mails[i], err = p.write(ctx, m); err != nil {
			return 0, nil
		}
		orders[i] = store.Order{Actor: care.System, Act: act.Hand{Chart: m.Chart, Message: care.MessageID(m.Ref)}}
	}
	for i, a := range p.store.OrderAll(ctx, orders) {
		if a.Err != nil {
			return i, a.Err
		}
		if err := p.sender.Send(ctx, mails[i]); err != nil {
			return i, err
		}
	}
	return len(due), nil
}

// hand sends one leased message and says what to keep of it.
func (p *Post) hand(ctx context.Context, m care.Member) store.Order {
	failed := func(err error, final bool) store.Order {
		slog.WarnContext(ctx, "message not sent", "message", m.Ref, "final", final, "error", err)
		return store.Order{Actor: care.System, Act: act.Undelivered{Chart: m.Chart, Message: care.MessageID(m.Ref), Final: final}}
	}
	mail, err := p.write(ctx, m)
	if err != nil {
		return failed(err, true)
	}
	if err := p.sender.Send(ctx, mail); err != nil {
		return failed(errors.New("the mail server did not take it"), errors.Is(err, ErrRefused))
	}
	return store.Order{Actor: care.System, Act: act.Delivered{Chart: m.Chart, Message: care.MessageID(m.Ref)}}
}

// Again hands a message over as it is, without a lease: what was sent in one life
// of a throwaway instance is sent in the next.
func (p *Post) Again(ctx context.Context, m care.Member) error {
	mail, err := p.write(ctx, m)
	if err != nil {
		return err
	}
	return p.sender.Send(ctx, mail)
}

// write renders a message that stands in a chart.
func (p *Post) write(ctx context.Context, member care.Member) (Mail, error) {
	chart, err := p.store.Chart(ctx, care.System, member.Chart, "send")
	if err != nil {
		return Mail{}, err
	}
	m, ok := chart.Message(care.MessageID(member.Ref))
	if !ok {
		return Mail{}, errors.New("the message is gone")
	}
	return p.written(ctx, m)
}

// written renders a message: its text from the template, its address from the
// reader's account as it is now.
func (p *Post) written(ctx context.Context, m care.Message) (Mail, error) {
	l, err := p.addressed(ctx, m)
	if err != nil {
		return Mail{}, err
	}
	mail, err := l.mail()
	if m.Tagged {
		mail.Tag = p.store.Tag(m.ID, m.Attempts, mail.To)
	}
	return mail, err
}

// letter is a message with its reader, and all that its text will say.
type letter struct {
	of        care.Message
	sent      time.Time // when it leaves
	to        reader
	base      string
	programme *care.Programme // as it was
	template  *template.Template
}

// addressed finds the reader and the text of a message.
func (p *Post) addressed(ctx context.Context, m care.Message) (letter, error) {
	programme, _ := p.store.Programme()
	to, err := readerOf(ctx, p.store, m, *programme.Programme)
	if err != nil {
		return letter{}, err
	}
	t := p.templates[m.Template]
	if t == nil {
		return letter{}, fmt.Errorf("there is no mail text %q", m.Template)
	}
	sent := m.SentAt
	if sent.IsZero() {
		sent = p.store.Now()
	}
	return letter{m, sent, to, p.base, programme.Programme, t}, nil
}

// late is from when on a mail says that it comes late: what fell due while the
// service was down, or what its server did not take before.
const late = time.Hour

// apology tells a late reader when it was meant for; empty where it is in time.
func (l letter) apology() string {
	if l.sent.Sub(l.of.At) < late {
		return ""
	}
	return "\n\nThis comes late, and we are sorry: it was meant for " + calendar.Words(l.of.At, rules.Zone(l.to.zone)) + ". If a time that it names has passed, see what stands now by the link."
}

func (l letter) mail() (Mail, error) {
	when := ""
	if !l.of.When.IsZero() {
		when = calendar.Words(l.of.When, rules.Zone(l.to.zone))
	}
	var text bytes.Buffer
	err := l.template.Execute(&text, map[string]string{
		"Cost": l.to.cost,
		"When": when, "Link": l.base + l.of.Link, "Programme": l.programme.Name, "Crisis": l.programme.Crisis, "Note": strings.TrimSpace(l.of.Note),
	})
	if err != nil {
		return Mail{}, fmt.Errorf("mail text %s: %w", l.of.Template, err)
	}
	subject, body, _ := strings.Cut(text.String(), "\n")
	body = strings.TrimSpace(body) + l.apology() + "\n"
	mail := Mail{
		ID: string(l.of.ID), At: l.of.At, To: l.to.address, Subject: strings.TrimSpace(strings.TrimPrefix(subject, "Subject:")),
		Text: body, HTML: page(body),
	}
	if l.of.Event != nil {
		mail.ICS, err = Calendar(*l.of.Event, l.of.At, l.base+l.of.Link, l.programme.CareEmail, l.to.address)
	}
	return mail, err
}

// reader is who a message goes to: where, on which clock, and, of a client, what
// sessions cost them.
type reader struct{ address, zone, cost string }

// readerOf finds where a message goes: the person's own address, or the desk's.
func readerOf(ctx context.Context, s *store.Store, m care.Message, programme care.Programme) (reader, error) {
	switch {
	case m.To == "" && m.ToRole == care.RoleClinical:
		return reader{address: programme.OnCallEmail, zone: m.Zone}, nil
	case m.To == "":
		return reader{address: programme.CareEmail, zone: m.Zone}, nil
	}
	chart, err := s.Chart(ctx, care.System, m.To, "send")
	if err != nil {
		return reader{}, err
	}
	to := reader{zone: m.Zone}
	if len(chart.Tickets) > 0 {
		to.address = chart.Tickets[0].Email
		return to, nil
	}
	if chart.Client != nil {
		to.cost = rules.CostInMail(chart, m.At)
	}
	switch {
	case to.zone != "":
	case chart.Provider != nil:
		to.zone = chart.Provider.Hours.Zone
	case chart.Client != nil:
		to.zone = chart.Client.Zone
	}
	if chart.Account == nil || chart.Account.Email == "" {
		return reader{}, errors.New("the reader has no address")
	}
	to.address = chart.Account.Email
	return to, nil
}

// page is the text as the plainest HTML, with its links to click.
func page(text string) string {
	var b strings.Builder
	b.WriteString(`<!doctype html><html lang="en"><meta charset="utf-8"><body>`)
	for _, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		lines := strings.Split(paragraph, "\n")
		for i, line := range lines {
			lines[i] = linked(line)
		}
		b.WriteString("<p>" + strings.Join(lines, "<br>") + "</p>")
	}
	b.WriteString("</body></html>")
	return b.String()
}

// linked is a line with its links to click.
func linked(line string) string {
	words := strings.Fields(line)
	for i, word := range words {
		safe := html.EscapeString(word)
		if strings.HasPrefix(word, "http://") || strings.HasPrefix(word, "https://") {
			safe = `<a href="` + safe + `">` + safe + `</a>`
		}
		words[i] = safe
	}
	return strings.Join(words, " ")
}

// Caught keeps mail instead of sending it, in a throwaway instance. What it can
// write when somebody looks it keeps unwritten: most of it is never read.
type Caught struct {
	mu    sync.Mutex
	mails []caught
	had   map[string]bool // by their ids
	down  bool
}

// caught is one mail, written or not.
type caught struct {
	id, to string
	at     time.Time
	mail   func() (Mail, error)
}

// Send keeps the mail, or fails while it plays a server that is down.
func (c *Caught) Send(_ context.Context, m Mail) error {
	if !c.keep(caught{m.ID, m.To, m.At, func() (Mail, error) { return m, nil }}) {
		return errors.New("the caught mail's server is down, as asked")
	}
	return nil
}

// Keep keeps a letter that can be written.
func (c *Caught) Keep(l letter) bool {
	return c.keep(caught{string(l.of.ID), l.to.address, l.of.At, l.mail})
}

func (c *Caught) keep(m caught) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		return false
	}
	if !c.had[m.id] {
		if c.had == nil {
			c.had = map[string]bool{}
		}
		c.had[m.id] = true
		c.mails = append(c.mails, m)
	}
	return true
}

// Takes says whether mail is kept now.
func (c *Caught) Takes() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.down
}

// Down plays a mail server that is down, or up again.
func (c *Caught) Down(down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = down
}

// Mails are those to an address (empty: all) due at or after an instant, in
// their order.
func (c *Caught) Mails(to string, since time.Time) []Mail {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := []Mail{}
	for _, m := range c.mails {
		if (to == "" || strings.EqualFold(m.to, to)) && !m.at.Before(since) {
			mail, err := m.mail()
			if err != nil {
				mail = Mail{ID: m.id, At: m.at, To: m.to, Subject: "A mail that could not be written", Text: err.Error()}
			}
			found = append(found, mail)
		}
	}
	order.By(found, func(a, b Mail) int { return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID)) })
	return found
}
