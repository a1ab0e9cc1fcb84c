package intake_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"careconnect/http/intake"
	"careconnect/rules/registry"
)

const fictional = "testdata/npidata_pfile_fictional.csv.gz"

func want(t testing.TB) intake.Counts {
	t.Helper()
	b, err := os.ReadFile("testdata/npidata_pfile_fictional.counts.json")
	if err != nil {
		t.Fatal(err)
	}
	var c intake.Counts
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// table is the fictional file, unpacked.
func table(t testing.TB) []byte {
	t.Helper()
	f, err := os.Open(fictional)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// firstRows cuts a table after its header and n rows.
func firstRows(table []byte, n int) []byte {
	return bytes.Join(bytes.SplitAfterN(table, []byte("\n"), n+2)[:n+1], nil)
}

func gz(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

// zipOf packs name, content pairs.
func zipOf(pairs ...string) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := 0; i < len(pairs); i += 2 {
		m, _ := w.Create(pairs[i])
		io.WriteString(m, pairs[i+1])
	}
	w.Close()
	return out.Bytes()
}

func providers(b []byte) *intake.File {
	return intake.Providers(bytes.NewReader(b), int64(len(b)), "f.csv")
}

// take runs both passes and keeps the candidates.
func take(t testing.TB, f *intake.File, chunk int) ([]registry.Candidate, intake.Counts) {
	t.Helper()
	var all []registry.Candidate
	counts, err := f.Each(chunk, func(some []registry.Candidate) error {
		if len(some) == 0 || len(some) > chunk {
			t.Errorf("a chunk of %d", len(some))
		}
		all = append(all, some...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all, counts
}

func TestTheFictionalFileGivesItsCounts(t *testing.T) {
	f, err := intake.Open(fictional)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Check(); err != nil {
		t.Fatal(err)
	}
	first, counts := take(t, f, 500)
	if d := cmp.Diff(want(t), counts); d != "" {
		t.Error(d)
	}
	if len(first) != counts.Imported {
		t.Errorf("%d candidates, %d counted", len(first), counts.Imported)
	}
	second, again := take(t, f, 7)
	if !cmp.Equal(first, second) || !cmp.Equal(counts, again) {
		t.Error("a second pass differs")
	}
	degrees := map[string]int{}
	for _, c := range first {
		degrees[c.Degree]++
		if !registry.ValidNPI(c.NPI) || len(c.Licences) == 0 {
			t.Error("a candidate without a number or a licence:", c.NPI)
		}
	}
	if degrees[registry.PsyD] == 0 || degrees[registry.Other] != 0 || len(degrees) != 4 {
		t.Error("degrees:", degrees)
	}
}

func TestPackingMakesNoDifference(t *testing.T) {
	csv := firstRows(table(t), 300)
	plain := providers(csv)
	all, counts := take(t, plain, 1000)
	fileheader := "npidata_pfile_20260101-20260107_fileheader.csv"
	for name, b := range map[string][]byte{
		"byte order mark":    append([]byte("\ufeff"), csv...),
		"line feeds only":    bytes.ReplaceAll(csv, []byte("\r\n"), []byte("\n")),
		"gzip":               gz(csv),
		"gzip of two parts":  append(gz(csv[:1000]), gz(csv[1000:])...),
		"zip":                zipOf("npidata_pfile_20260101-20260107.csv", string(csv)),
		"zip of the release": zipOf("readme.pdf", "%PDF", fileheader, "NPI", "x/NPIDATA_PFILE_20260101-20260107.csv", string(csv), "pl_pfile_20260101.csv", "NPI"),
		"zip of one table":   zipOf("people.csv", string(csv)),
	} {
		t.Run(name, func(t *testing.T) {
			f := providers(b)
			got, c := take(t, f, 1000)
			if !cmp.Equal(all, got) || !cmp.Equal(counts, c) {
				t.Error("differs from the plain table")
			}
			if name != "line feeds only" && f.Sum() != plain.Sum() {
				t.Error("another sum for the same text")
			}
		})
	}
}

func TestSpoolReadsTwiceAndLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	in, out := io.Pipe()
	packed := gz(table(t))
	go func() {
		_, err := out.Write(packed)
		out.CloseWithError(err)
	}()
	f, err := intake.Spool(in, "standard input")
	if err != nil {
		t.Fatal(err)
	}
	_, counts := take(t, f, 100)
	if d := cmp.Diff(want(t), counts); d != "" {
		t.Error(d)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Error("the copy is still there")
	}
	cut := errors.New("the line went dead")
	if _, err := intake.Spool(io.MultiReader(strings.NewReader("NPI"), broken{cut}), "standard input"); !errors.Is(err, cut) {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Error("the copy of half an input is still there")
	}
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

func TestEachStopsWhereItIsToldAndResumesThere(t *testing.T) {
	csv := table(t)
	all, counts := take(t, providers(csv), 100)
	stop, applied := errors.New("enough"), 0
	_, err := providers(csv).Each(100, func(some []registry.Candidate) error {
		if applied == 700 {
			return stop
		}
		applied += len(some)
		return nil
	})
	if !errors.Is(err, stop) || applied != 700 {
		t.Fatal(applied, err)
	}
	f := providers(csv)
	f.Resume(applied)
	rest, again := take(t, f, 100)
	if !cmp.Equal(all[700:], rest) || !cmp.Equal(counts, again) {
		t.Error("what is resumed is not the rest")
	}
	if _, err := f.Each(0, nil); err == nil {
		t.Error("chunks of nothing")
	}
}

func TestProgressGoesToTheEndTwice(t *testing.T) {
	b := gz(table(t))
	f := providers(b)
	ended, last := []intake.Pass{}, map[intake.Pass]int64{}
	f.Progress = func(pass intake.Pass, read, total int64) {
		if read < last[pass] || total != int64(len(b)) {
			t.Error("progress goes back, or its total is another")
		}
		if read == total && last[pass] != total {
			ended = append(ended, pass)
		}
		last[pass] = read
	}
	take(t, f, 100)
	if !cmp.Equal(ended, []intake.Pass{intake.Checking, intake.Applying}) {
		t.Error(ended)
	}
}

func TestAChangedFileIsNoticed(t *testing.T) {
	b := []byte(small(row()))
	f := providers(b)
	if err := f.Check(); err != nil {
		t.Fatal(err)
	}
	copy(b[bytes.LastIndex(b, []byte("L0001")):], "L0002")
	if _, err := f.Each(1, func([]registry.Candidate) error { return nil }); err == nil || !strings.Contains(err.Error(), "changed while") {
		t.Error(err)
	}
}

func TestReportSaysEachSkippedRowAndNoName(t *testing.T) {
	f := providers(table(t))
	var out bytes.Buffer
	report := intake.NewReport(&out)
	f.Skipped = report.Skip
	take(t, f, 100)
	if err := report.Close(); err != nil {
		t.Fatal(err)
	}
	lines, got := strings.Split(strings.TrimSpace(out.String()), "\n"), map[string]int{}
	for _, line := range lines[1:] {
		got[line[strings.LastIndex(line, ",")+1:]]++
	}
	if d := cmp.Diff(want(t).Skipped, got); d != "" || lines[0] != "line,npi,reason" {
		t.Error(lines[0], d)
	}
	if lines[1] != "2,1526018159,organisation" {
		t.Error(lines[1])
	}
	out.Reset()
	report = intake.NewReport(&out)
	report.Skip(9, " =Somebody, Invented", registry.BadNPI)
	report.Skip(10, " 123 ", registry.BadNPI)
	report.Close()
	if out.String() != "line,npi,reason\n9,,bad_npi\n10,123,bad_npi\n" {
		t.Errorf("%q", out.String())
	}
}

func TestCountsAsTheContractHasThem(t *testing.T) {
	c := want(t).Known(2, 2500)
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	const text = `{"rows":3000,"imported":0,"updated":2,"unchanged":2500,"skipped":{"bad_npi":16,"deactivated":60,"degree":157,"duplicate":9,"no_licence":74,"organisation":182}}`
	if string(b) != text {
		t.Errorf("%s", b)
	}
	const line = "3000 rows: 0 imported, 2 updated, 2500 unchanged; skipped: organisation 182, deactivated 60, bad_npi 16, duplicate 9, degree 157, no_licence 74"
	if c.String() != line {
		t.Error(c)
	}
}

// The rows of the small table: only what must be there, in another order, with
// columns that nobody reads.
var header = []string{"Colour", "Provider First Name", "NPI", "Entity Type Code", "Provider Last Name (Legal Name)", "Provider Credential Text",
	"NPI Deactivation Date", "NPI Reactivation Date", "Provider Sex Code",
	"Healthcare Provider Taxonomy Code_1", "Provider License Number State Code_1", "Provider License Number_1"}

func row() []string {
	return []string{"blue", "ÉLOWEN", "2000000002", "1", "D'ÑANDÚVALE-ËRM", "Ph.D.", "", "", "X", "103T00000X", "NY", "L0001"}
}

func small(rows ...[]string) string {
	var b strings.Builder
	for _, r := range append([][]string{header}, rows...) {
		b.WriteString(`"` + strings.Join(r, `","`) + "\"\n")
	}
	return b.String()
}

func with(at int, text string) []string {
	r := row()
	r[at] = text
	return r
}

func TestColumnsAreFoundByName(t *testing.T) {
	wantOne := []registry.Candidate{{NPI: "2000000002", First: "ÉLOWEN", Last: "D'ÑANDÚVALE-ËRM", CredentialText: "Ph.D.", Degree: registry.PhD,
		Taxonomies: []string{"103T00000X"}, Licences: []registry.Licence{{State: "NY", Number: "L0001", Taxonomy: "103T00000X"}}, Gender: "X"}}
	for _, gender := range []string{"Provider Sex Code", "Provider Gender Code", " provider sex code "} {
		got, _ := take(t, providers([]byte(strings.Replace(small(row()), "Provider Sex Code", gender, 1))), 10)
		if d := cmp.Diff(wantOne, got); d != "" {
			t.Error(gender, d)
		}
	}
	quoted, _ := take(t, providers([]byte(small(with(4, "O\"\"Ñ,\nB")))), 10)
	if len(quoted) != 1 || quoted[0].Last != `O"Ñ,B` {
		t.Error("a quote, a comma or a line's end inside a field")
	}
}

func TestTheFirstRowOfANumberWins(t *testing.T) {
	organisation, deactivated, degree := with(3, "2"), with(6, "03/14/2023"), with(5, "MD")
	for name, c := range map[string]struct {
		rows [][]string
		want map[string]int
	}{
		"after a person":         {[][]string{row(), with(2, " 2000000002")}, map[string]int{"duplicate": 1}},
		"after an organisation":  {[][]string{organisation, row()}, map[string]int{"organisation": 1, "duplicate": 1}},
		"before an organisation": {[][]string{row(), organisation}, map[string]int{"organisation": 1}},
		"after a deactivated":    {[][]string{deactivated, row()}, map[string]int{"deactivated": 1, "duplicate": 1}},
		"after another degree":   {[][]string{degree, row()}, map[string]int{"degree": 1, "duplicate": 1}},
		"bad numbers alike":      {[][]string{with(2, "2000000003"), with(2, "2000000003")}, map[string]int{"bad_npi": 2}},
		"the highest number":     {[][]string{with(2, "2999999990"), with(2, "2999999990"), row()}, map[string]int{"duplicate": 1}},
	} {
		_, counts := take(t, providers([]byte(small(c.rows...))), 10)
		for reason, n := range counts.Skipped {
			if n != c.want[reason] {
				t.Errorf("%s: %s %d", name, reason, n)
			}
		}
	}
}

func TestAFileThatCannotBeReadIsRefusedWhole(t *testing.T) {
	csv := table(t)
	packed := gz(csv)
	good := small(row())
	without := func(column string) string { return strings.Replace(good, column, "Shape", 1) }
	lineOf := func(rows int) string { return fmt.Sprintf("line %d, ", rows) }
	spoiled := bytes.Clone(packed)
	spoiled[len(spoiled)-6] ^= 1
	inside := bytes.Clone(packed)
	inside[len(inside)/2] ^= 0xff
	locked := zipOf("npidata_pfile.csv", good)
	locked[bytes.Index(locked, []byte("PK\x01\x02"))+8] |= 1
	inZip := zipOf("npidata_pfile.csv", string(csv))
	inZip[len(inZip)/2] ^= 0xff
	bars := strings.ReplaceAll(good, `","`, `";"`)
	long := strings.Repeat("x", 1<<20+1)

	cases := []struct {
		name, content string
		says          []string
	}{
		{"empty", "", []string{"line 1, column 1: ", "is empty"}},
		{"only a mark", "\ufeff", []string{"line 1, column 1: ", "no header"}},
		{"only a blank line", "\n", []string{"line 1, column 1: ", "no header"}},
		{"no NPI", without(`"NPI"`), []string{"line 1, column 263: ", `none named "NPI"`}},
		{"no credentials", without("Provider Credential Text"), []string{"line 1, column ", `none named "Provider Credential Text"`}},
		{"no licence", without("Provider License Number_1"), []string{"line 1, column ", `none named "Provider License Number_1"`}},
		{"half a second slot", strings.Replace(good, "Colour", "Healthcare Provider Taxonomy Code_2", 1), []string{"line 1, column ", `none named "Provider License Number_2"`}},
		{"a column twice", strings.Replace(good, "Colour", "NPI", 1), []string{"line 1, column 29: ", `"NPI" stands twice`}},
		{"semicolons", strings.ReplaceAll(bars, `"`, ""), []string{"line 1, column 1: ", "semicolons", "commas"}},
		{"a field too few", good + "\"a\",\"é\",\"b\"\n", []string{"line 3, column 10: ", "3 fields where the header has 12"}},
		{"a field too many", good + small(append(row(), "more"))[len(small()):], []string{"line 3, column ", "13 fields where the header has 12"}},
		{"a row cut short", small(row(), row())[:len(small(row()))+20], []string{"line 3, column 21: ", "quote"}},
		{"a bare quote", good + "a,b\"c\n", []string{"line 3, column 4: ", "not quoted"}},
		{"an odd quote", good + "\"a\"b,c\n", []string{"line 3, column 3: ", "quote"}},
		{"a quote never closed", good + "\"a\",\"b\nc\nd\n", []string{"line 5, column 3: ", "begins on line 3"}},
		{"Latin-1", good + "\"a\",\"\xc9\"\n", []string{"line 3, column 6: ", "not UTF-8", "save the file as UTF-8"}},
		{"half a character", good + "\"a\",\"\xc3", []string{"line 3, column 6: ", "not UTF-8"}},
		{"NUL", good + "\"a\",\"b\x00\"\n", []string{"line 3, column 7: ", "NUL"}},
		{"a long field", good + "\"a\",\"" + long + "\"\n", []string{"line 3, column 5: ", "1048576 bytes"}},
		{"a quote that swallows the file", good + "\"a\",\"" + strings.Repeat("x\n", 1<<20), []string{"line 3, column 5: ", "never closed"}},
		{"a long row", good + strings.Repeat(strings.Repeat("x", 1<<19)+",", 9), []string{"line 3, column 3670024: ", "4194304"}},
		{"the earlier of two faults", good + "a\nb\x00", []string{"line 3, column 1: ", "1 fields"}},
		{"PNG", "\x89PNG\r\n\x1a\n....", []string{"line 1, column 1: ", "looks like a PNG image", "npidata_pfile"}},
		{"JPEG", "\xff\xd8\xff\xe0", []string{"line 1, column 1: ", "a JPEG image"}},
		{"PDF", "%PDF-1.7", []string{"line 1, column 1: ", "a PDF document"}},
		{"JSON", " \n{\"npi\": 1}", []string{"line 1, column 1: ", "looks like JSON"}},
		{"HTML", "<!DOCTYPE html><p>Not found", []string{"line 1, column 1: ", "looks like a web page"}},
		{"XML", "<?xml version='1.0'?>", []string{"line 1, column 1: ", "looks like XML"}},
		{"UTF-16", "\xff\xfeN\x00P\x00", []string{"line 1, column 1: ", "UTF-16"}},
		{"tar", strings.Repeat("n", 257) + "ustar\x00", []string{"line 1, column 1: ", "tar archive"}},
		{"another table", "id,name\n1,x\n", []string{"line 1, column 4: ", `none named "NPI"`}},
		{"prose", "Dear all,\nplease find attached\n", []string{"line 1, column ", `none named "NPI"`}},
		{"gzip of a picture", string(gz([]byte("\x89PNG...."))), []string{"line 1, column 1: ", "a PNG image, packed"}},
		{"gzip of gzip", string(gz(packed)), []string{"line 1, column 1: ", "a gzip file, packed"}},
		{"gzip of nothing", string(gz(nil)), []string{"line 1, column 1: ", "no header"}},
		{"gzip cut in its head", string(packed[:5]), []string{"line 1, column 1: ", "in the middle"}},
		{"gzip cut before its end", string(packed[:len(packed)-4]), []string{lineOf(3002) + "column 1: ", "in the middle", "get the file again"}},
		{"gzip with another checksum", string(spoiled), []string{lineOf(3002) + "column 1: ", "checksum"}},
		{"gzip spoiled inside", string(inside), []string{"line ", "column "}},
		{"gzip with a tail", string(gz([]byte(good))) + "tail of something", []string{"line 3, column 1: ", "something else"}},
		{"gzip bomb", string(gz([]byte(small() + strings.Repeat(strings.Repeat("x", 1<<16)+strings.Repeat(",", 11)+"\n", 300)))), []string{"line ", "more than a table can hold"}},
		{"zip of nothing", string(zipOf()), []string{"line 1, column 1: ", "no file named like npidata_pfile"}},
		{"zip of two", string(zipOf("npidata_pfile_1.csv", good, "npidata_pfile_2.csv", good)), []string{"line 1, column 1: ", "2 files named like"}},
		{"zip of two other tables", string(zipOf("a.csv", good, "b.csv", good)), []string{"line 1, column 1: ", "no file named like"}},
		{"zip of Excel", string(zipOf("[Content_Types].xml", "<x/>", "xl/workbook.xml", "<x/>")), []string{"line 1, column 1: ", "an Excel or Word file"}},
		{"zip of a picture", string(zipOf("npidata_pfile.csv", "\x89PNG")), []string{"line 1, column 1: ", "a PNG image, packed"}},
		{"zip cut short", string(inZip[:len(inZip)-30]), []string{"line 1, column 1: ", "damaged or cut short"}},
		{"zip spoiled inside", string(inZip), []string{"line ", "column "}},
		{"zip with a password", string(locked), []string{"line 1, column 1: ", "password"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := providers([]byte(c.content))
			handed := 0
			_, err := f.Each(1, func([]registry.Candidate) error { handed++; return nil })
			var fault *intake.Fault
			if !errors.As(err, &fault) {
				t.Fatalf("no fault: %v", err)
			}
			if handed != 0 {
				t.Error("half of it was handed over")
			}
			if !strings.HasPrefix(err.Error(), "f.csv: line ") || fault.Do == "" {
				t.Errorf("%q says not where, or not what to do", err)
			}
			for _, says := range c.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%q does not say %q", err, says)
				}
			}
			if strings.Contains(err.Error(), "LOWEN") || strings.Contains(err.Error(), "2000000002") {
				t.Error("the message repeats the file")
			}
		})
	}
}

// A disk that fails is no fault of the file.
func TestAFailingDiskIsSaidAsSuch(t *testing.T) {
	dead := errors.New("the disk is gone")
	for name, b := range map[string][]byte{"csv": table(t), "gzip": gz(table(t)), "zip": zipOf("npidata_pfile.csv", string(table(t)))} {
		f := intake.Providers(failing{b, int64(len(b) / 2), dead}, int64(len(b)), name)
		var fault *intake.Fault
		if err := f.Check(); !errors.Is(err, dead) || errors.As(err, &fault) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type failing struct {
	content []byte
	from    int64
	err     error
}

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.from && off < f.from+4096 {
		return 0, f.err
	}
	return bytes.NewReader(f.content).ReadAt(p, off)
}

// A plain table cut anywhere but at the end of a row is refused.
func TestACutTableIsRefused(t *testing.T) {
	text := small(row())
	begin := len(small())
	for at := begin + 1; at < len(text)-1; at++ {
		if err := providers([]byte(text[:at])).Check(); err == nil {
			t.Errorf("cut at %d: taken", at-begin)
		}
	}
}

func TestOpen(t *testing.T) {
	if _, err := intake.Open(filepath.Join(t.TempDir(), "none.csv")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := intake.Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "a folder") {
		t.Error(err)
	}
	lies := filepath.Join(t.TempDir(), "providers.csv.gz") // and is not packed at all
	if err := os.WriteFile(lies, []byte(small(row())), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := intake.Open(lies)
	if err != nil {
		t.Fatal(err)
	}
	if all, _ := take(t, f, 1); len(all) != 1 {
		t.Error("what is inside does not decide")
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// FuzzProviders holds that no input makes the reader panic, that whatever
// Check takes Each takes too, and that every row is counted once.
func FuzzProviders(f *testing.F) {
	for _, seed := range []string{small(), small(row()), small(row(), with(3, "2")), small(with(4, "O\"\"Ñ,\nB")), "", "\n", "\ufeffNPI", "{", "PK\x03\x04",
		string(gz([]byte(small(row())))), string(zipOf("npidata_pfile.csv", small(row()))), "\"a\n", "NPI,NPI\n\xff", small(row()) + "\"a"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file := providers(b)
		checked := file.Check()
		candidates := 0
		counts, err := file.Each(3, func(some []registry.Candidate) error { candidates += len(some); return nil })
		if (checked == nil) != (err == nil) {
			t.Fatalf("Check says %v, Each says %v", checked, err)
		}
		var fault *intake.Fault
		if err != nil && (!errors.As(err, &fault) || fault.Line < 1 || fault.Column < 1 || candidates != 0) {
			t.Fatalf("refused without a place, or not whole: %v", err)
		}
		skipped := 0
		for _, n := range counts.Skipped {
			skipped += n
		}
		if counts.Rows != counts.Imported+skipped || counts.Imported != candidates {
			t.Fatalf("counts do not add up: %v", counts)
		}
	})
}

// endless is a table of n rows, made while it is read, so that only the reader
// holds memory.
type endless struct {
	head, row []byte
	size      int64
}

func (e endless) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) && off < e.size {
		from := e.head
		at := off
		if off >= int64(len(e.head)) {
			from, at = e.row, (off-int64(len(e.head)))%int64(len(e.row))
		}
		c := copy(p[n:], from[at:])
		n, off = n+c, off+int64(c)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Five times the rows take no more memory.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	text := firstRows(table(t), 1000)
	cut := bytes.IndexByte(text, '\n') + 1
	rows := text[cut:]
	peak := func(times int) uint64 {
		e := endless{text[:cut], rows, int64(cut) + int64(times)*int64(len(rows))}
		var most uint64
		f := intake.Providers(e, e.size, "endless.csv")
		_, err := f.Each(400, func([]registry.Candidate) error {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return most
	}
	if one, five := peak(1), peak(5); five > one+2<<20 {
		t.Errorf("%d bytes for one, %d for five", one, five)
	}
}

func BenchmarkProviders(b *testing.B) {
	text := table(b)
	for _, c := range []struct {
		name    string
		content []byte
	}{{"csv", text}, {"gzip", gz(text)}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(2 * int64(len(text))) // both passes
			b.ReportAllocs()
			for b.Loop() {
				if _, err := providers(c.content).Each(500, func([]registry.Candidate) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(3000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
