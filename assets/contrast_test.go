package assets

import (
	"math"
	"regexp"
	"strconv"
	"testing"
)

// TestContrast holds each pair of text and ground in tokens.css to WCAG AA, light and dark: 4.5:1
// for text, 3:1 for the borders of inputs and for focus rings.
func TestContrast(t *testing.T) {
	tokens := map[string][2]string{}
	for _, m := range regexp.MustCompile(`--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)`).FindAllStringSubmatch(string(read("style/tokens.css")), -1) {
		tokens[m[1]] = [2]string{m[2], m[3]}
	}
	text := map[string][]string{
		"foreground":           {"background", "card", "muted", "faint", "accent", "secondary", "info-soft", "success-soft", "warning-soft", "danger-soft"},
		"muted-foreground":     {"background", "card", "muted", "faint", "accent", "secondary"},
		"faint-foreground":     {"background", "card"},
		"primary":              {"background", "card", "accent", "faint"},
		"primary-deep":         {"background", "card", "accent"},
		"primary-foreground":   {"primary", "primary-deep"},
		"secondary-foreground": {"secondary"},
		"danger-foreground":    {"danger"},
		"info":                 {"info-soft", "card"},
		"success":              {"success-soft", "card", "background"},
		"warning":              {"warning-soft", "card"},
		"danger":               {"danger-soft", "card", "background"},
		"sun-foreground":       {"sun"},
	}
	edges := map[string][]string{"input": {"card", "background"}, "ring": {"card", "background"}}
	check := func(pairs map[string][]string, least float64) {
		for fore, grounds := range pairs {
			for _, ground := range grounds {
				for i, scheme := range []string{"light", "dark"} {
					f, g := tokens[fore][i], tokens[ground][i]
					if f == "" || g == "" {
						t.Fatalf("tokens.css has no --%s or no --%s as a pair of six-digit colours", fore, ground)
					}
					if c := contrast(t, f, g); c < least {
						t.Errorf("%s: --%s on --%s is %.2f:1, wants %.1f:1", scheme, fore, ground, c, least)
					}
				}
			}
		}
	}
	check(text, 4.5)
	check(edges, 3)
}

// contrast is the ratio of WCAG 2.2 between two colours.
func contrast(t *testing.T, a, b string) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(v) / 255
		if c <= 0.03928 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
