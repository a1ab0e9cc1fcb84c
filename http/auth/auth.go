// Package auth turns a request into an actor: by a browser's session cookie, or
// by a program's bearer token. Both are passes in the sealed chart of the person
// they let in; only hashes of them are kept. A person comes to a password by a
// set-up link that works once.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/chacha20"

	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/rules/order"
	"careconnect/store"
)

// Auth signs people in and out, and says who asks.
type Auth struct {
	store  *store.Store
	now    func() time.Time
	secure bool
	limits *limits
	// holding counts the times that are held for people whom nobody knows.
	holding *networks
	random  io.Reader
}

// New makes the door to a store. Secure says that people reach it over TLS, so
// that the cookie may say so too.
func New(s *store.Store, now func() time.Time, elapsed func() time.Duration, secure bool) *Auth {
	return &Auth{store: s, now: now, secure: secure, limits: newLimits(elapsed), holding: newNetworks(elapsed), random: rand.Reader}
}

// Seed has secrets follow from a number instead of chance, so that a throwaway
// instance lives the same life twice.
func (a *Auth) Seed(seed uint64) {
	var key [32]byte
	binary.BigEndian.PutUint64(key[:], seed)
	stream, err := chacha20.NewUnauthenticatedCipher(key[:], make([]byte, chacha20.NonceSize))
	if err != nil {
		panic(err) // key and nonce have their lengths
	}
	a.random = &inTurn{from: stream}
}

// inTurn lets several goroutines draw from one stream.
type inTurn struct {
	mu   sync.Mutex
	from *chacha20.Cipher
}

// Read draws from the stream.
func (t *inTurn) Read(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(b)
	t.from.XORKeyStream(b, b)
	return len(b), nil
}

// Session lengths: staff who see other people's data are signed out sooner.
const (
	staffIdle  = 30 * time.Minute
	peopleIdle = 14 * 24 * time.Hour
	touchEvery = 5 * time.Minute
	linkLife   = 30 * time.Minute
	inviteLife = 7 * 24 * time.Hour
)

// Who is the one who asks.
type Who struct {
	Actor care.Actor
	Name  string // staff's own name; others are named in their chart
	Hash  string // of the pass they came with
	Token bool   // they are a program, not a browser
	Stale bool   // they came with a pass that opens nothing any more

	network network // that a stranger comes from
}

type whoKey struct{}

// Of is who asks, as Middleware found out.
func Of(ctx context.Context) Who {
	who, ok := ctx.Value(whoKey{}).(Who)
	if !ok {
		return Who{Actor: care.Anonymous}
	}
	return who
}

// Actor is the actor of a request.
func Actor(r *http.Request) care.Actor { return Of(r.Context()).Actor }

// Middleware finds out who asks, and leaves it in the request's context. A token
// that opens nothing is refused here; a cookie that opens nothing is a stranger's.
func (a *Auth) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secret, token := bearer(r)
		if !token {
			if c, err := r.Cookie(a.cookieName()); err == nil {
				secret = c.Value
			}
		}
		who := Who{Actor: care.Anonymous}
		if secret != "" {
			hash := Hash(secret)
			account, pass, ok, err := a.store.Bearer(hash)
			switch {
			case err != nil:
				reply.Write(w, reply.ProblemOf(r.Context(), err))
				return
			case ok && pass.Type == map[bool]care.PassType{true: care.PassToken, false: care.PassSession}[token]:
				who = Who{Actor: care.Actor{Role: account.Role, Chart: account.Chart}, Name: account.Name, Hash: hash, Token: token}
				if a.touch(r.Context(), who, pass) {
					a.SetCookie(w, secret, account.Role)
				}
			case token:
				w.Header().Set("WWW-Authenticate", `Bearer realm="careconnect"`)
				reply.Write(w, reply.Bad(r.Context(), http.StatusUnauthorized, "bad_token", "This token opens nothing. Check it, or ask for a new one."))
				return
			default:
				who.Stale = true
			}
		}
		if who.Actor.Chart == "" {
			who.network = a.holding.of(r)
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), whoKey{}, who)))
	})
}

func bearer(r *http.Request) (string, bool) {
	secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return strings.TrimSpace(secret), ok
}

// touch moves the end of a session in use, at most every few minutes, and says
// whether it did: then the browser keeps its cookie as long.
func (a *Auth) touch(ctx context.Context, who Who, pass care.Pass) bool {
	if pass.Type != care.PassSession || a.now().Sub(pass.Seen) < touchEvery {
		return false
	}
	// A session that cannot be moved ends when it would have; the request goes on.
	out, err := a.store.Do(ctx, who.Actor, act.TouchPass{Chart: who.Actor.Chart, Hash: who.Hash, Expires: a.ends(idle(who.Actor.Role))})
	return err == nil && out.Decision.Outcome == rules.Yes
}

// ends is when something that begins now and lasts a while is over.
func (a *Auth) ends(after time.Duration) time.Time {
	return a.now().UTC().Truncate(time.Second).Add(after)
}

func idle(role care.Role) time.Duration {
	if role == care.RoleClient || role == care.RoleProvider {
		return peopleIdle
	}
	return staffIdle
}

func (a *Auth) cookieName() string {
	if a.secure {
		return "__Host-careconnect"
	}
	return "careconnect"
}

// Session makes a session for an account and gives the browser its cookie.
func (a *Auth) Session(w http.ResponseWriter, r *http.Request, account care.Account) error {
	secret, pass := a.NewSession(account.Role)
	_, err := a.store.Do(r.Context(), care.System, act.GivePass{Chart: account.Chart, Pass: pass})
	if err != nil {
		return err
	}
	a.SetCookie(w, secret, account.Role)
	return nil
}

// NewSession makes a session's secret and its pass, to be put into a chart.
func (a *Auth) NewSession(role care.Role) (string, care.Pass) {
	secret := a.Secret()
	return secret, care.Pass{Hash: Hash(secret), Type: care.PassSession, Expires: a.ends(idle(role))}
}

// SetCookie gives the browser a session's secret.
func (a *Auth) SetCookie(w http.ResponseWriter, secret string, role care.Role) {
	http.SetCookie(w, &http.Cookie{
		Name: a.cookieName(), Value: secret, Path: "/", HttpOnly: true, Secure: a.secure,
		SameSite: http.SameSiteLaxMode, MaxAge: int(idle(role).Seconds()),
	})
}

// Holds is the hash of the secret by which a browser holds a time; empty: it holds none.
func (a *Auth) Holds(r *http.Request) string {
	c, err := r.Cookie(a.cookieName() + "-hold")
	if err != nil || c.Value == "" {
		return ""
	}
	return Hash(c.Value)
}

// holdLife is for how long a browser keeps that secret: longer than any hold lasts.
const holdLife = time.Hour

// Hold gives a browser such a secret, if it has none: 256 random bits that tell
// nothing of anybody.
func (a *Auth) Hold(w http.ResponseWriter, r *http.Request) string {
	if hash := a.Holds(r); hash != "" {
		return hash
	}
	secret := a.Secret()
	a.setHold(w, secret, int(holdLife.Seconds()))
	return Hash(secret)
}

// LetGo takes the secret from a browser that holds nothing any more.
func (a *Auth) LetGo(w http.ResponseWriter, r *http.Request) {
	if a.Holds(r) != "" {
		a.setHold(w, "", -1)
	}
}

func (a *Auth) setHold(w http.ResponseWriter, secret string, seconds int) {
	http.SetCookie(w, &http.Cookie{Name: a.cookieName() + "-hold", Value: secret, Path: "/", HttpOnly: true, Secure: a.secure, SameSite: http.SameSiteLaxMode, MaxAge: seconds})
}

// SignOut ends the session that a request came with.
func (a *Auth) SignOut(w http.ResponseWriter, r *http.Request) error {
	who := Of(r.Context())
	a.Forgotten(w)
	if who.Hash == "" || who.Token {
		return nil
	}
	_, err := a.store.Do(r.Context(), who.Actor, act.DropPass{Chart: who.Actor.Chart, Hash: who.Hash})
	return err
}

// Forgotten takes the cookie from somebody whose chart, and every pass in it, is
// gone.
func (a *Auth) Forgotten(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: a.cookieName(), Path: "/", HttpOnly: true, Secure: a.secure, SameSite: http.SameSiteLaxMode, MaxAge: -1})
}

// Invite makes a set-up link's secret and its pass.
func (a *Auth) Invite() (string, care.Pass) { return a.link(inviteLife) }

// SetUp makes the pass of the link that a first start prints.
func (a *Auth) SetUp() (string, care.Pass) { return a.link(linkLife) }

func (a *Auth) link(life time.Duration) (string, care.Pass) {
	secret := a.Secret()
	return secret, care.Pass{Hash: Hash(secret), Type: care.PassInvite, Expires: a.ends(life)}
}

// Invited says whose set-up link a secret is; false if it opens nothing.
func (a *Auth) Invited(secret string) (care.Account, bool) {
	account, pass, ok, err := a.store.Bearer(Hash(secret))
	return account, err == nil && ok && pass.Type == care.PassInvite
}

// Asked says whether a secret is that of a link to give plan details by that still
// takes them, or of one that has. It tells nothing of whose it is.
func (a *Auth) Asked(secret string) (takes, taken bool) {
	_, pass, ok, err := a.store.Bearer(Hash(secret))
	ok = ok && err == nil
	return ok && pass.Type == care.PassDetails, ok && pass.Type == care.PassGiven
}

// Redeem uses a set-up link up: it sets the password and signs in.
func (a *Auth) Redeem(w http.ResponseWriter, r *http.Request, secret, password string) error {
	account, ok := a.Invited(secret)
	if !ok {
		return &care.Fault{Kind: care.Conflict, Code: "link_used", Says: "This link has been used or has run out. Ask for a new one."}
	}
	if says := CheckNew(password); says != "" {
		return &care.Fault{Kind: care.Invalid, Code: "weak_password", Says: says}
	}
	if err := a.redeem(r.Context(), account, secret, password); err != nil {
		return err
	}
	return a.Session(w, r, account)
}

// SetPassword uses a set-up link up without a browser.
func (a *Auth) SetPassword(ctx context.Context, secret, password string) error {
	account, ok := a.Invited(secret)
	if !ok {
		return errors.New("the set-up link opens nothing")
	}
	if says := CheckNew(password); says != "" {
		return errors.New(says)
	}
	return a.redeem(ctx, account, secret, password)
}

func (a *Auth) redeem(ctx context.Context, account care.Account, secret, password string) error {
	encoded, err := a.limits.encode(ctx, password, a.random)
	if err != nil {
		return err
	}
	_, err = a.store.Do(ctx, care.System, act.Redeem{Chart: account.Chart, Hash: Hash(secret), Password: encoded})
	return err
}

// SignIn checks an address and a password, and signs in. The answer to an
// address that is not known takes as long, and says the same, as that to a wrong
// password.
func (a *Auth) SignIn(w http.ResponseWriter, r *http.Request, email, password string) error {
	alone := false
	found, err := a.opened(r.Context(), email, password, func(all []care.Account) []care.Account {
		alone = len(withPassword(all)) == 1
		return all
	})
	if err != nil {
		return err
	}
	a.limits.forgive(email, alone)
	return a.Session(w, r, found)
}

// Other is another account of a client who is signed in, which they open by its
// address and password. It answers as signing in does, and as slowly; one that is not
// a client's is not known here. A try counts in any case, so that nobody who has one
// account of an address guesses at another of it for longer.
func (a *Auth) Other(ctx context.Context, email, password string) (care.Account, error) {
	own := Of(ctx).Actor.Chart
	return a.opened(ctx, email, password, func(all []care.Account) []care.Account {
		all = slices.DeleteFunc(all, func(one care.Account) bool { return one.Role != care.RoleClient })
		order.By(all, func(x, y care.Account) int { // their own last: the same password may open both
			switch {
			case x.Chart == own:
				return 1
			case y.Chart == own:
				return -1
			}
			return 0
		})
		return all
	})
}

// opened is the account that an address and a password open, of those that count.
func (a *Auth) opened(ctx context.Context, email, password string, count func([]care.Account) []care.Account) (care.Account, error) {
	if !a.limits.take(email) {
		return care.Account{}, &care.Fault{Kind: care.Invalid, Code: "too_many_tries", Says: "There were too many tries for this address. Wait 15 minutes, then try again."}
	}
	accounts, err := a.store.Accounts(email)
	if err != nil {
		return care.Account{}, err
	}
	found, err := a.limits.match(ctx, count(accounts), password)
	if err != nil {
		return care.Account{}, err
	}
	if found == nil {
		return care.Account{}, act.NotProven()
	}
	return *found, nil
}

// Secret draws 256 random bits, as text for a link, a cookie or a header.
func (a *Auth) Secret() string { return secret(a.random) }

// Secret is one that is no pass, such as the key of a request.
func Secret() string { return secret(rand.Reader) }

func secret(random io.Reader) string {
	b := make([]byte, 32)
	_, _ = io.ReadFull(random, b) // never fails: the runtime ends the process instead
	return base64.RawURLEncoding.EncodeToString(b)
}

// Hash is how a secret is kept. The secrets are random, so a plain hash is enough.
func Hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
