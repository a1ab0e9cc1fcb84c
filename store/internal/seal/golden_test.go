package seal

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew: only for a new format, beside the old ones")

// TestTheFormatStaysAsItIs makes a store's keys and some envelopes from a
// repeatable source and compares each byte. If it fails, files that are in use
// can no longer be read: append a migration instead.
func TestTheFormatStaysAsItIs(t *testing.T) {
	secret := Secret{kind: KeyFileSlot, material: bytes.Repeat([]byte{7}, 32)}
	v, header, err := Create(Throwaway, secret, noon, &repeatable{})
	if err != nil {
		t.Fatal(err)
	}
	aes, err := v.newChartKey(AES256GCM)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := v.NewWideChartKey()
	if err != nil {
		t.Fatal(err)
	}
	plain := []byte("what stands in a record")
	var b bytes.Buffer
	line := func(name string, value []byte, err error) {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		fmt.Fprintf(&b, "%s %x\n", name, value)
	}
	sealed := func(name string, fn func(dst []byte, ad AD, plain []byte) ([]byte, error)) {
		value, err := fn(nil, somewhere, plain)
		line(name, value, err)
	}
	sealed("record", aes.Seal)
	sealed("set", aes.SealSet)
	sealed("wide", wide.Seal)
	sealed("state", v.SealState)
	sealed("trail", v.SealTrail)
	wrapped, err := v.WrapChartKey(aes, somewhere.Chart)
	line("wrapped", wrapped, err)
	name, blind := v.Name("record", "referral", "17"), v.Blind("email", "someone@example.test")
	digest := v.Digest("charts", []byte("key"), []byte("value"))
	line("name", name[:], nil)
	line("blind", blind[:], nil)
	line("digest", digest[:], nil)

	golden(t, "format-1.header", header)
	golden(t, "format-1.envelopes", b.Bytes())
	golden(t, "format-1.key", formatKey(Key(secret.material)))
}

// goldenSecrets open the four slots of the golden header. They are nobody's.
var goldenSecrets = []Secret{
	{kind: KeyFileSlot, material: bytes.Repeat([]byte{7}, 32)},
	{kind: SecretSlot, material: bytes.Repeat([]byte("mounted "), 5)},
	{kind: PassphraseSlot, material: []byte("a passphrase that is nobody's")},
	{kind: RecoverySlot, material: bytes.Repeat([]byte{9}, 32)},
}

// TestSlotsStayAsTheyAre does the same for a header with a slot of each type:
// the bytes stay, a later program opens them, and the words mean what they did.
func TestSlotsStayAsTheyAre(t *testing.T) {
	v, _, err := Create(Throwaway, goldenSecrets[0], noon, &repeatable{})
	must(t, err)
	for _, s := range goldenSecrets[1:] {
		_, err := v.AddSlot(s, noon)
		must(t, err)
	}
	header, err := v.Header()
	must(t, err)
	golden(t, "format-1-slots.header", header)
	golden(t, "format-1-slots.words", []byte(strings.Join(toWords(Key(goldenSecrets[3].material)), "\n")+"\n"))

	written, err := os.ReadFile("testdata/format-1-slots.header")
	must(t, err)
	for i, s := range goldenSecrets {
		opened, err := Open(written, written, s)
		if err != nil || opened.Used() != i+1 {
			t.Errorf("%s: %v", s.Type(), err)
		}
	}
	text, err := os.Open("testdata/format-1-slots.words")
	must(t, err)
	defer text.Close()
	words, err := ReadRecovery(text)
	must(t, err)
	if _, err := Open(written, written, words); err != nil {
		t.Errorf("the words on paper: %v", err)
	}
}

// TestFilesOfFormat1Open reads the golden files as a later program will.
func TestFilesOfFormat1Open(t *testing.T) {
	header, err := os.ReadFile("testdata/format-1.header")
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile("testdata/format-1.key")
	if err != nil {
		t.Fatal(err)
	}
	private := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(private, key, 0o600); err != nil {
		t.Fatal(err)
	}
	secret, err := ReadKeyFile(private)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Open(header, header, secret)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/format-1.envelopes")
	if err != nil {
		t.Fatal(err)
	}
	envelopes := map[string][]byte{}
	for line := range bytes.Lines(text) {
		var name string
		var value []byte
		if _, err := fmt.Sscanf(string(line), "%s %x", &name, &value); err != nil {
			t.Fatal(err)
		}
		envelopes[name] = value
	}
	aes, err := v.UnwrapChartKey(envelopes["wrapped"], somewhere.Chart)
	if err != nil {
		t.Fatal(err)
	}
	if v.Kind() != Throwaway || v.Epoch() != 1 || aes.Sealed() != 1 || aes.Epoch() != 1 {
		t.Errorf("kind %v, epoch %d, chart key of epoch %d that sealed %d", v.Kind(), v.Epoch(), aes.Epoch(), aes.Sealed())
	}
	for name, open := range map[string]func(ad AD, sealed []byte) ([]byte, error){
		"record": aes.Open, "set": aes.OpenSet, "state": v.OpenState, "trail": v.OpenTrail,
	} {
		plain, err := open(somewhere, envelopes[name])
		if err != nil || string(plain) != "what stands in a record" {
			t.Errorf("%s: opened %q, %v", name, plain, err)
		}
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *rewrite {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: %d bytes that differ from the %d of the file at byte %d", name, len(got), len(want), firstDifference(got, want))
	}
}
