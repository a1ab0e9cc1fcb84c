package act

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// SendLink mails a new set-up link to whoever has an account under an address.
// The answer is the same whether there is one or not, so that nobody learns who
// has; the link goes to the address and nowhere else.
type SendLink struct{ Email string }

// linkLife is how long a mailed set-up link works.
const linkLife = 7 * 24 * time.Hour

// linksAtOnce bounds the accounts of one address that a link is sent for.
const linksAtOnce = 3

func (SendLink) Name() string           { return "send_link" }
func (SendLink) About(Known) care.About { return care.About{} }
func (a SendLink) Needs(k Known) Needs {
	set := care.ByEmail(a.Email)
	n := Needs{Sets: []care.Set{set}}
	for i, m := range k.Sets[set] {
		if i < linksLooked {
			n.Charts = append(n.Charts, m.Chart)
		}
	}
	return n
}

// linksLooked bounds the accounts that are looked at to choose those.
const linksLooked = 50

// known are the accounts of an address, those whose owner has shown that the
// address is theirs first, so that nobody can crowd them out by entering under it.
func (a SendLink) known(k Known) []*care.Chart {
	var charts []*care.Chart
	for _, m := range k.Sets[care.ByEmail(a.Email)] {
		if chart := k.Chart(m.Chart); chart != nil && chart.Account != nil && !chart.Account.Closed {
			charts = append(charts, chart)
		}
	}
	order.By(charts, func(x, y *care.Chart) int {
		if (x.Account.Password == "") != (y.Account.Password == "") {
			return strings.Compare(y.Account.Password, x.Account.Password)
		}
		return strings.Compare(string(x.ID), string(y.ID))
	})
	return charts[:min(len(charts), linksAtOnce)]
}

// Decide sends one link for each account, unless one went a moment ago.
func (a SendLink) Decide(k Known, env Env) Plan {
	plan := Plan{Decision: rules.Allowed()}
	for _, chart := range a.known(k) {
		if sentLately(chart, env.Now) {
			continue
		}
		link := newLink(chart.ID, env)
		plan.Changes = append(plan.Changes, care.Put{Chart: chart.ID, Record: link.pass}, care.Put{Chart: chart.ID, Record: link.message})
		plan.Changes = append(plan.Changes, dropRunOut(chart, env.Now)...)
	}
	return plan
}

// betweenLinks and linksADay keep a stranger from filling somebody's mailbox,
// and their chart.
const (
	betweenLinks = 5 * time.Minute
	linksADay    = 5
)

func sentLately(chart *care.Chart, now time.Time) bool {
	today := 0
	for _, m := range chart.Messages {
		if m.Template != "invite" {
			continue
		}
		if now.Sub(m.At) < betweenLinks {
			return true
		}
		if now.Sub(m.At) < 24*time.Hour {
			today++
		}
	}
	return today >= linksADay
}

// link is a set-up link: the pass it opens by, of which only the hash is kept,
// and the message that carries it.
type link struct {
	pass    care.Pass
	message care.Message
}

func newLink(id care.ChartID, env Env) link {
	secret := env.ID("in") + env.ID("in")
	hash := sha256.Sum256([]byte(secret))
	ends := env.Now.Add(linkLife)
	return link{
		pass: care.Pass{Hash: hex.EncodeToString(hash[:]), Chart: id, Type: care.PassInvite, Made: env.Now, Seen: env.Now, Expires: ends},
		message: care.Message{
			ID: care.MessageID(env.ID("ms")), Chart: id, To: id, Template: "invite", Subject: string(id), When: ends,
			Link: "/set-up/" + secret, At: env.Now, Next: env.Now, State: care.Ready,
		},
	}
}
