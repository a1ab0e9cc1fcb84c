package web

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

// deed does an act for whoever asks, and gives the outcome only if it is a yes.
func (p *Pages) deed(r *http.Request, a act.Act) (store.Outcome, error) {
	out, err := p.Store.Order(r.Context(), store.Order{Actor: auth.Actor(r), Act: a, Request: reply.RequestID(r.Context())})
	return out, reply.Decided(r.Context(), out, err)
}

// deedOnce is deed for a form that carries a key, so that a form sent twice is
// done once.
func (p *Pages) deedOnce(r *http.Request, a act.Act, key string) (store.Outcome, error) {
	order := store.Order{Actor: auth.Actor(r), Act: a, Request: reply.RequestID(r.Context())}
	if key != "" {
		order.Once = &store.Once{Key: key, Route: r.Method + " " + r.URL.Path, Body: sha256.Sum256([]byte(r.PostForm.Encode()))}
	}
	out, err := p.Store.Order(r.Context(), order)
	return out, reply.Decided(r.Context(), out, err)
}

// posted reads a form.
func posted(r *http.Request) (url.Values, error) {
	if err := r.ParseForm(); err != nil {
		return nil, reply.Bad(r.Context(), http.StatusBadRequest, "unreadable", "The form could not be read. Go back and send it again.")
	}
	return r.PostForm, nil
}

// mendable are the statuses of what a person can mend on the form itself.
var mendable = map[int]bool{http.StatusUnprocessableEntity: true, http.StatusConflict: true, http.StatusTooManyRequests: true}

// mend are the problems of a form that was refused, each at its field where
// there is one. It is false for an error that the person cannot mend here.
func mend(err error) ([]assets.Problem, bool) {
	var p *reply.Problem
	if !errors.As(err, &p) || !mendable[p.Status] {
		return nil, false
	}
	if len(p.Reasons) > 0 {
		var problems []assets.Problem
		for _, reason := range p.Reasons {
			problems = append(problems, assets.Problem{Field: fieldOf[reason.Code], Text: inTheWay(reason)})
		}
		return problems, true
	}
	says, list := strings.CutPrefix(p.Detail, "Please mend: ")
	if !list {
		return []assets.Problem{{Field: fieldOf[p.Code], Text: p.Detail}}, true
	}
	var problems []assets.Problem
	for _, one := range strings.Split(strings.TrimSuffix(says, "."), "; ") {
		field, text, named := strings.Cut(one, ": ")
		if !named {
			field, text = "", one
		}
		problems = append(problems, assets.Problem{Field: or(fieldOf[field], field), Text: sentence(text) + "."})
	}
	return problems, true
}

// fieldOf names the field that a reason, a fault or an act's own name is about.
var fieldOf = map[string]string{
	"client.employed": "employer", "waitlist.employed": "employer", "client.adult": "birth_date", "client.state": "state", "opening_taken": "start", "start_passed": "start",
	"access.choice": "start", "access.future": "start", "access.self_schedule": "start", "invalid_input": "", "preferred times": "preferred",
	"employer code, phone and language": "employer", "scopes": "scope",
}

// inTheWay tells a reason with what can be done about it.
func inTheWay(reason rules.Finding) string {
	not := map[rules.Truth]string{rules.No: "This does not hold: ", rules.Unknown: "We do not know this yet: "}[reason.Truth]
	remedy := remedies[reason.Code]
	if reason.Truth == rules.Unknown {
		remedy = or(notYet[reason.Code], remedy)
	}
	return strings.TrimSpace(not + reason.Says + " " + remedy)
}

// remedies are what a person can do about a reason that stands in the way.
var remedies = map[string]string{
	"client.employed":       "Check the code for a slip of the keyboard, or ask the care team (see Help).",
	"waitlist.employed":     "Check the code for a slip of the keyboard, or ask the care team (see Help).",
	"client.adult":          "Check the date. If it is right, please see Help for other ways to get support.",
	"provider.opt_in":       "This provider takes no new clients just now; choose another one.",
	"provider.credentialed": "Choose a provider who can see you in your state.",
	"access.requests":       "Withdraw one of your requests first, or wait for an answer.",
	"access.once":           "You find that request under My care.",
	"access.open":           "Please write to the care team (see Help).",
	"joined.birth":          "Mend it under Your details, here or in the other account. Two people keep two accounts.",
	"joined.state":          "Mend it under Your details, here or in the other account.",
	"joined.care":           "Care has begun in both, so neither can go into the other, and both go on as they are: sign in to each with its own address and password. If the two have one address, let their passwords differ; you choose one under Your details. If it gets in your way, write to the care team (see Help).",
	"joined.requests":       "Withdraw one of your requests first, or wait for an answer.",
	"joined.twice":          "Cancel one of the two times first.",
	"joined.lists":          "Leave one of the lists first.",
	"joined.erasure":        "Tell the care team (see Help) which of the two you want.",
}

// notYet are what a person can do about what is not known yet.
var notYet = map[string]string{
	"client.employed": "Give your employer’s code and, where it is asked for, your e-mail or number at work. If you have none at hand, or are not found by it, have the care team look: the button stands at the end of the form.",
}

// problemAt is what is wrong with one field.
func problemAt(problems []assets.Problem, field string) string {
	for _, p := range problems {
		if p.Field == field {
			return p.Text
		}
	}
	return ""
}

// myChart is that of the client who asks.
func (p *Pages) myChart(r *http.Request, why string) (*care.Chart, error) {
	actor := auth.Actor(r)
	if actor.Role != care.RoleClient {
		return nil, care.Missing()
	}
	chart, err := p.Store.Chart(r.Context(), actor, actor.Chart, why)
	if err == nil && chart.Client == nil {
		err = care.Missing()
	}
	return chart, err
}

// problemOf tells an error as the problem that it is.
func problemOf(r *http.Request, err error) *reply.Problem { return reply.ProblemOf(r.Context(), err) }
