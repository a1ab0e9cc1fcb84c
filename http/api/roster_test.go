package api_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"careconnect/http/intake"
	"careconnect/rules/care"
)

// R70, R71 over HTTP: the care team looks what a roster of salted hashes would
// change, takes it in, and reads how many and never who; a client who gave a key is
// looked up in it. Everything else is refused whole, and nothing of it repeated.
func TestR70R71ARosterOverHTTP(t *testing.T) {
	w := newWorld(t)
	w.ask("care_team", "POST", "/api/v1/employers", `{"name":"Quarry Hill Works","code":"QUARRY","industry":"energy","starts":"2026-01-01"}`).want(201)
	ids, salts := map[string]string{}, map[string]string{}
	for _, e := range items(t, w.ask("care_team", "GET", "/api/v1/employers", "").want(200)) {
		ids[e["code"].(string)], salts[e["code"].(string)] = e["id"].(string), e["roster_salt"].(string)
	}
	roster := func(code string, people ...string) string {
		text := "employer,salt_check,key\n"
		for _, p := range people {
			text += code + "," + care.RosterCheck(salts[code]) + "," + care.RosterKey(salts[code], p) + "\n"
		}
		return text
	}
	many := make([]string, 1200)
	for i := range many {
		many[i] = fmt.Sprint("E-", i)
	}
	at := "/api/v1/employers/" + ids["LANTERN"] + "/roster"
	send := func(who, path, file string) answered {
		return w.ask(who, "POST", path, file, "Content-Type", "text/csv")
	}
	counted := func(a answered, inForce bool, rows, imported, unchanged, removed, duplicates int) {
		t.Helper()
		got := a.want(200)
		for name, want := range map[string]any{"in_force": inForce, "rows": float64(rows), "imported": float64(imported), "unchanged": float64(unchanged), "removed": float64(removed), "duplicates": float64(duplicates)} {
			if got[name] != want {
				t.Errorf("%s: %v, want %v", name, got[name], want)
			}
		}
	}
	size := func() any {
		t.Helper()
		for _, e := range items(t, w.ask("care_team", "GET", "/api/v1/employers", "").want(200)) {
			if e["code"] == "LANTERN" {
				r, _ := e["roster"].(map[string]any)
				return r["size"]
			}
		}
		return nil
	}
	evidence := func() [2]any {
		t.Helper()
		b, _ := w.ask("ana", "GET", "/api/v1/me", "").want(200)["benefit"].(map[string]any)
		return [2]any{b["evidence"], b["checked"]}
	}
	w.ask("ana", "POST", "/api/v1/benefit", `{"employer_code":"LANTERN","employee":"E-7"}`).want(200)
	before := evidence()

	for says, file := range map[string]string{
		"hash-roster": "email\nana.vireo@lanternworks.test\n", "another salt": strings.Replace(roster("LANTERN", "E-1"), care.RosterCheck(salts["LANTERN"]), "AAAAAAAA", 1),
		"is no hash": "employer,salt_check,key\nLANTERN," + care.RosterCheck(salts["LANTERN"]) + ",ana.vireo@lanternworks.test\n", "roster is empty": roster("LANTERN"),
		"another employer": roster("QUARRY", "E-1"), "one file for each": roster("LANTERN", "E-1") + strings.SplitAfterN(roster("QUARRY", "E-1"), "\n", 2)[1],
	} {
		a := send("care_team", at, file)
		if told := a.problem(422, "no_roster"); !strings.Contains(told, says) || strings.Contains(told, "vireo") {
			t.Errorf("it does not say %q, or repeats what it read", says)
		}
	}
	send("care_team", at, "").problem(422, "invalid_input")
	send("care_team", at, strings.Repeat("x", intake.MostRoster+1)).want(413)
	send("care_team", "/api/v1/employers/em_nobody/roster", roster("LANTERN", "E-1")).want(404)
	for _, who := range []string{"ana", "emil", "clinical", "billing", "payer", "employer", "operator"} {
		send(who, at, roster("LANTERN", "E-1")).want(403)
	}
	send("", at, roster("LANTERN", "E-1")).want(401)
	if size() != nil {
		t.Fatal("something of what was refused is in force")
	}

	counted(send("care_team", at+"?dry_run=true", roster("LANTERN", append(many, "E-0", "e-1 ")...)), false, 1202, 1200, 0, 0, 2)
	if size() != nil || evidence() != before {
		t.Error("looking at a roster has changed something")
	}
	counted(send("care_team", at, roster("LANTERN", append(many, "E-0", "e-1 ")...)), true, 1202, 1200, 0, 0, 2)
	if got := evidence(); size() != 1200.0 || got != [2]any{"roster", true} {
		t.Errorf("in force: %v people; where she is employed rests on %v", size(), got[0])
	}
	counted(send("care_team", at, roster("LANTERN", many...)), true, 1200, 0, 1200, 0, 0)

	less := roster("LANTERN", append(many[500:700:700], "E-new")...)
	for _, path := range []string{at, at + "?dry_run=true"} {
		if told := send("care_team", path, less).problem(422, "roster_shrunk"); !strings.Contains(told, "201 of 1200") {
			t.Errorf("it does not say how much shorter")
		}
	}
	counted(send("care_team", at+"?dry_run=true&shrunk=true", less), false, 201, 1, 200, 1000, 0)
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	if _, err := zip.Write([]byte(less)); err != nil || zip.Close() != nil {
		t.Fatal(err)
	}
	counted(send("care_team", at+"?shrunk=true", packed.String()), true, 201, 1, 200, 1000, 0)
	if got := evidence(); size() != 201.0 || got != [2]any{"roster", false} {
		t.Errorf("who is not on it any more: %v, of %v people", got, size())
	}
}
