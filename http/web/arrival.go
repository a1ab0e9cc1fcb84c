package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// arrival is what somebody who looks around has told so far. It travels in the
// address and is kept nowhere.
type arrival struct {
	State, Zone      string
	Employer, Source string
	Proof            string // our own word that a signed link brought the employer's code
	Language         string
	Concerns         []string
}

// sources are where people can come from; anything else is direct.
var sources = map[string]bool{care.FromPortal: true, care.FromEmployer: true, care.FromCareTeam: true}

// came is what an act is told of how somebody came.
func (p *Pages) came(v arrival) act.Arrival {
	return auth.Came(p.Store, v.Source, v.Employer, v.Proof)
}

// arrivalOf reads a visit from a request whose form has been read.
func arrivalOf(r *http.Request) arrival {
	v := arrival{
		State: strings.ToUpper(r.Form.Get("state")), Zone: r.Form.Get("zone"), Employer: strings.TrimSpace(r.Form.Get("employer")),
		Source: r.Form.Get("src"), Proof: r.Form.Get("proof"), Language: r.Form.Get("language"), Concerns: r.Form["specialty"],
	}
	if !act.States[v.State] {
		v.State = ""
	}
	if !knownZone(v.Zone) {
		v.Zone = ""
	}
	if !sources[v.Source] {
		v.Source = ""
	}
	if len(v.Employer) > 40 {
		v.Employer = ""
	}
	if len(v.Proof) > 60 {
		v.Proof = ""
	}
	v.Concerns = slices.DeleteFunc(slices.Clone(v.Concerns), func(s string) bool { return s == "" || len(s) > 60 })
	v.Concerns = v.Concerns[:min(len(v.Concerns), 10)]
	if len(v.Language) > 40 {
		v.Language = ""
	}
	return v
}

// visitor is the visit of whoever asks, completed by what a client's own chart
// says; the chart is nil for everyone else.
func (p *Pages) visitor(r *http.Request, why string) (arrival, *care.Chart, error) {
	if err := r.ParseForm(); err != nil {
		return arrival{}, nil, problemOf(r, &care.Fault{Kind: care.Invalid, Code: "unreadable", Says: "This address could not be read. Begin again at the directory."})
	}
	v := arrivalOf(r)
	if auth.Actor(r).Role != care.RoleClient {
		return v, nil, nil
	}
	chart, err := p.myChart(r, why)
	if err != nil {
		return v, nil, err
	}
	v.State = or(v.State, chart.Client.State)
	if v.Zone == "" {
		v.Zone = chart.Client.Zone
	}
	return v, chart, nil
}

// zone is the visit's, guessed from the state where none was chosen.
func (v arrival) zone() string { return likelyZone(v.Zone, v.State) }

// bare is the visit without wishes: where somebody is, and how they came.
func (v arrival) bare() arrival {
	return arrival{State: v.State, Zone: v.Zone, Employer: v.Employer, Source: v.Source, Proof: v.Proof}
}

// query is the visit as it travels.
func (v arrival) query() url.Values {
	q := url.Values{}
	for _, pair := range [][2]string{{"state", v.State}, {"zone", v.Zone}, {"employer", v.Employer}, {"src", v.Source}, {"proof", v.Proof}, {"language", v.Language}} {
		if pair[1] != "" {
			q.Set(pair[0], pair[1])
		}
	}
	if len(v.Concerns) > 0 {
		q["specialty"] = v.Concerns
	}
	return q
}

// to is the address of a page with the visit.
func (v arrival) to(path string) string { return address(path, v.query()) }

// hidden are the parts of a visit that a form carries without showing them.
func (v arrival) hidden(names ...string) []assets.Hidden {
	var fields []assets.Hidden
	q := v.query()
	for _, name := range names {
		for _, value := range q[name] {
			fields = append(fields, assets.Hidden{Name: name, Value: value})
		}
	}
	return fields
}

func address(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + separator(path) + q.Encode()
}
