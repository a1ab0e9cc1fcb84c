package access

import "careconnect/rules/care"

// ActRow is one act and the relation that each role needs to do it. A role that
// is not named may not do it at all.
type ActRow struct {
	Act string
	By  map[care.Role]Relation
}

// The roles, in the short words of the tables.
const (
	anonymous = care.RoleAnonymous
	client    = care.RoleClient
	provider  = care.RoleProvider
	careTeam  = care.RoleCareTeam
	clinical  = care.RoleClinical
	billing   = care.RoleBilling
	payer     = care.RolePayer
	employer  = care.RoleEmployer
	operator  = care.RoleOperator
	system    = care.RoleSystem
)

// by is who may, and standing how to it.
type by = map[care.Role]Relation

// acts is the table. The system, as which nobody can sign in, may do everything
// but say yes or no to sharing: that is the client's own word, and nobody's else.
var acts = []ActRow{
	// who seeks care
	{"enter", by{anonymous: Any, system: Any}},
	{"use_handoff", by{anonymous: Any, system: Any}},
	{"refuse_handoff", by{system: Any}},
	{"add_handoff_key", by{payer: Any, system: Any}},
	{"retire_handoff_key", by{payer: Any, system: Any}},
	{"send_link", by{anonymous: Any, system: Any}},
	{"give_details", by{anonymous: Any, system: Any}},
	{"request_new", by{anonymous: Any, system: Any}},
	{"ask_employment", by{anonymous: Any, system: Any}},
	{"join_waitlist_new", by{anonymous: Any, system: Any}},
	{"ask_match_new", by{anonymous: Any, system: Any}},
	{"ask_match", by{client: Own, system: Any}},
	{"withdraw_match", by{client: Own, system: Any}},
	{"propose_match", by{careTeam: Any, system: Any}},
	{"request", by{client: Own, system: Any}},
	{"hold", by{client: Own, system: Any}},
	{"hold_new", by{anonymous: Any, system: Any}},
	{"join_waitlist", by{client: Own, system: Any}},
	{"stay_on_waitlist", by{client: Own, system: Any}},
	{"leave_waitlist", by{client: Own, system: Any}},
	{"withdraw", by{client: Own, system: Any}},
	{"other_times", by{client: Own, system: Any}},
	{"add_coverage", by{client: Own, system: Any}},
	{"choose_coverage", by{client: Own, system: Any}},
	{"choose_way", by{client: Own, system: Any}},
	{"claim_benefit", by{client: Own, system: Any}},
	{"end_employment", by{client: Own, system: Any}},
	{"name_employer", by{client: Own, system: Any}},
	{"update_me", by{client: Own, system: Any}},
	{"save_answers", by{client: Own, system: Any}},
	{"submit_screening", by{client: Own, system: Any}},
	{"decline_screening", by{client: Own, system: Any}},
	{"retake_screening", by{client: Own, system: Any}},
	{"set_sharing", by{client: Own}},
	{"erase", by{client: Own, system: Any}},
	{"leave_programme", by{client: Own, system: Any}},
	{"join_accounts", by{client: Own}},

	// who seeks and who gives it
	{"book", by{client: Own, provider: Addressed, system: Any}},
	{"book_session", by{client: Own, provider: Addressed, system: Any}},
	{"reschedule", by{client: Own, provider: Addressed, system: Any}},
	{"hand_over", by{provider: Addressed, careTeam: Any, system: Any}},
	{"answer_hand_over", by{client: Own}},
	{"not_a_fit", by{client: Own, provider: Addressed, system: Any}},
	{"cancel", by{client: Own, provider: Addressed, system: Any}},

	// who gives it
	{"accept", by{provider: Addressed, system: Any}},
	{"decline", by{provider: Addressed, system: Any}},
	{"propose", by{provider: Addressed, system: Any}},
	{"outcome", by{client: Own, provider: Addressed, system: Any}},
	{"correct", by{provider: Addressed, careTeam: Any, system: Any}},
	{"acknowledge", by{provider: Addressed, clinical: Any, system: Any}},
	{"choose", by{provider: Addressed, system: Any}},
	{"discharge", by{provider: Addressed, system: Any}},
	{"join", by{provider: Own, system: Any}},
	{"set_hours", by{provider: Own, system: Any}},
	{"set_caseload", by{provider: Own, system: Any}},
	{"invite_waiting", by{provider: Addressed, system: Any}},
	{"set_virtual", by{provider: Own, system: Any}},
	{"set_profile", by{system: Any}},
	{"draft_profile", by{provider: Own, system: Any}},
	{"publish_profile", by{provider: Own, system: Any}},
	{"put_photo", by{provider: Own, system: Any}},
	{"remove_photo", by{provider: Own, system: Any}},
	{"take_photo_down", by{careTeam: Any, system: Any}},
	{"pause", by{provider: Own, system: Any}},
	{"resume", by{provider: Own, system: Any}},
	{"leave", by{provider: Own, system: Any}},

	// who looks after the programme
	{"import", by{careTeam: Any, system: Any}},
	{"credential", by{careTeam: Any, system: Any}},
	{"add_programme", by{careTeam: Any, system: Any}},
	{"enable_programme", by{careTeam: Any, system: Any}},
	{"set_terms", by{careTeam: Any, system: Any}},
	{"decide_psyd", by{careTeam: Any, system: Any}},
	{"set_degrees", by{careTeam: Any, system: Any}},
	{"opt_in", by{careTeam: Any, system: Any}},
	{"admit", by{careTeam: Any, system: Any}},
	{"suspend", by{careTeam: Any, system: Any}},
	{"reinstate", by{careTeam: Any, system: Any}},
	{"invite_provider", by{careTeam: Any, system: Any}},
	{"ask_details", by{careTeam: Any, system: Any}},
	{"verify_coverage", by{careTeam: Any, system: Any}},
	{"finish_task", by{careTeam: Any, system: Any}},
	{"ask_erasure", by{careTeam: Any}},
	{"confirm_erasure", by{careTeam: Any}},
	{"refuse_erasure", by{careTeam: Any}},
	{"edit_help", by{careTeam: Any, system: Any}},
	{"answer_ticket", by{careTeam: Any, system: Any}},
	{"vote_help", whoever()},
	{"write_to_us", whoever()},
	{"adopt_terms", by{careTeam: Any, system: Any}},
	{"ask_attest", by{careTeam: Any, system: Any}},
	{"recompute", by{careTeam: Any, system: Any}},
	{"keep_wall", by{system: Any}},
	{"add_employer", by{careTeam: Any, system: Any}},
	{"list_plan", by{careTeam: Any, system: Any}},

	{"update_employer", by{careTeam: Any, system: Any}},
	{"check_employment", by{careTeam: Any, system: Any}},
	{"import_employers", by{careTeam: Any, system: Any}},
	{"import_plans", by{careTeam: Any, system: Any}},
	{"import_roster", by{careTeam: Any, system: Any}},
	{"finish_roster", by{careTeam: Any, system: Any}},
	{"drop_roster", by{careTeam: Any, system: Any}},
	{"look_up_roster", by{careTeam: Any, system: Any}},
	{"delist_plan", by{careTeam: Any, system: Any}},

	// who bills
	{"set_fee", by{provider: Own, system: Any}},
	{"export_claims", by{billing: Any, system: Any}},
	{"settle_claim", by{billing: Any, system: Any}},
	{"correct_charge", by{billing: Any, system: Any}},
	{"write_off", by{billing: Any, system: Any}},

	// who signs in
	{"open_account", by{operator: Any, system: Any}},
	{"give_invite", by{system: Any}},
	{"give_session", ownAccount()},
	{"touch_pass", ownAccount()},
	{"drop_pass", ownAccount()},
	{"redeem", ownAccount()},

	// what runs by itself
	{"give_token", by{system: Any}},
	{"found", by{system: Any}},
	{"confirm_clock", by{operator: Any, system: Any}},
	{"confirm_crisis", by{operator: Any, system: Any}},
	{"set_addresses", by{operator: Any, system: Any}},
	{"finish_import", by{careTeam: Any, system: Any}},
	{"demo_join", by{system: Any}},
	{"fall", by{system: Any}},
	{"send_head", by{system: Any}},
	{"erase_again", by{system: Any}},
	{"certify", by{system: Any}},
	{"let_go", by{system: Any}},
	{"keep_figures", by{system: Any}},
	{"lease", by{system: Any}},
	{"delivered", by{system: Any}},
	{"hand", by{system: Any}},
	{"undelivered", by{system: Any}},
	{"bounced", by{system: Any}},
}

// whoever is everybody, signed in or not.
func whoever() by {
	who := by{anonymous: Any, system: Any}
	for _, role := range care.Roles {
		who[role] = Any
	}
	return who
}

// ownAccount is everybody who can sign in, about themselves.
func ownAccount() by {
	who := by{system: Any}
	for _, role := range care.Roles {
		who[role] = Own
	}
	return who
}
