package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"

	"careconnect/rules/care"
)

// The cost of a password: Argon2id with 64 MiB, three passes, on one lane. Two
// are computed at a time, so that a flood of sign-ins cannot exhaust the memory.
const (
	argonTime   = 3
	argonMemory = 64 << 10
	argonLanes  = 1
	argonAtOnce = 2
	// accountsTried is how many accounts with a password one address can have: a
	// client who came twice before they were known to be the same.
	accountsTried = 2
	minPassword   = 15
	maxPassword   = 256
	minDifferent  = 5 // fewer letters than these, repeated, are guessed early
	triesBefore   = 10
	lockedFor     = 15 * time.Minute
	maxRemembers  = 100_000
)

// common are long passwords that are tried first all the same.
var common = []string{"passwordpassword", "correcthorsebatterystaple", "qwertyuiopasdfgh", "careconnectcareconnect", "123456789012345", "aaaaaaaaaaaaaaa"}

// CheckNew says what is wrong with a new password; empty if nothing is. Length
// is what counts; no kinds of letters are asked for.
func CheckNew(password string) string {
	folded := strings.ToLower(strings.ReplaceAll(password, " ", ""))
	switch {
	case len([]rune(password)) < minPassword:
		return fmt.Sprintf("Choose a password of at least %d letters. A few words that you remember do well.", minPassword)
	case len(password) > maxPassword:
		return fmt.Sprintf("Choose a password of at most %d letters.", maxPassword)
	}
	if slices.ContainsFunc(common, func(c string) bool { return strings.HasPrefix(folded, c) }) || different(password) < minDifferent {
		return "This password is among those that are tried first. Choose another."
	}
	return ""
}

// different counts the different letters of a password.
func different(password string) int {
	seen := map[rune]bool{}
	for _, r := range password {
		seen[r] = true
	}
	return len(seen)
}

func encodePassword(password string, random io.Reader) string {
	salt := make([]byte, 16)
	_, _ = io.ReadFull(random, salt) // never fails: the runtime ends the process instead
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonLanes, 32)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", argonMemory, argonTime, argonLanes, b64(salt), b64(key))
}

func samePassword(encoded, password string) bool {
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 {
		return false
	}
	var memory, passes uint32
	var lanes uint8
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil {
		return false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || memory > 1<<20 || passes > 16 || passes == 0 || lanes == 0 || len(want) < 16 {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, lanes, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1
}

// limits keep guessing slow: few computations at once, and few tries for one
// address.
type limits struct {
	elapsed func() time.Duration
	slots   chan struct{}

	mu    sync.Mutex
	tries map[address]tries
}

type tries struct {
	count int
	until time.Duration
}

func newLimits(elapsed func() time.Duration) *limits {
	return &limits{elapsed: elapsed, slots: make(chan struct{}, argonAtOnce), tries: map[address]tries{}}
}

func (l *limits) encode(ctx context.Context, password string, random io.Reader) (encoded string, err error) {
	err = l.compute(ctx, func() { encoded = encodePassword(password, random) })
	return encoded, err
}

// match finds the account that a password opens. It computes the same number of
// times whatever accounts there are, so that the time tells nothing about an
// address.
func (l *limits) match(ctx context.Context, accounts []care.Account, password string) (*care.Account, error) {
	password = password[:min(len(password), maxPassword+1)]
	tried := withPassword(accounts)
	var found *care.Account
	for i := range accountsTried {
		err := l.compute(ctx, func() {
			if i >= len(tried) {
				argon2.IDKey([]byte(password), make([]byte, 16), argonTime, argonMemory, argonLanes, 32)
			} else if samePassword(tried[i].Password, password) && found == nil {
				found = &tried[i]
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// withPassword are the accounts that a password can open.
func withPassword(accounts []care.Account) []care.Account {
	return slices.DeleteFunc(slices.Clone(accounts), func(a care.Account) bool { return a.Password == "" })
}

func (l *limits) compute(ctx context.Context, fn func()) error {
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
		fn()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// take counts a try for an address before it is made, so that many at once count
// as many, and one that is broken off counts as one; false if there were too
// many. The count begins anew a while after the last one.
func (l *limits) take(email string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	key, now := addressOf(email), l.elapsed()
	t := l.tries[key]
	if now >= t.until {
		t.count = 0
	}
	if t.count >= triesBefore {
		return false
	}
	if len(l.tries) >= maxRemembers {
		clear(l.tries)
	}
	l.tries[key] = tries{t.count + 1, now + lockedFor}
	return true
}

// forgive takes the tries for an address back once somebody has signed in with it: all,
// if theirs is the only account of it, else the one that was good. Whoever enters under
// an address that is not theirs could guess at the owner's password for ever otherwise.
func (l *limits) forgive(email string, all bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := addressOf(email)
	if t := l.tries[key]; !all && t.count > 1 {
		t.count--
		l.tries[key] = t
		return
	}
	delete(l.tries, key)
}

// address is what is remembered of an e-mail address: a hash, which takes the
// same room however much was sent.
type address [sha256.Size]byte

func addressOf(email string) address { return sha256.Sum256([]byte(care.ByEmail(email).Of)) }
