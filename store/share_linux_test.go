package store

import "testing"

// A folder of this machine is no share.
func TestR84AShareIsTold(t *testing.T) {
	for dir, want := range map[string]string{"/proc": "", t.TempDir(): "", "/nowhere at all": ""} {
		if got := Share(dir); got != want {
			t.Errorf("%s is on %q", dir, got)
		}
	}
	if shares[0x6969] != "NFS" || shares[0xFF534D42] != "CIFS" {
		t.Error("the numbers are not those of statfs(2)")
	}
}
