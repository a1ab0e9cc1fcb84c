package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"careconnect/http/reply"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/rules/order"
)

// charge is what one attended session costs, and how far its claim has come. It
// names nobody: a claim file does.
type charge struct {
	ID          care.ChargeID      `json:"id"`
	Client      care.ChartID       `json:"client_id"`
	Provider    care.ChartID       `json:"provider_id"`
	Appointment care.AppointmentID `json:"appointment_id"`
	Programme   string             `json:"programme"`
	On          calendar.Date      `json:"service_date" doc:"Where the client was"`
	Minutes     int                `json:"minutes"`
	Service     string             `json:"service"`
	Code        string             `json:"code,omitempty" doc:"The billing code; left out: billing enters it"`
	Coverage    care.CoverageID    `json:"coverage_id,omitempty"`
	Covered     string             `json:"covered" enum:"covered,ordinary,unverified,hold,self_pay"`
	FeeCents    int64              `json:"fee_cents,omitempty"`
	PartCents   *int64             `json:"part_cents,omitempty" doc:"The client's part, as estimated; left out: not known"`
	State       care.ChargeState   `json:"state" enum:"held,ready,exported,accepted,rejected,corrected,written_off,self_pay,void"`
	Batch       care.ChartID       `json:"claim_file,omitempty"`
	Rebill      bool               `json:"rebill,omitempty" doc:"The coverage was found otherwise after the claim went out"`
	Why         string             `json:"why,omitempty"`
}

func (a *API) showCharge(c care.Charge) charge {
	return charge{
		ID: c.ID, Client: c.Client, Provider: c.Provider, Appointment: c.Appointment, Programme: a.slug(), On: c.On, Minutes: c.Minutes,
		Service: c.Service, Code: c.Code, Coverage: c.Coverage, Covered: c.Covered, FeeCents: c.FeeCents, PartCents: c.PartCents,
		State: c.State, Batch: c.Batch, Rebill: c.Rebill, Why: c.Why,
	}
}

// slug is the programme's name as an address has it: care-connect.
func (a *API) slug() string {
	programme, _ := a.store.Programme()
	return strings.Join(strings.Fields(strings.ToLower(programme.Programme.Name)), "-")
}

type findCharges struct {
	State string `query:"state" enum:"ready,held,exported,rejected,rebill" doc:"For billing: what waits in a state; left out: ready"`
	Month string `query:"month" maxLength:"7" doc:"For a provider: a month such as 2026-12; left out: this one"`
	Batch string `query:"claim_file" maxLength:"64" doc:"For billing: those of a claim file"`
}

// charges are what waits for the billing desk, a provider's month, or a client's
// own.
func (a *API) charges(ctx context.Context, in *findCharges) (listed[charge], error) {
	who := actor(ctx)
	set, month := care.ChargesThat(cmp.Or(in.State, "ready")), cmp.Or(in.Month, care.Month(a.now()))
	wanted := func(c care.Charge) bool { return true }
	ids := []care.ChartID{who.Chart}
	if who.Role != care.RoleClient {
		switch {
		case who.Role == care.RoleProvider:
			set = care.ChargesIn(who.Chart, month)
		case in.Batch != "":
			set = care.InBatch(care.ChartID(in.Batch))
		}
		members, err := a.store.Find(ctx, who, set)
		if err != nil {
			return listed[charge]{}, err
		}
		refs := map[care.ChargeID]bool{}
		for _, m := range members {
			refs[care.ChargeID(m.Ref)] = true
		}
		ids, wanted = chartsOf(members), func(c care.Charge) bool { return refs[c.ID] }
	}
	charts, err := a.store.Charts(ctx, who, ids, "charges")
	if err != nil {
		return listed[charge]{}, err
	}
	found := listed[charge]{Items: []charge{}}
	for _, chart := range charts {
		for _, c := range chart.Charges {
			if wanted(c) {
				found.Items = append(found.Items, a.showCharge(c))
			}
		}
	}
	order.By(found.Items, func(x, y charge) int {
		return cmp.Or(cmp.Compare(x.On.String(), y.On.String()), cmp.Compare(x.ID, y.ID))
	})
	return found, nil
}

// claimFile is what one export brought about.
type claimFile struct {
	ID      care.ChartID `json:"id,omitempty" doc:"Left out: nothing was ready, so there is no file"`
	Purpose string       `json:"purpose" enum:"payment_claim" doc:"It goes to the plan for payment, and is never joined with what is shared for recommendations"`
	Rows    int          `json:"rows"`
	Left    int          `json:"left" doc:"Charges that wait for the next file"`
}

// PurposeOfClaims stands on each claim file and on each line of it.
const PurposeOfClaims = "payment_claim"

type postClaims struct {
	Keyed
	Body *nothing
}

func (a *API) exportClaims(ctx context.Context, in *postClaims) (claimFile, error) {
	out, err := a.do(ctx, in.Keyed, act.ExportClaims{})
	if err != nil {
		return claimFile{}, err
	}
	file := claimFile{ID: care.ChartID(out.Made), Purpose: PurposeOfClaims, Rows: out.Counts["rows"], Left: out.Counts["left"]}
	if out.Replayed && file.ID != "" {
		chart, err := a.store.Chart(ctx, actor(ctx), file.ID, "claim file")
		if err != nil {
			return claimFile{}, err
		}
		file.Rows = chart.Batches[0].Rows
	}
	return file, nil
}

func (a *API) onCharge(ctx context.Context, key Keyed, do act.Act) (charge, error) {
	out, err := a.do(ctx, key, do)
	if err != nil {
		return charge{}, err
	}
	chart, err := a.store.Locate(ctx, actor(ctx), out.Made, "charge")
	if err != nil {
		return charge{}, err
	}
	c, ok := chart.Charge(care.ChargeID(out.Made))
	if !ok {
		return charge{}, care.Missing()
	}
	return a.showCharge(c), nil
}

type postSettle struct {
	ByID
	Keyed
	Body struct {
		Result care.ChargeState `json:"result" enum:"accepted,rejected"`
		Why    string           `json:"why,omitempty" maxLength:"500" doc:"Needed for a rejection"`
	}
}

func (a *API) settleClaim(ctx context.Context, in *postSettle) (charge, error) {
	return a.onCharge(ctx, in.Keyed, act.SettleClaim{Charge: care.ChargeID(in.ID), Result: in.Body.Result, Why: in.Body.Why})
}

type postCorrectCharge struct {
	ByID
	Keyed
	Body struct {
		Service  *string `json:"service,omitempty" maxLength:"40"`
		Code     *string `json:"code,omitempty" maxLength:"5"`
		Minutes  *int    `json:"minutes,omitempty" minimum:"5" maximum:"480"`
		FeeCents *int64  `json:"fee_cents,omitempty" minimum:"0" maximum:"1000000"`
		Why      string  `json:"why" minLength:"1" maxLength:"500"`
	}
}

func (a *API) correctCharge(ctx context.Context, in *postCorrectCharge) (charge, error) {
	b := in.Body
	return a.onCharge(ctx, in.Keyed, act.CorrectCharge{Charge: care.ChargeID(in.ID), Service: b.Service, Code: b.Code, Minutes: b.Minutes, FeeCents: b.FeeCents, Why: b.Why})
}

type postWriteOff struct {
	ByID
	Keyed
	Body struct {
		Why string `json:"why" minLength:"1" maxLength:"500"`
	}
}

func (a *API) writeOff(ctx context.Context, in *postWriteOff) (charge, error) {
	return a.onCharge(ctx, in.Keyed, act.WriteOff{Charge: care.ChargeID(in.ID), Why: in.Body.Why})
}

// fee is what a provider asks for a session.
type fee struct {
	FeeCents int64 `json:"fee_cents" minimum:"0" maximum:"1000000" doc:"0: not told"`
}

type putFee struct {
	Keyed
	Body fee
}

func (a *API) setFee(ctx context.Context, in *putFee) (fee, error) {
	_, err := a.do(ctx, in.Keyed, act.SetFee{Provider: actor(ctx).Chart, FeeCents: in.Body.FeeCents})
	return in.Body, err
}

// visit is one session of the programme, whoever gave it, and whether or not they
// still take part.
type visit struct {
	ID        care.AppointmentID     `json:"id"`
	Programme string                 `json:"programme"`
	Client    care.ChartID           `json:"client_id"`
	Provider  care.ChartID           `json:"provider_id"`
	Start     time.Time              `json:"start"`
	End       time.Time              `json:"end"`
	Status    care.AppointmentStatus `json:"status"`
	Covered   string                 `json:"covered,omitempty"`
}

type findVisits struct {
	Programme string                 `query:"programme" maxLength:"80" doc:"The programme, such as care-connect; left out: this instance's"`
	From      string                 `query:"from" maxLength:"7" doc:"A month such as 2026-10; left out: the programme's first"`
	To        string                 `query:"to" maxLength:"7" doc:"The last month; left out: as far ahead as sessions are booked"`
	Status    care.AppointmentStatus `query:"status" maxLength:"40"`
	Limit     int                    `query:"limit" minimum:"1" maximum:"500" default:"200"`
	Cursor    string                 `query:"cursor" maxLength:"20" doc:"From the last answer's next"`
}

type visitPage struct {
	Items []visit `json:"items"`
	Next  string  `json:"next,omitempty" doc:"A cursor; left out: that is all"`
}

// visitsAhead is how many months ahead a session can be booked.
const visitsAhead = 25

// visits pages over the months, so that its work is bounded by what it answers.
func (a *API) visits(ctx context.Context, in *findVisits) (visitPage, error) {
	page := visitPage{Items: []visit{}}
	if in.Programme != "" && in.Programme != a.slug() {
		return page, nil
	}
	from, to, skip, err := a.visitMonths(ctx, in)
	if err != nil {
		return page, err
	}
	for month := from; !month.After(to); month = month.AddDate(0, 1, 0) {
		members, err := a.store.Find(ctx, actor(ctx), care.VisitsIn(care.ProgrammeChart, care.Month(month)))
		if err != nil {
			return page, err
		}
		members = slices.DeleteFunc(members, func(m care.Member) bool { return in.Status != "" && m.Code != string(in.Status) })
		rest := members[min(skip, len(members)):]
		take := rest[:min(len(rest), in.Limit-len(page.Items))]
		shown, err := a.showVisits(ctx, take)
		if err != nil {
			return page, err
		}
		page.Items = append(page.Items, shown...)
		if len(page.Items) == in.Limit {
			page.Next = fmt.Sprintf("%s.%d", care.Month(month), skip+len(take))
			return page, nil
		}
		skip = 0
	}
	return page, nil
}

func (a *API) visitMonths(ctx context.Context, in *findVisits) (from, to time.Time, skip int, err error) {
	programme, _ := a.store.Programme()
	from = a.now()
	for _, t := range programme.Terms {
		if t.Effective.Before(from) {
			from = t.Effective
		}
	}
	month, place, _ := strings.Cut(cmp.Or(in.Cursor, cmp.Or(in.From, care.Month(from))), ".")
	last := cmp.Or(in.To, care.Month(a.now().AddDate(0, visitsAhead, 0)))
	if place != "" {
		skip, err = strconv.Atoi(place)
	}
	if err == nil {
		from, err = time.Parse("2006-01", month)
	}
	if err == nil {
		to, err = time.Parse("2006-01", last)
	}
	if err != nil || skip < 0 || to.Sub(from) > 100*365*24*time.Hour {
		err = reply.Bad(ctx, 422, "invalid_input", "from, to: give months such as 2026-10; cursor: as it was given.")
	}
	return from, to, skip, err
}

func (a *API) showVisits(ctx context.Context, members []care.Member) ([]visit, error) {
	var shown []visit
	for part := range slices.Chunk(members, mostQueued) {
		charts, err := a.store.Charts(ctx, actor(ctx), chartsOf(part), "visits")
		if err != nil {
			return nil, err
		}
		of := map[care.ChartID]*care.Chart{}
		for _, chart := range charts {
			of[chart.ID] = chart
		}
		for _, m := range part {
			if chart := of[m.Chart]; chart != nil {
				if ap, ok := chart.Appointment(care.AppointmentID(m.Ref)); ok {
					zone := a.zone(ctx, chart)
					shown = append(shown, visit{
						ID: ap.ID, Programme: a.slug(), Client: ap.Client, Provider: ap.Provider, Start: ap.Start.In(zone), End: ap.End.In(zone), Status: ap.Status, Covered: ap.Covered,
					})
				}
			}
		}
	}
	return shown, nil
}
