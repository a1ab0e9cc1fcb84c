package act_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"strings"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/rules/picture"
)

// photo is a picture of a card that takes several pieces.
func photo(t *testing.T) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 640, 400))
	for i := range m.Pix {
		m.Pix[i] = byte(i * i >> 3)
	}
	m.SetGray(3, 3, color.Gray{})
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// linked asks a client for details and gives the secret of the link that was sent.
func (w *world) linked(c care.ChartID) string {
	w.Helper()
	w.do(careTeam, act.AskDetails{Client: c})
	link := ""
	for _, m := range w.chart(c).Messages {
		if m.Template == "details" && m.State == care.Ready && m.At.Equal(w.now) {
			link = m.Link
		}
	}
	secret, ok := strings.CutPrefix(link, "/details/")
	if !ok {
		w.Fatalf("no link was sent")
	}
	return secret
}

func details(secret string, photo []byte) act.GiveDetails {
	return act.GiveDetails{Hash: act.HashOf(secret), Details: act.AddCoverage{
		Type: care.HealthPlan, Payer: "Optum", Plan: "Choice Plus", MemberID: "W987654321", Photo: photo,
	}}
}

// R28: the link takes details once within its days; on the eighth, and when it was
// used, it is gone, in the same words as one that there never was.
func TestR28ALinkTakesDetailsOnce(t *testing.T) {
	for _, c := range []struct {
		name  string
		after time.Duration
		want  string
	}{
		{"at once", 0, "done"},
		{"in the last second", 7*24*time.Hour - time.Second, "done"},
		{"when its days are over", 7 * 24 * time.Hour, "link_used"},
		{"on the eighth day", 8 * 24 * time.Hour, "link_used"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := open(t)
			me := w.enters(1)
			secret := w.linked(me)
			w.now = w.now.Add(c.after) // nothing sweeps in between
			if got := w.refused(care.Anonymous, details(secret, nil)); got != c.want {
				t.Fatalf("the link answers %s, want %s", got, c.want)
			}
			again := "link_used"
			if c.want == "done" {
				again = "details_received"
			}
			if got := w.refused(care.Anonymous, details(secret, nil)); got != again {
				t.Errorf("the second time it answers %s, want %s", got, again)
			}
			if got := w.refused(care.Anonymous, details("nobody-ever-had-this", nil)); got != "link_used" {
				t.Errorf("one that there never was answers %s", got)
			}
			want := 0
			state := care.Missed
			if c.want == "done" {
				want, state = 1, care.Met
			}
			chart := w.chart(me)
			if len(chart.Coverages) != want || slices.ContainsFunc(chart.Passes, func(p care.Pass) bool { return p.Type == care.PassDetails }) {
				t.Errorf("%d plans, want %d, or the link is still there", len(chart.Coverages), want)
			}
			if d := w.deadline(me, "details", string(me)); d.State != state {
				t.Errorf("the time of the link is %s, want %s", d.State, state)
			}
			if c.want != "done" {
				return
			}
			w.linked(me)
			if got := w.refused(care.Anonymous, details(secret, nil)); got != "link_used" {
				t.Errorf("one that was used, when there is a new one: %s", got)
			}
			second := w.linked(me)
			other := details(second, nil)
			other.Details.MemberID = "W000000001"
			if got := w.refused(care.Anonymous, other); got != "done" {
				t.Fatalf("the new one answers %s", got)
			}
			w.now = w.now.Add(7 * 24 * time.Hour)
			if got := w.refused(care.Anonymous, details(second, nil)); got != "link_used" {
				t.Errorf("one that was used, after its days: %s", got)
			}
		})
	}
}

// R28: what is wrong with the details leaves the link as it is, a new link ends the
// one before it, and setting a password ends none.
func TestR28WhatKeepsALinkAndWhatEndsIt(t *testing.T) {
	w := open(t)
	me := w.enters(1)
	first := w.linked(me)
	wrong := details(first, nil)
	wrong.Details.MemberID = ""
	if got := w.refused(care.Anonymous, wrong); got != "invalid_input" {
		t.Fatalf("no number: %s", got)
	}
	if got := w.refused(care.Anonymous, details(first, []byte("GIF89a and no photo at all"))); got != "invalid_input" {
		t.Fatalf("no photo: %s", got)
	}
	for _, p := range w.chart(me).Passes {
		if p.Type == care.PassInvite {
			w.do(care.System, act.Redeem{Chart: me, Hash: p.Hash, Password: "x"})
		}
	}
	w.now = w.now.Add(time.Hour)
	second := w.linked(me)
	if got := w.refused(care.Anonymous, details(first, nil)); got != "link_used" {
		t.Errorf("the first link, when there is a second: %s", got)
	}
	if got := w.refused(care.Anonymous, details(second, nil)); got != "done" {
		t.Errorf("the second link: %s", got)
	}
}

// R28: the secret of a link stands nowhere once its message has gone: what is kept
// is a hash.
func TestR28OfALinkOnlyAHashIsKept(t *testing.T) {
	w := open(t)
	me := w.enters(1)
	secret := w.linked(me)
	for _, m := range w.chart(me).Messages {
		if m.Template == "details" {
			w.do(care.System, act.Lease{Chart: me, Message: m.ID, For: time.Minute})
			w.do(care.System, act.Delivered{Chart: me, Message: m.ID})
		}
	}
	var everything bytes.Buffer
	if _, err := w.store.Export(t.Context(), &everything, nil); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(everything.String(), secret) || !strings.Contains(everything.String(), act.HashOf(secret)) {
		t.Error("the secret is kept, or its hash is not")
	}
}

// seesPhoto says whether somebody gets the picture in a chart.
func (w *world) seesPhoto(who care.Actor, card care.ChartID) bool {
	w.Helper()
	chart, err := w.store.Chart(context.Background(), who, card, "card photo")
	var f *care.Fault
	if err != nil && !errors.As(err, &f) {
		w.Fatalf("%v", err)
	}
	return err == nil && len(chart.Picture()) > 0
}

// R28: the photo of a card is the care team's alone, while it verifies the plan;
// each look is told to the client; it goes by itself some days after the finding.
func TestR28ThePhotoOfACard(t *testing.T) {
	w := open(t)
	me := w.enters(1)
	w.do(care.Anonymous, details(w.linked(me), photo(t)))
	c := w.chart(me).Coverages[0]
	if c.Card == nil || c.Card.Type != picture.JPEG || c.Card.Pieces < 2 {
		t.Fatalf("the photo is kept as %+v", c.Card)
	}
	card := c.Card.Chart
	if whole, _, err := picture.Clean(w.chart(card).Picture()); err != nil || len(whole) != c.Card.Size {
		t.Fatalf("what is kept is no picture: %v", err)
	}
	looks := func() int { return len(w.find(care.Set{Name: care.SetSeen, Of: string(me)})) }
	before := looks()
	if !w.seesPhoto(careTeam, card) {
		t.Error("the care team does not see it")
	}
	if got := looks(); got != before+1 {
		t.Errorf("%d lines about the client after a look, want one more than %d", got, before)
	}
	for _, role := range care.Roles {
		if role != care.RoleCareTeam && w.seesPhoto(care.Actor{Role: role, Chart: "ac_other"}, card) {
			t.Errorf("%s sees it", role)
		}
	}
	if w.seesPhoto(client(me), card) || w.seesPhoto(care.Anonymous, card) {
		t.Error("somebody else sees it")
	}

	w.do(careTeam, act.VerifyCoverage{Coverage: c.ID, Result: care.NeedsInfo})
	if !w.seesPhoto(careTeam, card) {
		t.Error("the plan is still being verified, and the care team does not see the photo")
	}
	w.do(careTeam, act.VerifyCoverage{Coverage: c.ID, Result: care.Eligible})
	if w.seesPhoto(careTeam, card) {
		t.Error("the plan is verified, and the care team sees the photo")
	}
	removal := w.deadline(me, "card", string(c.ID)).Due
	w.until(removal.Add(-time.Second))
	if w.chart(me).Coverages[0].Card == nil || len(w.chart(card).Picture()) == 0 {
		t.Error("the photo went before its time")
	}
	w.until(removal)
	if w.chart(me).Coverages[0].Card != nil {
		t.Error("the plan still names a photo")
	}
	if _, err := w.store.Chart(t.Context(), care.System, card, "test"); err == nil {
		t.Error("the photo is still there")
	}
	w.sweep()
}

// R28: a photo goes also where its plan is never verified because another took its
// place, and stays where the plan is looked at again meanwhile.
func TestR28APhotoOutlivesNoPlan(t *testing.T) {
	w := open(t)
	me := w.enters(1)
	w.do(care.Anonymous, details(w.linked(me), photo(t)))
	first := w.chart(me).Coverages[0]
	w.now = w.now.Add(time.Hour)
	other := details("", photo(t)).Details
	other.Client, other.MemberID = me, "W111111111"
	w.do(client(me), other)
	if w.seesPhoto(careTeam, first.Card.Chart) {
		t.Error("the photo of a plan that was replaced is seen")
	}
	w.until(w.deadline(me, "card", string(first.ID)).Due)
	for _, c := range w.chart(me).Coverages {
		if (c.Card != nil) != (c.ID != first.ID) {
			t.Errorf("plan %s has a photo: %v", c.Status, c.Card != nil)
		}
	}
}

// R28: a client who is forgotten takes the photo along.
func TestR28APhotoIsErasedWithItsClient(t *testing.T) {
	w := open(t)
	me := w.enters(1)
	w.do(care.Anonymous, details(w.linked(me), photo(t)))
	card := w.chart(me).Coverages[0].Card.Chart
	w.do(client(me), act.Erase{Client: me})
	if _, err := w.store.Chart(t.Context(), care.System, card, "test"); err == nil {
		t.Error("the photo is still there")
	}
}

// R28: who leaves the programme is asked nothing any more, and the photo goes.
func TestR28WhoLeavesIsAskedNothing(t *testing.T) {
	w := open(t)
	me := w.enters(1)
	w.do(care.Anonymous, details(w.linked(me), photo(t)))
	c := w.chart(me).Coverages[0]
	w.do(careTeam, act.VerifyCoverage{Coverage: c.ID, Result: care.NeedsInfo})
	w.now = w.now.Add(time.Hour)
	secret := w.linked(me)
	w.do(client(me), act.LeaveProgramme{Client: me})
	if got := w.refused(care.Anonymous, details(secret, nil)); got != "link_used" {
		t.Errorf("a link that was sent before answers %s", got)
	}
	if got := w.refused(careTeam, act.AskDetails{Client: me}); got != "client_left" {
		t.Errorf("the care team asks: %s", got)
	}
	w.until(w.deadline(me, "card", string(c.ID)).Due)
	if w.chart(me).Coverages[0].Card != nil {
		t.Error("the photo is still there")
	}
}
