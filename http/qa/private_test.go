package qa

import (
	"os"
	"testing"
)

// private makes a folder one that a store accepts.
func private(t testing.TB, dir string) {
	t.Helper()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
}
