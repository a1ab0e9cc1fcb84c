package care

import "time"

// HandoffKey is one of the payer partner's keys: links from its portal are signed
// with the other half, which never comes here. ID is named in each link.
type HandoffKey struct {
	ID      string    `json:"id"`
	Public  string    `json:"public"` // Ed25519, in base64
	By      ChartID   `json:"by"`
	Made    time.Time `json:"made"`
	Retired time.Time `json:"retired,omitzero"`
}

// Kind, Key and Stands make a HandoffKey a Record.
func (HandoffKey) Kind() Kind      { return KindHandoffKey }
func (h HandoffKey) Key() string   { return h.ID }
func (HandoffKey) Stands() []Place { return nil }
