package store

import (
	"encoding/base32"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"careconnect/rules/care"
)

// idText writes identifiers: Crockford's base 32 in lower case, without letters
// that are taken for digits, 26 of them for 128 bits.
var idText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// kind is what the store knows of a noun: its number in the file, how it is
// read, and whether its id alone leads to its chart.
type kind struct {
	name   care.Kind
	number byte // written to the file: never changed, never used again
	locate bool
	zero   care.Record // of the type that it is read into
}

// kinds is the table of nouns. A new one is a new row with a new number.
var kinds = []kind{
	{care.KindClient, 1, false, care.Client{}},
	{care.KindProvider, 2, false, care.Provider{}},
	{care.KindEpisode, 3, true, care.Episode{}},
	{care.KindReferral, 4, true, care.Referral{}},
	{care.KindAppointment, 5, true, care.Appointment{}},
	{care.KindCoverage, 6, true, care.Coverage{}},
	{care.KindScreening, 7, true, care.Screening{}},
	{care.KindAlert, 8, true, care.Alert{}},
	{care.KindConsent, 9, true, care.Consent{}},
	{care.KindDeadline, 10, true, care.Deadline{}},
	{care.KindTask, 11, true, care.Task{}},
	{care.KindMessage, 12, false, care.Message{}},
	{care.KindAccount, 13, false, care.Account{}},
	{care.KindPass, 14, false, care.Pass{}},
	{care.KindProgramme, 15, false, care.Programme{}},
	{care.KindTerms, 16, false, care.Terms{}},
	{care.KindEmployer, 17, false, care.Employer{}},
	{care.KindPlan, 18, false, care.UnprocessablePlan{}},
	{care.KindIntake, 19, false, care.Intake{}},
	{care.KindErasure, 20, false, care.Erasure{}},
	{care.KindHold, 21, false, care.Hold{}},
	{care.KindWait, 24, true, care.Wait{}},
	{care.KindCharge, 22, true, care.Charge{}},
	{care.KindBatch, 23, false, care.Batch{}},
	{care.KindCard, 26, false, care.Card{}},
	{care.KindPiece, 27, false, care.Piece{}},
	{care.KindPhoto, 51, false, care.Photo{}},
	{care.KindRosterPage, 50, false, care.RosterPage{}},
	{care.KindFigures, 28, false, care.Figures{}},
	{care.KindHandoffKey, 40, false, care.HandoffKey{}},
	{care.KindArticle, 30, false, care.Article{}},
	{care.KindVotes, 31, false, care.Votes{}},
	{care.KindTicket, 32, false, care.Ticket{}},
}

// codecJSON is the codec of records: JSON. Another one gets another number.
const codecJSON = 1

func kindNamed(name care.Kind) (kind, bool) {
	for _, k := range kinds {
		if k.name == name {
			return k, true
		}
	}
	return kind{}, false
}

func encodeRecord(r care.Record) ([]byte, error) {
	k, ok := kindNamed(r.Kind())
	if !ok {
		return nil, fmt.Errorf("no row in the table of kinds for %q", r.Kind())
	}
	body, err := appendJSON(append(make([]byte, 0, 512), codecJSON, k.number), r)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", r.Kind(), err)
	}
	return slices.Clip(body), nil
}

// encodeAll encodes the records of a plan before the first of them is written, so
// that one that cannot be encoded fails its own act and nothing else.
func encodeAll(changes []care.Change) ([][]byte, error) {
	plains := make([][]byte, len(changes))
	for i, change := range changes {
		put, ok := change.(care.Put)
		if !ok {
			continue
		}
		var err error
		if plains[i], err = encodeRecord(put.Record); err != nil {
			return nil, err
		}
	}
	return plains, nil
}

func decodeRecord(plain []byte) (care.Record, error) {
	k, err := kindOf(plain)
	if err != nil {
		return nil, err
	}
	into := reflect.New(reflect.TypeOf(k.zero))
	if err := decodeJSON(plain[2:], into.Interface()); err != nil {
		return nil, fmt.Errorf("decode %s: %w", k.name, err)
	}
	return into.Elem().Interface().(care.Record), nil
}

// kindOf is the kind of a record as it is written.
func kindOf(plain []byte) (kind, error) {
	if len(plain) < 2 || plain[0] != codecJSON {
		return kind{}, fmt.Errorf("a record has a codec that this version does not know")
	}
	for _, k := range kinds {
		if k.number == plain[1] {
			return k, nil
		}
	}
	return kind{}, fmt.Errorf("a record is of kind %d, which this version does not know", plain[1])
}

// stands are the places of a record in sets: its own, and the one by which its
// id is found.
func stands(chart care.ChartID, r care.Record) []care.Place {
	if r == nil {
		return nil
	}
	places := r.Stands()
	if own, ok := located(chart, r); ok {
		places = append(places, own)
	}
	return places
}

// located is the place by which a record's id is found, if it is one that is.
func located(chart care.ChartID, r care.Record) (care.Place, bool) {
	k, ok := kindNamed(r.Kind())
	if !ok || !k.locate {
		return care.Place{}, false
	}
	return care.Place{Set: locating(r.Key()), Entry: r.Key(), Member: care.Member{Chart: chart, Code: string(r.Kind())}}, true
}

func locating(id string) care.Set { return care.Set{Name: care.SetLocate, Of: id} }

// looksLikeID keeps nonsense from being looked up.
func looksLikeID(id string) bool {
	prefix, rest, ok := strings.Cut(id, "_")
	return ok && len(prefix) == 2 && len(rest) == 26
}
