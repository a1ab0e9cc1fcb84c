package notify

import (
	"bytes"
	"fmt"
	"time"

	"github.com/emersion/go-ical"

	"careconnect/rules/care"
)

// Calendar writes an appointment as a file for calendars, RFC 5545 and 5546: a
// request while it stands, a cancellation once it is off. The appointment keeps
// its UID for ever, and each change has a higher sequence, so that a calendar
// moves what it has instead of showing it twice. Instants are in UTC. The title
// says that there is an appointment, and nothing of what it is.
func Calendar(e care.Event, written time.Time, page, from, to string) (string, error) {
	method, status := "REQUEST", ical.EventConfirmed
	if e.Cancelled {
		method, status = "CANCEL", ical.EventCancelled
	}
	event := ical.NewEvent()
	p := event.Props
	p.SetText(ical.PropUID, string(e.Appointment)+"@appointments.invalid")
	p.SetText(ical.PropSummary, "Appointment")
	p.SetDateTime(ical.PropDateTimeStamp, written.UTC())
	p.SetDateTime(ical.PropDateTimeStart, e.Start.UTC())
	p.SetDateTime(ical.PropDateTimeEnd, e.End.UTC())
	p.Set(&ical.Prop{Name: ical.PropSequence, Value: fmt.Sprint(e.Sequence)})
	p.Set(&ical.Prop{Name: ical.PropURL, Value: page})
	p.Set(&ical.Prop{Name: ical.PropClass, Value: "PRIVATE"})
	p.Set(&ical.Prop{Name: ical.PropOrganizer, Value: "mailto:" + from})
	p.Set(&ical.Prop{Name: ical.PropAttendee, Value: "mailto:" + to, Params: ical.Params{ical.ParamRole: {"REQ-PARTICIPANT"}, ical.ParamParticipationStatus: {"ACCEPTED"}, ical.ParamRSVP: {"FALSE"}}})
	event.SetStatus(status)
	c := ical.NewCalendar()
	c.Props.SetText(ical.PropVersion, "2.0")
	c.Props.SetText(ical.PropProductID, "-//Appointments//EN")
	c.Props.SetText(ical.PropMethod, method)
	c.Children = append(c.Children, event.Component)
	var out bytes.Buffer
	if err := ical.NewEncoder(&out).Encode(c); err != nil {
		return "", fmt.Errorf("write calendar file: %w", err)
	}
	return out.String(), nil
}
