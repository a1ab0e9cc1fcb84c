package act

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"careconnect/rules/care"
	"careconnect/rules/picture"
)

// AskDetails sends a client a link by which they give the details of their plan
// without signing in. It takes them once; a new link ends the one before it.
type AskDetails struct{ Client care.ChartID }

// GiveDetails is what came through such a link, told by the hash of its secret.
type GiveDetails struct {
	Hash    string
	Details AddCoverage
}

func (AskDetails) Name() string             { return "ask_details" }
func (a AskDetails) Needs(Known) Needs      { return Needs{Charts: []care.ChartID{a.Client}} }
func (a AskDetails) About(Known) care.About { return care.About{Client: a.Client} }
func (GiveDetails) Name() string            { return "give_details" }

// Needs is the chart that the link leads to.
func (a GiveDetails) Needs(k Known) Needs {
	set := care.ByPass(a.Hash)
	n := Needs{Sets: []care.Set{set}}
	for _, m := range k.Sets[set] {
		n.Charts = append(n.Charts, m.Chart)
	}
	return n
}

// About is the client whom the link was sent to.
func (a GiveDetails) About(k Known) care.About {
	if chart := a.chart(k); chart != nil {
		return care.About{Client: chart.ID}
	}
	return care.About{}
}

func (a GiveDetails) chart(k Known) *care.Chart {
	for _, m := range k.Sets[care.ByPass(a.Hash)] {
		if chart := k.Chart(m.Chart); chart != nil && chart.Client != nil {
			return chart
		}
	}
	return nil
}

// Decide keeps only a hash of the secret; the message that carries it forgets it
// once it has gone.
func (a AskDetails) Decide(k Known, env Env) Plan {
	d, client, ok := ofClient(k, env, a.Client)
	if !ok {
		return missing()
	}
	if d.chart.Account == nil || d.chart.Account.Closed || d.chart.Account.Email == "" {
		return fault(care.Conflict, "no_address", "There is no address to send a link to. Ask the client another way.")
	}
	if !client.LeftAt.IsZero() {
		return fault(care.Conflict, "client_left", "The client has left the programme. Nothing is asked of them any more.")
	}
	d.endDetails(care.Stopped)
	due, _ := d.chart.Deadline(d.start(care.Deadline{Code: "details", Subject: string(client.ID), Zone: client.Zone}))
	secret := env.ID("dt") + env.ID("dt")
	d.put(care.Pass{Hash: HashOf(secret), Chart: client.ID, Type: care.PassDetails, Made: env.Now, Seen: env.Now, Expires: due.Due})
	d.tellClient("details", string(due.ID), "/details/"+secret, due.Due)
	d.Made = string(client.ID)
	return d.plan()
}

// Decide takes the details once. For as long as the link would have worked it then
// says that they were received; one that has run out, was replaced or never was
// answers alike. What is wrong with the details leaves the link as it is.
func (a GiveDetails) Decide(k Known, env Env) Plan {
	chart := a.chart(k)
	if chart == nil {
		return lapsed()
	}
	p, ok := chart.Pass(a.Hash)
	switch {
	case !ok || p.Type != care.PassDetails && p.Type != care.PassGiven || !env.Now.Before(p.Expires):
		return lapsed()
	case p.Type == care.PassGiven:
		return Plan{Fault: Received()}
	}
	d := begin(env, chart)
	if f := d.insure(a.Details, *chart.Client); f != nil {
		return Plan{Fault: f}
	}
	d.endDetails(care.Met)
	p.Type = care.PassGiven
	d.put(p)
	d.Made = "" // whoever holds a link learns nothing of whose it was
	return d.plan()
}

// Lapsed is the answer to whoever comes with a link that takes nothing any more.
func Lapsed() *care.Fault {
	return &care.Fault{Kind: care.Gone, Code: "link_used", Says: "This link has been used or has run out. Ask for a new link: write to the care team, or sign in and enter your plan there."}
}

// Received is the answer to whoever sends something through a link that has taken
// the details already.
func Received() *care.Fault {
	return &care.Fault{Kind: care.Gone, Code: "details_received", Says: "The details of the plan were received through this link, and what came first is kept. To change something, sign in and enter your plan there, or ask for a new link: write to the care team."}
}

func lapsed() Plan { return Plan{Fault: Lapsed()} }

// HashOf is how the secret of a link is kept.
func HashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// endDetails ends the link that waits for details or has taken them, if there is one.
func (d *draft) endDetails(how care.DeadlineState) {
	for _, p := range slices.Clone(d.chart.Passes) {
		if p.Type == care.PassDetails || p.Type == care.PassGiven {
			d.drop(p)
		}
	}
	for _, dl := range slices.Clone(d.chart.Deadlines) {
		if dl.Code == "details" {
			d.settle(dl.ID, how)
		}
	}
}

// detailsOver is the end of a link that nobody used.
func detailsOver(d *draft, _ care.Deadline, _ Known) { d.endDetails(care.Missed) }

// photograph keeps the photo of a plan's card in a chart of its own, as nothing
// but a picture.
func (d *draft) photograph(c *care.Coverage, photo []byte) string {
	clean, kind, err := picture.Clean(photo)
	if err != nil {
		return err.Error()
	}
	id := care.ChartID(d.env.ID("cd"))
	pieces := care.Pieces(id, clean)
	c.Card = &care.Card{Chart: id, Client: c.Client, Coverage: c.ID, Type: kind, Size: len(clean), Pieces: len(pieces), At: d.env.Now, Open: true}
	d.Changes = append(d.Changes, care.New{Chart: id, Of: care.OfCard}, care.Put{Chart: id, Record: *c.Card})
	for _, p := range pieces {
		d.Changes = append(d.Changes, care.Put{Chart: id, Record: p})
	}
	return ""
}

// shut lets the photo of a plan's card be seen while the plan is being verified,
// and has it removed some days after that.
func (d *draft) shut(c *care.Coverage) {
	if c.Card == nil || c.Card.Open == c.Verifying() {
		return
	}
	card := *c.Card
	if card.Open = c.Verifying(); card.Open {
		d.settle(card.Removal, care.Stopped)
		card.Removal = ""
	} else {
		card.Removal = d.start(care.Deadline{Code: "card", Subject: string(c.ID), Zone: d.chart.Client.Zone})
	}
	c.Card = &card
	d.Changes = append(d.Changes, care.Put{Chart: card.Chart, Record: card})
}

// cardOver removes the photo of a card, with the key that it was sealed under.
func cardOver(d *draft, dl care.Deadline, _ Known) {
	d.settle(dl.ID, care.Met)
	c, ok := d.chart.Coverage(care.CoverageID(dl.Subject))
	if !ok || c.Card == nil || c.Card.Removal != dl.ID {
		return
	}
	d.Changes = append(d.Changes, care.Erase{Chart: c.Card.Chart})
	c.Card = nil
	d.put(c)
}

// cards are the charts of the photos that a client's plans have.
func cards(chart *care.Chart) (all []care.Card) {
	for _, c := range chart.Coverages {
		if c.Card != nil {
			all = append(all, *c.Card)
		}
	}
	return all
}
