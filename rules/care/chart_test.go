package care_test

import (
	"reflect"
	"strings"
	"sync"
	"testing"

	"careconnect/rules/care"
)

// A copy of a chart and its original change apart, although they share each list
// until one of them changes it; and those who only look may copy one at once.
func TestCopiesOfAChartChangeApart(t *testing.T) {
	held := func(c *care.Chart) (all []string) {
		for _, m := range c.Messages {
			all = append(all, string(m.ID)+" "+m.Template)
		}
		for _, p := range c.Passes {
			all = append(all, p.Hash)
		}
		return all
	}
	chart := &care.Chart{ID: "cl_test", Of: care.OfClient}
	for _, id := range []care.MessageID{"b", "d", "c"} {
		chart.Add(care.Message{ID: id, Template: "old"})
	}
	chart.Add(care.Pass{Hash: "p"})
	old := []string{"b old", "c old", "d old", "p"}

	draft := chart.Draft(nil)
	draft.Add(care.Message{ID: "c", Template: "tried"})
	draft.Add(care.Message{ID: "a", Template: "tried"})
	draft.Remove(care.Pass{Hash: "p"})
	if got := held(chart); !reflect.DeepEqual(got, old) {
		t.Errorf("once a draft has changed, the original holds %v", got)
	}
	if got, want := held(draft), []string{"a tried", "b old", "c tried", "d old"}; !reflect.DeepEqual(got, want) {
		t.Errorf("the draft holds %v, want %v", got, want)
	}

	first := chart.Clone()
	chart.Add(care.Message{ID: "c", Template: "new"})
	second := chart.Clone()
	chart.Add(care.Message{ID: "a", Template: "newer"})
	first.Add(care.Message{ID: "d", Template: "other"})
	for _, c := range []struct {
		name  string
		chart *care.Chart
		want  []string
	}{
		{"the original", chart, []string{"a newer", "b old", "c new", "d old", "p"}},
		{"the first copy", first, []string{"b old", "c old", "d other", "p"}},
		{"the second copy", second, []string{"b old", "c new", "d old", "p"}},
	} {
		if got := held(c.chart); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s holds %v, want %v", c.name, got, c.want)
		}
	}

	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			own := second.Clone()
			own.Add(care.Message{ID: "b", Template: "mine"})
			own.Draft(nil).Add(care.Message{ID: "b", Template: "yours"})
			if m, _ := own.Message("b"); m.Template != "mine" {
				t.Errorf("a reader's own copy holds %q", m.Template)
			}
		})
	}
	readers.Wait()
	if m, _ := second.Message("b"); m.Template != "old" {
		t.Errorf("what others look at holds %q", m.Template)
	}
}

// What is lent to one draft at a time changes nothing else, and is lent again.
func TestSpareRoomIsLentToOneDraftAtATime(t *testing.T) {
	chart := &care.Chart{ID: "cl_1", Of: care.OfClient}
	for _, id := range []care.DeadlineID{"a", "c"} {
		chart.Add(care.Deadline{ID: id, Code: "as it is"})
	}
	spare := &care.Spare{Waste: true}
	for range 3 {
		one, two := chart.Draft(spare), chart.Draft(spare)
		one.Add(care.Deadline{ID: "b", Code: "one"})
		two.Add(care.Deadline{ID: "a", Code: "two"})
		kept := one.Clone()
		one.Add(care.Deadline{ID: "a", Code: "one"})
		if got := codes(one); got != "one one as it is" {
			t.Errorf("the first draft: %s", got)
		}
		if got := codes(two); got != "two as it is" {
			t.Errorf("the second draft: %s", got)
		}
		if got := codes(kept); got != "as it is one as it is" {
			t.Errorf("what was kept of the first: %s", got)
		}
		spare.TakeBack()
		if got := codes(chart); got != "as it is as it is" {
			t.Errorf("the chart: %s", got)
		}
	}
	allocated := testing.AllocsPerRun(100, func() {
		chart.Draft(spare).Add(care.Deadline{ID: "a"})
		spare.TakeBack()
	})
	if allocated > 3 { // the draft, and the record as one
		t.Errorf("%v allocations for a draft", allocated)
	}
}

func codes(c *care.Chart) string {
	var all []string
	for _, d := range c.Deadlines {
		all = append(all, d.Code)
	}
	return strings.Join(all, " ")
}
