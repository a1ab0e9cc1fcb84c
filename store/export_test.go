package store

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// Two stores of one seed that lived through the same write the same bytes, though
// no byte of their files is the same; another life writes others.
func TestExportIsTheSameForTheSameLife(t *testing.T) {
	seed := uint64(7)
	lives := map[string]string{}
	for _, life := range []string{"one", "again", "another"} {
		w := newWorld(t, Throwaway, &seed)
		id := w.client(1)
		if life == "another" {
			w.client(2)
		}
		w.do(care.Actor{Role: care.RoleClient, Chart: id}, act.AddCoverage{Client: id, Type: care.HealthPlan, Payer: "Optum", Plan: "Lakefront HMO", MemberID: "TEST0001"})
		var out bytes.Buffer
		if _, err := w.Export(context.Background(), &out, nil); err != nil {
			t.Fatal(err)
		}
		lives[life] = out.String()
	}
	if lives["one"] != lives["again"] {
		t.Error("the same life was exported in two ways")
	}
	if lives["one"] == lives["another"] {
		t.Error("another life was exported as the same")
	}
	for _, kind := range []care.Kind{care.KindClient, care.KindCoverage, care.KindProgramme, care.KindEmployer, care.KindDeadline} {
		if !strings.Contains(lives["one"], `"kind":"`+string(kind)+`"`) {
			t.Errorf("no %s was exported", kind)
		}
	}
}

func TestALastingStoreExportsNobody(t *testing.T) {
	w := newWorld(t, Production, nil)
	w.client(1)
	var out bytes.Buffer
	if _, err := w.Export(context.Background(), &out, nil); !errors.Is(err, ErrLasting) || out.Len() > 0 {
		t.Errorf("%v, %d bytes", err, out.Len())
	}
}
