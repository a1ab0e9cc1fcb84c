package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/rules/order"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/seal"
)

// ErasedFile lists, sealed, who was erased. It stands beside the store and in
// each folder of backups, so that it outlives the store: whoever is on it is
// erased again from a backup that is restored.
const ErasedFile = "care.erased"

// erased is one line of the list: the random number that a chart had, and that of
// its certificate.
type erased struct {
	Person  care.ChartID `json:"person"`
	Erasure care.ChartID `json:"erasure"`
	At      time.Time    `json:"at"`
}

func erasedAD() seal.AD { return seal.AD{Bucket: "erased", Version: 1} }

// rememberErased brings the list beside the store, and those in other folders,
// up to date. Nobody ever leaves it.
func (s *Store) rememberErased(folders ...string) error {
	s.listing.Lock()
	defer s.listing.Unlock()
	folders = append([]string{s.config.Dir}, folders...)
	waiting, err := s.erasures(care.ErasureWaiting)
	if err != nil {
		return err
	}
	var all []erased
	for _, e := range waiting {
		all = append(all, erased{e.Person, e.ID, e.At})
	}
	had := make([]int, len(folders))
	for i, dir := range folders {
		list, err := readErased(dir, s.vault)
		if err != nil {
			return err
		}
		had[i] = len(list)
		all = union(all, list)
	}
	for i, dir := range folders {
		if had[i] == len(all) {
			continue
		}
		if err := writeErased(dir, s.vault, all); err != nil {
			return err
		}
	}
	return nil
}

func union(all, list []erased) []erased {
	for _, e := range list {
		if !slices.ContainsFunc(all, func(had erased) bool { return had.Person == e.Person }) {
			all = append(all, e)
		}
	}
	order.By(all, func(a, b erased) int { return a.At.Compare(b.At) })
	return all
}

func readErased(dir string, vault *seal.Vault) ([]erased, error) {
	path := filepath.Join(dir, ErasedFile)
	sealed, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	body, err := vault.OpenState(erasedAD(), sealed)
	if err != nil {
		return nil, fmt.Errorf("%s: the list of those who were erased is damaged, or another store's; put back the one from beside the backups, or move it away if it belongs elsewhere: %w", path, err)
	}
	var list []erased
	return list, json.Unmarshal(body, &list)
}

func writeErased(dir string, vault *seal.Vault, list []erased) error {
	body, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("encode the list of those who were erased: %w", err)
	}
	sealed, err := vault.SealState(nil, erasedAD(), body)
	if err != nil {
		return fmt.Errorf("seal the list of those who were erased: %w", err)
	}
	if err := writeWhole(filepath.Join(dir, ErasedFile), sealed); err != nil {
		return fmt.Errorf("write the list of those who were erased: %w", err)
	}
	return nil
}

// eraseAgain erases whoever the lists in some folders name and an older file has
// brought back, and gives how many.
func (s *Store) eraseAgain(folders ...string) (n int, err error) {
	var all []erased
	for _, dir := range folders {
		list, err := readErased(dir, s.vault)
		if err != nil {
			return 0, err
		}
		all = union(all, list)
	}
	for _, e := range all {
		is, err := s.here(e.Person)
		if err != nil {
			return n, err
		}
		if !is {
			continue
		}
		out, err := s.Do(context.Background(), care.System, act.EraseAgain{Client: e.Person, Erasure: e.Erasure, At: e.At})
		if err != nil {
			return n, err
		}
		if out.Made != "" {
			n++
		}
	}
	return n, nil
}

// here says whether a chart is in the file.
func (s *Store) here(id care.ChartID) (is bool, err error) {
	err = s.view(func(r engine.Reader) error {
		is = r.Get(engine.Keys, s.chartName(id)) != nil
		return nil
	})
	return is, err
}
