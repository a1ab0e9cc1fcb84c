package rules_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"careconnect/rules"
	"careconnect/rules/care"
)

func TestCoverageOnADay(t *testing.T) {
	run(t, "coverage.txt", "on", func(c row) string {
		v := care.Coverage{Status: care.CoverageStatus(c["found"]), From: date(t, c["from"]), Ends: date(t, c["to"])}
		return string(v.On(date(t, c["day"])))
	})
}

// insured is a coverage in the columns of the cases; nil for none.
func insured(t *testing.T, c row) *care.Coverage {
	t.Helper()
	if c["plan"] == "" {
		return nil
	}
	v := care.Coverage{Type: care.CoverageType(c["plan"])}
	if c["copay"] != "" {
		n := number(t, c["copay"])
		v.CopayCents = &n
	}
	if c["percent"] != "" {
		n := number(t, c["percent"])
		v.CoinsurancePct = &n
	}
	if c["deductible"] != "" {
		n := int64(number(t, c["deductible"]))
		v.DeductibleCents = &n
	}
	return &v
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func figure(cents *int64) string {
	if cents == nil {
		return "?"
	}
	return strconv.FormatInt(*cents, 10)
}

func TestR74WhatTheClientPays(t *testing.T) {
	run(t, "coverage.txt", "part", func(c row) string {
		fee := 0
		if c["fee"] != "" {
			fee = number(t, c["fee"])
		}
		return figure(rules.ClientPart(*insured(t, c), int64(fee)))
	})
}

// TestR74NeverFreeOnAHealthPlan holds each thing that can be said of a cost.
func TestR74NeverFreeOnAHealthPlan(t *testing.T) {
	run(t, "coverage.txt", "shown", func(c row) string {
		v := insured(t, c)
		cost := rules.CostOf(v, 150_00, words)
		said := "?"
		for _, phrase := range []string{"copay or coinsurance applies", "$0.00"} {
			if strings.Contains(cost.Says, phrase) {
				said = strings.ReplaceAll(phrase, " ", "_")
				break
			}
		}
		if strings.Contains(cost.Says, "not confirmed") {
			said = "not_confirmed"
		}
		if v != nil && v.Type == care.HealthPlan && (strings.Contains(strings.ToLower(cost.Says), "free") || strings.Contains(cost.Says, "$0.00") || !strings.Contains(cost.Says, "insurer decides")) {
			t.Errorf("of a health plan it says %q", cost.Says)
		}
		return figure(cost.PartCents) + " " + said
	})
}

func TestR31TheListAsOfADay(t *testing.T) {
	plans := []care.UnprocessablePlan{
		{Payer: "Optum", Plan: "Harbor Select", State: "NY", From: date(t, "2026-12-01"), Ends: date(t, "2027-01-31")}, {Payer: "Optum", Plan: "Old Mill"},
	}
	run(t, "coverage.txt", "as of", func(c row) string {
		day := date(t, c["day"])
		said := []string{rules.ListVersion(plans, day)}
		for _, p := range rules.ListedOn(plans, day) {
			said = append(said, strings.ReplaceAll(p.Plan, " ", "_"))
		}
		return strings.Join(said, " ")
	})
}

func TestBillingCases(t *testing.T) {
	run(t, "billing.txt", "code", func(c row) string {
		service, ok := rules.ServiceOf(c["kind"])
		if !ok {
			t.Fatalf("there is no kind %q", c["kind"])
		}
		if code := service.Code(number(t, c["minutes"])); code != "" {
			return code
		}
		return "-"
	})
	run(t, "billing.txt", "claim", func(c row) string {
		return told(rules.MayClaim.Decide(rules.ClaimFacts{Charge: care.Charge{Covered: c["covered"], Code: c["code"], State: care.ChargeState(c["stands"])}}, words))
	})
}

// TestEveryKindOfSessionHasAName of its own, and what is not in the table is no
// kind.
func TestEveryKindOfSessionHasAName(t *testing.T) {
	var names []string
	for _, s := range rules.Services {
		if slices.Contains(names, s.Name) || s.Says == "" {
			t.Errorf("%q", s.Name)
		}
		names = append(names, s.Name)
	}
	if _, ok := rules.ServiceOf("unlimited"); ok {
		t.Error("a kind that is not in the table was found")
	}
}
