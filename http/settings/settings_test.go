package settings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// set is what an operator set, in each of the three ways.
type set struct {
	file  string            // careconnect.yaml in the data folder; empty: none
	env   map[string]string // without the prefix
	flags []string
}

// read reads settings as a command would. The environment is the test's own.
func read(t *testing.T, s set) (Settings, []string, error) {
	t.Helper()
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, prefix) {
			t.Setenv(name, "") // comes back afterwards
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	dir := t.TempDir()
	if s.file != "" {
		if err := os.WriteFile(filepath.Join(dir, fileName), []byte(s.file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range s.env {
		t.Setenv(prefix+name, value)
	}
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	flags.String("data", ".", "")
	flags.String("listen", "127.0.0.1:8080", "")
	flags.String("config", "", "")
	if err := flags.Parse(append([]string{"--data", dir}, s.flags...)); err != nil {
		t.Fatal(err)
	}
	return Read("", flags)
}

// Each way lies over the one before, also where it says what would be so anyway.
func TestPrecedence(t *testing.T) {
	const usual = "127.0.0.1:8080"
	for _, c := range []struct {
		name string
		set  set
		want string
	}{
		{"nothing", set{}, usual},
		{"file", set{file: "listen: 127.0.0.1:1"}, "127.0.0.1:1"},
		{"environment over file", set{file: "listen: 127.0.0.1:1", env: map[string]string{"LISTEN": "127.0.0.1:2"}}, "127.0.0.1:2"},
		{"flag over environment", set{env: map[string]string{"LISTEN": "127.0.0.1:2"}, flags: []string{"--listen", "127.0.0.1:3"}}, "127.0.0.1:3"},
		{"flag over both", set{"listen: 127.0.0.1:1", map[string]string{"LISTEN": "127.0.0.1:2"}, []string{"--listen", "127.0.0.1:3"}}, "127.0.0.1:3"},
		{"flag that says the default, over file", set{file: "listen: 0.0.0.0:80", flags: []string{"--listen", usual}}, usual},
		{"environment that says the default, over file", set{file: "listen: 0.0.0.0:80", env: map[string]string{"LISTEN": usual}}, usual},
		{"flag that says the default, over environment", set{env: map[string]string{"LISTEN": "0.0.0.0:80"}, flags: []string{"--listen", usual}}, usual},
		{"empty in the environment", set{file: "listen: 127.0.0.1:1\nurl: https://care.example.test", env: map[string]string{"URL": ""}}, "127.0.0.1:1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, warnings, err := read(t, c.set)
			if err != nil || got.Listen != c.want || len(warnings) != 0 {
				t.Errorf("listens at %s, want %s; %v %v", got.Listen, c.want, warnings, err)
			}
		})
	}
}

func TestNestedNames(t *testing.T) {
	for name, file := range map[string]string{
		"nested": "log:\n  level: debug\nmail:\n  host: mail.example.test\n  port: 25\n  plain: true\n",
		"dotted": "log.level: debug\nmail.host: mail.example.test\nmail.port: 25\nmail.plain: true\n",
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := read(t, set{file: file, env: map[string]string{"MAIL__PORT": "2525", "MAIL__FROM": "care@example.test"}})
			if err != nil {
				t.Fatal(err)
			}
			want := Mail{Host: "mail.example.test", Port: 2525, From: "care@example.test", Plain: true}
			if got.Log.Level != "debug" || got.Mail != want {
				t.Errorf("%+v %+v", got.Log, got.Mail)
			}
		})
	}
	got, _, err := read(t, set{file: "# mail:\nmail:\n#  host: x\n"})
	if err != nil || got.Mail.Port != 587 {
		t.Errorf("a heading with nothing under it: %+v, %v", got.Mail, err)
	}
}

// A name that is not known is an error that says which there are.
func TestUnknownNames(t *testing.T) {
	for name, s := range map[string]set{
		"lissten":              {file: "lissten: 127.0.0.1:1"},
		"mail.hots":            {file: "mail:\n  hots: x"},
		"log":                  {file: "log: debug"},
		"url_file":             {file: "url_file: x"},
		"listen.port":          {file: "listen:\n  port: 1"},
		"lisen":                {env: map[string]string{"LISEN": "127.0.0.1:1"}},
		"mail_host":            {env: map[string]string{"MAIL_HOST": "x"}},
		"mail.pasword_file":    {env: map[string]string{"MAIL__PASWORD_FILE": "x"}},
		"admin.password_files": {file: "admin:\n  password_files: x"},
	} {
		_, _, err := read(t, s)
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "mail.host") || !strings.Contains(err.Error(), "listen") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A secret is given by a file; two that disagree are one too many, and one in
// the environment is taken out of it and warned about, whatever its case.
func TestSecrets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("of the file \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		set      set
		want     string
		warnings int
		wrong    string
	}{
		{"none", set{}, "", 0, ""},
		{"named in the environment", set{env: map[string]string{"MAIL__PASSWORD_FILE": file}}, "of the file ", 0, ""},
		{"named in the file", set{file: "mail:\n  password_file: " + file}, "of the file ", 0, ""},
		{"in the environment", set{env: map[string]string{"MAIL__PASSWORD": "PLAIN"}}, "PLAIN", 1, ""},
		{"in the environment, in small letters", set{env: map[string]string{"mail__Password": "PLAIN"}}, "PLAIN", 1, ""},
		{"both", set{env: map[string]string{"MAIL__PASSWORD": "PLAIN", "MAIL__PASSWORD_FILE": file}}, "", 0, "mail.password"},
		{"both, one in the file", set{file: "mail:\n  password: PLAIN", env: map[string]string{"MAIL__PASSWORD_FILE": file}}, "", 0, "mail.password_file"},
		{"a file that is not there", set{env: map[string]string{"MAIL__PASSWORD_FILE": file + "x"}}, "", 0, "mail.password_file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, warnings, err := read(t, c.set)
			if c.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), c.wrong) || strings.Contains(err.Error(), "PLAIN") {
					t.Errorf("got %v", err)
				}
			} else if err != nil || got.Mail.Password != c.want || len(warnings) != c.warnings {
				t.Errorf("%d warnings, %v", len(warnings), err)
			}
			for _, w := range warnings {
				if strings.Contains(w, "PLAIN") || !strings.Contains(w, "_FILE") {
					t.Errorf("warned as %q", w)
				}
			}
			for _, pair := range os.Environ() {
				if strings.HasPrefix(pair, prefix) && strings.Contains(pair, "PLAIN") {
					t.Error("the secret is still in the environment")
				}
			}
		})
	}
}

// A file that cannot be read says which it is, or which setting of it, and never what stands in it.
func TestFilesThatCannotBeRead(t *testing.T) {
	for name, text := range map[string]string{
		"not YAML": "listen: [SECRET", "a list": "- SECRET", "a tab": "mail:\n\thost: SECRET", "a word": "SECRET",
		"a port in words": "mail:\n  port: SECRET", "a truth in words": "mail:\n  plain: SECRET",
	} {
		_, _, err := read(t, set{file: text})
		if err == nil || !strings.Contains(err.Error(), fileName) && !strings.Contains(err.Error(), "mail.") || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v", name, err)
		}
	}
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	named := filepath.Join(t.TempDir(), "named.yaml")
	if _, _, err := Read(named, flags); err == nil || !strings.Contains(err.Error(), "named.yaml") {
		t.Errorf("a named file that is not there: %v", err)
	}
	if err := os.WriteFile(named, []byte("url: https://care.example.test"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, _, err := Read(named, flags); err != nil || got.URL != "https://care.example.test" {
		t.Errorf("a named file: %v", err)
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		set   Settings
		wrong []string
	}{
		{Settings{}, nil},
		{Settings{Mail: Mail{Host: "mail.example.test"}}, []string{"mail.from"}},
		{Settings{Mail: Mail{Host: "mail.example.test"}, Admin: Admin{Email: "op@example.test"}}, []string{"mail.from", "admin.password_file"}},
		{Settings{Admin: Admin{Password: "x"}}, []string{"admin.email"}},
		{Settings{Mail: Mail{Bounces: "bounce@care.example.test"}}, nil},
		{Settings{Mail: Mail{Bounces: "care-bounces-ab@care.example.test"}}, nil}, // 15 before the @
		{Settings{Mail: Mail{Bounces: "care-bounces-abc@care.example.test"}}, []string{"mail.bounces"}},
		{Settings{Mail: Mail{Bounces: "bounce+x@care.example.test"}}, []string{"mail.bounces"}},
		{Settings{Mail: Mail{Bounces: "bounce"}}, []string{"mail.bounces"}},
		{Settings{Mail: Mail{Bounces: "Bounces <bounce@care.example.test>"}}, []string{"mail.bounces"}},
		{Settings{Mail: Mail{Bounces: `"a@b"@care.example.test`}}, []string{"mail.bounces"}},
		{Settings{Proxies: "198.51.100.7, 203.0.113.0/24,2001:db8::/32"}, nil},
		{Settings{Proxies: "198.51.100.0/33"}, []string{"proxies"}},
		{Settings{Proxies: "proxy.example.test"}, []string{"proxies"}},
	} {
		err := c.set.Check()
		if want := len(strings.FieldsFunc(c.set.Proxies, func(r rune) bool { return r == ',' })); err == nil && len(c.set.Networks()) != want {
			t.Errorf("%q are %v", c.set.Proxies, c.set.Networks())
		}
		if (err == nil) != (len(c.wrong) == 0) {
			t.Errorf("%+v: %v", c.set.Mail, err)
		}
		for _, name := range c.wrong {
			if err != nil && !strings.Contains(err.Error(), name) {
				t.Errorf("%v does not name %s", err, name)
			}
		}
	}
}
