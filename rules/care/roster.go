package care

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

// RosterPage is a part of an employer's roster: salted hashes, and nothing else
// of anybody. It is a chart of its own. A roster counts once the employer's entry
// names its file; pages of another file are not in force, and go.
type RosterPage struct {
	Chart    ChartID    `json:"chart"`
	Employer EmployerID `json:"employer"`
	File     string     `json:"file,omitempty"` // digest of the roster's file; empty: the page is free
	Page     int        `json:"page"`
	Keys     []string   `json:"keys,omitempty"`
}

// Kind, Key and Stands make a RosterPage a Record.
func (RosterPage) Kind() Kind    { return KindRosterPage }
func (p RosterPage) Key() string { return "page " + p.File }
func (p RosterPage) Stands() []Place {
	m := Member{Chart: p.Chart, Ref: p.File, Seq: uint64(p.Page)}
	places := []Place{{Set: RosterOf(p.Employer), Entry: string(p.Chart) + "|" + p.File, Member: m}}
	for _, key := range p.Keys {
		places = append(places, Place{Set: Rostered(p.File, key), Entry: key, Member: Member{Chart: p.Chart}})
	}
	return places
}

// RosterOf is the set of the pages of an employer's rosters: a member's Ref is
// the file, and Seq the page.
func RosterOf(employer EmployerID) Set { return Set{Name: SetRoster, Of: string(employer)} }

// Rostered is the set that has a member if a key stands in the roster of a file.
func Rostered(file, key string) Set { return Set{Name: SetRostered, Of: file + "|" + key} }

// EmployedAt is the set of the clients who gave a key to be looked up in an
// employer's roster.
func EmployedAt(employer EmployerID) Set { return Set{Name: SetEmployed, Of: string(employer)} }

// RosterKey is what a roster knows somebody by: a salted hash of their work
// e-mail or of their number at work. Letter case and blanks do not count. The
// employer makes it at home; from it nobody reads who it is.
func RosterKey(salt, employee string) string {
	m := hmac.New(sha256.New, []byte(salt))
	m.Write([]byte(Alike(employee)))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:24])
}

// RosterCheck tells, without telling the salt, whether two were made with the
// same one.
func RosterCheck(salt string) string { return RosterKey(salt, "the salt of a roster")[:8] }
