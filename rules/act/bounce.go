package act

import (
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
)

// Bounced says that a message came back after it had been handed over: whoever took
// it could not bring it to its reader. What was told by it counts as not told, as
// of one that was refused.
type Bounced struct {
	Chart   care.ChartID
	Message care.MessageID
	Try     int  // which of its tries came back
	Moved   bool // the reader has another address by now
}

func (Bounced) Name() string             { return "bounced" }
func (a Bounced) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Chart}} }
func (a Bounced) About(Known) care.About { return care.About{Account: a.Chart} }

// Decide takes the bounce of the last try, once: one that was sent again since says
// for itself whether it arrives. To a reader who has moved it goes once more, unless
// its link was a secret, which is forgotten once it is sent; of any other the care
// team is told.
func (a Bounced) Decide(k Known, env Env) Plan {
	m, ok := message(k, a.Chart, a.Message)
	if !ok || m.Attempts != a.Try || m.State != care.Sending && m.State != care.Sent {
		return Plan{Decision: rules.Allowed()}
	}
	d := begin(env, k.Chart(a.Chart))
	if a.Moved && !letsIn[m.Template] && m.Attempts < maxAttempts {
		m.State, m.SentAt, m.Next = care.Retry, time.Time{}, env.Now
		d.put(m)
		d.unheard(m)
	} else {
		d.lost(m)
	}
	d.Made = string(m.ID)
	return d.plan()
}
