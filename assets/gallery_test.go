package assets

// now is the moment at which the gallery stands.
var now = Moment{"Fri 20 Nov, 4:00 pm CST", "2026-11-20T16:00:00-06:00"}

// gallery is sample data for each page in testdata/pages; together they use every part.
func gallery() map[string]Page {
	why := &Explain{
		Says: "Five business days from Friday 20 November, in your zone, end on Monday 30 November at the end of the day.",
		Steps: []Because{
			{"Fri 20 Nov", "You asked.", "The day itself does not count."},
			{"Sat 21 – Sun 22", "Skipped.", "Weekend."},
			{"Mon 23 – Wed 25", "Business days 1, 2 and 3.", ""},
			{"Thu 26 Nov", "Skipped.", "Thanksgiving Day."},
			{"Fri 27 Nov", "Business day 4.", ""},
			{"Mon 30 Nov", "Business day 5: the promise ends.", ""},
		},
		Foot: "Policy version 1, times in Chicago, time zone data 2026a.",
	}
	soon := &Deadline{Moment{"Fri 20 Nov, 7:10 pm CST", "2026-11-20T19:10:00-06:00"}, "3 h 10 m", "soon", "Answer by 7:10 pm CST"}
	ok := &Deadline{Moment{"Sat 21 Nov, 2:00 pm CST", "2026-11-21T14:00:00-06:00"}, "22 h", "ok", ""}
	late := &Deadline{Moment{"Fri 20 Nov, 2:50 pm CST", "2026-11-20T14:50:00-06:00"}, "1 h 10 m", "late", ""}
	done := &Deadline{Moment{"Thu 19 Nov, 2:50 pm CST", "2026-11-19T14:50:00-06:00"}, "", "done", "Answered in time"}
	crisis := &Crisis{
		Text:  "In danger, or thinking about ending your life? You can talk to someone now, at any hour. This service is not for emergencies.",
		Lines: []Link{{Href: "tel:988", Text: "Call 988"}, {Href: "sms:988", Text: "Text 988", Icon: "message-circle"}, {Href: "tel:911", Text: "Emergency 911"}},
	}
	client := []Link{{Href: "/me", Text: "Your care", Icon: "heart-handshake"}, {Href: "/find", Text: "Find a therapist", Icon: "search"},
		{Href: "/me/forms", Text: "Check-ins", Icon: "clipboard-list", Count: 2}, {Href: "/coverage", Text: "Coverage", Icon: "wallet"}, {Href: "/me/privacy", Text: "Privacy", Icon: "shield-check"}}
	provider := []Link{{Href: "/pro", Text: "Requests", Icon: "inbox", Count: 3, Current: true}, {Href: "/pro/clients", Text: "Clients", Icon: "users"}, {Href: "/pro/hours", Text: "Hours", Icon: "calendar-clock"}, {Href: "/pro/profile", Text: "Profile", Icon: "user"}}
	base := Page{
		Lang: "en", Product: "Care Connect", Programme: "Your employer’s benefit, with Optum",
		Clock: Clock{"Chicago", "CST", now, false}, Help: "/help", Crisis: crisis, Nav: client,
		Actor: &Actor{"Ana Quillfeather", "Client", "/me/account", "/sign-out"},
		Bar:   &Bar{"Demo", now, "reminder in 12 h", "/qa/clock", "/me", "/qa/people", "/qa/mail"},
		Foot:  []Link{{Href: "/handbook", Text: "How it works"}, {Href: "/privacy", Text: "Privacy"}, {Href: "/help", Text: "Help"}},
	}
	page := func(title string, current int, data any) Page {
		p := base
		p.Title, p.Data = title, data
		p.Nav = append([]Link(nil), client...)
		if current >= 0 {
			p.Nav[current].Current = true
		}
		return p
	}
	type m = map[string]any

	directory := page("Find a therapist", 1, m{
		"Filters": Filters{Action: "/find", Target: "results", Clear: "/find",
			Query: &Field{Name: "q", Label: "Name or word", Type: "search", Optional: true},
			Groups: []FilterGroup{
				{"State", "state", true, []Choice{{"IL", "Illinois", "12", true}, {"NY", "New York", "31", false}}},
				{"Concern", "specialty", false, []Choice{{"anxiety", "Anxiety", "9", true}, {"grief", "Grief", "4", false}, {"sleep", "Sleep", "3", false}, {"trauma", "Trauma", "5", false}}},
				{"Language", "language", false, []Choice{{"en", "English", "12", false}, {"es", "Spanish", "3", false}}},
			}},
		"Providers": []ProviderCard{
			{"/p/1", "Dr. Odalys Verrin", "OV", "PhD · Illinois, New York · English, Spanish", 0, []string{"Anxiety", "Panic", "Work stress"}, "Consultation today, 4:30 pm CST", "First session by Tue 24 Nov, within the promise", true, []Action{{Text: "See times", Href: "/p/1"}}, ""},
			{"/p/2", "Tamsin Okwelu", "TO", "Masters level (LCSW) · Illinois · English", 1, []string{"Grief", "Family", "Life changes"}, "Answers requests within 24 hours", "First session by Fri 27 Nov, within the promise", true, []Action{{Text: "Request a consultation", Href: "/p/2", Style: "outline"}}, ""},
			{"/p/3", "Ioan Brackwater", "IB", "Nurse practitioner · Illinois · English, Romanian", 2, []string{"Sleep", "Depression", "Medication"}, "Consultation Mon 23 Nov, 9:00 am CST", "First session by Thu 3 Dec", false, []Action{{Text: "See times", Href: "/p/3"}}, ""},
		},
		"Pager": Pager{Next: "/find?cursor=2", Says: "1 to 3 of 12"},
	})

	book := page("Choose a time", 1, m{
		"Stepper":  Stepper{3, 3, "Choose a time"},
		"Problems": []Problem{{"email", "Enter your e-mail address, such as ana@example.test."}, {"start", "That time has just been taken. Choose another one below."}},
		"Slots": Slots{Name: "start", Legend: "Open consultation times", Zone: "All times in Chicago, CST", Hold: &Deadline{Due: Moment{"", "2026-11-20T16:09:42-06:00"}, Left: "9:42"},
			Days: []SlotDay{
				{"Fri 20 Nov", "today", []Slot{{"a", "4:30 pm", "", false, true}, {"b", "5:00 pm", "", true, false}, {"c", "5:30 pm", "", false, false}}},
				{"Sat 21 Nov", "", nil},
				{"Mon 23 Nov", "", []Slot{{"d", "9:00 am", "", false, false}, {"e", "9:30 am", "", false, false}, {"f", "11:00 am", "", false, false}, {"g", "3:30 pm", "", false, false}}},
				{"Tue 24 Nov", "", []Slot{{"h", "8:00 am", "", false, false}, {"i", "12:15 pm", "", false, false}}},
			}},
		"Fields": []Field{
			{Name: "email", Label: "E-mail", Type: "email", Autocomplete: "email", Hint: "We only ever write “you have a message”.", Problem: "Enter your e-mail address, such as ana@example.test."},
			{Name: "phone", Label: "Phone", Type: "tel", Autocomplete: "tel", Optional: true, Hint: "Only if you would like a text."},
			{Name: "state", Label: "State", Type: "select", Choices: []Choice{{"IL", "Illinois", "", true}, {"NY", "New York", "", false}}},
			{Name: "birth", Label: "Date of birth", Type: "date", Autocomplete: "bday"},
		},
		"Concerns": Options{Name: "concern", Legend: "What brings you here?", Hint: "Choose up to three.", Many: true, Chips: true, Optional: true, Choices: []Choice{{"a", "Anxiety", "", true}, {"b", "Low mood", "", false}, {"c", "Sleep", "", false}, {"d", "Work stress", "", true}, {"e", "Grief", "", false}}},
		"Pay":      Options{Name: "kind", Legend: "How are your sessions covered?", Choices: []Choice{{"health_plan", "Optum health plan", "Your usual copay or coinsurance applies.", true}, {"eap", "Optum EAP", "Short-term help from your employer, usually without a copay.", false}}},
		"Note":     Field{Name: "note", Label: "Anything Dr. Verrin should know?", Type: "textarea", Optional: true, Hint: "Only she and our clinical team can read this. Not for emergencies."},
		"Buttons":  []Action{{Text: "Book this time", Style: "large"}, {Text: "Back", Href: "/p/1", Style: "ghost", Icon: "arrow-left"}},
		"Explain":  why,
		"Aside":    Notice{Kind: "info", Title: "Your employer never sees this", Text: "Not that you were here, not whom you talk to, not what about."},
	})

	care := page("Your care", 0, m{
		"Timeline": []Event{
			{State: "done", Title: "You asked Dr. Verrin", When: now},
			{State: "now", Title: "Dr. Verrin answers", Text: "She will accept, propose times or decline. If she cannot, we suggest others at once.", Deadline: ok, Explain: why, Actions: []Action{{Text: "Withdraw the request", Post: "/r/1/withdraw", Style: "outline", Fields: []Hidden{{"id", "1"}}}}},
			{State: "late", Title: "Consultation call", Text: "Was due by Wednesday."},
			{State: "stopped", Title: "Check-in before the first session"},
			{State: "todo", Title: "First session", Text: "By Mon 30 Nov, CST"},
		},
		"Facts": []Fact{{Term: "Provider", Text: "Dr. Odalys Verrin"}, {Term: "Coverage", Text: "Optum health plan", Note: "The care team checks it within one business day.", Badge: &Badge{"Being checked", "info", ""}}, {Term: "Sharing", Text: "Not shared with Optum"}},
		"Compared": Compared{Title: "PHQ-9, before and after", Max: 27, Points: []Point{{"Before the first session", 18, "Moderately severe"}, {"Follow-up", 8, "Mild"}},
			Facts: []Fact{{Term: "Difference", Text: "−10"}}, Says: "Two numbers are no diagnosis."},
		"Score": Score{"PHQ-9", 11, 27, "moderate", "Many people feel like this. Your provider will talk about it with you.", "Six weeks ago: 18, moderately severe."},
	})
	care.Notice = &Notice{Kind: "ok", Title: "Your request is on its way", Text: "Dr. Verrin answers by Sat 21 Nov, 4:00 pm CST."}

	question := page("Check-in", 2, Question{Action: "/me/forms/1", Number: 3, Of: 9, Intro: "Over the last two weeks, how often have you been bothered by:",
		Text: "Trouble falling or staying asleep, or sleeping too much?", Name: "answer", Back: "/me/forms/1?n=2",
		Choices: []Choice{{"0", "Not at all", "", false}, {"1", "Several days", "", true}, {"2", "More than half the days", "", false}, {"3", "Nearly every day", "", false}},
		Source:  "A sample question in the manner of a screening. Your answers are saved as you go."})

	inbox := page("Requests", -1, m{
		"Waiting": []Waiting{
			{"/pro/r/1", "Request from A. Q.", "Asked Fri 20 Nov, 8:00 am CST · prefers mornings", "“I would like help with sleep and with worry about work.”", late, []Fact{{Term: "Preferred times", Text: "Mon 23 Nov 9:00 am CST, Tue 24 Nov 8:00 am CST"}, {Term: "Coverage", Text: "Optum health plan", Badge: &Badge{"Eligible", "success", "check"}}, {Term: "Promise ends", Text: "Mon 30 Nov, CST"}}, why, []Action{{Text: "Accept and pick a time", Href: "/pro/r/1/accept"}, {Text: "Propose times", Href: "/pro/r/1/propose", Style: "outline"}, {Text: "Decline", Href: "/pro/r/1/decline", Style: "ghost"}}},
			{"/pro/r/2", "Request from B. L.", "Asked Fri 20 Nov, 2:50 pm EST", "", soon, nil, nil, []Action{{Text: "Accept and pick a time", Href: "/pro/r/2/accept"}}},
			{"/pro/r/3", "Request from C. D.", "Asked Fri 20 Nov, 3:50 pm EST", "", ok, nil, nil, nil},
			{"/pro/r/4", "Request from E. F.", "", "", done, nil, nil, nil},
		},
		"Table":  Table{"Visits", []string{"Date", "Client", "Outcome", "Billing"}, [][]string{{"Mon 16 Nov, 9:00 am CST", "A. Q.", "Attended", "Ready"}, {"Tue 17 Nov, 1:00 pm CST", "B. L.", "No-show", "None"}}, "", nil},
		"Duties": Options{Name: "duty", Legend: "I agree to", Many: true, Choices: []Choice{{"virtual", "Offer virtual care", "Video or phone, for each session of the programme.", true}, {"respond", "Answer a consultation request within 24 hours", "Nights and weekends count.", false}}},
		"Week":   []string{"Monday", "Tuesday", "Wednesday"},
		"Alert": m{"Title": "A. Q.", "Text": "PHQ-9 item 9 was answered above zero.", "Phone": "555-0100", "Email": "ana.quillfeather.of.the.long.address@people.example.test",
			"Raised": now, "Deadline": soon, "Explain": why, "Actions": []Action{{Text: "I have contacted them", Post: "/pro/alerts/1"}, {Text: "I could not reach them", Post: "/pro/alerts/1", Style: "outline"}}},
		"Ask": AskLink{Post: "/ops/client/1/details", Says: "A link is out, and works until Fri 27 Nov 2026, 16:00 CST. A new one ends it."},
		"Matter": m{"Href": "/ops/client/1", "Title": "A. Q.", "Text": "A provider did not answer in time.", "Turn": "Our turn", "Deadline": late, "Explain": why,
			"Done": Action{Text: "Done", Post: "/ops/tasks/1", Icon: "check", Style: "outline small"}},
		"Link": "/set-up/H3NVoPDszJEBrpYCGvEfq0M6tIVBeRBlNQMgo3GQ8KQ",
	})
	inbox.Nav, inbox.Crisis, inbox.Actor = provider, nil, &Actor{"Dr. Odalys Verrin", "Provider", "/pro/account", "/sign-out"}

	tile := func(who, text, turn string, d *Deadline) Tile {
		return Tile{"/ops/r/1", who, text, turn, d, why}
	}
	board := page("Board", -1, []Column{
		{"Needs us now", "now", "", []Tile{tile("R-7K2M", "No answer from the provider", "Care team", late)}},
		{"Due today", "soon", "", []Tile{tile("R-3QHD", "Coverage to verify", "Care team", soon), tile("R-8NXA", "Answer expected", "Provider", soon)}},
		{"At risk", "soon", "Two business days or fewer", nil},
		{"Waiting on client", "wait", "", []Tile{tile("R-5TTE", "Three times proposed", "Client", ok)}},
		{"Broken", "late", "", []Tile{tile("R-2PLM", "First session too late", "Nobody", late)}},
	})
	board.Wide, board.Crisis, board.Actor, board.Bar = true, nil, &Actor{"Care team", "Care team", "", "/sign-out"}, nil
	board.Nav = []Link{{Href: "/ops", Text: "Board", Icon: "layout-dashboard", Current: true}, {Href: "/ops/eligibility", Text: "Eligibility", Icon: "badge-check", Count: 4}, {Href: "/ops/providers", Text: "Providers", Icon: "stethoscope"}}

	sharing := page("Sharing", 4, m{
		"Equal": Equal{"/sharing", "sharing", Choice{Value: "true", Text: "Share with Optum", Note: "for personal health recommendations"}, Choice{Value: "false", Text: "Don’t share", Note: "nothing is sent"}, nil},
		"Notices": []Notice{
			{Kind: "info", Title: "See exactly what they would receive", Text: "Name, state of your request, attendance, scores, plan."},
			{Kind: "ok", Text: "Saved."},
			{Kind: "warn", Title: "Dr. Verrin has not answered", Text: "That is on us, not on you. These three have time for you:", Items: []string{"Tamsin Okwelu, Mon 9:00 am CST", "Ioan Brackwater, Mon 11:00 am CST"}, Actions: []Action{{Text: "See all three", Href: "/find"}}},
			{Kind: "danger", Title: "We could not process your plan", Text: "Your plan is one that our systems cannot process. Nothing has been billed."},
		},
		"Crisis":    Crisis{Text: "You told us about thoughts that you would be better off dead. Thank you for saying so. People are there for you now, at any hour.", Lines: crisis.Lines},
		"Empty":     Empty{"search", "Nobody fits all of that yet", "Try fewer filters, or let our care team find someone for you.", []Action{{Text: "Let the care team match me", Href: "/match"}, {Text: "Clear filters", Href: "/find", Style: "outline"}}},
		"Where":     Whereabouts{"/find", "Find a therapist", Field{Name: "state", Label: "Which state are you in?", Type: "select", Hint: "A licence counts in its own state only.", Choices: []Choice{{Text: "Choose a state", Checked: true}, {Value: "IL", Text: "Illinois"}}}, []Hidden{{"employer", "LANTERN"}}},
		"Confirm":   Confirm{Title: "Leave the programme?", Text: "You can come back at any time.", Items: []string{"You are no longer in the directory, at once.", "Two clients who wait for an answer get other proposals.", "Clients in care stay with you."}, Post: "/pro/leave", Yes: "Leave now", No: Link{Href: "/pro", Text: "Stay"}, Danger: true, Ask: []Field{{Name: "reason", Label: "Reason", Optional: true}}},
		"Helpful":   Helpful{"/help/1/vote", 12, 15, false},
		"Badges":    []Badge{{"Plain", "", ""}, {"Info", "info", ""}, {"Eligible", "success", "check"}, {"Soon", "warning", ""}, {"Late", "danger", ""}, {"Quiet", "quiet", ""}},
		"Deadlines": []*Deadline{ok, soon, late, done},
	})

	people := page("People", -1, []Group{
		{"Clients", "Seeking care, or in it.", []Person{{"Ana Quillfeather", "New and eligible; nothing asked yet", "AQ", 0, &Action{Text: "Sign in as Ana", Post: "/qa/sign-in/1", Style: "outline"}}, {"Bram Lindqvast", "His plan cannot be processed", "BL", 1, &Action{Text: "Sign in as Bram", Post: "/qa/sign-in/2", Style: "outline"}}, {"Cleo Darnwick", "Her employer does not take part", "CD", 2, &Action{Text: "Sign in as Cleo", Post: "/qa/sign-in/3", Style: "outline"}}}},
		{"Providers", "", []Person{{"Dr. Odalys Verrin", "Has open consultation times", "OV", 3, &Action{Text: "Sign in", Post: "/qa/sign-in/4", Style: "outline"}}, {"Ioan Brackwater", "Two requests wait", "IB", 4, &Action{Text: "Sign in", Post: "/qa/sign-in/5", Style: "outline"}}}},
	})
	people.Actor, people.Nav, people.SignIn = nil, nil, "/sign-in"

	return map[string]Page{"directory": directory, "profile": book, "care": care, "question": question, "inbox": inbox, "board": board, "sharing": sharing, "people": people}
}
