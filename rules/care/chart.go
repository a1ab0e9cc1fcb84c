package care

import (
	"slices"
	"sort"
	"strings"
)

// Chart is everything held about one subject, as records by kind. It holds
// nothing derived.
type Chart struct {
	ID      ChartID
	Of      Subject
	Version uint64 // counts the commits that changed it

	Client       *Client
	Provider     *Provider
	Account      *Account
	Programme    *Programme
	Episodes     []Episode
	Referrals    []Referral
	Appointments []Appointment
	Coverages    []Coverage
	Screenings   []Screening
	Alerts       []Alert
	Consents     []Consent
	Deadlines    []Deadline
	Tasks        []Task
	Messages     []Message
	Passes       []Pass
	Terms        []Terms
	Employers    []Employer
	Plans        []UnprocessablePlan
	Intakes      []Intake
	HandoffKeys  []HandoffKey
	Erasure      *Erasure
	Articles     []Article
	Votes        []Votes
	Tickets      []Ticket
	Holds        []Hold
	Waits        []Wait
	Charges      []Charge
	Batches      []Batch
	Card         *Card
	Pieces       []Piece
	Photo        *Photo
	RosterPages  []RosterPage
	Figures      []Figures

	own   lists  // those that no other chart shares: they may be changed in their place
	spare *Spare // of a draft: where the room for its deadlines comes from
}

// Add places a record in the chart, replacing the one with the same key. The
// records of a kind stand in the order of their keys.
func (c *Chart) Add(r Record) {
	switch r := r.(type) {
	case Client:
		c.Client = &r
	case Provider:
		c.Provider = &r
	case Account:
		c.Account = &r
	case Programme:
		c.Programme = &r
	case Episode:
		c.Episodes = insert(c.Episodes, r, c.owns(episodes))
	case Referral:
		c.Referrals = insert(c.Referrals, r, c.owns(referrals))
	case Appointment:
		c.Appointments = insert(c.Appointments, r, c.owns(appointments))
	case Coverage:
		c.Coverages = insert(c.Coverages, r, c.owns(coverages))
	case Screening:
		c.Screenings = insert(c.Screenings, r, c.owns(screenings))
	case Alert:
		c.Alerts = insert(c.Alerts, r, c.owns(alerts))
	case Consent:
		c.Consents = insert(c.Consents, r, c.owns(consents))
	case Deadline:
		if c.spare != nil && !c.owns(deadlines) {
			c.Deadlines = c.spare.copied(c.Deadlines)
		}
		c.Deadlines = insert(c.Deadlines, r, c.owns(deadlines))
	case Task:
		c.Tasks = insert(c.Tasks, r, c.owns(tasks))
	case Message:
		c.Messages = insert(c.Messages, r, c.owns(messages))
	case Pass:
		c.Passes = insert(c.Passes, r, c.owns(passes))
	case Terms:
		c.Terms = insert(c.Terms, r, c.owns(terms))
	case Employer:
		c.Employers = insert(c.Employers, r, c.owns(employers))
	case UnprocessablePlan:
		c.Plans = insert(c.Plans, r, c.owns(plans))
	case Intake:
		c.Intakes = insert(c.Intakes, r, c.owns(intakes))
	case HandoffKey:
		c.HandoffKeys = insert(c.HandoffKeys, r, c.owns(handoffKeys))
	case Erasure:
		c.Erasure = &r
	case Article:
		c.Articles = insert(c.Articles, r, c.owns(articles))
	case Votes:
		c.Votes = insert(c.Votes, r, c.owns(votes))
	case Ticket:
		c.Tickets = insert(c.Tickets, r, c.owns(tickets))
	case Hold:
		c.Holds = insert(c.Holds, r, c.owns(holds))
	case Wait:
		c.Waits = insert(c.Waits, r, c.owns(waits))
	case Charge:
		c.Charges = insert(c.Charges, r, c.owns(charges))
	case Batch:
		c.Batches = insert(c.Batches, r, c.owns(batches))
	case Card:
		c.Card = &r
	case Photo:
		c.Photo = &r
	case Figures:
		c.Figures = insert(c.Figures, r, c.owns(figures))
	case Piece:
		c.Pieces = insert(c.Pieces, r, c.owns(pieces))
	case RosterPage:
		c.RosterPages = insert(c.RosterPages, r, c.owns(rosterPages))
	}
}

// Records are all records of the chart, kind by kind.
func (c *Chart) Records() []Record {
	var all []Record
	all = one(all, c.Client)
	all = one(all, c.Provider)
	all = one(all, c.Account)
	all = one(all, c.Programme)
	all = many(all, c.Episodes)
	all = many(all, c.Referrals)
	all = many(all, c.Appointments)
	all = many(all, c.Coverages)
	all = many(all, c.Screenings)
	all = many(all, c.Alerts)
	all = many(all, c.Consents)
	all = many(all, c.Deadlines)
	all = many(all, c.Tasks)
	all = many(all, c.Messages)
	all = many(all, c.Passes)
	all = many(all, c.Terms)
	all = many(all, c.Employers)
	all = many(all, c.Plans)
	all = many(all, c.Intakes)
	all = one(all, c.Erasure)
	all = many(all, c.Articles)
	all = many(all, c.Votes)
	all = many(all, c.Tickets)
	all = many(all, c.Holds)
	all = many(all, c.Waits)
	all = many(all, c.Charges)
	all = many(all, c.HandoffKeys)
	all = many(all, c.Batches)
	all = one(all, c.Card)
	all = one(all, c.Photo)
	all = many(all, c.RosterPages)
	all = many(all, c.Figures)
	return many(all, c.Pieces)
}

// Each of these finds a record by its id; false if the chart has none.
func (c *Chart) Episode(id EpisodeID) (Episode, bool)    { return find(c.Episodes, string(id)) }
func (c *Chart) Referral(id ReferralID) (Referral, bool) { return find(c.Referrals, string(id)) }
func (c *Chart) Appointment(id AppointmentID) (Appointment, bool) {
	return find(c.Appointments, string(id))
}
func (c *Chart) Coverage(id CoverageID) (Coverage, bool)    { return find(c.Coverages, string(id)) }
func (c *Chart) Screening(id ScreeningID) (Screening, bool) { return find(c.Screenings, string(id)) }
func (c *Chart) Alert(id AlertID) (Alert, bool)             { return find(c.Alerts, string(id)) }
func (c *Chart) Deadline(id DeadlineID) (Deadline, bool)    { return find(c.Deadlines, string(id)) }
func (c *Chart) Task(id TaskID) (Task, bool)                { return find(c.Tasks, string(id)) }
func (c *Chart) Message(id MessageID) (Message, bool)       { return find(c.Messages, string(id)) }
func (c *Chart) Pass(hash string) (Pass, bool)              { return find(c.Passes, hash) }
func (c *Chart) HandoffKey(id string) (HandoffKey, bool)    { return find(c.HandoffKeys, id) }
func (c *Chart) Intake(file string) (Intake, bool)          { return find(c.Intakes, file) }
func (c *Chart) FiguresOf(quarter string) (Figures, bool)   { return find(c.Figures, quarter) }
func (c *Chart) Wait(id WaitID) (Wait, bool)                { return find(c.Waits, string(id)) }
func (c *Chart) Charge(id ChargeID) (Charge, bool)          { return find(c.Charges, string(id)) }

// OpenEpisode is the episode in which the client seeks care now.
func (c *Chart) OpenEpisode() (Episode, bool) {
	for _, e := range c.Episodes {
		if e.ClosedAt.IsZero() && e.First == "" {
			return e, true
		}
	}
	return Episode{}, false
}

// Coverage in force: the one last submitted that has not been replaced.
func (c *Chart) CurrentCoverage() (Coverage, bool) {
	var now Coverage
	for _, v := range c.Coverages {
		if v.Status != Replaced && (now.ID == "" || v.SubmittedAt.After(now.SubmittedAt)) {
			now = v
		}
	}
	return now, now.ID != ""
}

// Sharing is the consent given last, if any was. What was said in another account,
// before it became one with this, is kept and counts no more.
func (c *Chart) Sharing() (Consent, bool) {
	var last Consent
	for _, v := range c.Consents {
		if v.Client == c.ID && v.Number > last.Number {
			last = v
		}
	}
	return last, last.ID != ""
}

// insert puts a record into its place in a list, or in one of its own with room
// for more.
func insert[T Record](list []T, r T, own bool) []T {
	i, found := at(list, r.Key())
	if !own {
		list = copied(list)
	}
	if !found {
		list = append(list, r)
		copy(list[i+1:], list[i:])
	}
	list[i] = r
	return list
}

func copied[T any](list []T) []T { return append(make([]T, 0, len(list)+len(list)/8+1), list...) }

func find[T Record](list []T, key string) (T, bool) {
	i, found := at(list, key)
	if !found {
		var none T
		return none, false
	}
	return list[i], true
}

// at is where a record stands in its list, or would stand. The keys of the kinds of
// which there are many are read where they are: Key copies the whole record first.
func at[T Record](list []T, key string) (int, bool) {
	switch list := any(list).(type) {
	case []Deadline:
		return sort.Find(len(list), func(i int) int { return strings.Compare(key, string(list[i].ID)) })
	case []Message:
		return sort.Find(len(list), func(i int) int { return strings.Compare(key, string(list[i].ID)) })
	case []Appointment:
		return sort.Find(len(list), func(i int) int { return strings.Compare(key, string(list[i].ID)) })
	}
	return sort.Find(len(list), func(i int) int { return strings.Compare(key, list[i].Key()) })
}

func one[T Record](all []Record, r *T) []Record {
	if r != nil {
		all = append(all, *r)
	}
	return all
}

func many[T Record](all []Record, list []T) []Record {
	for _, r := range list {
		all = append(all, r)
	}
	return all
}

// Clone is a copy whose records can be added to and replaced without touching
// the original, and the other way round. The records themselves are values and
// are shared; so is each list, until one of the two changes it. Like Add it is for
// whom the chart belongs to; of a chart that others look at too it only reads.
func (c *Chart) Clone() *Chart {
	if c.own != 0 {
		c.own = 0
	}
	n := *c
	n.spare = nil
	return &n
}

// Draft is a copy to try changes on. It is good for as long as the original does
// not change, and costs the original nothing: that goes on changing its own lists
// in their place. Where spare lends it room, it is good until that is taken back.
func (c *Chart) Draft(spare *Spare) *Chart {
	n := *c
	n.own, n.spare = 0, spare
	return &n
}

// lists are some of a chart's lists.
type lists uint32

const (
	episodes lists = 1 << iota
	referrals
	appointments
	coverages
	screenings
	alerts
	consents
	deadlines
	tasks
	messages
	passes
	terms
	employers
	plans
	intakes
	handoffKeys
	holds
	articles
	votes
	tickets
	charges
	batches
	pieces
	rosterPages
	figures
	waits
)

// owns makes a list the chart's own, to be changed in its place; false if it was
// not so far, and must be copied.
func (c *Chart) owns(list lists) bool {
	had := c.own&list != 0
	c.own |= list
	return had
}

// Remove takes a record out of the chart.
func (c *Chart) Remove(r Record) {
	switch r := r.(type) {
	case Pass:
		c.Passes = remove(c.Passes, r)
	case Message:
		c.Messages = remove(c.Messages, r)
	case Intake:
		c.Intakes = remove(c.Intakes, r)
	case Hold:
		c.Holds = remove(c.Holds, r)
	case RosterPage:
		c.RosterPages = remove(c.RosterPages, r)
	}
}

func remove[T Record](list []T, r T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(have T) bool { return have.Key() == r.Key() })
}

// Get finds a record by kind and key; nil if the chart has none.
func (c *Chart) Get(kind Kind, key string) Record {
	switch kind {
	case KindClient:
		return single(c.Client)
	case KindProvider:
		return single(c.Provider)
	case KindAccount:
		return single(c.Account)
	case KindProgramme:
		return single(c.Programme)
	case KindEpisode:
		return listed(c.Episodes, key)
	case KindReferral:
		return listed(c.Referrals, key)
	case KindAppointment:
		return listed(c.Appointments, key)
	case KindCoverage:
		return listed(c.Coverages, key)
	case KindScreening:
		return listed(c.Screenings, key)
	case KindAlert:
		return listed(c.Alerts, key)
	case KindConsent:
		return listed(c.Consents, key)
	case KindDeadline:
		return listed(c.Deadlines, key)
	case KindTask:
		return listed(c.Tasks, key)
	case KindMessage:
		return listed(c.Messages, key)
	case KindPass:
		return listed(c.Passes, key)
	case KindTerms:
		return listed(c.Terms, key)
	case KindEmployer:
		return listed(c.Employers, key)
	case KindPlan:
		return listed(c.Plans, key)
	case KindIntake:
		return listed(c.Intakes, key)
	case KindHandoffKey:
		return listed(c.HandoffKeys, key)
	case KindErasure:
		return single(c.Erasure)
	case KindArticle:
		return listed(c.Articles, key)
	case KindVotes:
		return listed(c.Votes, key)
	case KindTicket:
		return listed(c.Tickets, key)
	case KindHold:
		return listed(c.Holds, key)
	case KindWait:
		return listed(c.Waits, key)
	case KindCharge:
		return listed(c.Charges, key)
	case KindBatch:
		return listed(c.Batches, key)
	case KindCard:
		return single(c.Card)
	case KindPhoto:
		return single(c.Photo)
	case KindFigures:
		return listed(c.Figures, key)
	case KindPiece:
		return listed(c.Pieces, key)
	case KindRosterPage:
		return listed(c.RosterPages, key)
	}
	return nil
}

func single[T Record](r *T) Record {
	if r == nil {
		return nil
	}
	return *r
}

func listed[T Record](list []T, key string) Record {
	r, ok := find(list, key)
	if !ok {
		return nil
	}
	return r
}
