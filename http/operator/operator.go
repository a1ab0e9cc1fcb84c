// Package operator is the operator's side of the command line: what is done to a
// store to look after it. Each such piece of work is written once, as what it
// does at an open store. Where nobody has the store open, the command opens it
// itself; where a service does, the command hands the work to that service
// through a socket in the data folder, and prints what comes back. So the words,
// the exit code and the effect are the same both ways, and nothing wants the
// service stopped that can be done beside it.
//
// The socket is no listener on a network: it is a file of mode 0600 in a folder
// of mode 0700, and both ends look who the other is.
package operator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"careconnect/http/terminal"
	"careconnect/store"
)

// ErrUsage is wrong use: of a flag, an argument or a setting.
var ErrUsage = errors.New("wrong use")

// Desk is where the operator's commands are given: where they print, and what
// surrounds them.
type Desk struct {
	Context  context.Context
	Out, Err io.Writer
	Now      func() time.Time     // the time of day
	Elapsed  func() time.Duration // real time since the start
	TZData   string
	Fatal    func(error)
	Exit     func(error) int // the exit code of an error
}

// Commands are the operator's commands, each with its flags.
func (d Desk) Commands() []*cobra.Command {
	return []*cobra.Command{
		d.imports(), d.hashRoster(), d.explain(), d.verify(), d.backup(), d.restore(), d.export(), d.erase(), d.mail(), d.admin(), d.rekey(), d.compact(), d.repair(), d.salvage(), d.config(),
	}
}

// Config is the configuration of a store in a folder, as far as the command line
// does not change it.
func (d Desk) Config(dir string) store.Config {
	return store.Config{Dir: dir, Now: d.Now, Elapsed: d.Elapsed, TZData: d.TZData, Fatal: d.Fatal, Upgraded: upgraded}
}

// upgraded says what becomes of a store of an older format, and where it lies as it
// was.
func upgraded(u store.Upgrade) {
	switch {
	case u.Ended:
		slog.Info("the store has the format of this program", "from", u.From, "to", u.To)
	case u.Snapshot == "":
		slog.Info("the store is brought on to the format of this program", "from", u.From, "to", u.To)
	default:
		slog.Info("the store is brought to the format of this program; a copy of it as it was is kept", "from", u.From, "to", u.To, "copy", u.Snapshot)
	}
}

// work is what a command does at an open store. It is read from JSON where a
// service does it, so all that it needs stands in its fields.
type work interface {
	do(ctx context.Context, at *place) error
}

// alone is work that wants the store in another way where nobody has it open:
// without beginning to serve, or without a secret.
type alone interface {
	alone(ctx context.Context, at *place, config store.Config) error
}

// works is the table of work that a service does too.
var works = []struct {
	name string
	make func() work
	on   bool // goes on when whoever gave it has gone; interrupting it stops it nevertheless
}{
	{"verify", func() work { return &verification{} }, false},
	{"verify trail", func() work { return &trailCheck{} }, false},
	{"backup", func() work { return &backup{} }, true},
	{"import providers", func() work { return &intakeOf{} }, true},
	{"import employers", func() work { return &employersOf{} }, true},
	{"import plans", func() work { return &plansOf{} }, true},
	{"import roster", func() work { return &rosterOf{} }, true},
	{"rekey data", func() work { return &freshKeys{} }, true},
	{"compact", func() work { return &compaction{} }, true},
	{"export", func() work { return &plainText{} }, false},
	{"erase", func() work { return &erasing{} }, true},
	{"mail bounced", func() work { return &returned{} }, true},
	{"explain", func() work { return &explanation{} }, false},
	{"admin confirm-clock", func() work { return &clockWord{} }, false},
	{"explain listing", func() work { return &listing{} }, false},
	{"explain asking", func() work { return &asking{} }, false},
	{"admin invite", func() work { return &invitation{} }, false},
	{"rekey slot list", func() work { return &slotList{} }, false},
	{"rekey slot check", func() work { return &wordCheck{} }, false},
	{"rekey slot new", func() work { return &freshSlot{} }, false},
	{"rekey slot drop", func() work { return &droppedSlot{} }, false},
}

// place is where work is done: at this store, for whoever gave it.
type place struct {
	store *store.Store
	serve bool       // a service has the store open, since a while
	base  string     // its address
	keys  store.Keys // what the command line named to open the store, for a service

	copies func() ([]store.Copy, error) // the backups there are; nil: none are made

	out   io.Writer                             // standard output of whoever gave the work
	say   func(stage string, done, total int64) // how far it is
	ask   func(prompt string) ([]byte, error)   // asks them, unseen; nil where nobody can be asked
	files []*os.File                            // what they opened for it, in the order that the work says
}

// progress is how a stage of the store's own work is told.
func (p *place) progress(stage string) store.Progress {
	return func(done, total int64) { p.say(stage, done, total) }
}

// json prints one line for a program.
func (p *place) json(v any) error { return json.NewEncoder(p.out).Encode(v) }

// printf prints to whoever gave the work. That they have gone is noticed by the
// connection, not here.
func (p *place) printf(format string, args ...any) { fmt.Fprintf(p.out, format, args...) }

// here is the place where the command itself does the work.
func (d Desk) here() *place {
	return &place{out: d.Out, say: terminal.Progress(d.Err, d.Elapsed), ask: terminal.Asker(d.Context, d.Err)}
}

// give has work done by the service that has the store open, or does it.
func (d Desk) give(c *cobra.Command, dir string, w work, files ...*os.File) error {
	conn, err := d.dial(dir)
	if err == nil {
		return d.send(c, conn, w, files)
	}
	if !errors.Is(err, errNobody) {
		return err
	}
	config, err := d.Keyed(c, dir)
	if err != nil {
		return err
	}
	at := d.here()
	at.files = files
	if a, is := w.(alone); is {
		return held(a.alone(c.Context(), at, config))
	}
	if at.store, err = Open(config); err != nil {
		return held(err)
	}
	at.copies = func() ([]store.Copy, error) { return copiesFor(c, at.store) }
	return errors.Join(w.do(c.Context(), at), at.store.Close())
}

// held says of a store that is in use what stands in the way of a command.
func held(err error) error {
	if !errors.Is(err, store.ErrLocked) {
		return err
	}
	return fmt.Errorf("%w, or wait: it takes no commands, because it is starting, is a command itself, or has a --data with too long a name for %s", err, SocketFile)
}

// Open opens a lasting store, or says how to make one.
func Open(config store.Config) (*store.Store, error) {
	s, err := store.Open(config)
	if errors.Is(err, store.ErrNoStore) {
		return nil, fmt.Errorf("%w; make one with: careconnect init --data %s", err, config.Dir)
	}
	return s, err
}

// dataFlag is the folder that a command is about.
func dataFlag(c *cobra.Command, dir *string) {
	c.Flags().StringVar(dir, "data", ".", "folder of care.db and care.key")
}
