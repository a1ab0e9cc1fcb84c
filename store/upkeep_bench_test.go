package store

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"careconnect/rules/care"
)

// keptForAYear is a store of some 100 MB, as a year leaves it: each client with a request
// and what follows from one.
func keptForAYear(b *testing.B) *world {
	b.Helper()
	w := newWorld(b, Production, nil)
	w.accept(w.requests(w.many(50), 0, 6000))
	return w
}

// beside does some work while one client after another enters, and gives the
// longest that one had to wait, and how long one usually does.
func (w *world) beside(work func()) (longest, usual time.Duration) {
	var stop atomic.Bool
	var wait sync.WaitGroup
	n := 0
	var all time.Duration
	wait.Go(func() {
		for ; !stop.Load(); n++ {
			began := time.Now()
			if _, err := w.Do(context.Background(), care.Anonymous, entering(1e6+n)); err != nil {
				w.Error(err)
			}
			took := time.Since(began)
			all += took
			longest = max(longest, took)
		}
	})
	work()
	stop.Store(true)
	wait.Wait()
	return longest, all / time.Duration(max(n, 1))
}

// BenchmarkRekey wraps every chart's key anew: by itself, and beside a writer.
func BenchmarkRekey(b *testing.B) {
	w := keptForAYear(b)
	rekey := func() {
		if _, err := w.RekeyData(context.Background(), nil); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("alone", func(b *testing.B) {
		b.SetBytes(w.size())
		spent := cpu(b)
		for b.Loop() {
			rekey()
		}
		perCore(b, w.size(), spent)
	})
	b.Run("beside a writer", func(b *testing.B) {
		b.SetBytes(w.size())
		var longest, usual time.Duration
		for b.Loop() {
			l, u := w.beside(rekey)
			longest, usual = max(longest, l), u
		}
		b.ReportMetric(float64(longest.Milliseconds()), "longest-wait-ms")
		b.ReportMetric(float64(usual.Microseconds())/1000, "usual-wait-ms")
	})
}

// BenchmarkCompact moves the store into a new file: by itself, and beside a
// writer. What it is compared to is a plain copy of the file, synced.
func BenchmarkCompact(b *testing.B) {
	w := keptForAYear(b)
	compact := func() {
		if _, err := w.Compact(context.Background(), nil); err != nil {
			b.Fatal(err)
		}
	}
	compact()
	b.Run("a plain copy", func(b *testing.B) {
		b.SetBytes(w.size())
		for b.Loop() {
			from, err := os.Open(w.file(DataFile))
			must(b, err)
			to, err := os.Create(w.file("copied"))
			must(b, err)
			_, err = io.Copy(struct{ io.Writer }{to}, struct{ io.Reader }{from}) // by hand: not by the kernel
			must(b, errors.Join(err, to.Sync(), to.Close(), from.Close(), os.Remove(to.Name())))
		}
	})
	b.Run("alone", func(b *testing.B) {
		b.SetBytes(w.size())
		spent := cpu(b)
		for b.Loop() {
			compact()
		}
		perCore(b, w.size(), spent)
	})
	b.Run("beside a writer", func(b *testing.B) {
		b.SetBytes(w.size())
		var longest, usual time.Duration
		for b.Loop() {
			l, u := w.beside(compact)
			longest, usual = max(longest, l), u
		}
		b.ReportMetric(float64(longest.Milliseconds()), "longest-wait-ms")
		b.ReportMetric(float64(usual.Microseconds())/1000, "usual-wait-ms")
	})
}
