package settings

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestShownAreValueAndSource of each setting, in each way of setting one, and of
// no secret more than that it is set.
func TestShownAreValueAndSource(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, fileName)
	if err := os.WriteFile(file, []byte("mail:\n  host: mail.example.test\n  port: 25\nlisten: 127.0.0.1:1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	held := filepath.Join(dir, "password")
	if err := os.WriteFile(held, []byte("of nobody's\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(prefix+"MAIL__PORT", "26")
	t.Setenv(prefix+"MAIL__PASSWORD", "nobody's own")
	t.Setenv(prefix+"ADMIN__PASSWORD_FILE", held)
	flags := pflag.NewFlagSet("show", pflag.ContinueOnError)
	flags.String("data", ".", "")
	flags.String("listen", "127.0.0.1:8080", "")
	flags.Bool("json", false, "")
	if err := flags.Parse([]string{"--data", dir, "--listen", "127.0.0.1:8080", "--json"}); err != nil {
		t.Fatal(err)
	}
	shown, err := Show("", flags)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Shown{}
	for _, s := range shown {
		got[s.Name] = s
		if strings.Contains(fmt.Sprint(s), "nobody's") {
			t.Errorf("a secret is shown: %v", s.Name)
		}
	}
	for _, want := range []Shown{
		{"mail.host", "mail.example.test", "file " + file},
		{"mail.port", "26", "environment CARECONNECT_MAIL__PORT"},
		{"mail.password", redacted, "environment CARECONNECT_MAIL__PASSWORD"},
		{"admin.password", redacted, "environment CARECONNECT_ADMIN__PASSWORD_FILE, from its file"},
		{"admin.password_file", held, "environment CARECONNECT_ADMIN__PASSWORD_FILE"},
		{"listen", "127.0.0.1:8080", "flag --listen"}, // said, though it is the default
		{"data", dir, "flag --data"},
		{"log.level", "info", "default"},
		{"key.secret", "", "default"},
	} {
		if got[want.Name] != want {
			t.Errorf("shown is %v, want %v", got[want.Name], want)
		}
	}
	for name := range defaults {
		if _, is := got[name]; !is {
			t.Errorf("%s is not shown", name)
		}
	}
}
