package access

import "careconnect/rules/care"

// viewer is somebody in front of one chart, and what of it was referred to them.
type viewer struct {
	actor care.Actor
	chart *care.Chart
	seen  *care.Chart // what they see of it, once that is known
	any   standing    // over all referrals to them
	by    map[care.ReferralID]standing
	in    map[care.EpisodeID]standing
}

// standing is what referrals to a provider amount to.
type standing struct{ addressed, treated, accepted bool }

func (s standing) with(r care.Referral) standing {
	return standing{addressed: true, treated: s.treated || r.Treated(), accepted: s.accepted || r.Clinical()}
}

func newViewer(actor care.Actor, chart *care.Chart) *viewer {
	v := &viewer{actor: actor, chart: chart, by: map[care.ReferralID]standing{}, in: map[care.EpisodeID]standing{}}
	if p := chart.Photo; chart.Of == care.OfPhoto && p != nil {
		v.any.addressed = p.Published || actor.Chart == p.Provider // to everybody, once it is published
	}
	if actor.Chart == "" {
		return v
	}
	if chart.Of == care.OfCard && chart.Card != nil {
		v.any.addressed = chart.Card.Open // to the care team, while it verifies the plan
	}
	for _, r := range chart.Referrals {
		if r.Provider == actor.Chart {
			v.any = v.any.with(r)
			v.by[r.ID] = v.by[r.ID].with(r)
			v.in[r.Episode] = v.in[r.Episode].with(r)
		}
	}
	return v
}

func (v *viewer) own() bool { return v.actor.Chart != "" && v.actor.Chart == v.chart.ID }

func (v *viewer) as(s standing) stance {
	return stance{own: v.own(), addressed: s.addressed, treated: s.treated, accepted: s.accepted}
}

// whole is how the viewer stands to the chart as a whole.
func (v *viewer) whole() stance { return v.as(v.any) }

// stance is how the viewer stands to one record of the chart.
func (v *viewer) stance(record care.Record) stance {
	switch r := record.(type) {
	case care.Episode:
		return v.as(v.in[r.ID])
	case care.Referral:
		return v.as(v.by[r.ID])
	case care.Appointment:
		return v.as(v.visit(r))
	case care.Charge:
		s := v.by[r.Referral]
		s.addressed = s.addressed && r.Provider == v.actor.Chart
		return v.as(s)
	case care.Screening:
		// Answers given for an earlier first session stay good in the episode,
		// so whoever treats the client in it reads them.
		return v.as(v.in[r.Episode])
	case care.Alert:
		return v.as(standing{addressed: v.any.addressed && r.Provider == v.actor.Chart, accepted: v.any.accepted})
	case care.Message:
		return stance{own: v.own() && r.To == v.actor.Chart}
	case care.Deadline:
		return v.deadline(r)
	}
	return v.whole()
}

// visit is a provider's standing to an appointment with them: the consultation
// belongs to the request, a session to the care of a client taken on, then and
// afterwards.
func (v *viewer) visit(a care.Appointment) standing {
	s := v.by[a.Referral]
	s.addressed = s.addressed && a.Provider == v.actor.Chart && (a.Type == care.Consultation || s.treated)
	return s
}

// deadline goes by its subject: what is owed about something that stays hidden
// stays hidden too. In a client's chart that keeps the clock of a safety alert
// from the client, and other providers' clocks from a provider.
func (v *viewer) deadline(d care.Deadline) stance {
	if v.chart.Of != care.OfClient {
		return v.whole()
	}
	s := stance{own: v.own() && v.shows(d.Subject)}
	if v.any.addressed {
		s.addressed, s.accepted = v.concerns(d), v.any.accepted
	}
	return s
}

// concerns says whether a deadline is a provider's: about a referral, a visit or
// an alert that they see, or the promise of an episode that they were asked in.
func (v *viewer) concerns(d care.Deadline) bool {
	if _, ok := v.seen.Referral(care.ReferralID(d.Subject)); ok {
		return true
	}
	if _, ok := v.seen.Appointment(care.AppointmentID(d.Subject)); ok {
		return true
	}
	if _, ok := v.seen.Alert(care.AlertID(d.Subject)); ok {
		return true
	}
	e, ok := v.seen.Episode(care.EpisodeID(d.Subject))
	return ok && e.Promise == d.ID
}

// shows says whether a subject of deadlines is among what the viewer sees.
func (v *viewer) shows(subject string) bool {
	_, referral := v.seen.Referral(care.ReferralID(subject))
	_, episode := v.seen.Episode(care.EpisodeID(subject))
	_, visit := v.seen.Appointment(care.AppointmentID(subject))
	_, coverage := v.seen.Coverage(care.CoverageID(subject))
	_, alert := v.seen.Alert(care.AlertID(subject))
	_, wait := v.seen.Wait(care.WaitID(subject))
	return referral || episode || visit || coverage || alert || wait || subject == string(v.chart.ID)
}
