package seal

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2031, 3, 4, 12, 0, 0, 0, time.UTC)

// repeatable is a source of bytes that is the same in each run. Only tests may
// seal with it: its nonces repeat from run to run.
type repeatable struct {
	mu   sync.Mutex
	n    uint64
	left []byte
}

func (r *repeatable) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range p {
		if len(r.left) == 0 {
			sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("repeatable "), r.n))
			r.n, r.left = r.n+1, sum[:]
		}
		p[i], r.left = r.left[0], r.left[1:]
	}
	return len(p), nil
}

// newSecret makes a key file and reads it.
func newSecret(t testing.TB) Secret {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := NewKeyFile(path); err != nil {
		t.Fatal(err)
	}
	secret, err := ReadKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// newStoreKeys makes a vault, its header and the secret that opens it.
func newStoreKeys(t testing.TB) (*Vault, []byte, Secret) {
	t.Helper()
	secret := newSecret(t)
	v, header, err := Create(Production, secret, noon, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return v, header, secret
}

func newChart(t testing.TB, v *Vault) *ChartKey {
	t.Helper()
	k, err := v.NewChartKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var somewhere = AD{Bucket: "charts", Key: []byte("0123456789abcdef-head"), Version: 3, Chart: []byte("0123456789abcdef")}

func TestAStoreOpensAgainWithItsSecret(t *testing.T) {
	v, header, secret := newStoreKeys(t)
	k := newChart(t, v)
	wrapped, err := v.WrapChartKey(k, somewhere.Chart)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := k.Seal(nil, somewhere, []byte("a record"))
	if err != nil {
		t.Fatal(err)
	}

	again, err := Open(header, header, secret)
	if err != nil {
		t.Fatal(err)
	}
	if again.FileID() != v.FileID() || again.Kind() != Production || again.Epoch() != v.Epoch() {
		t.Errorf("opened %x %v epoch %d, made %x %v epoch %d",
			again.FileID(), again.Kind(), again.Epoch(), v.FileID(), v.Kind(), v.Epoch())
	}
	k2, err := again.UnwrapChartKey(wrapped, somewhere.Chart)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := k2.Open(somewhere, sealed)
	if err != nil || !bytes.Equal(plain, []byte("a record")) {
		t.Errorf("opened %q, %v", plain, err)
	}
	if again.Name("record", "a") != v.Name("record", "a") || again.Blind("email", "a") != v.Blind("email", "a") ||
		again.Digest("charts", []byte("k"), []byte("v")) != v.Digest("charts", []byte("k"), []byte("v")) {
		t.Error("names, indexes or digests changed between two openings")
	}
}
