package seal

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// newEpochIn makes a new epoch the current one.
func newEpochIn(t testing.TB, v *Vault) {
	t.Helper()
	_, err := v.AddEpoch(noon)
	must(t, err)
	v.UseEpoch()
}

// At each step of a change of epochs, what is in the file opens with the header
// that is in the file.
func TestEachHeaderOfAChangeOpensWhatIsThere(t *testing.T) {
	v, header, secret := newStoreKeys(t)
	names := [][]byte{[]byte("0123456789abcdef"), []byte("fedcba9876543210")}
	keys := map[string][]byte{} // as they stand in the file
	put := func(name []byte) {
		t.Helper()
		wrapped, err := v.WrapChartKey(newChart(t, v), name)
		must(t, err)
		keys[string(name)] = wrapped
	}
	open := func(step string) {
		t.Helper()
		again, err := Open(header, header, secret)
		must(t, err)
		for _, opener := range []*Vault{v, again} {
			for name, wrapped := range keys {
				if _, err := opener.UnwrapChartKey(wrapped, []byte(name)); err != nil {
					t.Errorf("%s: %v", step, err)
				}
			}
		}
	}
	store := func() {
		t.Helper()
		var err error
		header, err = v.Header()
		must(t, err)
	}
	put(names[0])
	old := keys[string(names[0])]
	open("at first")
	_, err := v.AddEpoch(noon)
	must(t, err)
	put(names[1]) // not under the new one: no header in the file has it
	open("added and not stored")
	store()
	open("stored and not used")
	v.UseEpoch()
	for _, name := range names {
		rewrapped, err := v.Rewrap(keys[string(name)], name)
		must(t, err)
		keys[string(name)] = rewrapped
		if again, err := v.Rewrap(rewrapped, name); again != nil || err != nil {
			t.Errorf("a key under the current epoch was wrapped again: %v", err)
		}
		open("on the way")
	}
	if gone := v.RetireEpochs(); !slices.Equal(gone, []uint32{1}) {
		t.Errorf("epochs %v were retired, want 1", gone)
	}
	open("retired and not stored")
	store()
	if _, err := v.UnwrapChartKey(old, names[0]); err != nil {
		t.Errorf("a reader of what was there before got %v", err)
	}
	v.ForgetEpochs()
	open("forgotten")
	if !slices.Equal(v.Epochs(), []uint32{2}) {
		t.Errorf("the keyring has %v", v.Epochs())
	}
	again, err := Open(header, header, secret)
	must(t, err)
	for _, opener := range []*Vault{v, again} {
		if _, err := opener.UnwrapChartKey(old, names[0]); !errors.Is(err, ErrNotAuthentic) {
			t.Errorf("what was wrapped under a forgotten epoch: %v", err)
		}
	}
}

// A key that is wrapped again is the same key for the same chart, with its count.
func TestRewrappingChangesNothingButTheEpoch(t *testing.T) {
	v, _, _ := newStoreKeys(t)
	k := newChart(t, v)
	sealed, err := k.Seal(nil, somewhere, []byte("a record"))
	must(t, err)
	wrapped, err := v.WrapChartKey(k, somewhere.Chart)
	must(t, err)
	newEpochIn(t, v)
	if _, err := v.Rewrap(wrapped, []byte("another chart...")); !errors.Is(err, ErrNotAuthentic) {
		t.Errorf("another chart's key was wrapped again: %v", err)
	}
	again, err := v.Rewrap(wrapped, somewhere.Chart)
	must(t, err)
	if len(again) != len(wrapped) || bytes.Equal(again, wrapped) {
		t.Error("the wrapped key has another length, or is the same")
	}
	k2, err := v.UnwrapChartKey(again, somewhere.Chart)
	must(t, err)
	if plain, err := k2.Open(somewhere, sealed); err != nil || string(plain) != "a record" || k2.Sealed() != 1 {
		t.Errorf("opened %q, %v, after %d seals", plain, err, k2.Sealed())
	}
}

// A former header opens what was wrapped under an epoch that is forgotten now:
// that of a backup.
func TestAFormerHeaderHasItsOwnEpochs(t *testing.T) {
	v, header, _ := newStoreKeys(t)
	wrapped, err := v.WrapChartKey(newChart(t, v), somewhere.Chart)
	must(t, err)
	newEpochIn(t, v)
	v.RetireEpochs()
	v.ForgetEpochs()
	former, err := v.Former(header, header)
	must(t, err)
	if _, err := former.UnwrapChartKey(wrapped, somewhere.Chart); err != nil {
		t.Error(err)
	}
	if _, err := v.UnwrapChartKey(wrapped, somewhere.Chart); err == nil {
		t.Error("the present keys open it too")
	}
}
