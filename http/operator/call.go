package operator

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"careconnect/http/terminal"
	"careconnect/store"
)

// SocketFile is where a service takes commands, in its data folder.
const SocketFile = "admin.sock"

// longestPath is how many bytes the name of a socket may have on any system of
// ours.
const longestPath = 103

// A call is lines of JSON. Whoever gives work sends one order, with the files
// that they opened for it, and then answers to what they are asked, or that it
// shall stop; the service sends what happens. That the line is cut is the end of
// either.
type (
	order struct {
		Work string          `json:"work"`
		Is   json.RawMessage `json:"is"`             // the work's fields
		Keys *secrets        `json:"keys,omitempty"` // what shall open the store
		Asks bool            `json:"asks,omitempty"` // somebody can be asked
	}
	answer struct {
		Stop  bool   `json:"stop,omitempty"`
		Text  []byte `json:"text,omitempty"`
		Error string `json:"error,omitempty"` // nobody answered
	}
	event struct {
		Out   []byte `json:"out,omitempty"` // bytes: they may be cut within a letter
		Stage string `json:"stage,omitempty"`
		Done  int64  `json:"done,omitempty"`
		Total int64  `json:"total,omitempty"`
		Ask   string `json:"ask,omitempty"`
		Ended bool   `json:"ended,omitempty"`
		Exit  int    `json:"exit,omitempty"`
		Error string `json:"error,omitempty"`
	}
)

// secrets are what a command line names to open the store with. A service has it
// open, and proves that they would.
type secrets struct {
	SecretFile string `json:"secret_file,omitempty"`
	KeyFile    string `json:"key_file,omitempty"`
	Passphrase string `json:"passphrase_file,omitempty"`
	Recovery   string `json:"recovery,omitempty"` // the words
}

// Told is an error that a service told, with the exit code that it means.
type Told struct {
	Says string
	Code int
}

func (t Told) Error() string { return t.Says }

// errNobody: no service takes commands in the folder.
var errNobody = errors.New("no service takes commands here")

// dial reaches the service of a folder, if one runs: a socket whose service was
// killed answers no more.
func (d Desk) dial(dir string) (*net.UnixConn, error) {
	path := filepath.Join(dir, SocketFile)
	if info, err := os.Lstat(path); err != nil || info.Mode().Type() != os.ModeSocket {
		return nil, errNobody
	}
	if len(path) > longestPath {
		return nil, errNobody // nothing listens there: see Listen
	}
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	switch {
	case errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, os.ErrNotExist):
		return nil, errNobody
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("%s: %w: run this as the user that runs the service", path, store.ErrPermission)
	case err != nil:
		return nil, fmt.Errorf("reach the running service: %w", err)
	}
	if err := same(conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// same refuses the other end of a socket if another user is there.
func same(conn *net.UnixConn) error {
	uid, err := peer(conn)
	if err == nil {
		err = admits(uid, os.Getuid())
	}
	return err
}

// admits says whether commands pass between two users: between one and the same.
func admits(other, own int) error {
	if other != own {
		return fmt.Errorf("%w: the other end of the admin socket is user %d, this is user %d; give commands as the user that runs the service", store.ErrPermission, other, own)
	}
	return nil
}

// send has the service do the work, and passes on what it says. When the command
// is interrupted the service is told to stop, and what it says then is awaited.
func (d Desk) send(c *cobra.Command, conn *net.UnixConn, w work, files []*os.File) error {
	defer conn.Close()
	ask := terminal.Asker(d.Context, d.Err)
	line, err := ordered(c, w, ask != nil)
	if err != nil {
		return err
	}
	var rights []byte
	if len(files) > 0 {
		fds := make([]int, len(files))
		for i, f := range files {
			fds[i] = int(f.Fd())
		}
		rights = syscall.UnixRights(fds...)
	}
	// A service that turns us away may have closed the line before it was written to;
	// what it said on that line can still be read.
	if _, _, err := conn.WriteMsgUnix(line, rights, nil); err != nil && !errors.Is(err, syscall.EPIPE) {
		return fmt.Errorf("reach the running service: %w", err)
	}
	// Each line is one write, so that the two who send do not mix.
	interrupted := context.AfterFunc(c.Context(), func() { _ = json.NewEncoder(conn).Encode(answer{Stop: true}) })
	defer interrupted()
	return d.follow(conn, json.NewEncoder(conn), ask)
}

// ordered is the line that orders a work.
func ordered(c *cobra.Command, w work, asks bool) ([]byte, error) {
	o := order{Asks: asks}
	var err error
	if o.Work, err = nameOf(w); err != nil {
		return nil, err
	}
	if o.Is, err = json.Marshal(w); err != nil {
		return nil, err
	}
	if o.Keys, err = secretsOf(c); err != nil {
		return nil, err
	}
	line, err := json.Marshal(o)
	return append(line, '\n'), err
}

// secretsOf are what the flags name to open the store with; nil where none does.
func secretsOf(c *cobra.Command) (*secrets, error) {
	keys, named, err := flagged(c)
	if err != nil || !named {
		return nil, err
	}
	var s secrets
	for _, path := range []struct {
		to   *string
		from string
	}{{&s.SecretFile, keys.SecretFile}, {&s.KeyFile, keys.KeyFile}, {&s.Passphrase, keys.Passphrase}} {
		if *path.to, err = absolute(path.from); err != nil {
			return nil, err
		}
	}
	if keys.Recovery != nil {
		s.Recovery, err = readWords(keys.Recovery)
	}
	return &s, err
}

// follow passes on what the service says until the work ends.
func (d Desk) follow(conn io.Reader, out *json.Encoder, ask func(string) ([]byte, error)) error {
	say := terminal.Progress(d.Err, d.Elapsed)
	lines := bufio.NewReader(conn)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return errors.New("the service ended before it had answered; what it was asked for may be done, look before asking again")
		}
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("what the service says cannot be read; is it of another version? %w", err)
		}
		switch {
		case e.Ended && e.Exit == 0:
			return nil
		case e.Ended:
			return Told{e.Error, e.Exit}
		case e.Ask != "":
			if err := out.Encode(asked(ask, e.Ask)); err != nil {
				return fmt.Errorf("answer the running service: %w", err)
			}
		case e.Stage != "":
			say(e.Stage, e.Done, e.Total)
		default:
			if _, err := d.Out.Write(e.Out); err != nil {
				return err
			}
		}
	}
}

func asked(ask func(string) ([]byte, error), prompt string) answer {
	if ask == nil {
		return answer{Error: "there is no terminal to ask at"}
	}
	text, err := ask(prompt)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Text: text}
}
