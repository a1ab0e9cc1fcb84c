package access_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// The people of the world: a client, and providers who were asked and took the
// client on, were asked only, treat the client in another episode, or know
// nothing of the client.
const (
	person   care.ChartID = "cl-1"
	treating care.ChartID = "pv-treating"
	asked    care.ChartID = "pv-asked"
	other    care.ChartID = "pv-other"
	stranger care.ChartID = "pv-stranger"
)

// viewers are everybody who could stand in front of the client's chart.
var viewers = []struct {
	name  string
	actor care.Actor
}{
	{"client", care.Actor{Role: care.RoleClient, Chart: person}},
	{"client2", care.Actor{Role: care.RoleClient, Chart: "cl-2"}},
	{"treating", care.Actor{Role: care.RoleProvider, Chart: treating}},
	{"asked", care.Actor{Role: care.RoleProvider, Chart: asked}},
	{"other", care.Actor{Role: care.RoleProvider, Chart: other}},
	{"stranger", care.Actor{Role: care.RoleProvider, Chart: stranger}},
	{"care_team", care.Actor{Role: care.RoleCareTeam, Chart: "ac-care"}},
	{"clinical", care.Actor{Role: care.RoleClinical, Chart: "ac-clinical"}},
	{"billing", care.Actor{Role: care.RoleBilling, Chart: "ac-billing"}},
	{"payer", care.Actor{Role: care.RolePayer, Chart: "ac-payer"}},
	{"employer", care.Actor{Role: care.RoleEmployer, Chart: "ac-employer"}},
	{"operator", care.Actor{Role: care.RoleOperator, Chart: "ac-operator"}},
	{"anonymous", care.Anonymous},
	{"system", care.System},
}

func viewer(t *testing.T, name string) care.Actor {
	t.Helper()
	for _, v := range viewers {
		if v.name == name {
			return v.actor
		}
	}
	t.Fatalf("there is no viewer %q", name)
	return care.Actor{}
}

// dye fills values so that no two leaves are alike.
type dye struct{ n int }

func (d *dye) fill(v reflect.Value, path string) {
	d.n++
	switch at := v.Addr().Interface().(type) {
	case *time.Time:
		*at = time.Date(2031, 1, 1, 0, 0, d.n, 0, time.UTC)
		return
	case *calendar.Date:
		*at = calendar.On(time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, d.n), time.UTC)
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("%s~%d~", path, d.n))
	case reflect.Float64:
		v.SetFloat(float64(7_000_000 + d.n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(7_000_000 + d.n))
	case reflect.Uint64:
		v.SetUint(uint64(7_000_000 + d.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.fill(v.Elem(), path)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes(fmt.Appendf(nil, "%s~%d~", path, d.n))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		d.fill(v.Index(0), path)
	case reflect.Array:
		for i := range v.Len() {
			d.fill(v.Index(i), path)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		d.fill(key, path)
		d.fill(value, path)
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			d.fill(v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	default:
		panic("no dye for " + v.Type().String())
	}
}

// dyed is a record with every field filled, and then as it is told.
func dyed[T care.Record](d *dye, set func(*T)) T {
	var r T
	d.fill(reflect.ValueOf(&r).Elem(), string(r.Kind()))
	set(&r)
	return r
}

// world is a client's chart with every field of every kind filled, kinds that do
// not belong into a client's chart included.
func world() *care.Chart {
	d := &dye{}
	c := &care.Chart{ID: person, Of: care.OfClient, Version: 7_999_999}
	c.Add(dyed(d, func(r *care.Client) { r.ID = person }))
	c.Add(dyed(d, func(r *care.Account) { r.Chart = person }))
	c.Add(dyed(d, func(*care.Provider) {}))
	c.Add(dyed(d, func(*care.Programme) {}))
	c.Add(dyed(d, func(*care.Terms) {}))
	c.Add(dyed(d, func(*care.Employer) {}))
	c.Add(dyed(d, func(*care.UnprocessablePlan) {}))
	c.Add(dyed(d, func(*care.Intake) {}))
	c.Add(dyed(d, func(*care.HandoffKey) {}))
	c.Add(dyed(d, func(*care.Erasure) {}))
	c.Add(dyed(d, func(*care.Article) {}))
	c.Add(dyed(d, func(*care.Votes) {}))
	c.Add(dyed(d, func(*care.Ticket) {}))
	c.Add(dyed(d, func(*care.Hold) {}))
	c.Add(dyed(d, func(r *care.Wait) { r.Client, r.Provider = person, treating }))
	c.Add(dyed(d, func(*care.Pass) {}))
	c.Add(dyed(d, func(*care.Task) {}))
	for _, id := range []care.EpisodeID{"ep-1", "ep-2"} {
		c.Add(dyed(d, func(r *care.Episode) { r.ID, r.Client, r.Promise = id, person, care.DeadlineID("dl-promise-"+id) }))
	}
	for _, x := range []struct {
		id       care.ReferralID
		episode  care.EpisodeID
		provider care.ChartID
		status   care.ReferralStatus
	}{
		{"rf-treating", "ep-1", treating, care.InCare}, {"rf-asked", "ep-1", asked, care.Declined}, {"rf-other", "ep-2", other, care.Accepted},
	} {
		c.Add(dyed(d, func(r *care.Referral) {
			r.ID, r.Episode, r.Client, r.Provider, r.Status = x.id, x.episode, person, x.provider, x.status
			r.Begun = x.status == care.InCare
			r.Unsaid = r.Begun
		}))
	}
	for _, x := range []struct {
		id       care.AppointmentID
		referral care.ReferralID
		provider care.ChartID
		of       care.AppointmentType
	}{
		{"ap-treating-1", "rf-treating", treating, care.Consultation}, {"ap-treating-2", "rf-treating", treating, care.Session},
		{"ap-asked-1", "rf-asked", asked, care.Consultation}, {"ap-asked-2", "rf-asked", asked, care.Session},
		{"ap-other-2", "rf-other", other, care.Session},
	} {
		c.Add(dyed(d, func(r *care.Appointment) {
			r.ID, r.Referral, r.Client, r.Provider, r.Type = x.id, x.referral, person, x.provider, x.of
		}))
	}
	c.Add(dyed(d, func(r *care.Coverage) { r.ID, r.Client = "cv-1", person }))
	for _, x := range []struct {
		id       care.ChargeID
		referral care.ReferralID
		provider care.ChartID
	}{{"ch-treating", "rf-treating", treating}, {"ch-asked", "rf-asked", asked}, {"ch-other", "rf-other", other}} {
		c.Add(dyed(d, func(r *care.Charge) { r.ID, r.Referral, r.Client, r.Provider = x.id, x.referral, person, x.provider }))
	}
	c.Add(dyed(d, func(*care.Batch) {}))
	c.Add(dyed(d, func(*care.Card) {}))
	c.Add(dyed(d, func(r *care.Photo) { r.Provider = treating }))
	c.Add(dyed(d, func(*care.Figures) {}))
	c.Add(dyed(d, func(r *care.Piece) { r.N = 7 }))
	c.Add(dyed(d, func(*care.RosterPage) {}))
	for _, x := range []struct {
		id       care.ScreeningID
		episode  care.EpisodeID
		referral care.ReferralID
	}{
		{"sc-1", "ep-1", "rf-treating"}, {"sc-2", "ep-1", "rf-earlier"}, {"sc-3", "ep-2", "rf-other"},
	} {
		c.Add(dyed(d, func(r *care.Screening) { r.ID, r.Episode, r.Referral, r.Client = x.id, x.episode, x.referral, person }))
	}
	for _, x := range []struct {
		id       care.AlertID
		provider care.ChartID
	}{{"al-treating", treating}, {"al-asked", asked}, {"al-other", other}} {
		c.Add(dyed(d, func(r *care.Alert) { r.ID, r.Client, r.Provider = x.id, person, x.provider }))
	}
	then := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	c.Add(dyed(d, func(r *care.Consent) { r.ID, r.Client, r.At = "cn-1", person, then }))
	c.Add(dyed(d, func(r *care.Consent) {
		r.ID, r.Client, r.At, r.WithdrawnAt = "cn-2", person, then.Add(time.Hour), then.Add(2*time.Hour)
	}))
	for _, x := range []struct {
		id      care.DeadlineID
		subject string
	}{
		{"dl-promise-ep-1", "ep-1"}, {"dl-promise-ep-2", "ep-2"}, {"dl-follow-up-ep-1", "ep-1"},
		{"dl-rf-treating", "rf-treating"}, {"dl-rf-asked", "rf-asked"}, {"dl-rf-other", "rf-other"},
		{"dl-ap-treating", "ap-treating-2"}, {"dl-ap-asked", "ap-asked-2"}, {"dl-ap-other", "ap-other-2"},
		{"dl-al-treating", "al-treating"}, {"dl-al-asked", "al-asked"}, {"dl-al-other", "al-other"},
		{"dl-cv", "cv-1"}, {"dl-nowhere", "rf-nowhere"},
	} {
		c.Add(dyed(d, func(r *care.Deadline) { r.ID, r.Chart, r.Subject = x.id, person, x.subject }))
	}
	for _, x := range []struct {
		id care.MessageID
		to care.ChartID
	}{{"ms-client", person}, {"ms-treating", treating}, {"ms-desk", ""}} {
		c.Add(dyed(d, func(r *care.Message) { r.ID, r.Chart, r.To = x.id, person, x.to }))
	}
	return c
}

// worlds are dyed charts of every subject.
func worlds() map[care.Subject]*care.Chart {
	all := map[care.Subject]*care.Chart{}
	for of, id := range map[care.Subject]care.ChartID{
		care.OfClient: person, care.OfProvider: treating, care.OfAccount: "ac-employer", care.OfProgramme: care.ProgrammeChart, care.OfBatch: "ba-1", care.OfErasure: "er-1", care.OfHelp: "qu-1", care.OfCard: "cd-1", care.OfPhoto: "ph-1", care.OfRoster: "ro-1", care.OfFigures: "fg-1",
	} {
		c := world()
		c.ID, c.Of, c.Account.Chart = id, of, id
		c.Provider.ID = treating
		all[of] = c
	}
	return all
}

// leaves are the filled fields of a chart's records, as text, by kind, key and
// name: "referral rf-asked.Note".
func leaves(c *care.Chart) map[string]string {
	found := map[string]string{"chart " + string(c.ID) + ".ID": string(c.ID)}
	if c.Version != 0 {
		found["chart "+string(c.ID)+".Version"] = text(reflect.ValueOf(c.Version))
	}
	for _, r := range c.Records() {
		v := reflect.ValueOf(r)
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				found[fmt.Sprintf("%s %s.%s", r.Kind(), label(r), v.Type().Field(i).Name)] = text(v.Field(i))
			}
		}
	}
	return found
}

// label is the key of a record, if it is one of those told apart by it.
func label(r care.Record) string {
	if strings.Contains(r.Key(), "~") {
		return "*"
	}
	return r.Key()
}

func text(v reflect.Value) string {
	body, err := json.Marshal(v.Interface())
	if err != nil {
		panic(err)
	}
	return string(body)
}

func encoded(t *testing.T, c *care.Chart) string {
	t.Helper()
	body, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
