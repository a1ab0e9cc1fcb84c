package access

import (
	"maps"
	"reflect"
	"slices"

	"careconnect/rules/care"
)

// Grant is the relation that a role needs, and whether what it then sees is
// masked.
type Grant struct {
	To     Relation
	Masked bool
}

// String gives the grant as the matrix shows it.
func (g Grant) String() string {
	if g.Masked {
		return g.To.String() + ", masked"
	}
	return g.To.String()
}

// KindChart stands in the table for the chart itself: that it exists, and how
// often it changed.
const KindChart care.Kind = "chart"

// FieldRow is one part of a kind of record, in charts of one subject, and who
// sees it. The first part of a kind is the record as such: whoever does not see
// that, sees nothing of it.
type FieldRow struct {
	Of     care.Subject
	Kind   care.Kind
	Part   string
	Fields []string
	By     map[care.Role]Grant
}

type f = []string

// sees is who sees a part, and standing how to it.
type sees = map[care.Role]Grant

// The grants, in the short words of the table.
var (
	own       = Grant{To: Own}
	addressed = Grant{To: Addressed}
	treated   = Grant{To: Treated}
	accepted  = Grant{To: Accepted}
	all       = Grant{To: Any}
)

func masked(g Grant) Grant { return Grant{To: g.To, Masked: true} }

// nobody is how a part is said to be shown to no one, and on purpose.
var nobody = sees{}

// fields is the table. Every field of every kind stands in exactly one row of
// each subject whose charts can hold it.
var fields = []FieldRow{
	// A client's chart.
	{care.OfClient, KindChart, "that it exists", f{"ID", "Of"}, sees{client: own, provider: addressed, careTeam: all, clinical: all, billing: all}},
	{care.OfClient, KindChart, "version", f{"Version"}, sees{client: own, careTeam: all, clinical: all, billing: all}},

	{care.OfClient, care.KindClient, "identity", f{"ID", "Name", "State", "Zone"}, sees{client: own, provider: addressed, careTeam: all, clinical: all, billing: all}},
	{care.OfClient, care.KindClient, "contact", f{"Email", "Phone"}, sees{client: own, provider: addressed, careTeam: all, clinical: all, billing: all}},
	{care.OfClient, care.KindClient, "birth date", f{"BirthDate"}, sees{client: own, careTeam: all, clinical: all, billing: all}},
	{care.OfClient, care.KindClient, "concerns", f{"Concerns"}, sees{client: own, clinical: all}},
	{care.OfClient, care.KindClient, "entry", f{"Language", "Source", "EnteredAt"}, sees{client: own, careTeam: all, clinical: all}},
	{care.OfClient, care.KindClient, "left the programme", f{"LeftAt"}, sees{client: own, careTeam: all, clinical: all}},
	{care.OfClient, care.KindClient, "accounts that became one with it", f{"Former"}, sees{client: own}},
	{care.OfClient, care.KindClient, "benefit", f{"Benefit"}, sees{client: own, careTeam: all, clinical: all}},

	{care.OfClient, care.KindAccount, "account", f{"Chart", "Role", "Name", "Email", "Employer", "Closed"}, sees{client: own}},
	{care.OfClient, care.KindAccount, "password", f{"Password"}, nobody},
	{care.OfClient, care.KindPass, "pass", f{"Hash", "Chart", "Type", "Made", "Seen", "Expires"}, nobody},

	{care.OfClient, care.KindEpisode, "episode", f{"ID", "Client", "SoughtAt", "EnteredAt", "Zone", "State", "Programme", "Promise", "Result", "Ordinary", "Left"}, sees{client: own, provider: addressed, careTeam: all, clinical: all}},
	{care.OfClient, care.KindEpisode, "employer's name, if the client lets it be read", f{"EmployerName"}, sees{client: own, provider: addressed, careTeam: all, clinical: all}},
	{care.OfClient, care.KindEpisode, "asking for a match", f{"Match"}, sees{client: own, careTeam: all, clinical: all}},
	{care.OfClient, care.KindEpisode, "source", f{"Source", "Employer"}, sees{client: own, careTeam: all, clinical: all}},
	{care.OfClient, care.KindEpisode, "course", f{"First", "FirstAt", "FollowUp", "ClosedAt", "ClosedFor", "Gap"}, sees{client: own, provider: accepted, careTeam: all, clinical: all}},

	{care.OfClient, care.KindReferral, "referral", f{"ID", "Episode", "Client", "Provider", "Status", "SubmittedAt", "SelfBooked", "Preferred", "Offered", "OfferedAt", "AnsweredAt", "Respond", "Consult", "Meeting", "ExpiredAt", "AskedAt", "ClosedAt", "Begun", "Unsaid"}, sees{client: own, provider: addressed, careTeam: all, clinical: all}},
	{care.OfClient, care.KindReferral, "note and concerns", f{"Note", "Concerns"}, sees{client: own, provider: addressed, clinical: all}},
	{care.OfClient, care.KindReferral, "who takes over", f{"HandTo", "From"}, sees{client: own, provider: addressed, careTeam: all, clinical: all}},
	{care.OfClient, care.KindReferral, "decline reason", f{"Reason"}, sees{provider: addressed, careTeam: all, clinical: all}},
	{care.OfClient, care.KindReferral, "alternatives", f{"Alternatives"}, sees{client: own, careTeam: all, clinical: all}},

	{care.OfClient, care.KindAppointment, "visit", f{"ID", "Referral", "Episode", "Client", "Provider", "Type", "Start", "End", "Zone", "Ahead", "Status", "Programme"}, sees{client: own, provider: addressed, careTeam: all, clinical: all, billing: all}},
	{care.OfClient, care.KindAppointment, "particulars", f{"Virtual", "BookedBy", "BookedAt", "OutcomeAt", "Covered", "Moves", "PassedOver", "Recorded", "AtRisk", "Coverage", "Service", "FeeCents"}, sees{client: own, provider: addressed, clinical: all, billing: all}},
	{care.OfClient, care.KindAppointment, "corrections", f{"Corrections"}, sees{client: own, provider: addressed, careTeam: all, clinical: all, billing: all}},
	{care.OfClient, care.KindAppointment, "changes", f{"Sequence", "LateCancel"}, sees{client: own, provider: addressed, careTeam: all, clinical: all}},
	{care.OfClient, care.KindAppointment, "link", f{"Link"}, sees{client: own, provider: addressed}},

	{care.OfClient, care.KindHold, "hold", f{"ID", "Client", "Provider", "Start", "End", "Until", "Clock"}, sees{client: own}},
	{care.OfClient, care.KindHold, "browser that holds", f{"Holder"}, nobody},

	{care.OfClient, care.KindWait, "place on a waiting list", f{"ID", "Client", "Provider", "State", "JoinedAt", "Number", "Status", "Clock", "Until", "Asked", "EndedAt"}, sees{client: own, careTeam: all, clinical: all}},

	{care.OfClient, care.KindCoverage, "coverage", f{"ID", "Client", "Type", "Payer", "Plan", "MemberID", "State", "SubmittedAt", "Status", "Verify", "VerifiedAt", "CopayCents", "CoinsurancePct", "DeductibleCents", "Authorised", "From", "Ends"}, sees{client: own, provider: masked(accepted), careTeam: all, clinical: all, billing: all}},
	{care.OfClient, care.KindCoverage, "group and findings", f{"Group", "Note", "VerifiedBy", "Authorization", "Ended", "Replaces", "ReplacedAt", "Found", "ChosenAt", "Check", "CheckAt", "Choice", "Way"}, sees{client: own, careTeam: all, clinical: all, billing: all}},

	{care.OfClient, care.KindCoverage, "photo of the card, without the picture", f{"Card"}, sees{client: own, careTeam: all}},

	{care.OfClient, care.KindCharge, "charge", f{"ID", "Client", "Provider", "Referral", "Appointment", "Programme", "On", "Start", "Minutes", "Service", "Code", "Coverage", "Covered", "FeeCents", "PartCents", "State", "At", "Made"}, sees{client: own, provider: treated, billing: all}},
	{care.OfClient, care.KindCharge, "course of the claim", f{"Batch", "Rebill"}, sees{provider: treated, billing: all}},
	{care.OfClient, care.KindCharge, "what was said of the claim", f{"Why"}, sees{billing: all}},

	{care.OfClient, care.KindScreening, "status", f{"ID", "Client", "Episode", "Referral", "Instrument", "Purpose", "Status", "AssignedAt", "Due", "Opens", "Closes", "SubmittedAt", "Late", "Version", "Replaces", "DeclinedAt", "OutOfWindow"}, sees{client: own, provider: accepted, careTeam: all, clinical: all}},
	{care.OfClient, care.KindScreening, "answers", f{"Answers"}, sees{client: own, provider: accepted}},
	{care.OfClient, care.KindScreening, "score", f{"Total", "Band", "Elevated", "Terms"}, sees{client: own, provider: accepted, clinical: all}},

	{care.OfClient, care.KindAlert, "status", f{"ID", "Client", "Provider", "Screening", "RaisedAt", "Ack", "AckedAt"}, sees{provider: accepted, careTeam: all, clinical: all}},
	{care.OfClient, care.KindAlert, "what was done", f{"AckedBy", "Action"}, sees{provider: accepted, clinical: all}},

	{care.OfClient, care.KindConsent, "yes or no", f{"ID", "Client", "Number", "Sharing"}, sees{client: own, provider: masked(accepted), careTeam: all, clinical: masked(all)}},
	{care.OfClient, care.KindConsent, "ledger", f{"Scopes", "TextVersion", "Method", "At", "WithdrawnAt", "Purpose", "Ended"}, sees{client: own, careTeam: all}},

	{care.OfClient, care.KindDeadline, "deadline", wholeDeadline, sees{client: own, provider: addressed, careTeam: all, clinical: all}},
	{care.OfClient, care.KindTask, "task", f{"ID", "Client", "Provider", "Code", "Subject", "OpenedAt", "DoneAt", "DoneBy", "Cause"}, sees{careTeam: all}},
	{care.OfClient, care.KindMessage, "message", wholeMessage, sees{client: own}},

	// A provider's chart. What everybody may read of a provider is the directory's.
	{care.OfProvider, KindChart, "that it exists", f{"ID", "Of", "Version"}, sees{provider: own, careTeam: all}},
	{care.OfProvider, care.KindProvider, "provider", f{"ID", "NPI", "Name", "Pronouns", "Gender", "Email", "Degree", "Degrees", "Licences", "Credentials", "Specialties", "Languages", "Modalities", "Identities", "About", "Draft", "AccurateAt", "Caseload", "WaitlistOnly", "Virtual", "SelfSchedule", "Hours", "Link", "Standing", "Attested", "JoinedAt", "LeftAt", "AskedBy", "Review", "History", "Registry", "FeeCents", "Photo", "TakenDown"}, sees{provider: own, careTeam: all}},
	{care.OfProvider, care.KindAccount, "account", f{"Chart", "Role", "Name", "Email", "Employer", "Closed"}, sees{provider: own, careTeam: all}},
	{care.OfProvider, care.KindAccount, "password", f{"Password"}, nobody},
	{care.OfProvider, care.KindPass, "pass", f{"Hash", "Chart", "Type", "Made", "Seen", "Expires"}, nobody},
	{care.OfProvider, care.KindHold, "time that is held for somebody new", f{"ID", "Client", "Provider", "Start", "End", "Until", "Clock"}, sees{provider: own, careTeam: all}},
	{care.OfProvider, care.KindHold, "browser that holds", f{"Holder"}, nobody},
	{care.OfProvider, care.KindDeadline, "deadline", wholeDeadline, sees{provider: own, careTeam: all}},
	{care.OfProvider, care.KindTask, "task", f{"ID", "Client", "Provider", "Code", "Subject", "OpenedAt", "DoneAt", "DoneBy", "Cause"}, sees{careTeam: all}},
	{care.OfProvider, care.KindMessage, "message", wholeMessage, sees{provider: own}},

	// The chart of one who has only an account.
	{care.OfAccount, KindChart, "that it exists", f{"ID", "Of", "Version"}, staff(own)},
	{care.OfAccount, care.KindAccount, "account", f{"Chart", "Role", "Name", "Email", "Employer", "Closed"}, staff(own)},
	{care.OfAccount, care.KindAccount, "password", f{"Password"}, nobody},
	{care.OfAccount, care.KindPass, "pass", f{"Hash", "Chart", "Type", "Made", "Seen", "Expires"}, nobody},
	{care.OfAccount, care.KindMessage, "message", wholeMessage, ownMessages()},

	// The chart of one who was forgotten. Whoever holds its number may have the
	// certificate, which is no reading of a chart.
	{care.OfHelp, KindChart, "that it exists", f{"ID", "Of", "Version"}, sees{careTeam: all}},
	{care.OfHelp, care.KindArticle, "page of help", f{"Page", "Version", "Text", "Author", "At"}, sees{careTeam: all}},
	{care.OfHelp, care.KindVotes, "votes", f{"Page", "Yes", "All"}, sees{careTeam: all}},
	{care.OfHelp, care.KindTicket, "question", f{"Chart", "Number", "Category", "Email", "Text", "From", "OpenedAt", "Due", "AnsweredAt", "AnsweredBy", "Answer"}, sees{careTeam: all}},
	{care.OfHelp, care.KindDeadline, "deadline", wholeDeadline, sees{careTeam: all}},
	{care.OfHelp, care.KindMessage, "message", wholeMessage, nobody},

	{care.OfErasure, KindChart, "that it exists", f{"ID", "Of", "Version"}, sees{careTeam: all, billing: all}},
	{care.OfErasure, care.KindErasure, "erasure", f{"ID", "State", "By", "At", "Until"}, sees{careTeam: all, billing: all}},
	{care.OfErasure, care.KindErasure, "who is to be forgotten", f{"Person", "AskedBy", "AskedAt"}, sees{careTeam: all}},
	{care.OfErasure, care.KindErasure, "certificate", f{"Records", "Certificate"}, sees{careTeam: all}},
	{care.OfErasure, care.KindErasure, "kept visits", f{"Visits"}, sees{billing: all}},
	{care.OfErasure, care.KindErasure, "kept answers", f{"Answers"}, sees{careTeam: all}},

	// The chart of one claim file. Who is in it stands in the clients' own charts.
	{care.OfBatch, KindChart, "that it exists", f{"ID", "Of", "Version"}, sees{billing: all}},
	{care.OfBatch, care.KindBatch, "claim file", f{"Chart", "At", "By", "Rows", "Cents"}, sees{billing: all}},

	// The chart of the photo of a card. It is the care team's while the plan is
	// being verified, and nobody's before and after.
	{care.OfCard, KindChart, "that it exists", f{"ID", "Of"}, sees{careTeam: addressed}},
	{care.OfCard, KindChart, "version", f{"Version"}, nobody},
	{care.OfCard, care.KindCard, "photo", f{"Chart", "Client", "Coverage", "Type", "Size", "Pieces", "At", "Open", "Removal"}, sees{careTeam: addressed}},
	{care.OfCard, care.KindPiece, "picture", f{"Chart", "N", "Data"}, sees{careTeam: addressed}},
	// The chart of the photo of a provider. It is everybody's once it is published,
	// and before only the provider's; where it is shown, the directory decides.
	{care.OfPhoto, KindChart, "that it exists", f{"ID", "Of"}, everyone(addressed)},
	{care.OfPhoto, KindChart, "version", f{"Version"}, nobody},
	{care.OfPhoto, care.KindPhoto, "photo", f{"Chart", "Provider", "At", "Published"}, everyone(addressed)},
	{care.OfPhoto, care.KindPiece, "picture", f{"Chart", "N", "Data"}, everyone(addressed)},
	// The chart of one page of an employer's roster. Nobody reads what is on it.
	{care.OfRoster, KindChart, "that it exists", f{"ID", "Of", "Version"}, sees{careTeam: all}},
	{care.OfRoster, care.KindRosterPage, "page of a roster", f{"Chart", "Employer", "File", "Page", "Keys"}, nobody},

	// The programme's measures. Payer partner and employers get what was released
	// for them, and never read the chart.
	{care.OfFigures, KindChart, "that it exists", f{"ID", "Of", "Version"}, sees{careTeam: all}},
	{care.OfFigures, care.KindFigures, "measures", f{"Quarter", "AsOf", "TakenAt", "Final", "Programmes", "Partner"}, sees{careTeam: all}},
	{care.OfFigures, care.KindFigures, "of employers", f{"Employers"}, nobody},

	// The programme's own chart.
	{care.OfProgramme, KindChart, "that it exists", f{"ID", "Of"}, everyone(all)},
	{care.OfProgramme, KindChart, "version", f{"Version"}, sees{careTeam: all, operator: all}},
	{care.OfProgramme, care.KindProgramme, "names", f{"Name", "Network", "Payer", "PrivacyEmail", "CareEmail", "Crisis", "Holidays", "Enabled", "Others"}, everyone(all)},
	{care.OfProgramme, care.KindProgramme, "crisis text confirmed", f{"CrisisAt", "CrisisBy"}, sees{careTeam: all, clinical: all, operator: all}},
	{care.OfProgramme, care.KindProgramme, "on call", f{"OnCallEmail"}, sees{careTeam: all, clinical: all, operator: all}},
	{care.OfProgramme, care.KindTerms, "terms", f{"Version", "Programme", "Effective", "RespondHours", "ConsultDays", "PromiseBusinessDays", "FollowUpOpensDay", "FollowUpClosesDay", "ElevatedPHQ9", "ElevatedGAD7", "EligibilityDays", "OpenRequestsMax", "SafetyAckMinutes", "MinimumAge", "LateAnswerHours", "ReportMinCell", "Degrees", "PsyD", "Wording", "ReattestDays", "ChoiceHours", "CredentialNoticeDays", "CredentialLastDays", "ReviewMisses", "ReviewDays", "HandoffMinutes", "HandoffSkewMinutes", "RetainYears"}, everyone(all)},
	{care.OfProgramme, care.KindTerms, "terms of screenings", f{"BaselineDays", "SafetyRepeatMinutes", "SafetyRepeats"}, everyone(all)},
	{care.OfProgramme, care.KindTerms, "terms of appointments", f{"LateCancelHours", "SilenceHours", "NoResponseDays", "HoldMinutes", "NoWordMinutes"}, everyone(all)},
	{care.OfProgramme, care.KindTerms, "terms of coverage", f{"CoverageCheckDays", "CoverageChoiceDays", "DetailsDays", "CardDays"}, everyone(all)},
	{care.OfProgramme, care.KindTerms, "terms of waiting lists", f{"WaitlistMax", "WaitlistDays", "InvitationDays"}, everyone(all)},
	{care.OfProgramme, care.KindPlan, "plan", f{"Payer", "Plan", "State", "From", "Ends"}, everyone(all)},
	{care.OfProgramme, care.KindTerms, "adoption", f{"SupportDays", "Holidays", "Adopted", "Why"}, everyone(all)},
	{care.OfProgramme, care.KindTerms, "author", f{"Author"}, sees{careTeam: all, operator: all}},
	{care.OfProgramme, care.KindHandoffKey, "key of links from the portal", f{"ID", "Public", "By", "Made", "Retired"}, sees{payer: all}},
	{care.OfProgramme, care.KindIntake, "intake", f{"File", "Done", "Counts"}, nobody},
	{care.OfProgramme, care.KindEmployer, "employer", f{"ID", "Name", "Code", "Industry", "Starts", "Ends", "Holidays", "Audience", "Programme", "Roster", "RosterAt", "RosterSize"}, sees{careTeam: all, operator: all}},
	{care.OfProgramme, care.KindEmployer, "salt", f{"Salt"}, sees{careTeam: all, operator: all}},
}

var (
	wholeDeadline = f{"ID", "Chart", "Code", "Subject", "Starts", "Opens", "Due", "Zone", "Reader", "Pauses", "State", "SettleAt", "Step", "Next", "Programme", "Terms", "TZData", "NotBefore", "Offered"}
	wholeMessage  = f{"ID", "Chart", "To", "ToRole", "Template", "Subject", "When", "Zone", "Note", "Link", "At", "State", "Attempts", "Next", "SentAt", "Tagged", "Event"}
)

// everyone is whoever comes, signed in or not. The system needs no view.
func everyone(g Grant) sees {
	who := sees{anonymous: g}
	for _, role := range care.Roles {
		who[role] = g
	}
	return who
}

// staff is everybody whose account is a chart of its own, about themselves, and
// the operator about all of them.
func staff(g Grant) sees {
	return sees{careTeam: g, clinical: g, billing: g, payer: g, employer: g, operator: all}
}

func ownMessages() sees {
	who := staff(own)
	who[operator] = own
	return who
}

// Fields are copies of the table's rows of fields, for those who walk it.
func Fields() []FieldRow {
	rows := slices.Clone(fields)
	for i := range rows {
		rows[i].Fields, rows[i].By = slices.Clone(rows[i].Fields), maps.Clone(rows[i].By)
	}
	return rows
}

// types are the nouns behind the kinds.
var types = map[care.Kind]reflect.Type{
	KindChart:            reflect.TypeFor[care.Chart](),
	care.KindClient:      reflect.TypeFor[care.Client](),
	care.KindProvider:    reflect.TypeFor[care.Provider](),
	care.KindEpisode:     reflect.TypeFor[care.Episode](),
	care.KindReferral:    reflect.TypeFor[care.Referral](),
	care.KindAppointment: reflect.TypeFor[care.Appointment](),
	care.KindCoverage:    reflect.TypeFor[care.Coverage](),
	care.KindScreening:   reflect.TypeFor[care.Screening](),
	care.KindAlert:       reflect.TypeFor[care.Alert](),
	care.KindConsent:     reflect.TypeFor[care.Consent](),
	care.KindDeadline:    reflect.TypeFor[care.Deadline](),
	care.KindTask:        reflect.TypeFor[care.Task](),
	care.KindMessage:     reflect.TypeFor[care.Message](),
	care.KindAccount:     reflect.TypeFor[care.Account](),
	care.KindPass:        reflect.TypeFor[care.Pass](),
	care.KindProgramme:   reflect.TypeFor[care.Programme](),
	care.KindTerms:       reflect.TypeFor[care.Terms](),
	care.KindEmployer:    reflect.TypeFor[care.Employer](),
	care.KindPlan:        reflect.TypeFor[care.UnprocessablePlan](),
	care.KindHold:        reflect.TypeFor[care.Hold](),
	care.KindWait:        reflect.TypeFor[care.Wait](),
	care.KindIntake:      reflect.TypeFor[care.Intake](),
	care.KindHandoffKey:  reflect.TypeFor[care.HandoffKey](),
	care.KindArticle:     reflect.TypeFor[care.Article](),
	care.KindVotes:       reflect.TypeFor[care.Votes](),
	care.KindTicket:      reflect.TypeFor[care.Ticket](),
	care.KindErasure:     reflect.TypeFor[care.Erasure](),
	care.KindCharge:      reflect.TypeFor[care.Charge](),
	care.KindBatch:       reflect.TypeFor[care.Batch](),
	care.KindCard:        reflect.TypeFor[care.Card](),
	care.KindPiece:       reflect.TypeFor[care.Piece](),
	care.KindPhoto:       reflect.TypeFor[care.Photo](),
	care.KindRosterPage:  reflect.TypeFor[care.RosterPage](),
	care.KindFigures:     reflect.TypeFor[care.Figures](),
}
