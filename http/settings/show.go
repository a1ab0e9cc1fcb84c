package settings

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// Shown is one setting as it is in force, and what said so.
type Shown struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

// redacted stands for a secret that is set.
const redacted = "(set)"

// Show gives all settings by their names, as Read would have them. Of a secret it
// says that it is set and never what it is.
func Show(path string, flags *pflag.FlagSet) ([]Shown, error) {
	from, err := sources(path, flags) // before the secrets are taken out of the environment
	if err != nil {
		return nil, err
	}
	k, _, err := merged(path, flags)
	if err != nil {
		return nil, err
	}
	var all []Shown
	for _, name := range shownNames() {
		s := Shown{Name: name, Value: k.String(name), Source: "default"}
		if source, said := from[name]; said {
			s.Source = source
		}
		if slices.Contains(secrets, name) {
			if s.Value != "" {
				s.Value = redacted
			}
			if source, said := from[name+"_file"]; said && name != keySecret {
				s.Source = source + ", from its file"
			}
		}
		all = append(all, s)
	}
	return all, nil
}

// shownNames are all settings, with the names under which secrets are given as
// files.
func shownNames() []string {
	all := names()
	for _, name := range secrets {
		if !slices.Contains(all, name+"_file") {
			all = append(all, name+"_file")
		}
	}
	slices.Sort(all)
	return all
}

// sources says of each setting that somebody gave who that was.
func sources(path string, flags *pflag.FlagSet) (map[string]string, error) {
	from := map[string]string{}
	over, err := said(flags)
	if err != nil {
		return nil, err
	}
	k, usual := koanf.New("."), koanf.New(".")
	if err := usual.Load(confmap.Provider(defaults, "."), nil); err != nil {
		return nil, err
	}
	read, err := readFile(k, path, dataOf(usual, over))
	if err != nil {
		return nil, err
	}
	for _, name := range k.Keys() {
		from[name] = "file " + read
	}
	for _, pair := range os.Environ() {
		variable, value, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(variable, prefix) {
			name, _ := fromEnvironment(variable, value)
			from[name] = "environment " + variable
		}
	}
	flags.Visit(func(f *pflag.Flag) {
		if _, known := defaults[f.Name]; known {
			from[f.Name] = fmt.Sprintf("flag --%s", f.Name)
		}
	})
	return from, nil
}
