package access_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"careconnect/rules/access"
	"careconnect/rules/care"
)

var update = flag.Bool("update", false, "write the tables that are checked in anew")

// golden compares with a checked-in table. go test -update writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, lines := strings.Split(string(body), "\n"), strings.Split(got, "\n")
	for i := range max(len(want), len(lines)) {
		var w, g string
		if i < len(want) {
			w = want[i]
		}
		if i < len(lines) {
			g = lines[i]
		}
		if w != g {
			t.Fatalf("%s, line %d: a right has changed. If it is meant, run go test -update and have the change reviewed.\nwas %s\nis  %s", path, i+1, w, g)
		}
	}
}

// roles are all columns.
var roles = append(append([]care.Role{care.RoleAnonymous}, care.Roles[:]...), care.RoleSystem)

// abouts are the ways in which an act can be about somebody called "me".
var abouts = []struct {
	name  string
	about care.About
}{
	{"own chart", care.About{Client: "me", Provider: "x"}},
	{"own matters", care.About{Provider: "me"}},
	{"own account", care.About{Account: "me"}},
	{"addressed", care.About{Client: "x", Provider: "me"}},
	{"others'", care.About{Client: "x", Provider: "y", Account: "z"}},
	{"nobody's", care.About{}},
}

// TestTheMatrix compares every verdict on acts and lists, and every row of the
// fields, with what is checked in.
func TestTheMatrix(t *testing.T) {
	var out strings.Builder
	line := func(name string, cells []string) {
		l := fmt.Sprintf("%-34s", name)
		for _, c := range cells {
			l += fmt.Sprintf(" %-10s", c)
		}
		out.WriteString(strings.TrimRight(l, " ") + "\n")
	}
	head := func(title string) {
		cells := make([]string, len(roles))
		for i, r := range roles {
			cells[i] = string(r)
		}
		line(title, cells)
	}
	head("Acts")
	for _, name := range access.Acts() {
		for _, a := range abouts {
			line(name+", "+a.name, verdicts(func(actor care.Actor) access.Verdict { return access.May(actor, name, a.about) }))
		}
	}
	out.WriteString("\n")
	head("Lists")
	for _, set := range sets() {
		line(strings.TrimSpace(string(set.Name)+" "+set.Of), verdicts(func(actor care.Actor) access.Verdict { return access.Lists(actor, set) }))
	}
	out.WriteString("\n")
	head("Fields")
	for _, row := range access.Fields() {
		cells := make([]string, len(roles))
		for i, r := range roles {
			cells[i] = strings.Replace(row.By[r].String(), ", masked", "*", 1)
		}
		line(fmt.Sprintf("%s: %s, %s", row.Of, row.Kind, row.Part), cells)
	}
	golden(t, "matrix.txt", out.String())
}

func verdicts(of func(care.Actor) access.Verdict) []string {
	cells := make([]string, len(roles))
	for i, r := range roles {
		actor := care.Actor{Role: r, Chart: "me"}
		if r == care.RoleAnonymous || r == care.RoleSystem {
			actor.Chart = ""
		}
		cells[i] = of(actor).String()
	}
	return cells
}

func sets() []care.Set {
	all := []care.Set{
		{Name: care.SetQueue, Of: "coverage"}, {Name: care.SetQueue, Of: "task"}, {Name: care.SetQueue, Of: "alert"}, {Name: care.SetQueue, Of: "new"},
		{Name: care.SetDue, Of: "2026-11-20T16"}, care.Resting, {Name: care.SetOutbox, Of: "2026-11-20T16"}, {Name: care.SetProviders},
		{Name: care.SetLocate}, {Name: care.SetEmail}, {Name: care.SetNPI}, {Name: care.SetPass}, care.Erasures(care.ErasureAsked), {Name: "unheard of"},
		care.Busy("me", "2026-11-20"), care.Busy("x", "2026-11-20"),
	}
	for _, name := range []care.SetName{care.SetInbox, care.SetPanel, care.SetAlerts, care.SetSeen} {
		for _, of := range []care.ChartID{"me", "x", ""} {
			all = append(all, care.Set{Name: name, Of: string(of), Serves: of})
		}
	}
	return append(all, care.Set{Name: care.SetInbox, Of: "me", Serves: "x"}, care.Set{Name: care.SetSeen, Of: "me"})
}

// TestEveryActHasARow reads the names of all acts out of their source, so that a
// new act without a row is found, and a row without an act.
func TestEveryActHasARow(t *testing.T) {
	named := actNames(t)
	if len(named) < 30 {
		t.Fatalf("only %d names of acts were found in the source", len(named))
	}
	rows := access.Acts()
	for _, name := range named {
		if !slices.Contains(rows, name) {
			t.Errorf("the act %q has no row: say in acts.go who may do it", name)
		}
	}
	for i, name := range rows {
		if !slices.Contains(named, name) {
			t.Errorf("the row %q is of no act", name)
		}
		if slices.Index(rows, name) != i {
			t.Errorf("the act %q has two rows", name)
		}
	}
}

// actNames are the words that the Name methods of package act can return.
func actNames(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../act/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || fn.Name.Name != "Name" {
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				if ret, ok := n.(*ast.ReturnStmt); ok {
					names = append(names, words(t, ret.Results[0])...)
				}
				return true
			})
		}
	}
	return names
}

// words are the values of an expression: a word, or a word and a type of pass.
func words(t *testing.T, e ast.Expr) []string {
	t.Helper()
	if sum, ok := e.(*ast.BinaryExpr); ok {
		prefix := words(t, sum.X)[0]
		return []string{prefix + string(care.PassSession), prefix + string(care.PassInvite), prefix + string(care.PassToken)}
	}
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		t.Fatalf("the name of an act is a %T, which this test cannot read", e)
	}
	word, err := strconv.Unquote(lit.Value)
	if err != nil {
		t.Fatal(err)
	}
	return []string{word}
}

// TestEveryFieldHasARow holds that each field of each noun stands in exactly one
// row for each subject, and that each noun of a chart is known.
func TestEveryFieldHasARow(t *testing.T) {
	type of struct {
		care.Subject
		care.Kind
	}
	rows := map[of]map[string]int{}
	for _, row := range access.Fields() {
		at := of{row.Of, row.Kind}
		if rows[at] == nil {
			rows[at] = map[string]int{}
		}
		for _, name := range row.Fields {
			rows[at][name]++
		}
	}
	known := map[care.Kind]reflect.Type{}
	for _, c := range worlds() {
		for _, r := range c.Records() {
			known[r.Kind()] = reflect.TypeOf(r)
		}
	}
	if want := reflect.TypeFor[care.Chart]().NumField() - 5; len(known) != want { // all but ID, Of, Version, which lists are its own, and where a draft has room from
		t.Errorf("a chart has %d kinds, and %d are filled", want, len(known))
	}
	for kind, noun := range known {
		held := false
		for at, names := range rows {
			if at.Kind != kind {
				continue
			}
			held = true
			if len(names) != noun.NumField() {
				t.Errorf("%s in a chart of %s: %d fields, %d in the table", kind, at.Subject, noun.NumField(), len(names))
			}
			for i := range noun.NumField() {
				if name := noun.Field(i).Name; names[name] != 1 {
					t.Errorf("%s.%s in a chart of %s stands in %d rows: put it in exactly one", kind, name, at.Subject, names[name])
				}
			}
		}
		if !held {
			t.Errorf("the kind %s has no row: say in fields.go who sees it", kind)
		}
	}
}

// TestWhatNobodyGrantedIsBarred asks for what no table knows.
func TestWhatNobodyGrantedIsBarred(t *testing.T) {
	for _, r := range append([]care.Role{"", "admin"}, roles...) {
		actor := care.Actor{Role: r, Chart: "me"}
		if got := access.May(actor, "no_such_act", care.About{Client: "me"}); got != access.Barred {
			t.Errorf("%q may do an act that there is not: %s", r, got)
		}
		if got := access.Lists(actor, care.Set{Name: "no_such_list", Of: "me"}); got != access.Barred {
			t.Errorf("%q may page over a list that there is not: %s", r, got)
		}
	}
	for _, name := range access.Acts() {
		for _, r := range []care.Role{"", "admin"} {
			if got := access.May(care.Actor{Role: r, Chart: "me"}, name, care.About{Client: "me", Provider: "me", Account: "me"}); got != access.Barred {
				t.Errorf("the role %q, which there is not, may %s: %s", r, name, got)
			}
		}
	}
}

// TestSomebodyWithoutAChartOwnsNothing asks as roles whose chart is empty, about
// nobody: two empty names are not the same person.
func TestSomebodyWithoutAChartOwnsNothing(t *testing.T) {
	for _, row := range access.Rows() {
		for role, needs := range row.By {
			got := access.May(care.Actor{Role: role}, row.Act, care.About{})
			if want := map[bool]access.Verdict{true: access.Granted, false: access.Hidden}[needs == access.Any]; got != want {
				t.Errorf("%s without a chart, %s about nobody: %s, not %s", role, row.Act, got, want)
			}
		}
	}
	for _, name := range []care.SetName{care.SetInbox, care.SetPanel, care.SetAlerts, care.SetBusy} {
		if got := access.Lists(care.Actor{Role: care.RoleProvider}, care.Set{Name: name}); got != access.Hidden {
			t.Errorf("a provider without a chart pages over %s: %s", name, got)
		}
	}
}

// everybodys are the acts that are anybody's, signed in or not.
var everybodys = map[string]bool{"vote_help": true, "write_to_us": true}

// TestOnlyTheClientConsents holds that nobody else answers for them, that the
// payer and the employer do nothing but look after their own account and ask for
// help, the payer also after the keys of its portal, and that
// billing does nothing besides but bill.
func TestOnlyTheClientConsents(t *testing.T) {
	for _, row := range access.Rows() {
		if row.Act == "set_sharing" && (len(row.By) != 1 || row.By[care.RoleClient] != access.Own) {
			t.Errorf("consent can be given by %v", row.By)
		}
		account := row.By[care.RoleOperator] == access.Own
		bills := slices.Contains([]string{"export_claims", "settle_claim", "correct_charge", "write_off"}, row.Act)
		links := slices.Contains([]string{"add_handoff_key", "retire_handoff_key"}, row.Act)
		for _, r := range []care.Role{care.RolePayer, care.RoleEmployer, care.RoleBilling} {
			if got := row.By[r]; got != access.Nobody && !everybodys[row.Act] && !(account && got == access.Own) && !(bills && r == care.RoleBilling) && !(links && r == care.RolePayer) {
				t.Errorf("%s may %s: %s", r, row.Act, got)
			}
		}
	}
}

// TestTheTablesCannotBeChanged writes into the copies and asks again.
func TestTheTablesCannotBeChanged(t *testing.T) {
	for _, row := range access.Rows() {
		row.By[care.RoleEmployer] = access.Any
	}
	for _, row := range access.Fields() {
		row.By[care.RoleEmployer] = access.Grant{To: access.Any}
		row.Fields[0] = "Nothing"
	}
	employer := viewer(t, "employer")
	for _, name := range access.Acts() {
		if !everybodys[name] && access.May(employer, name, care.About{Client: person}) == access.Granted {
			t.Errorf("the employer was let in to %s by writing into a copy", name)
		}
	}
	if _, ok := access.See(employer, world()); ok {
		t.Error("the employer was let in to a chart by writing into a copy")
	}
}
