package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// SMTP says how to reach a mail server.
type SMTP struct {
	Host     string
	Port     int
	User     string
	Password string
	From     string
	Bounces  string // where what cannot be delivered comes back to, behind a tag; empty: to From, untold
	// Plain sends without TLS, to a server on the same host.
	Plain bool
}

// smtp sends mail through a server.
type smtp struct{ config SMTP }

// NewSMTP makes a sender through a mail server.
func NewSMTP(config SMTP) Sender { return &smtp{config} }

// Tags says whether the envelope of a mail says which it is.
func (s *smtp) Tags() bool { return s.config.Bounces != "" }

// returnPath is the address that a mail comes back to: its tag stands before the @,
// behind a plus.
func (s *smtp) returnPath(tag string) string {
	at := strings.LastIndexByte(s.config.Bounces, '@')
	return s.config.Bounces[:at] + "+" + tag + s.config.Bounces[at:]
}

// Send hands one mail to the server, under its own id, so that a second try is
// known as the same.
func (s *smtp) Send(ctx context.Context, m Mail) error {
	options := []mail.Option{mail.WithPort(s.config.Port), mail.WithTimeout(30 * time.Second)}
	if s.config.Plain {
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	} else {
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory), mail.WithTLSConfig(&tls.Config{ServerName: s.config.Host, MinVersion: tls.VersionTLS12}))
	}
	if s.config.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthPlain), mail.WithUsername(s.config.User), mail.WithPassword(s.config.Password))
	}
	client, err := mail.NewClient(s.config.Host, options...)
	if err != nil {
		return fmt.Errorf("mail server: %w", err)
	}
	msg := mail.NewMsg()
	if err := errors.Join(msg.From(s.config.From), msg.To(m.To)); err != nil {
		return fmt.Errorf("%w: address: %w", ErrRefused, err)
	}
	if m.Tag != "" && s.Tags() {
		if err := msg.EnvelopeFrom(s.returnPath(m.Tag)); err != nil {
			return errors.New("mail.bounces is no address that a tag can be put into")
		}
	}
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.ID + "@careconnect.invalid")
	msg.SetBodyString(mail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(mail.TypeTextHTML, m.HTML)
	if m.ICS != "" {
		method := "REQUEST"
		if strings.Contains(m.ICS, "METHOD:CANCEL") {
			method = "CANCEL"
		}
		// Some calendars look for it beside the text, others among what is attached.
		msg.AddAlternativeString(mail.ContentType("text/calendar; method="+method), m.ICS)
		if err := msg.AttachReader("appointment.ics", strings.NewReader(m.ICS), mail.WithFileContentType("application/ics")); err != nil {
			return fmt.Errorf("attach calendar file: %w", err)
		}
	}
	err = client.DialAndSendWithContext(ctx, msg)
	var refused *mail.SendError
	if errors.As(err, &refused) && !refused.IsTemp() && refused.ErrorCode() >= 500 {
		return fmt.Errorf("%w: code %d", ErrRefused, refused.ErrorCode())
	}
	return err
}
