package auth

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

// Handoff is what a link from the payer partner's portal carries: which
// programme, which employer's code, until when, and a number drawn for it alone.
// There is nothing of a person in it. A link is /enter?t=TOKEN, where TOKEN is
//
//	base64url({"k":key,"p":programme,"e":employer,"x":unix seconds,"n":nonce}) "." base64url(signature)
//
// without padding, and the signature is Ed25519 over the part before the dot.
type Handoff struct {
	Key       string `json:"k"`
	Programme string `json:"p"`
	Employer  string `json:"e"`
	Expires   int64  `json:"x"`
	Nonce     string `json:"n"`
}

// Why a link is refused. The words are codes of the trail.
var (
	ErrForged  = errors.New("handoff_forged")  // not readable, not signed, or by a key that is not in force
	ErrExpired = errors.New("handoff_expired") // its time is over
	ErrEarly   = errors.New("handoff_long")    // it would live longer than a link may
)

const mostToken = 1024

// Sign writes a link's token. Only the portal, and tests in its place, hold a key.
func (h Handoff) Sign(key ed25519.PrivateKey) string {
	body, _ := json.Marshal(h) // strings and a number: this cannot fail
	text := base64.RawURLEncoding.EncodeToString(body)
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(text)))
}

// ReadHandoff reads a token, if one of the keys in force has signed it for the
// programme and its time is not over. Clocks may differ by a few minutes. That it
// is used once only is its user's part.
func ReadHandoff(token, programme string, keys []care.HandoffKey, now time.Time, terms care.Terms) (Handoff, error) {
	var h Handoff
	text, signed, dotted := strings.Cut(token, ".")
	if !dotted || len(token) > mostToken {
		return h, ErrForged
	}
	body, err := base64.RawURLEncoding.DecodeString(text)
	signature, alsoErr := base64.RawURLEncoding.DecodeString(signed)
	if err != nil || alsoErr != nil || json.Unmarshal(body, &h) != nil {
		return h, ErrForged
	}
	for _, k := range keys {
		public, err := base64.StdEncoding.DecodeString(k.Public)
		if err != nil || k.ID != h.Key || !k.Retired.IsZero() || len(public) != ed25519.PublicKeySize || !ed25519.Verify(public, []byte(text), signature) {
			continue
		}
		facts := rules.LinkFacts{
			Signed:  h.Programme == programme && h.Nonce != "" && len(h.Nonce) <= 100 && len(h.Employer) <= 40,
			Expires: time.Unix(h.Expires, 0), Now: now, Terms: terms,
		}
		switch {
		case rules.LinkOpens.Decide(facts, nil).Outcome == rules.Yes:
			return h, nil
		case !facts.Signed:
			return h, ErrForged
		case now.After(facts.Expires):
			return h, ErrExpired
		}
		return h, ErrEarly
	}
	return h, ErrForged
}

// TryHandoff reads a token by the programme's own keys and terms, and uses nothing
// up.
func TryHandoff(s *store.Store, token string, now time.Time) (Handoff, error) {
	programme, _ := s.Programme()
	return ReadHandoff(token, rules.ProgrammeCode(*programme.Programme), programme.HandoffKeys, now, rules.TermsAt(programme.Terms, now))
}

// UseHandoff uses a token up, whichever way it comes in, and gives what it carries.
// Nothing of the person is kept, nor who is signed in. A *care.Fault says why it
// opens nothing; the trail has that.
func UseHandoff(ctx context.Context, s *store.Store, token string, now time.Time) (Handoff, error) {
	h, err := TryHandoff(s, token, now)
	if err != nil {
		return h, refuseHandoff(ctx, s, err.Error())
	}
	out, err := s.Order(ctx, store.Order{
		Actor: care.Anonymous, Act: act.UseHandoff{}, Request: reply.RequestID(ctx),
		Once: &store.Once{Key: h.Key + " " + h.Nonce, Route: "/enter", Body: sha256.Sum256([]byte(token))},
	})
	var f *care.Fault
	if out.Replayed || errors.As(err, &f) { // the same link, or another with its number
		return h, refuseHandoff(ctx, s, "handoff_used")
	}
	return h, err
}

func refuseHandoff(ctx context.Context, s *store.Store, code string) error {
	_, err := s.Order(ctx, store.Order{Actor: care.System, Act: act.RefuseHandoff{Code: code}, Request: reply.RequestID(ctx)})
	return err
}

// proofHours is how long a signed link's word lasts while somebody looks around.
const proofHours = 4 * time.Hour

// Prove makes our own word that a signed link brought an employer's code, and says
// until when it lasts.
func Prove(s *store.Store, code string, now time.Time) (string, time.Time) {
	until := now.UTC().Truncate(time.Second).Add(proofHours)
	return s.Vouch("handoff "+care.Alike(code), until), until
}

// Came is what an act is told of how somebody came.
func Came(s *store.Store, source, code, proof string) act.Arrival {
	a := act.Arrival{Source: source, Code: code}
	if s.Vouched("handoff "+care.Alike(code), proof) {
		a.Evidence = care.ByPortal
	}
	return a
}
