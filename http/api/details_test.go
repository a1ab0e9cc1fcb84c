package api_test

import (
	"context"
	"strings"
	"testing"

	"careconnect/rules/care"
)

// R28 over HTTP: a link takes the details once; sent again within its days it says
// that they were received, and one that was replaced or never was says nothing of
// anybody.
func TestR28DetailsByALinkOverHTTP(t *testing.T) {
	w := newWorld(t)
	send := func() { w.ask("care_team", "POST", "/api/v1/clients/"+string(w.ids["ana"])+"/details", "").want(200) }
	give := func(secret, member string) answered {
		return w.ask("", "POST", "/api/v1/details", `{"secret":"`+secret+`","kind":"health_plan","payer":"Optum","plan":"Choice Plus","member_id":"`+member+`"}`)
	}
	send()
	chart, err := w.store.Chart(context.Background(), care.System, w.ids["ana"], "test")
	if err != nil {
		t.Fatal(err)
	}
	first := ""
	for _, m := range chart.Messages {
		if secret, ok := strings.CutPrefix(m.Link, "/details/"); ok {
			first = secret
		}
	}
	give(first, "").problem(422, "invalid_input")
	if taken := give(first, "W987654321").want(200); taken["taken"] != true {
		t.Error("the details are not taken")
	}
	if says := give(first, "W000000002").problem(410, "details_received"); !strings.Contains(says, "were received") || !strings.Contains(says, "ask for a new link") {
		t.Errorf("it does not say what comes next: %s", says)
	}
	if plans := items(t, w.ask("ana", "GET", "/api/v1/coverages", "").want(200)); len(plans) != 1 {
		t.Errorf("%d plans", len(plans))
	}
	send()
	give(first, "W000000002").problem(410, "link_used")
	give("nobody-ever-had-this", "W000000002").problem(410, "link_used")
}
