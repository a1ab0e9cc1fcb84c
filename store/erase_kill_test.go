package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
)

// eraseUntilKilled is the child: somebody enters, asks for a provider, is erased,
// and the night comes; again and again.
func eraseUntilKilled(dir string) {
	s, err := Open(setting(dir, &hands{at: begin}))
	exit := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, "child:", err)
			os.Exit(1)
		}
	}
	exit(err)
	time.AfterFunc(60*time.Second, func() { os.Exit(3) }) // nobody killed us
	ctx := context.Background()
	providers, err := s.Find(ctx, care.System, care.Set{Name: care.SetProviders})
	exit(err)
	for n := 0; ; n++ {
		in, err := s.Do(ctx, care.Anonymous, entering(os.Getpid()*1000+n))
		exit(err)
		client := care.ChartID(in.Made)
		_, err = s.Do(ctx, ofClient(client), act.Request{Client: client, Provider: providers[0].Chart})
		exit(err)
		out, err := s.Do(ctx, ofClient(client), act.Erase{Client: client})
		exit(err)
		fmt.Println("erased", client, out.Made)
		issued, err := s.Forget(ctx, nil, func(int64, int64) { fmt.Println("on the way") })
		exit(err)
		for _, c := range issued {
			fmt.Println("certified", client, c.ID)
		}
	}
}

// Killed at any instant of erasing, of changing the keys, of moving the file: who
// was erased is gone and nobody else is, every record opens, and whoever was
// certified stays so. The next night brings the rest to its end.
func TestKillWhileErasingAndCompacting(t *testing.T) {
	w, ids := inhabited(t, 400)
	must(t, w.Close())
	chance := rand.New(rand.NewPCG(20261127, uint64(os.Getpid())))
	t.Logf("process %d is the seed", os.Getpid())
	erased, certified := map[care.ChartID]care.ChartID{}, map[care.ChartID]bool{}
	within, unfinished := 0, 0
	for range onTheWay() {
		cmd, lines := child(t, "erase", w.config.Dir)
		kill := time.Duration(chance.IntN(120_000)) * time.Microsecond
		var timer *time.Timer
		last := ""
		for lines.Scan() {
			if timer == nil {
				timer = time.AfterFunc(kill, func() { _ = cmd.Process.Kill() })
			}
			last = lines.Text()
			var what string
			var client, number care.ChartID
			if n, _ := fmt.Sscan(last, &what, &client, &number); n != 3 || len(number) != 29 {
				continue // cut short by the kill, or a step on the way
			}
			switch what {
			case "erased":
				erased[client] = number
			case "certified":
				certified[number] = true
			}
		}
		err := cmd.Wait()
		if status, ok := errors.AsType[*exec.ExitError](err); !ok || status.Exited() {
			t.Fatalf("the child ended by itself: %v", err)
		}
		if last == "on the way" {
			within++
		}
		if _, err := os.Stat(w.file(DataFile)); err != nil {
			t.Fatalf("the store is gone: %v", err)
		}
		if w.Store, err = Open(w.config); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(w.file(DataFile + ".compacting")); !os.IsNotExist(err) {
			t.Errorf("a half file is left: %v", err)
		}
		if _, ring, copied := w.epochs(); !slices.Equal(ring, copied) {
			t.Errorf("the keyring has %v, its copy %v", ring, copied)
		}
		if waiting, err := w.erasures(care.ErasureWaiting); err != nil || len(waiting) > 0 {
			unfinished++
		}
		w.mustBeWhole()
		w.mustHaveForgotten(erased, certified)
		for range 10 {
			w.chart(ids[chance.IntN(len(ids))])
		}
		if chance.IntN(4) == 0 {
			_, err := w.Forget(t.Context(), nil, nil)
			must(t, err)
			for _, number := range erased {
				certified[number] = true
			}
			w.mustHaveForgotten(erased, certified)
			w.mustBeWhole()
		}
		must(t, w.Close())
		if t.Failed() {
			return
		}
	}
	t.Logf("%d kills, %d on the way, %d left something for the next night; %d erased, %d certified", onTheWay(), within, unfinished, len(erased), len(certified))
	if within < onTheWay()/4 {
		t.Errorf("only %d of %d kills were on the way: this shows little", within, onTheWay())
	}
}

// mustHaveForgotten: nobody who was erased is there, and who was certified has a
// certificate that holds.
func (w *world) mustHaveForgotten(erased map[care.ChartID]care.ChartID, certified map[care.ChartID]bool) {
	w.Helper()
	for client, number := range erased {
		if is, err := w.here(client); is || err != nil {
			w.Errorf("client %s, who was erased, is there: %v", client, err)
		}
		body, is, err := w.Certificate(number)
		if !is || err != nil {
			w.Errorf("there is no certificate %s: %v", number, err)
		}
		if !certified[number] {
			continue
		}
		if _, err := CheckCertificate([]byte(body), w.CertificateKey()); err != nil {
			w.Errorf("certificate %s: %v", number, err)
		}
	}
}
