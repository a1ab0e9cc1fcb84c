package http_test

import (
	"net/http"
	"strconv"
)

// The verbs of journeys about plans and bills.

func (j *journey) planGroup(m []string) {
	j.settled()
	j.try(j.client, "POST", "/api/v1/coverages", map[string]any{"kind": "health_plan", "payer": "Optum", "plan": m[1], "member_id": "TEST0001", "group": m[2]})
}

func (j *journey) eap(m []string) {
	j.settled()
	n, _ := strconv.Atoi(m[1])
	j.try(j.client, "POST", "/api/v1/coverages", map[string]any{"kind": "eap", "payer": "Optum", "plan": "Lakefront EAP", "authorization": "AUTH-1", "sessions_authorised": n})
}

func (j *journey) verifyMoney(m []string) {
	j.settled()
	for _, c := range j.plans() {
		if c["status"] == "pending" || c["check_since"] != nil {
			cents, _ := strconv.Atoi(m[1])
			j.try(j.careTeam, "POST", "/api/v1/coverages/"+c["id"].(string)+"/verify", map[string]any{"result": m[0], "copay_cents": cents})
			return
		}
	}
	j.fail("no plan waits")
}

func (j *journey) plans() []map[string]any {
	v := j.must(j.client, "GET", "/api/v1/coverages", nil)
	var plans []map[string]any
	list, _ := v["items"].([]any)
	for _, it := range list {
		plans = append(plans, it.(map[string]any))
	}
	return plans
}

func (j *journey) goesOn(m []string) {
	j.settled()
	for _, c := range j.plans() {
		if c["status"] == "non_participating" {
			j.try(j.client, "POST", "/api/v1/coverages/"+c["id"].(string)+"/way", map[string]any{"way": m[1]})
			return
		}
	}
	j.fail("no plan stands in the way")
}

// seePlan looks for the last plan of a name.
func (j *journey) seePlan(m []string) {
	j.settled()
	is := ""
	for _, c := range j.plans() {
		if c["plan"] == m[0] {
			is = c["status"].(string)
			if found, ok := c["found"].(string); ok {
				is += ", found " + found
			}
		}
	}
	if is != m[1] {
		j.fail("the plan %s is %q", m[0], is)
	}
}

func (j *journey) seeUsed(m []string) {
	j.settled()
	for _, c := range j.plans() {
		if c["kind"] == "eap" {
			used, _ := c["sessions_used"].(float64)
			if got := strconv.Itoa(int(used)) + " of " + strconv.Itoa(int(c["sessions_authorised"].(float64))); got != m[0]+" of "+m[1] {
				j.fail("EAP: %s used", got)
			}
			return
		}
	}
	j.fail("there is no EAP")
}

// seeCovered looks at the session that begins last.
func (j *journey) seeCovered(m []string) {
	j.settled()
	v := j.must(j.client, "GET", "/api/v1/appointments", nil)
	var last map[string]any
	list, _ := v["items"].([]any)
	for _, it := range list {
		if a := it.(map[string]any); a["kind"] == "session" {
			last = a
		}
	}
	if last == nil || last["covered"] != m[0] || last["cost"] == "" {
		j.fail("the session: %v, cost %v", last["covered"], last["cost"])
	}
}

func (j *journey) seeCall(_ []string) {
	j.settled()
	j.appointment("consultation")
}

func (j *journey) exports(m []string) {
	j.settled()
	v := j.must(j.user("billing", 0), "POST", "/api/v1/claims", map[string]any{})
	if got := strconv.Itoa(int(v["rows"].(float64))); got != m[0] || v["purpose"] != "payment_claim" {
		j.fail("the claim file has %s rows and is for %v", got, v["purpose"])
	}
}

func (j *journey) seeCharge(m []string) {
	j.settled()
	v := j.must(j.client, "GET", "/api/v1/charges", nil)
	list, _ := v["items"].([]any)
	if len(list) == 0 {
		j.fail("nothing is charged")
	}
	last := list[len(list)-1].(map[string]any)
	part := "unknown"
	if cents, ok := last["part_cents"].(float64); ok {
		part = strconv.Itoa(int(cents))
	}
	if last["state"] != m[0] || part != m[1] {
		j.fail("the charge is %v, the client's part %s", last["state"], part)
	}
}

// seeVisits counts the programme's attended sessions with the script's client.
func (j *journey) seeVisits(m []string) {
	j.settled()
	mine, cursor := 0, ""
	for {
		status, v := j.call(j.user("billing", 0).Token, "GET", "/api/v1/visits?programme=care-connect&status=attended&limit=2&cursor="+cursor, nil)
		if status != http.StatusOK {
			j.fail("visits: %d %v", status, v["detail"])
		}
		list, _ := v["items"].([]any)
		for _, it := range list {
			if it.(map[string]any)["client_id"] == j.client.ID {
				mine++
			}
		}
		if cursor, _ = v["next"].(string); cursor == "" {
			break
		}
	}
	if strconv.Itoa(mine) != m[0] {
		j.fail("%d visits", mine)
	}
	if _, v := j.call(j.user("billing", 0).Token, "GET", "/api/v1/visits?programme=another", nil); len(v["items"].([]any)) != 0 {
		j.fail("another programme has visits of this one")
	}
}

// seeChoice looks at until when the client says how to go on.
func (j *journey) seeChoice(m []string) {
	j.settled()
	for _, c := range j.plans() {
		if d, ok := c["choice"].(map[string]any); ok {
			if d["due"] != m[0] || d["state"] != m[1] {
				j.fail("the choice is due %v, %v", d["due"], d["state"])
			}
			return
		}
	}
	j.fail("nothing is asked of the client")
}
