// Command careconnect is the whole programme in one program: a service with its
// pages, its rules, its sealed store and its scheduler, and the commands to set
// it up and look after it. This file is the wiring and the command table; only
// here is the time of day read.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // zones travel with the program; ZONEINFO names others

	"github.com/spf13/cobra"

	"careconnect/assets"
	"careconnect/http"
	"careconnect/http/api"
	"careconnect/http/auth"
	"careconnect/http/jobs"
	"careconnect/http/notify"
	"careconnect/http/operator"
	"careconnect/http/qa"
	"careconnect/http/settings"
	"careconnect/http/terminal"
	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

// version is set when a release is built.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	started := time.Now()
	p := program{
		ctx: ctx, out: os.Stdout, err: os.Stderr,
		wall: time.Now, elapsed: func() time.Duration { return time.Since(started) },
	}
	os.Exit(p.run(os.Args[1:]))
}

// program is what the commands share.
type program struct {
	ctx      context.Context
	out, err io.Writer
	wall     func() time.Time     // the time of day
	elapsed  func() time.Duration // real time since the start
}

// Exit codes beside 0 and 1, as sysexits and our manual have them.
const (
	exitUsage    = 2
	exitNewer    = 5
	exitDamaged  = 65
	exitNoStore  = 66
	exitNobody   = 67
	exitNoWrite  = 73
	exitIO       = 74
	exitLocked   = 75
	exitWrongKey = 77
)

// exits is the one map from what went wrong to an exit code.
var exits = []struct {
	is   error
	code int
}{
	{errUsage, exitUsage},
	{operator.ErrLater, exitLocked},
	{notify.ErrNoReport, exitDamaged},
	{notify.ErrNoAddressee, exitNobody},
	{store.ErrNewerFormat, exitNewer},
	{store.ErrOlder, exitNewer},
	{store.ErrWrongKey, exitWrongKey},
	{store.ErrSecret, exitWrongKey},
	{store.ErrLocked, exitLocked},
	{store.ErrBusy, exitLocked},
	{store.ErrNoStore, exitNoStore},
	{store.ErrReplaced, exitIO},
	{store.ErrUnknown, exitIO},
	{store.ErrReadOnly, exitNoWrite},
	{store.ErrPermission, exitNoWrite},
	{store.ErrHeader, exitDamaged},
	{store.ErrDamaged, exitDamaged},
	{store.ErrBackup, exitDamaged},
	{qa.ErrCapsule, exitDamaged},
	{store.ErrFull, exitNoWrite},
	{store.ErrRolledBack, exitDamaged},
	{store.ErrAnchor, exitDamaged},
	{store.ErrReceipt, exitDamaged},
	{syscall.ENOSPC, exitNoWrite},
}

var errUsage = operator.ErrUsage

func (p *program) run(args []string) int {
	root := p.commands()
	root.SetArgs(args)
	root.SetOut(p.out)
	root.SetErr(p.err)
	err := root.ExecuteContext(p.ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(p.err, "careconnect:", err)
	return exitOf(err)
}

// exitOf is the exit code of an error: by the map, or as a running service told.
func exitOf(err error) int {
	var told operator.Told
	if errors.As(err, &told) {
		return told.Code
	}
	for _, e := range exits {
		if errors.Is(err, e.is) {
			return e.code
		}
	}
	return 1
}

// desk is where the operator's commands are given.
func (p *program) desk() operator.Desk {
	return operator.Desk{Context: p.ctx, Out: p.out, Err: p.err, Now: p.wall, Elapsed: p.elapsed, TZData: zoneData(), Fatal: p.fatal, Exit: exitOf}
}

// commands is the command table.
func (p *program) commands() *cobra.Command {
	root := &cobra.Command{
		Use: "careconnect", Short: "Fast access to mental health care, as one program",
		SilenceErrors: true, SilenceUsage: true,
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w: %w; see careconnect %s --help", errUsage, err, c.Name())
	})
	generate := &cobra.Command{Use: "gen", Short: "Write generated files: openapi, man"}
	generate.AddCommand(p.genOpenAPI(), genMan(root))
	root.AddCommand(p.demo(), p.init(), p.serve(), p.healthcheck(), generate, p.version())
	root.AddCommand(p.desk().Commands()...)
	operator.WithKeys(root)
	strict(root)
	return root
}

// strict makes every wrong word on the command line a wrong use: a command that
// only groups others takes none of its own.
func strict(c *cobra.Command) {
	takes := c.Args
	if takes == nil {
		takes = cobra.NoArgs
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if err := takes(c, args); err != nil {
			return fmt.Errorf("%w: %w; see %s --help", errUsage, err, c.CommandPath())
		}
		return nil
	}
	if !c.Runnable() {
		c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	}
	for _, sub := range c.Commands() {
		strict(sub)
	}
}

// logTo writes the log: lines for a person at a terminal, JSON otherwise.
func (p *program) logTo(level string) error {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return fmt.Errorf("%w: log.level: say debug, info, warn or error", errUsage)
	}
	options := &slog.HandlerOptions{Level: l}
	var h slog.Handler = slog.NewJSONHandler(p.err, options)
	if terminal.Is(p.err) {
		h = slog.NewTextHandler(p.err, options)
	}
	slog.SetDefault(slog.New(h))
	return nil
}

// zoneData names the zone data in use, for explanations.
func zoneData() string {
	if path := os.Getenv("ZONEINFO"); path != "" {
		return "ZONEINFO " + filepath.Base(path)
	}
	return "embedded with " + runtime.Version()
}

// fatal ends the process when the outcome of a commit is unknown: the store is
// looked at again when it starts.
func (p *program) fatal(err error) {
	slog.Error("the store stopped; the process ends so that it is checked at the next start", "error", err)
	go func() {
		time.Sleep(200 * time.Millisecond) // let the answers of this batch leave
		os.Exit(exitIO)
	}()
}

// listen opens the address and gives the site's own: people's browsers treat
// localhost as they treat TLS.
func listen(address string) (net.Listener, string, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, "", fmt.Errorf("listen: %w", err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	return l, fmt.Sprintf("http://localhost:%d", port), nil
}

// demo: a throwaway instance with people in it.

func (p *program) demo() *cobra.Command {
	var o demoOptions
	c := &cobra.Command{
		Use: "demo", Short: "Run a throwaway instance with people in it", Args: cobra.NoArgs,
		Long: "Run a throwaway instance: nothing to set up, fictional people to sign in as with one click,\ncaught mail and a clock that can be moved. It leaves nothing behind.",
		RunE: func(c *cobra.Command, _ []string) error { return p.runDemo(c.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8080", "address and port; port 0 takes a free one")
	f.BoolVar(&o.json, "json", false, "print one line of JSON once it answers, and let the clock stand still")
	f.Uint64Var(&o.seed, "seed", 7, "makes the same people, ids and mails again")
	f.StringVar(&o.clock, "clock", "", "the instant to begin at, as 2026-11-20T16:00:00-06:00 (default: the scenario's, else now)")
	f.StringVar(&o.scenario, "scenario", "", "what has happened before it begins: "+scenarioNames()+" (default: everyday)")
	f.StringArrayVar(&o.imports, "import", nil, "take in a registry file of providers and let them join; may be given again")
	f.BoolVar(&o.empty, "empty", false, "with staff only: no providers and no clients")
	f.StringVar(&o.replay, "replay", "", "live the life of a capsule again, to the same state; it was saved from /qa/capsule")
	f.StringVar(&o.readyFile, "ready-file", "", "write the line of JSON to this file as well, once it answers")
	return c
}

func scenarioNames() string {
	names := make([]string, len(qa.Scenarios))
	for i, s := range qa.Scenarios {
		names[i] = s.Name
	}
	return strings.Join(names, ", ")
}

type demoOptions struct {
	listen, clock, scenario, readyFile, replay string
	json, empty                                bool
	seed                                       uint64
	imports                                    []string
}

func (p *program) runDemo(ctx context.Context, o demoOptions) error {
	if err := p.logTo("warn"); err != nil {
		return err
	}
	if _, err := qa.ScenarioNamed(o.scenario); err != nil {
		return fmt.Errorf("%w: --scenario: %w", errUsage, err)
	}
	if o.empty && o.scenario != "" {
		return fmt.Errorf("%w: --empty leaves everybody out, so it goes with no --scenario", errUsage)
	}
	var begin time.Time
	if o.clock != "" {
		var err error
		if begin, err = time.Parse(time.RFC3339, o.clock); err != nil {
			return fmt.Errorf("%w: --clock: give an instant as 2026-11-20T16:00:00-06:00", errUsage)
		}
	}
	l, base, err := listen(o.listen)
	if errors.Is(err, syscall.EADDRINUSE) && o.listen == "127.0.0.1:8080" {
		l, base, err = listen("127.0.0.1:0") // someone who only wants to look gets a free port
	}
	if err != nil {
		return err
	}
	defer l.Close()
	c := http.DemoConfig{Begin: begin, Today: p.wall().Truncate(time.Second), Base: base, Still: o.json, Empty: o.empty, Elapsed: p.elapsed, TZData: zoneData(), Version: version, Fatal: p.fatal}
	if o.replay != "" {
		if c.Replay, err = readCapsule(o); err != nil {
			return err
		}
	}
	if len(o.imports) > 0 {
		c.Import = func(ctx context.Context, s *store.Store) error { return p.desk().TakeInAll(ctx, s, o.imports) }
	}
	c.Admin = func(dir string, s *store.Store) (io.Closer, error) { return p.desk().Listen(dir, s, base, nil) }
	debug.SetGCPercent(qa.Memory) // a year that is lived in seconds leaves much behind
	d, line, err := http.NewDemo(ctx, c, o.seed, o.scenario)
	if err != nil {
		return err
	}
	defer d.Close()
	served := make(chan error, 1)
	go func() { served <- http.Serve(ctx, l, d) }()
	if line.Replayed != nil && !*line.Replayed {
		fmt.Fprintf(p.err, "The capsule was saved by version %s; this one was led to another state by it.\n", c.Replay.Version)
	}
	if err := p.announce(o, line); err != nil {
		return err
	}
	return <-served
}

// readCapsule reads the life that a demo is to live again. What makes another life
// does not go with it.
func readCapsule(o demoOptions) (*qa.Capsule, error) {
	if o.clock != "" || o.scenario != "" || o.empty || len(o.imports) > 0 {
		return nil, fmt.Errorf("%w: --replay brings seed, clock, people and files along; leave out --clock, --scenario, --empty and --import", errUsage)
	}
	file, err := os.Open(o.replay)
	if err != nil {
		return nil, fmt.Errorf("--replay: %w", err)
	}
	defer file.Close()
	capsule, err := qa.ReadCapsule(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.replay, err)
	}
	return capsule, nil
}

// announce tells where the demo is: to a person, or to a program.
func (p *program) announce(o demoOptions, line http.DemoLine) error {
	body, err := json.Marshal(line)
	if err != nil {
		return err
	}
	if o.readyFile != "" {
		if err := os.WriteFile(o.readyFile, append(body, '\n'), 0o600); err != nil {
			return fmt.Errorf("ready file: %w", err)
		}
	}
	if o.json {
		_, err = fmt.Fprintf(p.out, "%s\n", body)
		return err
	}
	_, err = fmt.Fprintf(p.out, "\n  %s is running, with fictional people and caught mail.\n\n    Open    %s\n    People  %s/qa     sign in as anyone with one click\n    Mail    %s/qa/inbox\n    API     %s/api/openapi.json\n\n  The yellow bar moves time. Ctrl-C ends it and leaves nothing behind.\n\n",
		"Care Connect", line.URL, line.URL, line.URL, line.URL)
	return err
}

// init, serve: a lasting instance.

func (p *program) init() *cobra.Command {
	var dir string
	var confirm bool
	var desks act.SetAddresses
	c := &cobra.Command{
		Use: "init", Short: "Make a lasting instance: care.db and care.key", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			config, err := p.desk().Keyed(c, dir)
			if err != nil {
				return err
			}
			if confirm && config.Keys.Ask == nil {
				return fmt.Errorf("%w: --confirm-recovery asks at a terminal; check the words later with: careconnect rekey slot --check recovery", errUsage)
			}
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return fmt.Errorf("%w: %w", store.ErrPermission, err)
			}
			programme := rules.DefaultProgramme()
			programme.Enabled = false // until an operator has confirmed the crisis text
			programme.PrivacyEmail, programme.CareEmail, programme.OnCallEmail = desks.Privacy, desks.Care, desks.OnCall
			var words []string
			config.Recovery = func(made []string) { words = made }
			s, err := store.Create(config, store.Production, act.Found{Programme: programme, Terms: rules.DefaultTerms(p.wall().UTC().Truncate(time.Second))})
			if err != nil {
				return err
			}
			if err := s.Close(); err != nil {
				return err
			}
			p.sayMade(config, words)
			if confirm {
				if err := terminal.ConfirmWords(p.err, words); err != nil {
					return fmt.Errorf("%w; the store is made, and prints new ones with: careconnect rekey slot replace recovery --data %s", err, dir)
				}
			}
			return nil
		},
	}
	c.Flags().StringVar(&dir, "data", ".", "folder to make them in")
	c.Flags().String("secret-file", "", "let it be opened by the content of this file, of 32 random bytes or more, instead of a key file")
	c.Flags().String("passphrase-file", "", "let it be opened by the passphrase in this file instead of a key file")
	c.Flags().BoolVar(&confirm, "confirm-recovery", false, "ask for two of the recovery words to be typed back")
	c.Flags().StringVar(&desks.Privacy, "privacy-email", "", "where clients write to end sharing; none can begin before it is set")
	c.Flags().StringVar(&desks.Care, "care-email", "", "where the care team reads its tasks")
	c.Flags().StringVar(&desks.OnCall, "on-call-email", "", "where clinicians on call are told of safety alerts")
	return c
}

func (p *program) serve() *cobra.Command {
	var file string
	var readOnly bool
	var accept bool
	c := &cobra.Command{
		Use: "serve", Short: "Serve a lasting instance", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			set, warnings, err := settings.Read(file, c.Flags())
			if err == nil {
				err = set.Check()
			}
			if err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			if err := p.logTo(set.Log.Level); err != nil {
				return err
			}
			for _, w := range warnings {
				slog.Warn(w)
			}
			config, err := p.desk().OpensWith(c, set.Data, set.Key)
			if err != nil {
				return err
			}
			if share := store.Share(set.Data); share != "" {
				slog.Warn("the data folder is on a share, whose lock may not keep another machine out: put it on a disk of this one", "folder", set.Data, "file system", share)
			}
			config.ReadOnly = readOnly
			config.Anchor, config.AcceptRollback = set.Anchor.File, accept
			return p.runServe(c.Context(), set, config)
		},
	}
	c.Flags().String("data", ".", "folder of care.db and care.key")
	c.Flags().String("listen", "127.0.0.1:8080", "address and port")
	c.Flags().String("url", "", "how people reach the service, as https://care.example.org")
	c.Flags().BoolVar(&readOnly, "read-only", false, "show what is public and write nothing, on a disk that takes no writes")
	c.Flags().StringVar(&file, "config", "", "settings file (default: careconnect.yaml in the data folder)")
	c.Flags().BoolVar(&accept, "accept-rollback", false, "go on with a store that lacks commits which its anchor has seen; the trail then tells it")
	return c
}

func (p *program) runServe(ctx context.Context, set settings.Settings, config store.Config) error {
	s, err := operator.Open(config)
	if err != nil {
		return err
	}
	if s.Kind() != store.Production {
		return errors.Join(errors.New("this store is a throwaway one; make a lasting one with careconnect init"), s.Close())
	}
	l, base, err := listen(set.Listen)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	defer l.Close()
	if set.URL != "" {
		base = set.URL
	}
	backups := backupsOf(set.Backup)
	service, err := http.NewService(http.ServiceConfig{
		Store: s, Bundle: assets.New(), Now: p.wall, Elapsed: p.elapsed, Base: base,
		Sender: senderOf(set.Mail), Secure: strings.HasPrefix(base, "https://"), Proxies: set.Networks(),
		Backup: backups, Still: config.ReadOnly,
	})
	if err != nil {
		return errors.Join(err, s.Close())
	}
	if !config.ReadOnly {
		err = errors.Join(p.desks(ctx, s, set.Desks), p.firstRun(ctx, s, set, base))
	}
	if err != nil {
		return errors.Join(err, service.Close())
	}
	commands, err := p.takeCommands(config, s, base, backups)
	if err != nil {
		return errors.Join(err, service.Close())
	}
	slog.Info("serving", "address", l.Addr().String(), "url", base, "version", version)
	err = http.Serve(ctx, l, service)
	return errors.Join(err, commands.Close(), service.Close())
}

// takeCommands lets the operator's commands come to the service. One whose folder
// has too long a name for that, or takes no writes, serves nevertheless.
func (p *program) takeCommands(config store.Config, s *store.Store, base string, backups jobs.Backups) (io.Closer, error) {
	socket, err := p.desk().Listen(config.Dir, s, base, func() ([]store.Copy, error) { return backups.Copies(s) })
	if errors.Is(err, operator.ErrTooLong) || errors.Is(err, syscall.ENOSPC) || err != nil && config.ReadOnly {
		slog.Warn(err.Error())
		return io.NopCloser(nil), nil
	}
	return socket, err
}

// backupsOf says where backups go; without a folder none are made.
func backupsOf(b settings.Backup) jobs.Backups {
	if b.Dir == "" {
		slog.Warn("no backups are made: set backup.dir, best to a folder on another disk")
	}
	return jobs.Backups{Dir: b.Dir, Keep: store.Keep{Hourly: b.Hourly, Daily: b.Daily}}
}

// senderOf is the way out for mail; nil keeps messages in the outbox.
func senderOf(m settings.Mail) notify.Sender {
	if m.Host == "" {
		slog.Warn("mail is not set up: messages wait in the outbox; set mail.host")
		return nil
	}
	return notify.NewSMTP(notify.SMTP{Host: m.Host, Port: m.Port, User: m.User, Password: m.Password, From: m.From, Bounces: m.Bounces, Plain: m.Plain})
}

// desks keeps the addresses that are set, and warns of those that are missing.
func (p *program) desks(ctx context.Context, s *store.Store, d settings.Desks) error {
	if _, err := s.Do(ctx, care.System, act.SetAddresses{Privacy: d.Privacy, Care: d.Care, OnCall: d.OnCall}); errors.As(err, new(*care.Fault)) {
		return fmt.Errorf("%w: desks: %w", errUsage, err)
	} else if err != nil {
		return err // the store's own trouble, and no wrong setting
	}
	chart, _ := s.Programme()
	for _, desk := range []struct{ setting, address string }{
		{"desks.privacy", chart.Programme.PrivacyEmail}, {"desks.care", chart.Programme.CareEmail}, {"desks.on_call", chart.Programme.OnCallEmail},
	} {
		if desk.address == "" {
			slog.Warn("an address is not set up: what is meant for it cannot be sent", "setting", desk.setting)
		}
	}
	return nil
}

// firstRun makes the operator's account when there is none: with the password
// that was set, or with a link that works once.
func (p *program) firstRun(ctx context.Context, s *store.Store, set settings.Settings, base string) error {
	operators, err := s.Find(ctx, care.System, care.Staff(care.RoleOperator))
	if err != nil || len(operators) > 0 {
		return err
	}
	a := auth.New(s, s.Passing, p.elapsed, false)
	secret, pass := a.SetUp()
	email := set.Admin.Email
	if email == "" {
		email = "operator@localhost.localdomain"
	}
	if _, err := s.Do(ctx, care.System, act.OpenAccount{Role: care.RoleOperator, FullName: "Operator", Email: email, Pass: &pass}); err != nil {
		return err
	}
	if set.Admin.Password != "" {
		return a.SetPassword(ctx, secret, set.Admin.Password)
	}
	terminal.Box(p.out, "Set up the operator's account within 30 minutes:", base+"/set-up/"+secret, "Sign in afterwards as "+email)
	return nil
}

// sayMade tells what init made, and prints the recovery words: once and never
// again.
func (p *program) sayMade(config store.Config, words []string) {
	file := func(name string) string { return filepath.Join(config.Dir, name) }
	k := config.Keys
	if len(k.Secret) == 0 && k.SecretFile == "" && k.Passphrase == "" {
		fmt.Fprintf(p.out, "Made %s and %s, and %s, a copy of its header.\n\nWithout %s or the words below nothing in %s can ever be read again: keep a copy\nof both on another machine or in a safe.\n",
			file(store.DataFile), file(store.KeyFile), file(store.HeaderFile), store.KeyFile, store.DataFile)
	} else {
		fmt.Fprintf(p.out, "Made %s, and %s, a copy of its header.\n\nWithout the secret that was given or the words below nothing in %s can ever be\nread again: keep a copy of both in another place.\n",
			file(store.DataFile), file(store.HeaderFile), store.DataFile)
	}
	terminal.PrintWords(p.out, words)
	fmt.Fprintf(p.out, "Start the service with\n\n  careconnect serve --data %s\n", config.Dir)
}

// healthcheck asks a running service whether it is ready: for images without a
// shell.
func (p *program) healthcheck() *cobra.Command {
	var url string
	c := &cobra.Command{
		Use: "healthcheck", Short: "Ask a running service whether it is ready", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return http.Healthy(c.Context(), url+"/readyz") },
	}
	c.Flags().StringVar(&url, "url", "http://127.0.0.1:8080", "where it listens")
	return c
}

// gen openapi writes the API's document, as it is committed.
func (p *program) genOpenAPI() *cobra.Command {
	return &cobra.Command{
		Use: "openapi", Short: "Write the OpenAPI document to standard output", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			body, err := api.New(api.Config{Now: p.wall}).OpenAPI()
			if err != nil {
				return err
			}
			_, err = p.out.Write(body)
			return err
		},
	}
}

// gen man writes the manual pages of all commands.
func genMan(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write a manual page for each command into a folder", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return operator.Man(root, args[0]) },
	}
}

func (p *program) version() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if !asJSON {
				fmt.Fprintln(p.out, "careconnect", version)
				return nil
			}
			about := map[string]string{"version": version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH, "tzdata": zoneData()}
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						about["commit"] = s.Value
					}
				}
			}
			return json.NewEncoder(p.out).Encode(about)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return c
}
