package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"careconnect/rules"
	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/directory"
	"careconnect/store/internal/engine"
)

// The figures here stand on a disk with real syncs: a test's temporary folder
// must not be in memory for them to mean anything.

// BenchmarkSubmit is a client's request to a provider, durable when it returns,
// beside the reference: a committer of the same shape that writes as many
// records and bytes as a request does, unsealed, decided by nobody, with no
// trail, digest or lists behind them. The two take turns, so that what else the
// machine does falls on both; of-bare is the rate against the reference's.
func BenchmarkSubmit(b *testing.B) {
	records, size := requestWrites(b)
	value := make([]byte, size/records)
	_, _ = rand.Read(value)
	for _, writers := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			w, providers, clients := submitters(b, b.N)
			bare := newBare(b)
			file := w.size()
			var next atomic.Int64
			var ours, theirs spent
			for left, turn := b.N, max(b.N/10, 1); left > 0; left -= turn {
				turn = min(turn, left)
				ours.add(b, func() {
					together(turn, writers, func() {
						n := int(next.Add(1)) - 1
						out, err := w.Do(context.Background(), ofClient(clients[n]), act.Request{Client: clients[n], Provider: providers[n%len(providers)]})
						if err != nil || out.Decision.Outcome != rules.Yes {
							b.Error(out.Decision, err)
						}
					})
				})
				theirs.add(b, func() { together(turn, writers, func() { bare.submit(records, value) }) })
			}
			b.StopTimer()
			n := float64(b.N)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(n/ours.time.Seconds(), "acts/s")
			b.ReportMetric(n/theirs.time.Seconds(), "bare-acts/s")
			b.ReportMetric(theirs.time.Seconds()/ours.time.Seconds(), "of-bare")
			b.ReportMetric(theirs.cpu.Seconds()/ours.cpu.Seconds(), "of-bare-cpu")
			b.ReportMetric(float64(ours.cpu.Microseconds())/n, "cpu-µs/act")
			b.ReportMetric(float64(w.size()-file)/n, "file-bytes/act")
		})
	}
}

// spent is what turns took, of time and of the processor.
type spent struct{ time, cpu time.Duration }

func (s *spent) add(b *testing.B, turn func()) {
	began, used := time.Now(), cpu(b)
	turn()
	s.time, s.cpu = s.time+time.Since(began), s.cpu+cpu(b)-used
}

// BenchmarkRead reads a client's chart with a request in it.
func BenchmarkRead(b *testing.B) {
	w := newWorld(b, Production, nil)
	provider, client, desk := w.provider(1), w.client(1), w.desk()
	w.ask(client, provider)
	for _, row := range []struct {
		name  string
		actor care.Actor
	}{{"own", ofClient(client)}, {"another's", desk}} {
		for _, readers := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/readers=%d", row.name, readers), func(b *testing.B) {
				b.ResetTimer()
				together(b.N, readers, func() {
					if _, err := w.Chart(context.Background(), row.actor, client, "bench"); err != nil {
						b.Error(err)
					}
				})
				b.StopTimer()
				w.Flush()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads/s")
			})
		}
	}
}

// BenchmarkSweep brings about a thousand reminders that fall due in one second,
// among many requests that wait for a day still to come.
func BenchmarkSweep(b *testing.B) {
	for _, open := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("open=%d", open), func(b *testing.B) {
			w := newWorld(b, Throwaway, nil)
			providers := w.many(50)
			w.accept(w.requests(providers, 0, open))
			fired, n := 0, 0
			for b.Loop() {
				b.StopTimer()
				asked := w.requests(providers, open+n*1000, 1000)
				w.clock.set(w.earliest(care.ChartID(asked[0].about)))
				b.StartTimer()
				fired += len(w.sweep())
				b.StopTimer()
				w.accept(asked)
				n++
				b.StartTimer()
			}
			if fired < n*1000 {
				b.Fatalf("%d effects came about in %d sweeps", fired, n)
			}
			b.ReportMetric(float64(fired)/float64(n), "effects/sweep")
			b.ReportMetric(float64(fired)/b.Elapsed().Seconds(), "effects/s")
		})
	}
}

// BenchmarkStart opens a store that was closed and gives the first answer: a
// chart; and the first that wants the directory, a search. A million records are
// tried only where CARECONNECT_BENCH names a folder, in which the stores are made
// once and found again by the next run.
func BenchmarkStart(b *testing.B) {
	scratch := os.Getenv("CARECONNECT_BENCH")
	for _, row := range []struct{ records, providers int }{{10_000, 50}, {100_000, 50}, {1_000_000, 50}, {100_000, 2_000}} {
		b.Run(fmt.Sprintf("records=%d/providers=%d", row.records, row.providers), func(b *testing.B) {
			if row.records > 100_000 && scratch == "" {
				b.Skip("name a folder for it in CARECONNECT_BENCH")
			}
			w := started(b, scratch, row.records, row.providers)
			client := w.client(-1)
			var found time.Duration
			for b.Loop() {
				b.StopTimer()
				must(b, w.Close())
				b.StartTimer()
				s, err := Open(w.config)
				must(b, err)
				w.Store = s
				w.chart(client)
				b.StopTimer()
				began := time.Now()
				page, err := w.Directory().Search(directory.Query{State: "IL"}, w.now())
				must(b, err)
				if found += time.Since(began); page.Total != row.providers {
					b.Fatalf("%d providers are found", page.Total)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(w.state.Records), "records")
			b.ReportMetric(float64(found.Microseconds())/float64(b.N)/1000, "ms-more-to-a-search")
		})
	}
}

// started is a store of about so many records, closed and opened again: from the
// scratch folder if there is one.
func started(b *testing.B, scratch string, records, providers int) *world {
	if scratch == "" {
		return holding(b, records, providers)
	}
	dir := filepath.Join(scratch, fmt.Sprintf("start-%d-%d", records, providers))
	if _, err := os.Stat(filepath.Join(dir, DataFile)); err != nil {
		must(b, os.RemoveAll(dir))
		must(b, os.MkdirAll(dir, 0o700))
		w := holdingIn(b, dir, records, providers)
		must(b, w.Close())
	}
	clock := &hands{at: begin}
	w := &world{TB: b, config: setting(dir, clock), clock: clock}
	s, err := Open(w.config)
	must(b, err)
	w.Store = s
	b.Cleanup(func() { _ = w.Close() })
	return w
}

// holding is a throwaway store of about so many records.
func holding(b *testing.B, records, providers int) *world {
	return holdingIn(b, private(b), records, providers)
}

func holdingIn(b *testing.B, dir string, records, many int) *world {
	w := newWorldIn(b, dir, Throwaway, nil)
	const each = 24 // a client with a request makes about so many
	providers := w.many(many)
	for from := 0; from < records/each; from += 10_000 {
		w.requests(providers, from, min(10_000, records/each-from))
	}
	if w.state.Records < uint64(records)*8/10 {
		b.Fatalf("only %d records", w.state.Records)
	}
	return w
}

// BenchmarkVerify is the full pass over a closed store, the walk of its pages
// included: one that is in the system's memory, and one that has to be read from the
// disk, beside which stands how long it takes to read the file once.
func BenchmarkVerify(b *testing.B) {
	w := holding(b, 100_000, 50)
	must(b, w.Close())
	pass := func() {
		report, err := Inspect(context.Background(), w.config, nil)
		must(b, errors.Join(err, report.Err()))
	}
	read := func() {
		file, err := os.Open(w.file(DataFile))
		must(b, err)
		_, err = io.Copy(struct{ io.Writer }{io.Discard}, file)
		must(b, errors.Join(err, file.Close()))
	}
	for _, row := range []struct {
		name string
		cold bool
		do   func()
	}{{"warm", false, pass}, {"cold", true, pass}, {"only read, cold", true, read}} {
		b.Run(row.name, func(b *testing.B) {
			b.SetBytes(w.size())
			var spent time.Duration
			for b.Loop() {
				if row.cold {
					b.StopTimer()
					evict(b, w.file(DataFile))
					b.StartTimer()
				}
				before := cpu(b)
				row.do()
				spent += cpu(b) - before
			}
			perCore(b, w.size(), cpu(b)-spent)
		})
	}
}

// BenchmarkBackup makes a backup and proves it by opening it again.
func BenchmarkBackup(b *testing.B) {
	w := holding(b, 100_000, 50)
	dir := private(b)
	b.SetBytes(w.size())
	spent := cpu(b)
	for b.Loop() {
		made, err := w.Backup(context.Background(), dir, nil)
		must(b, err)
		must(b, os.Remove(made.Path))
	}
	perCore(b, w.size(), spent)
}

// BenchmarkRestore puts a backup into an empty folder: taken out, opened, read
// through, given a line in its trail and put in its place.
func BenchmarkRestore(b *testing.B) {
	w := newWorld(b, Production, nil)
	w.requests(w.many(50), 0, 100_000/24)
	made, err := w.Backup(context.Background(), private(b), nil)
	must(b, err)
	b.SetBytes(made.Size)
	spent := cpu(b)
	for b.Loop() {
		b.StopTimer()
		config := w.emptyWithKey()
		b.StartTimer()
		_, err := Restore(context.Background(), config, made.Path, false, nil)
		must(b, err)
		b.StopTimer()
		must(b, os.RemoveAll(config.Dir))
		b.StartTimer()
	}
	perCore(b, made.Size, spent)
}

// perCore tells how much of the processor the work took, and how fast it would be
// on one core that does nothing else.
func perCore(b *testing.B, size int64, spent time.Duration) {
	each := float64(cpu(b)-spent) / float64(b.N)
	b.ReportMetric(each/1e6, "cpu-ms/op")
	b.ReportMetric(float64(size)/each*1e3, "MB/s/core")
}

// cpu is what the process has used of the processor so far: unlike the time that
// passes it hardly depends on who else works on the machine.
func cpu(b *testing.B) time.Duration {
	var used syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// together runs an operation n times from so many sides.
func together(n, sides int, do func()) {
	var left atomic.Int64
	left.Store(int64(n))
	done := make(chan struct{})
	for range sides {
		go func() {
			for left.Add(-1) >= 0 {
				do()
			}
			done <- struct{}{}
		}()
	}
	for range sides {
		<-done
	}
}

func (w *world) many(n int) []care.ChartID {
	providers := make([]care.ChartID, n)
	for i := range providers {
		providers[i] = w.provider(i)
	}
	return providers
}

// submitters are a store with clients who have not asked yet.
func submitters(b *testing.B, n int) (*world, []care.ChartID, []care.ChartID) {
	w := newWorld(b, Production, nil)
	providers, clients := w.many(20), w.enterAll(0, n)
	w.sweep() // as the service does at its start
	return w, providers, clients
}

// enterAll makes so many clients, in shared commits.
func (w *world) enterAll(from, n int) []care.ChartID {
	orders := make([]Order, n)
	for i := range orders {
		orders[i] = Order{Actor: care.Anonymous, Act: entering(from + i)}
	}
	clients := make([]care.ChartID, n)
	for i, a := range w.inTurns(orders) {
		clients[i] = care.ChartID(a.Made)
	}
	return clients
}

// asking is a request, of whom, and about whom.
type asking struct {
	made     care.ReferralID
	provider care.ChartID
	about    care.ChartID
}

// requests has new clients ask, in shared commits.
func (w *world) requests(providers []care.ChartID, from, n int) []asking {
	made := make([]asking, n)
	orders := make([]Order, n)
	for i, client := range w.enterAll(from, n) {
		made[i] = asking{"", providers[i%len(providers)], client}
		orders[i] = Order{Actor: ofClient(client), Act: act.Request{Client: client, Provider: made[i].provider}}
	}
	for i, a := range w.inTurns(orders) {
		made[i].made = care.ReferralID(a.Made)
	}
	return made
}

// accept answers requests, so that no reminder of them is due any more.
func (w *world) accept(asked []asking) {
	orders := make([]Order, len(asked))
	for i, a := range asked {
		orders[i] = Order{Actor: ofProvider(a.provider), Act: act.Accept{Referral: a.made}}
	}
	w.inTurns(orders)
}

// inTurns does orders in shared commits of a bounded size.
func (w *world) inTurns(orders []Order) []Answer {
	answers := make([]Answer, 0, len(orders))
	for some := range slices.Chunk(orders, maxBatch) {
		for _, a := range w.OrderAll(context.Background(), some) {
			must(w.TB, a.Err)
			answers = append(answers, a)
		}
	}
	return answers
}

// requestWrites counts the records and bytes that one request writes.
func requestWrites(b *testing.B) (records, size int) {
	w := newWorld(b, Production, nil)
	provider := w.provider(1)
	client := w.client(1)
	before := w.contents()
	w.ask(client, provider)
	for k, v := range w.contents() {
		if before[k] != v {
			records++
			size += len(v)
		}
	}
	return records, size
}

func (w *world) contents() map[string]string {
	all := map[string]string{}
	must(w.TB, w.engine.View(func(r engine.Reader) error {
		for _, bucket := range engine.Buckets {
			if err := r.Scan(bucket, nil, nil, func(k, v []byte) error { all[string(bucket)+string(k)] = string(v); return nil }); err != nil {
				return err
			}
		}
		return nil
	}))
	return all
}

func (w *world) size() int64 {
	info, err := os.Stat(w.file(DataFile))
	must(w.TB, err)
	return info.Size()
}

// bare takes all that wait into one transaction, and does nothing else.
type bare struct {
	db    *bbolt.DB
	queue chan bareJob
}

type bareJob struct {
	records int
	value   []byte
	done    chan struct{}
}

func newBare(b *testing.B) *bare {
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "bare.db"), 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, NoStatistics: true, InitialMmapSize: 1 << 30})
	must(b, err)
	must(b, db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("bare")); return err }))
	a := &bare{db, make(chan bareJob, 1024)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		a.commitAll(b)
	}()
	b.Cleanup(func() {
		close(a.queue)
		<-ended
		must(b, db.Close())
	})
	return a
}

func (a *bare) submit(records int, value []byte) {
	j := bareJob{records, value, make(chan struct{})}
	a.queue <- j
	<-j.done
}

func (a *bare) commitAll(b *testing.B) {
	last, took := 0, time.Duration(0)
	for first := range a.queue {
		batch := []bareJob{first}
		linger := time.After(took / 4)
	gather:
		for len(batch) < maxBatch {
			select {
			case j := <-a.queue:
				batch = append(batch, j)
				continue
			default:
			}
			if len(batch) >= last {
				break
			}
			select {
			case j := <-a.queue:
				batch = append(batch, j)
			case <-linger:
				break gather
			}
		}
		began := time.Now()
		must(b, a.db.Update(func(tx *bbolt.Tx) error {
			bucket := tx.Bucket([]byte("bare"))
			for _, j := range batch {
				for range j.records {
					var key [32]byte
					_, _ = rand.Read(key[:])
					if err := bucket.Put(key[:], j.value); err != nil {
						return err
					}
				}
			}
			return nil
		}))
		last, took = len(batch), time.Since(began)
		for _, j := range batch {
			close(j.done)
		}
	}
}
