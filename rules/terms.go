package rules

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"careconnect/rules/care"
)

// DefaultTerms are the terms of a new instance: what the programme's text says
// in numbers, and what it leaves open.
func DefaultTerms(effective time.Time) care.Terms {
	return care.Terms{
		Version: "2026-11", Effective: effective,
		RespondHours: 24, ConsultDays: 5, PromiseBusinessDays: 5,
		FollowUpOpensDay: 28, FollowUpClosesDay: 42,
		ElevatedPHQ9: 10, ElevatedGAD7: 10,
		EligibilityDays: 1, OpenRequestsMax: 3, SafetyAckMinutes: 60,
		MinimumAge: 18, LateAnswerHours: 24, ReportMinCell: 11, BaselineDays: 14, RetainYears: 6,
		SupportDays: 2, SafetyRepeatMinutes: 60, SafetyRepeats: 24,
		Degrees:      []string{"masters", "phd", "np"},
		ReattestDays: 30, ChoiceHours: 24, CredentialNoticeDays: 30, CredentialLastDays: 7,
		ReviewMisses: 3, ReviewDays: 30, HandoffMinutes: 15, HandoffSkewMinutes: 5,
		LateCancelHours: 24, SilenceHours: 24, NoResponseDays: 14, HoldMinutes: 10, NoWordMinutes: 15,
		CoverageCheckDays: 30, CoverageChoiceDays: 2, DetailsDays: 7, CardDays: 7,
		WaitlistMax: 3, WaitlistDays: 90, InvitationDays: 3,
	}
}

// grown fills what terms do not say that were written before it was asked.
func grown(t care.Terms) care.Terms {
	if t.Version == "" {
		return t
	}
	d := DefaultTerms(t.Effective)
	for _, n := range []struct{ has, otherwise *int }{
		{&t.BaselineDays, &d.BaselineDays}, {&t.SupportDays, &d.SupportDays}, {&t.SafetyRepeatMinutes, &d.SafetyRepeatMinutes}, {&t.SafetyRepeats, &d.SafetyRepeats}, {&t.ReattestDays, &d.ReattestDays}, {&t.ChoiceHours, &d.ChoiceHours},
		{&t.CredentialNoticeDays, &d.CredentialNoticeDays}, {&t.CredentialLastDays, &d.CredentialLastDays},
		{&t.ReviewMisses, &d.ReviewMisses}, {&t.ReviewDays, &d.ReviewDays},
		{&t.HandoffMinutes, &d.HandoffMinutes}, {&t.HandoffSkewMinutes, &d.HandoffSkewMinutes}, {&t.RetainYears, &d.RetainYears},
		{&t.LateCancelHours, &d.LateCancelHours}, {&t.SilenceHours, &d.SilenceHours}, {&t.NoResponseDays, &d.NoResponseDays},
		{&t.HoldMinutes, &d.HoldMinutes}, {&t.NoWordMinutes, &d.NoWordMinutes},
		{&t.CoverageCheckDays, &d.CoverageCheckDays}, {&t.CoverageChoiceDays, &d.CoverageChoiceDays},
		{&t.DetailsDays, &d.DetailsDays}, {&t.CardDays, &d.CardDays},
		{&t.WaitlistMax, &d.WaitlistMax}, {&t.WaitlistDays, &d.WaitlistDays}, {&t.InvitationDays, &d.InvitationDays},
	} {
		if *n.has == 0 {
			*n.has = *n.otherwise
		}
	}
	return t
}

// DefaultProgramme are the names of a new instance.
func DefaultProgramme() care.Programme {
	return care.Programme{
		Name: "Care Connect", Network: "Alma", Payer: "Optum", Enabled: true,
		PrivacyEmail: "privacy@careconnect.example", CareEmail: "care@careconnect.example", OnCallEmail: "on-call@careconnect.example",
		Crisis: "If you might hurt yourself or someone else, call or text 988 now, or call 911. This service is not for emergencies.",
	}
}

// HomeZone is where the programme's own days begin: those of its lists and files.
const HomeZone = "America/Chicago"

// ProgrammeCode is the programme's name as links and lists write it.
func ProgrammeCode(p care.Programme) string {
	return strings.Join(strings.Fields(strings.ToLower(p.Name)), "-")
}

// TermsAt are the terms in force at an instant: the latest that are effective.
func TermsAt(versions []care.Terms, at time.Time) care.Terms { return TermsFor(versions, "", at) }

// TermsFor are the terms of one programme in force at an instant.
func TermsFor(versions []care.Terms, programme string, at time.Time) care.Terms {
	var in care.Terms
	for _, t := range versions {
		if t.Programme == programme && !t.Effective.After(at) && (in.Version == "" || t.Effective.After(in.Effective)) {
			in = t
		}
	}
	return grown(in)
}

// TermsOf is one version by its name.
func TermsOf(versions []care.Terms, version string) (care.Terms, bool) {
	i := slices.IndexFunc(versions, func(t care.Terms) bool { return t.Version == version })
	if i < 0 {
		return care.Terms{}, false
	}
	return grown(versions[i]), true
}

// Words are the names and numbers that the handbook's templates are filled with.
type Words map[string]string

// WordsFor gives the words of a programme under its terms.
func WordsFor(p care.Programme, t care.Terms) Words {
	t = grown(t)
	n := strconv.Itoa
	return Words{
		"programme": p.Name, "network": p.Network, "payer": p.Payer, "privacy_email": address(p.PrivacyEmail),
		"care_email": address(p.CareEmail), "crisis": p.Crisis, "degrees": degreesInWords(t),
		"respond_hours": n(t.RespondHours), "consult_days": n(t.ConsultDays),
		"promise_business_days": n(t.PromiseBusinessDays),
		"follow_up_opens_day":   n(t.FollowUpOpensDay), "follow_up_closes_day": n(t.FollowUpClosesDay),
		"elevated_phq9": n(t.ElevatedPHQ9), "elevated_gad7": n(t.ElevatedGAD7),
		"eligibility_target": n(t.EligibilityDays), "open_requests_max": n(t.OpenRequestsMax),
		"safety_ack_minutes": n(t.SafetyAckMinutes), "minimum_age": n(t.MinimumAge),
		"late_answer_hours": n(t.LateAnswerHours), "report_min_cell": n(t.ReportMinCell),
		"reattest_days": n(t.ReattestDays), "handoff_minutes": n(t.HandoffMinutes), "choice_hours": n(t.ChoiceHours),
		"credential_notice_days": n(t.CredentialNoticeDays), "credential_last_days": n(t.CredentialLastDays),
		"review_misses": n(t.ReviewMisses), "review_days": n(t.ReviewDays),
		"baseline_days": n(t.BaselineDays), "retain_years": n(t.RetainYears),
		"safety_repeat_minutes": n(t.SafetyRepeatMinutes), "support_days": n(t.SupportDays),
		"late_cancel_hours": n(t.LateCancelHours), "silence_hours": n(t.SilenceHours), "no_response_days": n(t.NoResponseDays),
		"hold_minutes": n(t.HoldMinutes), "no_word_minutes": n(t.NoWordMinutes),
		"coverage_check_days": n(t.CoverageCheckDays), "coverage_choice_days": n(t.CoverageChoiceDays),
		"details_days": n(t.DetailsDays), "card_days": n(t.CardDays),
		"waitlist_max": n(t.WaitlistMax), "waitlist_days": n(t.WaitlistDays), "invitation_days": n(t.InvitationDays),
	}
}

// under are the same words with the numbers of other terms.
func (w Words) under(t care.Terms) Words {
	if t.Version == "" {
		return w
	}
	numbers := WordsFor(care.Programme{}, t)
	for _, name := range []string{"programme", "network", "payer", "privacy_email", "care_email", "crisis"} {
		delete(numbers, name)
	}
	under := maps.Clone(w)
	if under == nil {
		under = Words{}
	}
	maps.Copy(under, numbers)
	return under
}

// address is an address as a sentence names it. One that the operator has not
// given yet is said to be missing rather than made up.
func address(given string) string {
	if given == "" {
		return "(address not set up yet)"
	}
	return given
}

// Render fills a template's {words}. A word that is not known stays as it is, so
// that a misspelt one is seen.
func (w Words) Render(template string) string {
	if !strings.Contains(template, "{") {
		return template
	}
	var b strings.Builder
	for {
		before, rest, opened := strings.Cut(template, "{")
		b.WriteString(before)
		if !opened {
			return b.String()
		}
		word, after, closed := strings.Cut(rest, "}")
		value, known := w[word]
		if !closed || !known {
			b.WriteByte('{')
			template = rest
			continue
		}
		b.WriteString(value)
		template = after
	}
}
