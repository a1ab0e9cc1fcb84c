package act

import (
	"slices"
	"time"

	"careconnect/rules/care"
)

// SetSharing is the client's answer to the question whether the payer partner
// may have their data, for one purpose. Only the client gives it; it can be
// taken back at any time, and changes nothing in their care.
type SetSharing struct {
	Client      care.ChartID
	Sharing     bool
	Scopes      []string
	TextVersion string
}

// ConsentTextVersion is the version of the words that the client is asked with.
const ConsentTextVersion = "2026-11"

// RecommendationPurpose is the only purpose for which data is shared.
const RecommendationPurpose = "personalized_health_recommendations"

func (SetSharing) Name() string             { return "set_sharing" }
func (a SetSharing) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Client}} }
func (a SetSharing) About(Known) care.About { return care.About{Client: a.Client} }

// endConsents takes the client's yes back for a reason that is not their next
// answer. It says whether there was one.
func (d *draft) endConsents(why string) (care.Consent, bool) {
	for _, c := range d.chart.Consents {
		if c.Active(d.env.Now) {
			c.WithdrawnAt, c.Ended = d.env.Now, why
			d.put(c)
			return c, true
		}
	}
	return care.Consent{}, false
}

// askSharingAgain ends a yes that was given while another insurer's plan held, and
// puts the question once more: the recipient is somebody else to the client now.
func (d *draft) askSharingAgain() {
	if c, was := d.endConsents(care.EndedByPayer); was {
		d.tellClient("sharing_again", string(c.ID), "/sharing", time.Time{})
	}
}

// Decide ends what was given before and keeps the answer as a record of its own.
func (a SetSharing) Decide(k Known, env Env) Plan {
	d, _, ok := ofClient(k, env, a.Client)
	if !ok {
		return missing()
	}
	var wrong problems
	wrong.need(!a.Sharing || len(a.Scopes) > 0, "scopes: choose at least one thing to share")
	for _, s := range a.Scopes {
		wrong.need(slices.Contains(care.Scopes[:], s), "scopes: choose among identity, referral, attendance, screening, coverage")
	}
	wrong.need(a.TextVersion == ConsentTextVersion, "text_version: the words have changed; read them again ("+ConsentTextVersion+")")
	if f := wrong.fault(); f != nil {
		return Plan{Fault: f}
	}
	if a.Sharing && env.Programme.PrivacyEmail == "" {
		return fault(care.Conflict, "privacy_email_missing", "Sharing cannot be offered yet: the operator has not said where you can write to end it. Nothing is shared.")
	}
	for _, c := range d.chart.Consents {
		if c.Active(env.Now) {
			c.WithdrawnAt = env.Now
			d.put(c)
		}
	}
	c := care.Consent{
		ID: care.ConsentID(env.ID("cn")), Client: a.Client, Number: len(d.chart.Consents) + 1, Sharing: a.Sharing, TextVersion: a.TextVersion,
		Method: "portal", At: env.Now, Purpose: RecommendationPurpose,
	}
	if a.Sharing {
		c.Scopes = slices.Clone(a.Scopes)
		slices.Sort(c.Scopes)
		c.Scopes = slices.Compact(c.Scopes)
	}
	d.put(c)
	d.tellClient("consent_receipt", string(c.ID), "/me/privacy", env.Now)
	d.Made, d.Effect = string(c.ID), c.Stated()
	return d.plan()
}
