package notify_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"careconnect/http/notify"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

var bounces = notify.SMTP{Bounces: "bounce@care.example.org"}

// tagOf is the tag in a return path.
func tagOf(t *testing.T, from string) string {
	t.Helper()
	tag, before := strings.CutPrefix(from, "bounce+")
	tag, behind := strings.CutSuffix(tag, "@care.example.org")
	if !before || !behind || len(tag) > store.MostTag {
		t.Fatalf("mail is from %q by its envelope", from)
	}
	return tag
}

// last is the return path of the mail that was taken last, and who it went to.
func (s *server) last() (from, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.from[len(s.from)-1], s.to[len(s.to)-1]
}

func (w *world) cameBack(tag string) care.MessageID {
	w.t.Helper()
	m, err := notify.CameBack(context.Background(), w.store, tag)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

func (w *world) undelivered() (n int) {
	w.t.Helper()
	for _, task := range w.chart().Tasks {
		if task.Code == "mail_undelivered" {
			n++
		}
	}
	return n
}

// TestR95AMailThatComesBackCountsAsNotTold: by the tag that its envelope carried, in
// letters of either case, and once.
func TestR95AMailThatComesBackCountsAsNotTold(t *testing.T) {
	w := newWorldWith(t, bounces)
	w.deliver(1)
	from, _ := w.server.last()
	m := w.chart().Messages[0]
	if strings.Contains(from, "wren") || strings.Contains(from, string(w.client)) {
		t.Error("the return path tells of the person")
	}
	if mail := w.server.got()[0]; !strings.Contains(mail, "From: <care@careconnect.example>") || strings.Contains(mail, "bounce+") {
		t.Error("the mail's own sender is not the plain one")
	}
	if got := w.cameBack(strings.ToUpper(tagOf(t, from))); got != m.ID {
		t.Errorf("message %q came back, want %s", got, m.ID)
	}
	for range 2 {
		if got, _ := w.chart().Message(m.ID); got.State != care.Dead || !got.SentAt.IsZero() || w.undelivered() != 1 {
			t.Errorf("the message is %s, and %d tasks are open", got.State, w.undelivered())
		}
		if got := w.cameBack(tagOf(t, from)); got != "" {
			t.Errorf("the same bounce counts again, for %s", got)
		}
	}
	report, err := w.store.Verify(context.Background(), func(int64, int64) {})
	if err != nil || len(report.Damages) != 0 {
		t.Errorf("the store is damaged: %v %v", report.Damages, err)
	}
}

// TestR95NobodyMakesABounceUp: of a message whose id they know, or of another try.
func TestR95NobodyMakesABounceUp(t *testing.T) {
	w := newWorldWith(t, bounces)
	w.deliver(1)
	from, _ := w.server.last()
	tag := tagOf(t, from)
	parts := strings.Split(tag, "-")
	forged := []string{"", "x", tag + "0", tag[1:], strings.Join([]string{parts[0], "2", parts[2], parts[3]}, "-")}
	for i, c := range tag {
		if c != '-' {
			other := map[bool]string{true: "1", false: "0"}[c == '0']
			forged = append(forged, tag[:i]+other+tag[i+1:])
		}
	}
	for _, f := range forged {
		if f == tag {
			continue
		}
		if _, err := notify.CameBack(context.Background(), w.store, f); !errors.Is(err, notify.ErrNoAddressee) {
			t.Errorf("%q is taken: %v", f, err)
		}
	}
	if w.undelivered() != 0 || w.chart().Messages[0].State != care.Sent {
		t.Error("something came of it")
	}
	other := newWorldWith(t, bounces) // which has its own key
	if _, err := notify.CameBack(context.Background(), other.store, tag); !errors.Is(err, notify.ErrNoAddressee) {
		t.Errorf("another store takes it: %v", err)
	}
}

// TestR95TheBounceOfAnOldAddress: the message goes once more, to the new one.
func TestR95TheBounceOfAnOldAddress(t *testing.T) {
	w := newWorldWith(t, bounces)
	sets := func(address string) {
		t.Helper()
		if _, err := w.store.Do(context.Background(), care.System, act.SetAddresses{Care: address}); err != nil {
			t.Fatal(err)
		}
	}
	sets("desk@old.example.test")
	w.deliver(1)
	from, _ := w.server.last()
	w.cameBack(tagOf(t, from)) // so that the desk is told of a task
	w.deliver(1)
	old, to := w.server.last()
	if to != "desk@old.example.test" {
		t.Fatal("the task went elsewhere")
	}
	sets("desk@new.example.test")
	if got := w.cameBack(tagOf(t, old)); got == "" {
		t.Fatal("nothing came of it")
	}
	w.deliver(1)
	again, to := w.server.last()
	if to != "desk@new.example.test" || again == old {
		t.Error("it did not go to the new address, under another tag")
	}
	if got := w.cameBack(tagOf(t, old)); got != "" {
		t.Error("the bounce of the first counts for the second")
	}
	if got := w.cameBack(tagOf(t, again)); got == "" {
		t.Error("that of the second does not count")
	}
}

// TestR95ABounceOfWhoIsForgotten is of nobody.
func TestR95ABounceOfWhoIsForgotten(t *testing.T) {
	w := newWorldWith(t, bounces)
	w.deliver(1)
	from, _ := w.server.last()
	if _, err := w.store.Do(context.Background(), care.Actor{Role: care.RoleClient, Chart: w.client}, act.Erase{Client: w.client}); err != nil {
		t.Fatal(err)
	}
	if got := w.cameBack(tagOf(t, from)); got != "" {
		t.Errorf("%s came back", got)
	}
	report, err := w.store.Verify(context.Background(), func(int64, int64) {})
	if err != nil || len(report.Damages) != 0 {
		t.Errorf("the store is damaged: %v %v", report.Damages, err)
	}
}

// TestR95WithoutAnAddressForBouncesNothingChanges: mail is from its sender.
func TestR95WithoutAnAddressForBouncesNothingChanges(t *testing.T) {
	w := newWorld(t)
	w.deliver(1)
	if from, _ := w.server.last(); from != "care@careconnect.example" {
		t.Errorf("mail is from %q by its envelope", from)
	}
	if m := w.chart().Messages[0]; m.Tagged {
		t.Error("the message counts as tagged")
	}
}

// TestR95ATryHasItsTag: a second try is another one, also to the same address.
func TestR95ATryHasItsTag(t *testing.T) {
	w := newWorldWith(t, bounces)
	w.server.answer(451)
	w.deliver(0)
	w.server.answer(0)
	w.now = w.chart().Messages[0].Next
	w.deliver(1)
	from, _ := w.server.last()
	if !regexp.MustCompile(`^[0-9a-z]{26}-2-`).MatchString(tagOf(t, from)) {
		t.Errorf("the tag of the second try is %s", tagOf(t, from))
	}
	if got := w.cameBack(tagOf(t, from)); got == "" {
		t.Error("its bounce does not count")
	}
}
