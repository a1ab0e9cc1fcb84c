package web

import (
	"net/http"
	"strings"

	"careconnect/assets"
	"careconnect/http/auth"
	"careconnect/rules/act"
	"careconnect/rules/care"
)

// What a provider tells of themselves in public: written as a draft, looked at as
// clients would see it, and published with the word that it is true.

func (p *Pages) profile(w http.ResponseWriter, r *http.Request) error {
	me, _, err := p.practice(r, "profile")
	if err != nil {
		return err
	}
	return p.showProfile(w, r, http.StatusOK, nil, me)
}

func (p *Pages) showProfile(w http.ResponseWriter, r *http.Request, status int, n *assets.Notice, me care.Provider) error {
	words, draft := me.Drafted(), me.Draft != nil
	shown := me
	shown.Say(words)
	data := map[string]any{
		"Fields": profileFields(words), "Photo": photoForm(me), "Large": faceOf("/pro/profile", words.Photo, "large"), "Card": publicCard(shown), "About": shown.About,
		"Facts": []assets.Fact{
			{Term: "Languages", Text: listed(words.Languages)}, {Term: "Approaches", Text: listed(words.Modalities)}, {Term: "Knows well", Text: listed(words.Identities)},
		},
		"Accurate": assets.Options{Name: "accurate", Legend: "Before you publish", Many: true, Choices: []assets.Choice{{Value: "yes", Text: "What I publish is true and up to date"}}},
	}
	if draft {
		data["Draft"] = &assets.Badge{Text: "Not published yet", Kind: "warning", Icon: "info"}
	}
	if !me.AccurateAt.IsZero() {
		data["Since"] = moment(me.AccurateAt, location(me.Hours.Zone))
	}
	return p.show(w, r, status, "pro/profile", me.Hours.Zone, assets.Page{Title: "Public words", Notice: n, Data: data})
}

func profileFields(w care.Profile) []assets.Field {
	list := func(name, label, hint string, values []string) assets.Field {
		return assets.Field{Name: name, Label: label, Hint: hint, Optional: true, Value: strings.Join(values, ", ")}
	}
	return []assets.Field{
		{Name: "pronouns", Label: "Pronouns", Optional: true, Value: w.Pronouns, Max: 40},
		{Name: "about", Label: "About you", Type: "textarea", Rows: 6, Optional: true, Value: w.About, Max: 3000, Hint: "What a first call with you is like, in plain words."},
		list("specialties", "What you help with", "With commas between, such as anxiety, grief, sleep.", w.Specialties),
		list("languages", "Languages", "As two letters, such as en, es.", w.Languages),
		list("modalities", "How you work", "Such as cbt, mindfulness.", w.Modalities),
		list("identities", "Communities that you know well", "Such as veterans, new parents, lgbtq.", w.Identities),
	}
}

func (p *Pages) draftProfile(w http.ResponseWriter, r *http.Request) error {
	me, zone, err := p.practice(r, "profile")
	if err != nil {
		return err
	}
	words := care.Profile{
		Pronouns: strings.TrimSpace(r.PostFormValue("pronouns")), About: strings.TrimSpace(r.PostFormValue("about")),
		Specialties: commas(r.PostFormValue("specialties")), Languages: commas(r.PostFormValue("languages")),
		Modalities: commas(r.PostFormValue("modalities")), Identities: commas(r.PostFormValue("identities")),
	}
	_, err = p.deed(r, act.DraftProfile{Provider: me.ID, Words: words})
	if err == nil {
		return done(w, r, "/pro/profile", "drafted")
	}
	if n, status, mendable := refused(r, err, zone); mendable {
		words.Photo = me.Drafted().Photo
		me.Draft = &words
		return p.showProfile(w, r, status, n, me)
	}
	return err
}

func (p *Pages) publishProfile(w http.ResponseWriter, r *http.Request) error {
	_, err := p.deed(r, act.PublishProfile{Provider: auth.Actor(r).Chart, Accurate: r.PostFormValue("accurate") == "yes"})
	if err == nil {
		return done(w, r, "/pro/profile", "published")
	}
	if n, status, mendable := refused(r, err, location("")); mendable {
		me, _, err := p.practice(r, "profile")
		if err != nil {
			return err
		}
		return p.showProfile(w, r, status, n, me)
	}
	return err
}
