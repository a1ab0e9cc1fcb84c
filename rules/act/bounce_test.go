package act_test

import (
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// letter is the first message of a kind to somebody in a chart.
func (w *world) letter(c, to care.ChartID, template string) care.Message {
	w.Helper()
	for _, m := range w.chart(c).Messages {
		if m.To == to && m.Template == template {
			return m
		}
	}
	w.Fatalf("no message %s", template)
	return care.Message{}
}

// sends hands a message over, to a server that takes it.
func (w *world) sends(m care.Message) {
	w.Helper()
	w.do(care.System, act.Lease{Chart: m.Chart, Message: m.ID, For: time.Minute, Tagged: true})
	w.do(care.System, act.Delivered{Chart: m.Chart, Message: m.ID})
}

func (w *world) bounces(m care.Message, try int, moved bool) {
	w.Helper()
	w.do(care.System, act.Bounced{Chart: m.Chart, Message: m.ID, Try: try, Moved: moved})
}

// again is a message as it is by now.
func (w *world) again(m care.Message) care.Message {
	w.Helper()
	now, ok := w.chart(m.Chart).Message(m.ID)
	if !ok {
		w.Fatalf("message %s is gone", m.ID)
	}
	return now
}

// TestR95WhatCameBackWasNotTold: the silence that had begun since is taken back, as
// if the mail had been refused at once; one task, however often the bounce comes.
func TestR95WhatCameBackWasNotTold(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	r := w.asks(me, p)
	w.do(provider(p), act.Propose{Referral: r, Times: []time.Time{at(9, 10, 0)}})
	owed := w.consult(me, r)
	m := w.letter(me, me, "proposed")
	w.sends(m)
	w.until(at(8, 12, 0))
	is(t, "while it is thought to have arrived", w.consult(me, r).State, care.Waiting)
	for range 2 {
		w.bounces(m, 1, false)
		got := w.consult(me, r)
		is(t, "the days", got.State, care.Running)
		is(t, "their pauses", len(got.Pauses), 0)
		is(t, "their end", got.Due, owed.Due)
		is(t, "the message", w.again(m).State, care.Dead)
		is(t, "when it was sent", w.again(m).SentAt, time.Time{})
		is(t, "tasks", w.tasks(me, "mail_undelivered"), 1)
	}
	for _, task := range w.chart(me).Tasks {
		w.do(careTeam, act.FinishTask{Task: task.ID})
	}
	w.bounces(m, 1, false)
	is(t, "tasks once it was done", w.tasks(me, "mail_undelivered"), 1)
	w.until(at(21, 12, 0))
	is(t, "the request", w.referral(me, r).Status, care.Proposed)
	is(t, "a person looks", w.tasks(me, "consult_missed"), 1)
}

// TestR95ABounceOfWhatTheyKnowOtherwise: they have been told since, so the silence
// was one; and that they let their call go themselves is none.
func TestR95ABounceOfWhatTheyKnowOtherwise(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	r := w.asks(me, p)
	w.do(provider(p), act.Accept{Referral: r})
	first := w.letter(me, me, "accepted")
	w.sends(first)
	w.until(at(5, 13, 0))
	w.do(provider(p), act.Propose{Referral: r, Times: []time.Time{at(9, 10, 0)}})
	w.until(at(7, 12, 0))
	w.bounces(first, 1, false)
	is(t, "told again since", w.consult(me, r).State, care.Waiting)

	w = open(t)
	p, me = w.joins(1, false), w.enters(1)
	r = w.asks(me, p)
	w.do(provider(p), act.Accept{Referral: r})
	first = w.letter(me, me, "accepted")
	w.sends(first)
	w.do(client(me), act.Book{Referral: r, Start: at(9, 10, 0)})
	w.until(at(6, 12, 0))
	w.do(client(me), act.Cancel{Appointment: w.referral(me, r).Meeting})
	word := w.letter(me, me, "cancelled")
	w.sends(word)
	w.until(at(6, 15, 0))
	for _, m := range []care.Message{first, word} {
		w.bounces(m, 1, false)
		is(t, "it came back", w.again(m).State, care.Dead)
	}
	is(t, "let go by themselves", w.consult(me, r).State, care.Waiting)
}

// TestR95TheBounceOfAnAddressThatIsNoMore: the message goes to the new one. What
// comes back of the first try says nothing of the second, which may come back too.
func TestR95TheBounceOfAnAddressThatIsNoMore(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	r := w.asks(me, p)
	w.do(provider(p), act.Propose{Referral: r, Times: []time.Time{at(9, 10, 0)}})
	m := w.letter(me, me, "proposed")
	w.sends(m)
	w.bounces(m, 1, true)
	is(t, "the message", w.again(m).State, care.Retry)
	is(t, "when it goes", w.again(m).Next, w.now)
	is(t, "tasks", w.tasks(me, "mail_undelivered"), 0)
	w.bounces(m, 1, true)
	w.sends(m)
	w.bounces(m, 1, true)
	is(t, "sent again", w.again(m).State, care.Sent)
	w.bounces(m, 2, false)
	is(t, "came back again", w.again(m).State, care.Dead)
	is(t, "tasks", w.tasks(me, "mail_undelivered"), 1)
}

// TestR95ABounceAfterTheRequestWasClosed: it stays closed, since the provider has been
// told and the times are over. A person reaches the client, and what they ask then is
// promised anew.
func TestR95ABounceAfterTheRequestWasClosed(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	r := w.asks(me, p)
	w.do(provider(p), act.Propose{Referral: r, Times: []time.Time{at(9, 10, 0)}})
	m := w.letter(me, me, "proposed")
	w.sends(m)
	w.until(at(20, 12, 0))
	is(t, "the request", w.referral(me, r).Status, care.NoResponse)
	before := w.episode(me)
	w.bounces(m, 1, false)
	is(t, "the request after the bounce", w.referral(me, r).Status, care.NoResponse)
	is(t, "a person reaches them", w.tasks(me, "mail_undelivered"), 1)
	again := w.referral(me, w.asks(me, p))
	is(t, "the request that follows", again.Status, care.Submitted)
	is(t, "another episode", again.Episode != before.ID, true)
	e, _ := w.chart(me).Episode(again.Episode)
	promise, _ := w.chart(me).Deadline(e.Promise)
	is(t, "its promise", promise.State, care.Running)
	is(t, "from when", promise.Starts, w.now)
}

// TestR95AWordThatArrivesAfterTheDaysOfChoosing: nothing was closed meanwhile, the client
// can still choose, and no silence begins; the care team has looked since the first call
// was missed.
func TestR95AWordThatArrivesAfterTheDaysOfChoosing(t *testing.T) {
	w := open(t)
	p, me := w.joins(1, false), w.enters(1)
	r := w.asks(me, p)
	w.do(provider(p), act.Accept{Referral: r})
	m := w.letter(me, me, "accepted")
	w.do(care.System, act.Lease{Chart: me, Message: m.ID, For: time.Minute, Tagged: true})
	w.do(care.System, act.Undelivered{Chart: me, Message: m.ID})
	w.until(at(21, 12, 0))
	w.sends(w.again(m))
	w.until(at(30, 12, 0).AddDate(0, 1, 0))
	is(t, "the request", w.referral(me, r).Status, care.Accepted)
	is(t, "a person looks", w.tasks(me, "consult_missed"), 1)
	w.do(client(me), act.Book{Referral: r, Start: w.now.Add(26 * time.Hour)})
}

// TestR95ALinkThatLetsInIsNotSentAgain: it was forgotten once it had been sent.
func TestR95ALinkThatLetsInIsNotSentAgain(t *testing.T) {
	w := open(t)
	me := w.enters(1)
	m := w.letter(me, me, "invite")
	w.sends(m)
	w.bounces(m, 1, true)
	is(t, "the link", w.again(m).State, care.Dead)
	is(t, "tasks", w.tasks(me, "mail_undelivered"), 1)
}

// TestR95ABounceThatComesBeforeTheServersYes is not overwritten by it.
func TestR95ABounceThatComesBeforeTheServersYes(t *testing.T) {
	w := open(t)
	me := w.enters(1)
	m := w.letter(me, me, "invite")
	w.do(care.System, act.Lease{Chart: me, Message: m.ID, For: time.Minute, Tagged: true})
	is(t, "found by its bounce", len(w.find(care.ByReturn(m.ID))), 1)
	w.bounces(m, 1, false)
	w.do(care.System, act.Delivered{Chart: me, Message: m.ID})
	is(t, "the message", w.again(m).State, care.Dead)
	is(t, "tasks", w.tasks(me, "mail_undelivered"), 1)
	is(t, "found by its bounce", len(w.find(care.ByReturn(m.ID))), 0)
}

// TestR95ABounceFindsAMessageThatWentOver with its account into another.
func TestR95ABounceFindsAMessageThatWentOver(t *testing.T) {
	w := open(t)
	first, second := w.twoAccounts()
	p := w.joins(1, false)
	for _, c := range []care.ChartID{first, second} {
		w.do(client(c), act.AddCoverage{Client: c, Type: care.HealthPlan, Payer: "Optum", Plan: "Lakefront HMO", MemberID: "TEST1"})
	}
	w.do(provider(p), act.Accept{Referral: w.asks(second, p)})
	var sent []care.Message
	for _, c := range []care.ChartID{first, second} {
		for _, m := range w.chart(c).Messages {
			if m.To == c {
				w.sends(m)
				sent = append(sent, m)
			}
		}
	}
	stays := care.ChartID(w.do(client(first), joining(first, second)))
	over := 0
	for _, m := range sent {
		found := w.find(care.ByReturn(m.ID))
		now, ok := w.chart(stays).Message(m.ID)
		if !ok { // a link that went with its account
			is(t, "found by its bounce", len(found), 0)
			continue
		}
		is(t, "found by its bounce", len(found) == 1 && found[0].Chart == stays, true)
		w.bounces(now, now.Attempts, false)
		is(t, "the message", w.again(now).State, care.Dead)
		if m.Chart != stays {
			over++
		}
	}
	is(t, "some went over", over > 0, true)
	is(t, "tasks", w.tasks(stays, "mail_undelivered"), 1)
}
