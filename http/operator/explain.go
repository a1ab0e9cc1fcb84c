package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"careconnect/http/auth"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

func (d Desk) explain() *cobra.Command {
	var dir, state, client, token string
	c := &cobra.Command{
		Use: "explain ID", Short: "Explain a deadline step by step, or why a provider is or is not listed, or may be asked by a client", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if client != "" {
				w := &asking{Provider: care.ChartID(args[0]), Client: care.ChartID(client), State: strings.ToUpper(state)}
				if token != "" {
					secret, err := os.ReadFile(token)
					if err != nil {
						return fmt.Errorf("read the token: %w", err)
					}
					w.Token = auth.Hash(strings.TrimSpace(string(secret)))
				}
				return d.give(c, dir, w)
			}
			if strings.HasPrefix(args[0], "pr_") {
				return d.give(c, dir, &listing{Provider: care.ChartID(args[0]), State: strings.ToUpper(state)})
			}
			return d.give(c, dir, &explanation{Deadline: care.DeadlineID(args[0])})
		},
	}
	dataFlag(c, &dir)
	c.Flags().StringVar(&state, "state", "", "of a provider: listed in this state? Two letters; left out: in any")
	c.Flags().StringVar(&client, "client", "", "of a provider: may this client ask them? What is about the client is told to the care team only")
	c.Flags().StringVar(&token, "token-file", "", "a file with an API token of somebody of the care team, who asks")
	return c
}

type explanation struct{ Deadline care.DeadlineID }

func (w *explanation) do(ctx context.Context, at *place) error {
	chart, err := at.store.Locate(ctx, care.System, string(w.Deadline), "explain")
	if err != nil {
		return err
	}
	d, ok := chart.Deadline(w.Deadline)
	if !ok {
		return errors.New("this id is neither a deadline's, which begins with dl_, nor a provider's, which begins with pr_")
	}
	_, clock := at.store.Programme()
	out := json.NewEncoder(at.out)
	out.SetIndent("", "  ")
	return out.Encode(clock.Explain(d, at.store.Words()))
}

// listing says of a provider what every rule of the directory finds today. It
// knows no client: who may ask whom is told to the care team only.
type listing struct {
	Provider care.ChartID
	State    string
}

func (w *listing) do(_ context.Context, at *place) error {
	facts, known := at.store.Directory().Facts(w.Provider, w.State, at.store.Now())
	if !known {
		return care.Missing()
	}
	out := json.NewEncoder(at.out)
	out.SetIndent("", "  ")
	return out.Encode(struct {
		Provider care.ChartID  `json:"provider_id"`
		State    string        `json:"state,omitempty"`
		Today    calendar.Date `json:"today"`
		rules.Decision
	}{w.Provider, w.State, facts.Today, rules.ProviderIsListed.Decide(facts, at.store.Words())})
}

// asking says whether a client may ask a provider, rule by rule, by ids and codes.
// The operator sees no client's data, and not even whether there is such a client:
// for them the rules about the client are named and not answered, and nothing is
// read. Who shows a token of the care team is answered as the API answers them, and
// the look stands in the client's list of who looked.
type asking struct {
	Provider care.ChartID
	Client   care.ChartID
	State    string
	Token    string `json:",omitempty"` // its hash
}

// answered is what one rule says, by its code. Truth is yes, no, unknown, or
// care_team_only.
type answered struct {
	Code  string `json:"code"`
	Truth string `json:"truth"`
}

func (w *asking) do(ctx context.Context, at *place) error {
	facts, known := at.store.Directory().Facts(w.Provider, w.State, at.store.Now())
	if !known {
		return care.Missing()
	}
	said := struct {
		Provider care.ChartID `json:"provider_id"`
		Client   care.ChartID `json:"client_id"`
		Outcome  string       `json:"outcome"`
		Findings []answered   `json:"findings"`
	}{Provider: w.Provider, Client: w.Client}
	if w.Token == "" {
		listed := rules.ProviderIsListed.Decide(facts, at.store.Words())
		said.Outcome = "care_team_only"
		for _, r := range rules.MayRequest.Rules {
			said.Findings = append(said.Findings, answered{r.Code, or(truthOf(listed, r.Code), "care_team_only")})
		}
	} else {
		d, err := w.decided(ctx, at, facts)
		if err != nil {
			return err
		}
		said.Outcome = d.Outcome.String()
		for _, f := range d.Findings {
			said.Findings = append(said.Findings, answered{f.Code, f.Truth.String()})
		}
	}
	out := json.NewEncoder(at.out)
	out.SetIndent("", "  ")
	return out.Encode(said)
}

// decided is the whole answer, to somebody of the care team.
func (w *asking) decided(ctx context.Context, at *place, facts rules.ProviderFacts) (rules.Decision, error) {
	account, pass, ok, err := at.store.Bearer(w.Token)
	switch {
	case err != nil:
		return rules.Decision{}, err
	case !ok || pass.Type != care.PassToken:
		return rules.Decision{}, errors.New("this token opens nothing: ask whoever gave it for a new one")
	case account.Role != care.RoleCareTeam:
		return rules.Decision{}, errors.New("this token is not of somebody of the care team, who alone are told why a client may ask a provider")
	}
	chart, err := at.store.Chart(ctx, care.Actor{Role: account.Role, Chart: account.Chart}, w.Client, "listing")
	if err != nil {
		return rules.Decision{}, err
	}
	if chart.Client == nil {
		return rules.Decision{}, care.Missing()
	}
	programme, _ := at.store.Programme()
	return act.MayAsk(chart, facts, programme, at.store.Now()), nil
}

func truthOf(d rules.Decision, code string) string {
	for _, f := range d.Findings {
		if f.Code == code {
			return f.Truth.String()
		}
	}
	return ""
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
