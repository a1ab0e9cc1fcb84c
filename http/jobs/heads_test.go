package jobs_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"careconnect/http/notify"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

// A checkpoint stands in the log at the start and at the end, and once a day in
// a mail to the operators: the whole of it, signed, and nothing of a person.
func TestHeadsAreSaidOutside(t *testing.T) {
	var log syncBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	h := newHouse(t)
	operator := care.ChartID(h.do(act.OpenAccount{Role: care.RoleOperator, FullName: "Operator", Email: "operator@example.test"}))
	caught := &notify.Caught{}
	j := h.start(caught)
	if err := j.TellHeads(); err != nil {
		t.Fatal(err)
	}
	mails := func() []notify.Mail { return caught.Mails("operator@example.test", time.Time{}) }
	h.eventually("a mail to the operator", func() bool { return len(mails()) == 1 })
	h.eventually("a line of the log", func() bool { return strings.Contains(log.String(), "msg=checkpoint") })
	m := mails()[0]
	from := strings.Index(m.Text, "careconnect/")
	signed := m.Text[from:strings.Index(m.Text, "\n\nHow to use")] + "\n"
	c, err := store.ReadCheckpoint(signed, h.store.TrailKey())
	if err != nil || c.Size == 0 {
		t.Fatalf("the mail's checkpoint: %+v, %v", c, err)
	}
	report, err := h.store.VerifyTrail(t.Context(), m.Text, nil)
	if err != nil || report.Err() != nil || len(report.Against) != 1 {
		t.Errorf("held against the whole mail: %+v, %v", report.Against, err)
	}
	send := func() []care.Message {
		if _, err := h.store.Do(context.Background(), care.System, act.SendHead{Checkpoint: signed}); err != nil {
			t.Fatal(err)
		}
		chart, err := h.store.Chart(context.Background(), care.System, operator, "test")
		if err != nil {
			t.Fatal(err)
		}
		return chart.Messages
	}
	was := send()
	h.now.Add(int64(23 * time.Hour / time.Second))
	if is := send(); len(was) != 1 || len(is) != 1 || was[0].ID == is[0].ID {
		t.Errorf("one a day, and only the last is kept: %d then, %d the day after", len(was), len(is))
	}
	told := strings.Count(log.String(), "msg=checkpoint")
	if err := j.Stop(); err != nil {
		t.Fatal(err)
	}
	if strings.Count(log.String(), "msg=checkpoint") != told+1 {
		t.Error("no checkpoint stands in the log at the end")
	}
}
