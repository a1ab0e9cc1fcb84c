package seal

import (
	"bytes"
	"errors"
	"math"
	"testing"
)

// ways are all the ways to seal something for a place.
func ways(t testing.TB) map[string]struct {
	seal func(dst []byte, ad AD, plain []byte) ([]byte, error)
	open func(ad AD, sealed []byte) ([]byte, error)
	size int // what an envelope adds to its padded content
} {
	t.Helper()
	v, _, _ := newStoreKeys(t)
	aes, err := v.newChartKey(AES256GCM)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := v.NewWideChartKey()
	if err != nil {
		t.Fatal(err)
	}
	type way = struct {
		seal func(dst []byte, ad AD, plain []byte) ([]byte, error)
		open func(ad AD, sealed []byte) ([]byte, error)
		size int
	}
	return map[string]way{
		"record":      {aes.Seal, aes.Open, 6 + 12 + 16},
		"wide record": {wide.Seal, wide.Open, 6 + 24 + 16},
		"set":         {aes.SealSet, aes.OpenSet, 6 + 24 + 16},
		"wide set":    {wide.SealSet, wide.OpenSet, 6 + 24 + 16},
		"state":       {v.SealState, v.OpenState, 6 + 24 + 16},
		"trail":       {v.SealTrail, v.OpenTrail, 6 + 24 + 16},
	}
}

func TestEnvelopesGiveBackWhatWasSealedAndShowOnlySteps(t *testing.T) {
	for name, w := range ways(t) {
		for _, n := range []int{0, 1, 251, 252, 253, 507, 508, 509, 512, 4096, 100_000} {
			plain := bytes.Repeat([]byte{0xA5}, n)
			sealed, err := w.seal([]byte("before"), somewhere, plain)
			if err != nil || !bytes.HasPrefix(sealed, []byte("before")) {
				t.Fatalf("%s of %d bytes: %v", name, n, err)
			}
			sealed = sealed[len("before"):]
			if want := (n+4+255)/256*256 + w.size; len(sealed) != want {
				t.Errorf("%s of %d bytes takes %d, want %d", name, n, len(sealed), want)
			}
			got, err := w.open(somewhere, sealed)
			if err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%s of %d bytes came back as %d bytes, %v", name, n, len(got), err)
			}
			again, err := w.seal(nil, somewhere, plain)
			if err != nil || bytes.Equal(again, sealed) {
				t.Errorf("%s sealed twice looks the same, %v", name, err)
			}
		}
	}
}

func TestOpenToUsesTheRoomItIsGiven(t *testing.T) {
	v, _, _ := newStoreKeys(t)
	k := newChart(t, v)
	room := bytes.Repeat([]byte{0xEE}, 1024)
	for _, n := range []int{0, 252, 900, 2000} {
		plain := bytes.Repeat([]byte{byte(n)}, n)
		sealed, err := k.Seal(nil, somewhere, plain)
		if err != nil {
			t.Fatal(err)
		}
		got, err := k.OpenTo(room, somewhere, sealed)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes came back as %d, %v", n, len(got), err)
		}
		if inRoom := n > 0 && n < 1024 && &got[0] == &room[lengthSize]; n > 0 && inRoom != (n < 1024) {
			t.Errorf("%d bytes: in the room is %v", n, inRoom)
		}
	}
}

func TestARecordOpensOnlyInItsPlace(t *testing.T) {
	places := map[string]AD{
		"another bucket":          {"sets", somewhere.Key, somewhere.Version, somewhere.Chart},
		"another key":             {somewhere.Bucket, []byte("0123456789abcdef-body"), somewhere.Version, somewhere.Chart},
		"another version":         {somewhere.Bucket, somewhere.Key, 4, somewhere.Chart},
		"another chart":           {somewhere.Bucket, somewhere.Key, somewhere.Version, []byte("0123456789abcdeF")},
		"no chart":                {somewhere.Bucket, somewhere.Key, somewhere.Version, nil},
		"a byte moved over":       {somewhere.Bucket + "0", somewhere.Key[1:], somewhere.Version, somewhere.Chart},
		"a byte moved over again": {somewhere.Bucket, append(bytes.Clone(somewhere.Key), '0'), somewhere.Version, somewhere.Chart[1:]},
	}
	all := ways(t)
	for name, w := range all {
		sealed, err := w.seal(nil, somewhere, []byte("content"))
		if err != nil {
			t.Fatal(err)
		}
		for where, ad := range places {
			if got, err := w.open(ad, sealed); !errors.Is(err, ErrNotAuthentic) {
				t.Errorf("%s opened with %s: %q, %v", name, where, got, err)
			}
		}
		for other, o := range all {
			if got, err := o.open(somewhere, sealed); other != name && !errors.Is(err, ErrNotAuthentic) {
				t.Errorf("%s opened as %s: %q, %v", name, other, got, err)
			}
		}
	}
	for name, w := range ways(t) { // those of another store
		sealed, err := w.seal(nil, somewhere, []byte("content"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := all[name].open(somewhere, sealed); !errors.Is(err, ErrNotAuthentic) {
			t.Errorf("%s of another store opened: %q, %v", name, got, err)
		}
	}
}

// TestPlaceBindsTheFileAndTheFront seals with one key in two files: only the
// associated data tells them apart.
func TestPlaceBindsTheFileAndTheFront(t *testing.T) {
	v, _, _ := newStoreKeys(t)
	key, err := newKey(v.rand)
	if err != nil {
		t.Fatal(err)
	}
	of := func(epoch uint32, file [16]byte, use purpose) *sealer {
		s, err := newSealer(&key, AES256GCM, epoch, file, use, v.rand)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	sealed, err := of(1, [16]byte{1}, forRecord).seal(nil, somewhere, []byte("content"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := of(1, [16]byte{1}, forRecord).open(somewhere, sealed); err != nil {
		t.Errorf("the same key, file and purpose: %v", err)
	}
	if _, err := of(1, [16]byte{2}, forRecord).open(somewhere, sealed); !errors.Is(err, ErrNotAuthentic) {
		t.Errorf("another file: %v", err)
	}
	if _, err := of(1, [16]byte{1}, forTrail).open(somewhere, sealed); !errors.Is(err, ErrNotAuthentic) {
		t.Errorf("another purpose: %v", err)
	}
	sealed[5]++ // both say epoch 2, the tag was made for epoch 1
	if _, err := of(2, [16]byte{1}, forRecord).open(somewhere, sealed); !errors.Is(err, ErrNotAuthentic) {
		t.Errorf("another epoch: %v", err)
	}
}

func TestEveryBitAndEveryByteOfAnEnvelopeCounts(t *testing.T) {
	for name, w := range ways(t) {
		sealed, err := w.seal(nil, somewhere, []byte("content"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range len(sealed) * 8 {
			bad := bytes.Clone(sealed)
			bad[i/8] ^= 1 << (i % 8)
			if got, err := w.open(somewhere, bad); !errors.Is(err, ErrNotAuthentic) {
				t.Errorf("%s with bit %d flipped: %q, %v", name, i, got, err)
			}
		}
		for n := range len(sealed) {
			if got, err := w.open(somewhere, sealed[:n]); !errors.Is(err, ErrNotAuthentic) {
				t.Errorf("%s cut to %d bytes: %q, %v", name, n, got, err)
			}
		}
		for _, more := range []int{1, 256} {
			if got, err := w.open(somewhere, append(bytes.Clone(sealed), make([]byte, more)...)); !errors.Is(err, ErrNotAuthentic) {
				t.Errorf("%s with %d bytes more: %q, %v", name, more, got, err)
			}
		}
	}
}

func TestAKeyStopsWhenItHasSealedEnough(t *testing.T) {
	v, _, _ := newStoreKeys(t)
	k := newChart(t, v)
	k.Count(MaxSeals - 1)
	k.Count(5) // never goes back
	sealed, err := k.Seal(nil, somewhere, []byte("the last"))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := k.Seal(nil, somewhere, []byte("one too many")); !errors.Is(err, ErrKeySpent) {
			t.Errorf("got %v, want ErrKeySpent", err)
		}
	}
	if k.Sealed() != MaxSeals {
		t.Errorf("sealed %d, want %d", k.Sealed(), MaxSeals)
	}
	if _, err := k.Open(somewhere, sealed); err != nil {
		t.Errorf("a spent key must still open: %v", err)
	}
	wrapped, err := v.WrapChartKey(k, somewhere.Chart)
	if err != nil {
		t.Fatal(err)
	}
	again, err := v.UnwrapChartKey(wrapped, somewhere.Chart)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Seal(nil, somewhere, nil); !errors.Is(err, ErrKeySpent) {
		t.Errorf("unwrapped, a spent key gave %v", err)
	}
	again.Count(math.MaxUint64) // the head's count, damaged or hostile
	if _, err := again.Seal(nil, somewhere, nil); !errors.Is(err, ErrKeySpent) {
		t.Errorf("a count that overflows gave %v", err)
	}
}

func TestAWideKeyDoesNotStop(t *testing.T) {
	v, _, _ := newStoreKeys(t)
	k, err := v.NewWideChartKey()
	if err != nil {
		t.Fatal(err)
	}
	k.Count(MaxSeals)
	for range 3 {
		if _, err := k.Seal(nil, somewhere, nil); err != nil {
			t.Errorf("a wide key stopped: %v", err)
		}
	}
}

func TestWrappedChartKeysAreBoundToTheirChart(t *testing.T) {
	v, _, _ := newStoreKeys(t)
	k := newChart(t, v)
	name := []byte("0123456789abcdef")
	old, err := v.WrapChartKey(k, name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.UnwrapChartKey(old, []byte("fedcba9876543210")); !errors.Is(err, ErrNotAuthentic) {
		t.Errorf("as another chart's: %v", err)
	}
	for i := range len(old) * 8 {
		bad := bytes.Clone(old)
		bad[i/8] ^= 1 << (i % 8)
		if _, err := v.UnwrapChartKey(bad, name); !errors.Is(err, ErrNotAuthentic) {
			t.Errorf("bit %d flipped: %v", i, err)
		}
	}
	for n := range len(old) {
		if _, err := v.UnwrapChartKey(old[:n], name); !errors.Is(err, ErrNotAuthentic) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	sealed, err := k.Seal(nil, somewhere, []byte("content"))
	if err != nil {
		t.Fatal(err)
	}
	newEpochIn(t, v)
	anew, err := v.WrapChartKey(k, name)
	if err != nil {
		t.Fatal(err)
	}
	for which, wrapped := range map[string][]byte{"old": old, "new": anew} {
		got, err := v.UnwrapChartKey(wrapped, name)
		if err != nil {
			t.Fatalf("%s epoch: %v", which, err)
		}
		if plain, err := got.Open(somewhere, sealed); err != nil || string(plain) != "content" {
			t.Errorf("%s epoch: opened %q, %v", which, plain, err)
		}
	}
	if a, _ := EpochOf(old); a != 1 {
		t.Errorf("old wrap is of epoch %d, want 1", a)
	}
	if b, _ := EpochOf(anew); b != 2 {
		t.Errorf("new wrap is of epoch %d, want 2", b)
	}
}

func FuzzEnvelope(f *testing.F) {
	all := ways(f)
	for _, w := range all {
		sealed, err := w.seal(nil, somewhere, []byte("content"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(sealed)
	}
	f.Add([]byte{})
	f.Add(make([]byte, 6+12+256+16))
	f.Fuzz(func(t *testing.T, b []byte) {
		for name, w := range all {
			if plain, err := w.open(AD{Bucket: "elsewhere"}, b); err == nil {
				t.Errorf("%s: opened %d bytes that nobody sealed", name, len(plain))
			}
		}
		EpochOf(b)
	})
}

func BenchmarkSeal512(b *testing.B)     { benchSeal(b, AES256GCM) }
func BenchmarkSeal512Wide(b *testing.B) { benchSeal(b, XChaCha20Poly1305) }
func BenchmarkOpen512(b *testing.B)     { benchOpen(b, AES256GCM) }
func BenchmarkOpen512Wide(b *testing.B) { benchOpen(b, XChaCha20Poly1305) }

func benchSeal(b *testing.B, alg Algorithm) {
	v, _, _ := newStoreKeys(b)
	k, err := v.newChartKey(alg)
	if err != nil {
		b.Fatal(err)
	}
	plain, dst := make([]byte, 512), make([]byte, 0, 1024)
	b.SetBytes(512)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Seal(dst, somewhere, plain); err != nil {
			b.Fatal(err)
		}
	}
}

func benchOpen(b *testing.B, alg Algorithm) {
	v, _, _ := newStoreKeys(b)
	k, err := v.newChartKey(alg)
	if err != nil {
		b.Fatal(err)
	}
	sealed, err := k.Seal(nil, somewhere, make([]byte, 512))
	if err != nil {
		b.Fatal(err)
	}
	room := make([]byte, 0, 1024)
	b.SetBytes(512)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.OpenTo(room, somewhere, sealed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnwrapChartKey(b *testing.B) {
	v, _, _ := newStoreKeys(b)
	wrapped, err := v.WrapChartKey(newChart(b, v), somewhere.Chart)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.UnwrapChartKey(wrapped, somewhere.Chart); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkName(b *testing.B) {
	v, _, _ := newStoreKeys(b)
	b.ReportAllocs()
	for b.Loop() {
		v.Name("record", "referral", "0123456789abcdef")
	}
}

func BenchmarkDigest800(b *testing.B) {
	v, _, _ := newStoreKeys(b)
	value := make([]byte, 800)
	b.ReportAllocs()
	for b.Loop() {
		v.Digest("charts", somewhere.Key, value)
	}
}
