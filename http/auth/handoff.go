package auth

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
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
