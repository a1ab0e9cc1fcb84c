// Package terminal talks with the person at a terminal: it asks for what nobody
// shall see, prints what must not be overlooked, and shows how far long work has
// come. Where there is no terminal it stays silent, so that programs can read
// what a command prints.
package terminal

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Is says whether what is written to w is read by a person.
func Is(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Box prints lines that must not be overlooked.
func Box(w io.Writer, lines ...string) {
	width := 0
	for _, l := range lines {
		width = max(width, len(l))
	}
	rule := "+" + strings.Repeat("-", width+2) + "+"
	fmt.Fprintln(w, rule)
	for _, l := range lines {
		fmt.Fprintf(w, "| %-*s |\n", width, l)
	}
	fmt.Fprintln(w, rule)
}

// Bar draws a bar for each stage of long work.
func Bar() func(stage string, done, total int64) {
	var bar *progressbar.ProgressBar
	var of string
	return func(stage string, done, total int64) {
		if bar == nil || stage != of || bar.GetMax64() != total {
			bar, of = progressbar.Default(total, stage), stage
		}
		_ = bar.Set64(done) // a bar that cannot be drawn holds nothing up
	}
}

// Progress draws bars where a person reads, and writes a line of JSON each
// second where a program does.
func Progress(w io.Writer, elapsed func() time.Duration) func(stage string, done, total int64) {
	if Is(w) {
		return Bar()
	}
	said := elapsed()
	return func(stage string, done, total int64) {
		if elapsed()-said >= time.Second {
			said = elapsed()
			fmt.Fprintf(w, "{\"stage\":%q,\"done\":%d,\"total\":%d}\n", stage, done, total)
		}
	}
}

// Asker asks at the terminal for what nobody shall see; nil without a terminal.
// When the context ends, the terminal is left as it was and the process ends.
func Asker(ctx context.Context, w io.Writer) func(prompt string) ([]byte, error) {
	in := int(os.Stdin.Fd())
	if !term.IsTerminal(in) {
		return nil
	}
	return func(prompt string) ([]byte, error) {
		before, err := term.GetState(in)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(ctx, func() {
			_ = term.Restore(in, before)
			os.Exit(1)
		})
		defer stop()
		if err := quiet(in); err != nil {
			return nil, err
		}
		defer func() { _ = term.Restore(in, before) }()
		fmt.Fprint(w, prompt)
		defer fmt.Fprintln(w)
		return term.ReadPassword(in)
	}
}

// Confirms asks a person to type yes; there says whether there is anybody to ask.
func Confirms(w io.Writer, question string) (yes, there bool) {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return false, false
	}
	fmt.Fprint(w, question)
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	return err == nil && strings.EqualFold(strings.TrimSpace(line), "yes"), true
}

// PrintWords prints recovery words: once and never again.
func PrintWords(w io.Writer, words []string) {
	fmt.Fprint(w, "\nThe recovery words open the store when every other secret is lost. They are shown\nonly now: write them on paper, and keep that apart from the store.\n\n")
	for i, word := range words {
		fmt.Fprintf(w, "  %2d  %s\n", i+1, word)
	}
	fmt.Fprintln(w)
}

// ErrUnconfirmed says that the words were not typed back.
var ErrUnconfirmed = errors.New("the recovery words were not confirmed")

// ConfirmWords asks for two of the words, which proves that they were written
// down; three times, since anybody may mistype.
func ConfirmWords(w io.Writer, words []string) error {
	in := bufio.NewReader(os.Stdin)
	for range 3 {
		right := true
		for _, i := range twoOf(len(words)) {
			fmt.Fprintf(w, "Type word %d: ", i+1)
			line, err := in.ReadString('\n')
			if err != nil {
				return fmt.Errorf("%w: %w", ErrUnconfirmed, err)
			}
			right = strings.EqualFold(strings.TrimSpace(line), words[i]) && right
		}
		if right {
			fmt.Fprintln(w, "The words are confirmed.")
			return nil
		}
		fmt.Fprintln(w, "That is not what was printed; look at your paper.")
	}
	return ErrUnconfirmed
}

// twoOf draws two different places of n.
func twoOf(n int) []int {
	draw := func(n int) int {
		i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
		if err != nil {
			panic(err) // the system's source of random bytes never fails
		}
		return int(i.Int64())
	}
	first, second := draw(n), draw(n-1)
	if second >= first {
		second++
	}
	return []int{first, second}
}
