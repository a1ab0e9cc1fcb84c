package qa

import (
	"bytes"
	"testing"

	"careconnect/store/directory"
)

// R13: some of the demo's providers show a photo, drawn of nobody, and the others their
// initials. The same demo shows the same ones.
func TestR13SomeOfTheDemoShowAPhoto(t *testing.T) {
	for n := range palettes {
		one, err := portrait(n)
		again, _ := portrait(n)
		if err != nil || !one.Sound() || len(one.Large) > 16<<10 || len(one.Small) > 6<<10 {
			t.Errorf("portrait %d: %d and %d bytes, %v", n, len(one.Large), len(one.Small), err)
		}
		if !bytes.Equal(one.Large, again.Large) || !bytes.Equal(one.Small, again.Small) {
			t.Errorf("portrait %d is another one each time", n)
		}
	}
	p := play(t, Scenarios[0])
	with, without := 0, 0
	for _, u := range p.users {
		if card, listed := p.store.Directory().Provider(u.ID, p.begin); listed && card.Photo != "" {
			with++
		} else if listed {
			without++
		}
	}
	if with != 1 || without != 2 {
		t.Errorf("of the providers to sign in as %d show a photo and %d do not", with, without)
	}
	if n := photosIn(p, "IL"); n < 2 {
		t.Errorf("in Illinois %d photos are shown", n)
	}
}

// photosIn counts who shows a photo in a state.
func photosIn(p *played, state string) int {
	p.Helper()
	page, err := p.store.Directory().Search(directory.Query{State: state, Limit: 100}, p.begin)
	if err != nil {
		p.Fatal(err)
	}
	n := 0
	for _, card := range page.Items {
		if card.Photo != "" {
			n++
		}
	}
	return n
}

func BenchmarkPortrait(b *testing.B) {
	for n := 0; b.Loop(); n++ {
		if _, err := portrait(n); err != nil {
			b.Fatal(err)
		}
	}
}
