package intake

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"careconnect/rules/act"
	"careconnect/rules/calendar"
	"careconnect/rules/care"
	"careconnect/store"
)

// The smaller files: employers, plans that cannot be processed, and rosters. Each is
// read whole and judged before anything is changed, and the second time everything
// in it is unchanged.

// column is one of a small table; one that is not needed may lack.
type column struct {
	name   string
	needed bool
}

// cells are one row of a small table.
type cells struct {
	at     map[string]int
	record []string
	pos    func(field int) (line, column int)
}

func (c cells) get(name string) string {
	if i, ok := c.at[name]; ok {
		return clean(c.record[i])
	}
	return ""
}

// clean removes the space around a value.
func clean(s string) string { return strings.Clone(strings.TrimSpace(s)) }

// fault points to a cell, and never repeats what stands in it.
func (c cells) fault(name, says, do string) *Fault {
	f := &Fault{Says: name + ": " + says, Do: do}
	f.Line, f.Column = c.pos(c.at[name])
	return f
}

// rows reads a small table; want says in a few words which file is meant.
func (f *File) rows(want string, columns []column, each func(cells) error) error {
	f.want = want
	_, err := f.scan(Checking, func(names []string, rows *csv.Reader) (func(int, []string) error, error) {
		at := map[string]int{}
		for i, name := range names {
			key := strings.NewReplacer(" ", "_", "-", "_").Replace(headerKey(name))
			if _, twice := at[key]; twice {
				line, column := rows.FieldPos(i)
				return nil, &Fault{Line: line, Column: column, Says: "a column stands twice in the header", Do: "leave one of them out"}
			}
			at[key] = i
		}
		for _, c := range columns {
			if _, ok := at[c.name]; !ok && c.needed {
				return nil, missing(c.name, names, rows)
			}
		}
		return func(_ int, record []string) error {
			return each(cells{at, record, rows.FieldPos})
		}, nil
	})
	return err
}

// date reads a date, such as 2026-12-01; an empty cell is none.
func (c cells) date(name string) (calendar.Date, error) {
	text := c.get(name)
	if text == "" {
		return calendar.Date{}, nil
	}
	d, err := calendar.ParseDate(text)
	if err != nil {
		return d, c.fault(name, "this is no date", "write it as 2026-12-01")
	}
	return d, nil
}

const (
	wantEmployers = "give a table with the columns code, name, industry, starts and, if you like, ends, audience, holidays, programme"
	wantPlans     = "give a table with the columns payer, plan and, if you like, state, from, ends"
	wantRoster    = "hash the list at home first: careconnect hash-roster; only what that makes is taken in"
	mendCell      = "mend that cell; nothing was taken in"
)

// Employers takes a file of employers in, each by its code.
func (f *File) Employers(ctx context.Context, s *store.Store) (Counts, error) {
	var rows []care.Employer
	codes := map[string]bool{}
	columns := []column{{"code", true}, {"name", true}, {"industry", true}, {"starts", true}, {"ends", false}, {"audience", false}, {"holidays", false}, {"programme", false}}
	err := f.rows(wantEmployers, columns, func(c cells) (err error) {
		e := care.Employer{Code: c.get("code"), Name: c.get("name"), Industry: strings.ToLower(c.get("industry")), Audience: c.get("audience"), Programme: c.get("programme")}
		key := care.Alike(e.Code)
		switch {
		case key == "":
			return c.fault("code", "it is empty", mendCell)
		case codes[key]:
			return c.fault("code", "it stands in the file twice", "leave one of the rows out; nothing was taken in")
		case e.Name == "":
			return c.fault("name", "it is empty", mendCell)
		case !act.Industries[e.Industry]:
			return c.fault("industry", "it is none of technology, pharmaceutical, energy, healthcare, other", mendCell)
		}
		codes[key] = true
		if e.Starts, err = c.date("starts"); err != nil {
			return err
		}
		if e.Ends, err = c.date("ends"); err != nil {
			return err
		}
		for _, day := range strings.FieldsFunc(c.get("holidays"), func(r rune) bool { return r == ' ' || r == ';' || r == ',' }) {
			d, err := calendar.ParseDate(day)
			if err != nil {
				return c.fault("holidays", "one of them is no date", "write them as 2026-12-24; 2026-12-31")
			}
			e.Holidays = append(e.Holidays, calendar.Holiday{Date: d})
		}
		rows = append(rows, e)
		return nil
	})
	if err != nil {
		return Counts{}, err
	}
	return f.take(ctx, s, act.ImportEmployers{Rows: rows}, len(rows))
}

// Plans takes a file of plans in that cannot be processed.
func (f *File) Plans(ctx context.Context, s *store.Store) (Counts, error) {
	var rows []care.UnprocessablePlan
	columns := []column{{"payer", true}, {"plan", true}, {"state", false}, {"from", false}, {"ends", false}}
	err := f.rows(wantPlans, columns, func(c cells) (err error) {
		p := care.UnprocessablePlan{Payer: c.get("payer"), Plan: c.get("plan"), State: strings.ToUpper(c.get("state"))}
		switch {
		case p.Payer == "":
			return c.fault("payer", "it is empty", mendCell)
		case p.Plan == "":
			return c.fault("plan", "it is empty", mendCell)
		case p.State != "" && !act.States[p.State]:
			return c.fault("state", "these are not the two letters of a state", "mend that cell, or leave it empty for every state; nothing was taken in")
		}
		if p.From, err = c.date("from"); err != nil {
			return err
		}
		if p.Ends, err = c.date("ends"); err != nil {
			return err
		}
		rows = append(rows, p)
		return nil
	})
	if err != nil {
		return Counts{}, err
	}
	return f.take(ctx, s, act.ImportPlans{Rows: rows}, len(rows))
}

// take does the one act that takes a list in.
func (f *File) take(ctx context.Context, s *store.Store, a act.Act, rows int) (Counts, error) {
	out, err := s.Do(ctx, care.System, a)
	if err != nil {
		return Counts{}, fmt.Errorf("%s: nothing was taken in: %w", f.name, err)
	}
	return countsOf(rows, out.Counts), nil
}

func countsOf(rows int, of map[string]int) Counts {
	return Counts{Rows: rows, Imported: of[act.ImportedNew], Updated: of[act.ImportedNow], Unchanged: of[act.ImportedOld], Skipped: map[string]int{}}
}

// roster is a hashed roster as its file says it.
type roster struct {
	employer care.Employer
	sum      string
	rows     int
	keys     []string // each once
}

// Shrunk is a roster that is so much shorter than the one before that it may have
// been cut.
type Shrunk struct {
	File      string
	Now, Were int
}

// Error is the sentence that a person reads.
func (s *Shrunk) Error() string {
	return fmt.Sprintf("%s: this roster is less than half as long as the one before (%d of %d), which would end the benefit of the others; if that is meant, say so (--shrunk)", s.File, s.Now, s.Were)
}

// MostRoster is how long a roster may be that comes over the network: some 500,000
// hashes. A longer one comes by the command.
const MostRoster = 32 << 20

// Taking is how a roster is to be taken in.
type Taking struct {
	As     care.Actor
	For    care.EmployerID // whose it has to be; empty: whose the file says
	Shrunk bool            // it is right that it is less than half as long as the one before
	DryRun bool            // it is only looked at and counted
}

// Roster takes in the roster of an employer, which takes the place of the one
// before: every client who gave a key is looked up in it. One that is less than
// half as long as the one before is refused unless it is said that this is meant.
func (f *File) Roster(ctx context.Context, s *store.Store, t Taking) (Counts, error) {
	programme, _ := s.Programme()
	r, err := f.roster(programme)
	if err != nil {
		return Counts{}, err
	}
	e := r.employer
	switch {
	case t.For != "" && e.ID != t.For:
		return Counts{}, f.named(&Fault{Line: 2, Column: 1, Says: "this is the roster of another employer", Do: "take it in as theirs"})
	case !t.Shrunk && 2*len(r.keys) < e.RosterSize:
		return Counts{}, &Shrunk{f.name, len(r.keys), e.RosterSize}
	}
	counts := Counts{Rows: r.rows, Skipped: map[string]int{"duplicate": r.rows - len(r.keys)}}
	if t.DryRun {
		err := r.compare(ctx, s, &counts)
		return counts, err
	}
	pages := slices.Collect(slices.Chunk(r.keys, act.RosterPage))
	if r.sum == e.Roster {
		counts.Unchanged, pages = len(r.keys), nil
	}
	for i, page := range pages {
		if err := ctx.Err(); err != nil {
			return Counts{}, err
		}
		out, err := s.Do(ctx, t.As, act.ImportRoster{Employer: e.ID, File: r.sum, Page: i, Keys: page})
		if err != nil {
			return Counts{}, err
		}
		counts.Imported += out.Counts[act.ImportedNew]
		counts.Unchanged += out.Counts[act.ImportedOld]
		if f.Progress != nil {
			f.Progress(Applying, int64(i+1), int64(len(pages)))
		}
	}
	if len(pages) > 0 {
		counts.Removed = e.RosterSize - counts.Unchanged
		if _, err := s.Do(ctx, t.As, act.FinishRoster{Employer: e.ID, File: r.sum, Pages: len(pages), Size: len(r.keys)}); err != nil {
			return Counts{}, err
		}
	}
	return counts, settleRoster(ctx, s, t.As, e.ID)
}

// compare counts what taking the roster in would change, by the pages of the one in
// force.
func (r roster) compare(ctx context.Context, s *store.Store, counts *Counts) error {
	pages, err := s.Find(ctx, care.System, care.RosterOf(r.employer.ID))
	for _, m := range pages {
		if err != nil {
			return err
		}
		if m.Ref == "" || m.Ref != r.employer.Roster {
			continue
		}
		var chart *care.Chart
		if chart, err = s.Chart(ctx, care.System, m.Chart, "roster"); err != nil {
			return err
		}
		for _, page := range chart.RosterPages {
			for _, key := range page.Keys {
				if _, on := slices.BinarySearch(r.keys, key); on && page.File == r.employer.Roster {
					counts.Unchanged++
				}
			}
		}
	}
	counts.Imported, counts.Removed = len(r.keys)-counts.Unchanged, r.employer.RosterSize-counts.Unchanged
	return err
}

// settleRoster frees what is not in force any more and looks everybody up who gave
// a key. Where it was cut short the same import goes on with it.
func settleRoster(ctx context.Context, s *store.Store, as care.Actor, employer care.EmployerID) error {
	for {
		out, err := s.Do(ctx, as, act.DropRoster{Employer: employer})
		if err != nil {
			return err
		}
		if out.Counts[act.Dropped] == 0 {
			break
		}
	}
	members, err := s.Find(ctx, care.System, care.EmployedAt(employer))
	for _, m := range members {
		if err == nil {
			_, err = s.Do(ctx, as, act.LookUpRoster{Client: m.Chart})
		}
	}
	return err
}

// roster reads a hashed roster, and refuses everything else: a list with names or
// addresses in it is not taken for one.
func (f *File) roster(programme *care.Chart) (r roster, err error) {
	met := map[string]bool{}
	columns := []column{{"employer", true}, {"salt_check", true}, {"key", true}}
	err = f.rows(wantRoster, columns, func(c cells) error {
		e := act.EmployerOf(c.get("employer"), programme)
		key := c.get("key")
		switch {
		case len(c.at) != len(columns):
			return c.fault("employer", "there are other columns beside it", wantRoster)
		case e == nil:
			return c.fault("employer", "no employer has this code", "register the employer first, or mend the code")
		case r.rows > 0 && e.ID != r.employer.ID:
			return c.fault("employer", "it is another one than above", "give one file for each employer")
		case e.Salt == "" || c.get("salt_check") != care.RosterCheck(e.Salt):
			return c.fault("salt_check", "the list was hashed with another salt", "hash it again with the salt of the employer's page")
		case len(key) != len(care.RosterKey("", "")) || strings.Trim(key, keyLetters) != "":
			return c.fault("key", "this is no hash", wantRoster)
		}
		r.employer, r.rows = *e, r.rows+1
		if !met[key] {
			met[key] = true
			r.keys = append(r.keys, key)
		}
		return nil
	})
	if err == nil && r.rows == 0 {
		err = f.named(&Fault{Line: 2, Column: 1, Says: "the roster is empty", Do: "an employer that has nobody on its roster sets a last day instead"})
	}
	slices.Sort(r.keys) // the same people are the same roster, in whatever order
	r.sum = rosterSum(r.keys)
	return r, err
}

const keyLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func rosterSum(keys []string) string {
	sum := sha256.Sum256([]byte(strings.Join(keys, "\n")))
	return hex.EncodeToString(sum[:])
}

// Hashed is what Hash did.
type Hashed struct {
	Rows, Keys int
	Empty      int // rows without anything to hash
}

// identities are the columns that Hash knows, an e-mail or a number at work.
var identities = []string{"email", "e_mail", "work_email", "work_e_mail", "employee_id", "employee_number", "id"}

// Hash makes the roster's file from an employer's list: a salted hash of each
// work e-mail and each number in it, sorted, so that even the order tells nothing.
// It is done where the list is; only what it writes leaves the house.
func (f *File) Hash(to io.Writer, employer, salt string) (Hashed, error) {
	var done Hashed
	keys := map[string]bool{}
	err := f.rows("give a table with a column email or employee_id, or both", nil, func(c cells) error {
		known := 0
		done.Rows++
		any := false
		for _, name := range identities {
			if _, ok := c.at[name]; ok {
				known++
			}
			if value := c.get(name); care.Alike(value) != "" {
				keys[care.RosterKey(salt, value)], any = true, true
			}
		}
		if known == 0 {
			return &Fault{Line: 1, Column: 1, Says: "the header has neither a column email nor one employee_id", Do: "name the column"}
		}
		if !any {
			done.Empty++
		}
		return nil
	})
	if err != nil {
		return done, err
	}
	sorted := make([]string, 0, len(keys))
	for key := range keys {
		sorted = append(sorted, key)
	}
	slices.Sort(sorted)
	done.Keys = len(sorted)
	rows := csv.NewWriter(to)
	_ = rows.Write([]string{"employer", "salt_check", "key"}) // kept by the writer, said by Error
	for _, key := range sorted {
		_ = rows.Write([]string{employer, care.RosterCheck(salt), key})
	}
	rows.Flush()
	return done, rows.Error()
}
