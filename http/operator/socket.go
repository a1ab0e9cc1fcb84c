package operator

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"careconnect/store"
)

// Socket takes the operator's commands for a running service.
type Socket struct {
	desk     Desk
	store    *store.Store
	base     string
	copies   func() ([]store.Copy, error)
	listener *net.UnixListener
	ctx      context.Context
	end      context.CancelFunc
	calls    sync.WaitGroup
}

// ErrTooLong: the name of the socket is longer than the system takes.
var ErrTooLong = errors.New("the name of the admin socket is too long")

// Listen takes commands in a folder whose store this process has open: so a
// socket that is there already was left by a process that is gone. Base is the
// service's address; copies gives the backups there are, nil where none are made.
func (d Desk) Listen(dir string, s *store.Store, base string, copies func() ([]store.Copy, error)) (*Socket, error) {
	path := filepath.Join(dir, SocketFile)
	if len(path) > longestPath {
		return nil, fmt.Errorf("%w: %s has %d bytes, and %d are taken; commands to the running service need a shorter --data", ErrTooLong, path, len(path), longestPath)
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return nil, err
	case info.Mode().Type() != os.ModeSocket:
		return nil, fmt.Errorf("%s: %w: it is no socket of ours; move it away", path, store.ErrExists)
	default:
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen for commands: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil { // until now the folder, 0700, kept others out
		return nil, errors.Join(err, listener.Close())
	}
	ctx, end := context.WithCancel(context.Background())
	k := &Socket{desk: d, store: s, base: base, copies: copies, listener: listener, ctx: ctx, end: end}
	k.calls.Go(k.accept)
	return k, nil
}

// Close takes no more commands, stops those at work where they can be stopped,
// and waits for them. The store must still be open.
func (k *Socket) Close() error {
	k.end()
	err := k.listener.Close()
	k.calls.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (k *Socket) accept() {
	for {
		conn, err := k.listener.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			slog.Warn("a command could not be taken", "error", err)
			time.Sleep(100 * time.Millisecond) // out of descriptors, as a rule
			continue
		}
		k.calls.Go(func() { k.serve(conn) })
	}
}

// patience is how long a call may take to say what it wants, and to read what it
// is told.
const patience = 10 * time.Second

// serve takes one call to its end.
func (k *Socket) serve(conn *net.UnixConn) {
	defer conn.Close()
	c := &call{socket: k, conn: conn, out: json.NewEncoder(conn), answers: make(chan answer, 1)}
	defer c.letGo()
	late := time.AfterFunc(patience, func() { _ = conn.Close() })
	over := context.AfterFunc(k.ctx, func() { _ = conn.Close() })
	o, rest, err := c.receive()
	if !late.Stop() || !over() {
		return
	}
	over = context.AfterFunc(k.ctx, func() { _ = conn.SetWriteDeadline(k.desk.Now().Add(patience)) })
	defer over()
	if err == nil {
		err = k.do(c, o, rest)
	}
	e := event{Ended: true}
	if err != nil {
		e.Error, e.Exit = err.Error(), k.desk.Exit(err)
	}
	slog.Info("a command came through the socket", "work", named(o.Work), "exit", e.Exit)
	c.send(e)
}

// named keeps what is no name of a work out of the log.
func named(work string) string {
	for _, w := range works {
		if w.name == work {
			return work
		}
	}
	return "unknown"
}

// call is one command on its way.
type call struct {
	socket  *Socket
	conn    *net.UnixConn
	mu      sync.Mutex // for out and deaf
	out     *json.Encoder
	deaf    bool // nobody reads any more
	files   []*os.File
	answers chan answer // closed when whoever gave the command has gone
}

// send tells the other end. Where nobody reads for a while nothing more is told,
// so that a command that was put to sleep holds no work up; only for what it
// prints it is waited for, as a program waits for its terminal.
func (c *call) send(e event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deaf {
		return
	}
	var until time.Time
	if e.Out == nil || c.socket.ctx.Err() != nil {
		until = c.socket.desk.Now().Add(patience)
	}
	_ = c.conn.SetWriteDeadline(until)
	c.deaf = c.out.Encode(e) != nil
}

// Write prints at the other end.
func (c *call) Write(b []byte) (int, error) {
	c.send(event{Out: b})
	return len(b), nil
}

func (c *call) letGo() {
	for _, f := range c.files {
		_ = f.Close()
	}
}

// mostOrder bounds an order. Recovery words are the longest that one holds.
const mostOrder = 64 << 10

// receive reads the order and the files that came with it, from a user that may
// give one. Rest is what was read beyond it.
func (c *call) receive() (o order, rest []byte, err error) {
	if err := same(c.conn); err != nil {
		return o, nil, err
	}
	var text []byte
	chunk, rights := make([]byte, 8<<10), make([]byte, 256)
	for !bytes.Contains(text, []byte{'\n'}) {
		n, m, _, _, err := c.conn.ReadMsgUnix(chunk, rights)
		if err == nil && n == 0 {
			err = io.ErrUnexpectedEOF
		}
		if err == nil && m > 0 {
			err = c.take(rights[:m])
		}
		if err != nil {
			return o, nil, err
		}
		if text = append(text, chunk[:n]...); len(text) > mostOrder {
			return o, nil, fmt.Errorf("%w: the order is longer than %d bytes", ErrUsage, mostOrder)
		}
	}
	line, rest, _ := bytes.Cut(text, []byte{'\n'})
	return o, rest, json.Unmarshal(line, &o)
}

// take takes the files that came with a message.
func (c *call) take(rights []byte) error {
	messages, err := syscall.ParseSocketControlMessage(rights)
	if err != nil {
		return err
	}
	for _, m := range messages {
		fds, err := syscall.ParseUnixRights(&m)
		if err != nil {
			return err
		}
		for _, fd := range fds {
			syscall.CloseOnExec(fd)
			c.files = append(c.files, os.NewFile(uintptr(fd), "given"))
		}
	}
	return nil
}

// do does what was ordered. The work's context ends with the service, when it is
// told to stop, and, unless the work goes on by itself, with the connection.
func (k *Socket) do(c *call, o order, rest []byte) error {
	w, goesOn, err := workOf(o)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(k.ctx)
	defer stop()
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		c.hear(io.MultiReader(bytes.NewReader(rest), c.conn), stop, goesOn)
	}()
	defer func() { // the last word is sent before the connection ends; nothing is heard after it
		_ = c.conn.CloseRead()
		<-heard
	}()
	at := &place{store: k.store, serve: true, base: k.base, copies: k.copies, out: c, say: c.progress(k.desk.Elapsed), files: c.files}
	if o.Asks {
		at.ask = c.ask
	}
	if o.Keys != nil {
		if _, err := k.store.CheckSecret(o.Keys.keys()); err != nil {
			return err
		}
		at.keys = o.Keys.keys()
	}
	err = w.do(ctx, at)
	if err != nil && k.ctx.Err() != nil {
		err = fmt.Errorf("the service stops: %w", err)
	}
	return err
}

// workOf is the work that an order is for.
func workOf(o order) (w work, goesOn bool, err error) {
	for _, row := range works {
		if row.name == o.Work {
			w = row.make()
			d := json.NewDecoder(bytes.NewReader(o.Is))
			d.DisallowUnknownFields()
			if err := d.Decode(w); err != nil {
				return nil, false, fmt.Errorf("%w: the running service does not understand this order for %q; it is of another version than this program: start it again (%w)", ErrUsage, o.Work, err)
			}
			return w, row.on, nil
		}
	}
	return nil, false, fmt.Errorf("%w: the running service does not know %q; it is of another version than this program: start it again", ErrUsage, o.Work)
}

// nameOf is the name of a work in the table.
func nameOf(w work) (string, error) {
	for _, row := range works {
		if fmt.Sprintf("%T", row.make()) == fmt.Sprintf("%T", w) {
			return row.name, nil
		}
	}
	return "", fmt.Errorf("no row in the table of works for %T", w)
}

// hear reads answers until the other end is gone.
func (c *call) hear(from io.Reader, stop func(), goesOn bool) {
	defer close(c.answers)
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, mostOrder)
	for lines.Scan() {
		var a answer
		if json.Unmarshal(lines.Bytes(), &a) != nil || a.Stop {
			stop()
			continue
		}
		select {
		case c.answers <- a:
		default: // nobody asked
		}
	}
	if !goesOn {
		stop()
	}
}

// ask asks at the other end.
func (c *call) ask(prompt string) ([]byte, error) {
	c.send(event{Ask: prompt})
	var a answer
	there := false
	select {
	case a, there = <-c.answers:
	case <-c.socket.ctx.Done():
		return nil, errors.New("the service stops")
	}
	switch {
	case !there:
		return nil, errors.New("whoever was asked has gone")
	case a.Error != "":
		return nil, errors.New(a.Error)
	}
	return a.Text, nil
}

// between is how often progress is told at most.
const between = 100 * time.Millisecond

func (c *call) progress(elapsed func() time.Duration) func(stage string, done, total int64) {
	var mu sync.Mutex
	var last string
	var said time.Duration
	return func(stage string, done, total int64) {
		mu.Lock()
		defer mu.Unlock()
		if now := elapsed(); stage != last || done == total || now-said >= between {
			last, said = stage, now
			c.send(event{Stage: stage, Done: done, Total: total})
		}
	}
}

// keys are the secrets as the store takes them.
func (s *secrets) keys() store.Keys {
	k := store.Keys{SecretFile: s.SecretFile, KeyFile: s.KeyFile, Passphrase: s.Passphrase}
	if s.SecretFile+s.KeyFile+s.Passphrase == "" {
		k.Recovery = strings.NewReader(s.Recovery)
	}
	return k
}
