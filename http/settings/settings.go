// Package settings reads what an operator set: defaults, then a YAML file, then
// the environment, then the command line, each over the one before. A name that
// is not known is an error, so that a misspelt one is not ignored in silence.
package settings

import (
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"

	"careconnect/store"
)

// Settings are all of them.
type Settings struct {
	Data   string `koanf:"data"`   // folder of care.db and care.key
	Listen string `koanf:"listen"` // address and port
	URL    string `koanf:"url"`    // how people reach the service; empty: by the listening address
	// Proxies are the addresses and networks of proxies before the service, besides
	// those on its own machine and its own network: they say from where somebody comes.
	Proxies string `koanf:"proxies"`
	Key     Key    `koanf:"key"`
	Log     Log    `koanf:"log"`
	Mail    Mail   `koanf:"mail"`
	Desks   Desks  `koanf:"desks"`
	Admin   Admin  `koanf:"admin"`
	Backup  Backup `koanf:"backup"`
	Anchor  Anchor `koanf:"anchor"`
}

// Key says what opens the store, where it is not the key file beside it. The
// file is read by whoever opens the store, who can wipe what was read.
type Key struct {
	Secret     string `koanf:"secret"`
	SecretFile string `koanf:"secret_file"`
}

// Log says how much is written to the log.
type Log struct {
	Level string `koanf:"level"` // debug, info, warn, error
}

// Mail says how messages leave. Without a host they wait in the outbox.
type Mail struct {
	Host     string `koanf:"host"`
	Port     int    `koanf:"port"`
	User     string `koanf:"user"`
	Password string `koanf:"password"`
	From     string `koanf:"from"`
	Bounces  string `koanf:"bounces"` // what cannot be delivered comes back to it, behind a tag; empty: to From
	Plain    bool   `koanf:"plain"`   // without TLS, to a server on the same host
}

// Desks are where people write to. They are kept in the store; an address set
// here takes the place of the one kept.
type Desks struct {
	Privacy string `koanf:"privacy"` // where clients write to end sharing
	Care    string `koanf:"care"`
	OnCall  string `koanf:"on_call"` // told when a safety alert waits
}

// Admin makes the operator's account without a person at the terminal.
type Admin struct {
	Email    string `koanf:"email"`
	Password string `koanf:"password"`
}

// Backup says where the service keeps backups of the store, and how many. Without
// a folder it makes none.
type Backup struct {
	Dir    string `koanf:"dir"`
	Hourly int    `koanf:"hourly"` // of the last hours that have one
	Daily  int    `koanf:"daily"`  // of the last days that have one, in UTC
}

// Anchor says where checkpoints of the trail are written, outside the store.
type Anchor struct {
	File string `koanf:"file"` // best on another volume; empty: none
}

// defaults also say which names there are.
var defaults = map[string]any{
	"data": ".", "listen": "127.0.0.1:8080", "url": "", "proxies": "",
	"key.secret": "", "key.secret_file": "",
	"log.level": "info",
	"mail.host": "", "mail.port": 587, "mail.user": "", "mail.password": "", "mail.from": "", "mail.bounces": "", "mail.plain": false,
	"desks.privacy": "", "desks.care": "", "desks.on_call": "",
	"admin.email": "", "admin.password": "",
	"backup.dir": "", "backup.hourly": 24, "backup.daily": 14,
	"anchor.file": "",
}

// secrets may be given as the name of a file that holds them.
var secrets = []string{"mail.password", "admin.password", keySecret}

// keySecret is one whose file is left to others to read.
const keySecret = "key.secret"

// fileName is the file read from the data folder when no other is named.
const fileName = "careconnect.yaml"

// prefix is what a variable of the environment begins with: CARECONNECT_MAIL__HOST
// is mail.host.
const prefix = "CARECONNECT_"

// Read reads the settings. Path names the YAML file; when it is empty, the one in
// the data folder is read if it is there. Flags are those of the command line.
// Warnings are for the log.
func Read(path string, flags *pflag.FlagSet) (s Settings, warnings []string, err error) {
	k, warnings, err := merged(path, flags)
	if err != nil {
		return s, nil, err
	}
	return s, warnings, k.Unmarshal("", &s)
}

// merged are all layers, each over the one before.
func merged(path string, flags *pflag.FlagSet) (k *koanf.Koanf, warnings []string, err error) {
	over, err := said(flags)
	if err != nil {
		return nil, nil, err
	}
	k = koanf.New(".")
	if err := k.Load(confmap.Provider(defaults, "."), nil); err != nil {
		return nil, nil, err
	}
	if _, err := readFile(k, path, dataOf(k, over)); err != nil {
		return nil, nil, err
	}
	if err := k.Merge(over); err != nil {
		return nil, nil, err
	}
	warnings, err = readSecrets(k)
	if err != nil {
		return nil, nil, err
	}
	if unknown := misspelt(k); len(unknown) > 0 {
		return nil, nil, fmt.Errorf("there is no setting named %s; those there are: %s", strings.Join(unknown, ", "), strings.Join(names(), ", "))
	}
	return k, warnings, nil
}

// dataOf is the data folder, which the file cannot name: it lies in it.
func dataOf(k, over *koanf.Koanf) string {
	if over.Exists("data") {
		return over.String("data")
	}
	return k.String("data")
}

// said is what the environment and, over it, the command line say, and nothing
// else: what they say counts also where it is what would be so anyway.
func said(flags *pflag.FlagSet) (*koanf.Koanf, error) {
	k := koanf.New(".")
	if err := k.Load(env.Provider(".", env.Opt{Prefix: prefix, TransformFunc: fromEnvironment}), nil); err != nil {
		return nil, fmt.Errorf("environment: %w", err)
	}
	given := posflag.ProviderWithFlag(flags, ".", k, func(f *pflag.Flag) (string, any) {
		if _, known := defaults[f.Name]; !known || !f.Changed {
			return "", nil
		}
		return f.Name, posflag.FlagVal(flags, f)
	})
	if err := k.Load(given, nil); err != nil {
		return nil, fmt.Errorf("command line: %w", err)
	}
	return k, nil
}

var quoted = regexp.MustCompile("`[^`]*`")

// readFile lays the YAML file over the defaults, and gives its path if it is there.
// A name may be nested or have its dots; one with nothing behind it says nothing.
func readFile(k *koanf.Koanf, path, data string) (read string, err error) {
	named := path != ""
	if !named {
		path = filepath.Join(data, fileName)
	}
	if _, err := os.Stat(path); err != nil {
		if named || !os.IsNotExist(err) {
			return "", fmt.Errorf("settings file: %w", err)
		}
		return "", nil
	}
	f := koanf.New(".")
	if err := f.Load(file.Provider(path), yaml.Parser()); err != nil {
		// The parser quotes what it stumbles over, which may be a secret.
		return "", fmt.Errorf("settings file %s: %s", path, quoted.ReplaceAllString(err.Error(), "what stands there"))
	}
	flat := f.All()
	for name, value := range flat {
		if value == nil && k.Exists(name) {
			delete(flat, name)
		}
	}
	return path, k.Load(confmap.Provider(flat, "."), nil)
}

// fromEnvironment turns CARECONNECT_MAIL__HOST into mail.host.
func fromEnvironment(name, value string) (string, any) {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, prefix), "__", ".")), value
}

// readSecrets reads those given as files, and takes those given in the
// environment out of it.
func readSecrets(k *koanf.Koanf) (warnings []string, err error) {
	for _, name := range secrets {
		for _, variable := range holding(name) {
			warnings = append(warnings, variable+" holds a secret in the environment, where other programs can read it; name a file in "+variable+"_FILE instead")
			if err := os.Unsetenv(variable); err != nil {
				return nil, err
			}
		}
		path := k.String(name + "_file")
		if path == "" {
			continue
		}
		if k.String(name) != "" {
			return nil, fmt.Errorf("%s and %s_file are both set; keep one", name, name)
		}
		if name == keySecret {
			continue
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("%s_file: %w", name, err)
		}
		if err := k.Set(name, strings.TrimRight(string(body), "\r\n")); err != nil {
			return nil, err
		}
	}
	return warnings, nil
}

// holding are the variables of the environment that hold a setting, in whatever
// letters their names are written.
func holding(setting string) []string {
	var variables []string
	for _, pair := range os.Environ() {
		variable, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(variable, prefix) || value == "" {
			continue
		}
		if name, _ := fromEnvironment(variable, value); name == setting {
			variables = append(variables, variable)
		}
	}
	return variables
}

func misspelt(k *koanf.Koanf) []string {
	var unknown []string
	for _, name := range k.Keys() {
		_, known := defaults[name]
		if !known && !slices.Contains(secrets, strings.TrimSuffix(name, "_file")) {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

func names() []string {
	var all []string
	for name := range defaults {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// Check says what is missing for a service.
func (s Settings) Check() error {
	var wrong []error
	if s.Mail.Host != "" && s.Mail.From == "" {
		wrong = append(wrong, errors.New("mail.from: give the address that mail comes from"))
	}
	if b := s.Mail.Bounces; b != "" && !takesTags(b) {
		wrong = append(wrong, fmt.Errorf("mail.bounces: give an address such as bounce@care.example.org, with at most %d letters and no plus before the @: the tag of each mail is put behind them", mostBefore))
	}
	if _, err := networks(s.Proxies); err != nil {
		wrong = append(wrong, fmt.Errorf("proxies: give addresses, or networks such as 198.51.100.0/24, with commas between them: %w", err))
	}
	if (s.Admin.Email == "") != (s.Admin.Password == "") {
		wrong = append(wrong, errors.New("admin.email and admin.password_file go together"))
	}
	if b := s.Backup; b.Dir != "" && (b.Hourly < 1 || b.Daily < 0) {
		wrong = append(wrong, errors.New("backup.hourly: keep at least 1; backup.daily: 0 or more"))
	}
	return errors.Join(wrong...)
}

// Networks are those of the proxies.
func (s Settings) Networks() []netip.Prefix {
	all, _ := networks(s.Proxies) // Check has said what is wrong with them
	return all
}

// networks reads a list of addresses and networks.
func networks(list string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, one := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		if address, err := netip.ParseAddr(one); err == nil {
			address = address.Unmap()
			all = append(all, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(one)
		if err != nil {
			return nil, err
		}
		all = append(all, network)
	}
	return all, nil
}

// mostBefore is how many bytes an address that takes tags may have before the @: of
// the 64 that there are, a plus and a tag take the rest.
const mostBefore = 64 - 1 - store.MostTag

// takesTags says whether tags can be put into an address.
func takesTags(address string) bool {
	plain, err := mail.ParseAddress(address)
	before, _, _ := strings.Cut(address, "@")
	return err == nil && plain.Address == address && len(before) <= mostBefore && !strings.ContainsAny(before, `+"`)
}
