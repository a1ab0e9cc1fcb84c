package store

import (
	"encoding/json"
	"fmt"
	"time"

	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/seal"
)

// state is the store's record of itself, renewed in each commit: from it one
// full pass can prove that nothing is missing and nothing older than it should
// be.
type state struct {
	Sequence uint64    `json:"seq"`     // commits so far
	Ordinal  uint64    `json:"ord"`     // acts so far; ids are drawn from it
	Records  uint64    `json:"records"` // in all buckets but header and state
	Digest   seal.Sum  `json:"digest"`  // keyed, of all those records
	Leaves   int64     `json:"leaves"`  // of the trail's tree
	Root     [32]byte  `json:"root"`
	High     time.Time `json:"high"` // the highest instant seen
	// Apart counts what the trail should hold; nil in a store from before it did.
	Apart *apart `json:"apart,omitempty"`
	// From are the hours before which nothing is left to sweep or to send.
	From map[care.SetName]time.Time `json:"from,omitempty"`
	// Anchored is the last commit that an outside anchor had seen before this one.
	Anchored uint64 `json:"anchored,omitempty"`
	// Shows tells what the directory shows from all that it ever showed: it is of the
	// digest as of the last commit that changed it.
	Shows []byte `json:"shows,omitempty"`
	// Rekey is how far all chart keys are wrapped anew; nil if that is not under
	// way.
	Rekey *rekeying `json:"rekey,omitempty"`
	// Forget is the last epoch under which the key of somebody who was erased was
	// wrapped: it and those before it must leave the keyring.
	Forget uint32 `json:"forget,omitempty"`
	// Format is how many migrations the store has been through; Upgrade is how far
	// the next one is, nil if none is under way.
	Format  int        `json:"format,omitempty"`
	Upgrade *upgrading `json:"upgrade,omitempty"`
}

// apart counts what must have left an entry of the trail, on another way than
// the entries themselves: acts and reads where they come in, and the store's own
// notes. So an entry that was left out, or told twice, shows.
type apart struct {
	Before   int64  `json:"before,omitempty"` // entries from before anybody counted
	Requests uint64 `json:"requests"`
	Notes    uint64 `json:"notes"`
}

var stateKey = []byte("state")

func stateAD() seal.AD {
	return seal.AD{Bucket: string(engine.State), Key: stateKey, Version: 1}
}

func (s *state) write(w engine.Writer, vault *seal.Vault) error {
	body, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode state: %w", err)
	}
	sealed, err := vault.SealState(nil, stateAD(), body)
	if err != nil {
		return fmt.Errorf("seal state: %w", err)
	}
	return w.Put(engine.State, stateKey, sealed)
}

func (s *state) read(r engine.Reader, vault *seal.Vault) error {
	sealed := r.Get(engine.State, stateKey)
	if sealed == nil {
		return fmt.Errorf("the store's own record is missing: %w", ErrDamaged)
	}
	body, err := vault.OpenState(stateAD(), sealed)
	if err != nil {
		return fmt.Errorf("open the store's own record: %w: %w", ErrDamaged, err)
	}
	return json.Unmarshal(body, s)
}
