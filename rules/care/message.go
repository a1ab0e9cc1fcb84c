package care

import "time"

// Message is something to tell somebody, kept in the chart of the client it
// concerns and sent after its commit. It carries a template and a link, never
// health data: the mail says that there is something to see, not what.
type Message struct {
	ID       MessageID    `json:"id"`
	Chart    ChartID      `json:"chart"` // the chart it stands in
	To       ChartID      `json:"to,omitempty"`
	ToRole   Role         `json:"to_role,omitempty"` // a desk of the programme, when To is empty
	Template string       `json:"template"`
	Subject  string       `json:"subject"`        // the id of what it is about
	When     time.Time    `json:"when,omitzero"`  // an instant that the text names
	Zone     string       `json:"zone,omitempty"` // the reader's
	Note     string       `json:"note,omitempty"` // what an operator is to keep; never about a person
	Link     string       `json:"link"`           // path within the site; ids only
	At       time.Time    `json:"at"`             // when it was due to be sent
	State    MessageState `json:"state"`
	Attempts int          `json:"attempts"`
	Next     time.Time    `json:"next,omitzero"` // when to try; the lease's end while sending
	SentAt   time.Time    `json:"sent_at,omitzero"`
	Tagged   bool         `json:"tagged,omitempty"` // its envelope says which it is, so that a bounce finds it
	Event    *Event       `json:"event,omitempty"`  // for the reader's calendar
}

// Event is an appointment as a calendar gets to know it: which one, the how
// manieth notice of it, and from when to when. It says nothing of what it is.
type Event struct {
	Appointment AppointmentID `json:"appointment"`
	Sequence    int           `json:"sequence"`
	Start       time.Time     `json:"start"`
	End         time.Time     `json:"end"`
	Cancelled   bool          `json:"cancelled,omitempty"`
}

// MessageState is where a message stands in the outbox.
type MessageState string

// The states of a message.
const (
	Ready   MessageState = "ready"
	Sending MessageState = "sending"
	Retry   MessageState = "retry"
	Sent    MessageState = "sent"
	Dead    MessageState = "dead"
)

// Kind, Key and Stands make a Message a Record.
func (Message) Kind() Kind    { return KindMessage }
func (m Message) Key() string { return string(m.ID) }
func (m Message) Stands() []Place {
	var in []Place
	if m.State != Sent && m.State != Dead {
		in = append(in, Place{
			Set: OutboxIn(m.Next), Entry: string(m.ID),
			Member: Member{Chart: m.Chart, Ref: string(m.ID), Code: m.Template, At: m.Next, Until: m.At},
		})
	}
	if m.Tagged && m.State != Dead {
		in = append(in, Place{Set: ByReturn(m.ID), Entry: string(m.ID), Member: Member{Chart: m.Chart, Ref: string(m.ID)}})
	}
	return in
}
