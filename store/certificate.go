package store

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
)

// Certificate says that somebody was forgotten: what became unreadable and how,
// what a law wants kept, and which copies hold them until they go. It names
// nobody. It is true of the store as of its own instant.
type Certificate struct {
	ID          care.ChartID `json:"id"`
	Store       string       `json:"store"` // its id, in hexadecimal
	ErasedAt    time.Time    `json:"erased_at"`
	CertifiedAt time.Time    `json:"certified_at"`
	Unreadable  Unreadable   `json:"unreadable"`
	Retained    []Retained   `json:"retained"`
	Backups     []Copy       `json:"backups"`
}

// Unreadable is what nobody can read any more, and why that is so.
type Unreadable struct {
	Records int    `json:"records"`
	Says    string `json:"says"`
	Epochs  uint32 `json:"epochs"` // keys up to this number were destroyed
}

// Retained is one thing that is kept.
type Retained struct {
	What  string    `json:"what"`
	Count int       `json:"count"`
	Why   string    `json:"why"`
	Until time.Time `json:"until,omitzero"`
}

// Copy is a copy of the store that holds somebody who was erased, until it goes.
type Copy struct {
	Name    string    `json:"name"`
	Made    time.Time `json:"made"`
	Expires time.Time `json:"expires,omitzero"` // zero: when somebody removes it
}

// SignedCertificate is a certificate as it is given out. The signature is over
// the bytes of the certificate as they stand in it.
type SignedCertificate struct {
	Certificate json.RawMessage `json:"certificate"`
	Key         string          `json:"key"` // Ed25519, public, in hexadecimal
	Signature   string          `json:"signature"`
}

// erasing is the purpose of the key that certificates are signed with.
const erasing = "erasure"

// CertificateKey is the public key that certificates of this store are checked
// with. It stays the same for the life of the store.
func (s *Store) CertificateKey() ed25519.PublicKey {
	return s.vault.Signer(erasing).Public().(ed25519.PublicKey)
}

// CheckCertificate reads a certificate and sees that a store with this public key
// signed it.
func CheckCertificate(body []byte, key ed25519.PublicKey) (Certificate, error) {
	var signed SignedCertificate
	var c Certificate
	if err := json.Unmarshal(body, &signed); err != nil {
		return c, fmt.Errorf("this is no certificate: %w", err)
	}
	signature, err := hex.DecodeString(signed.Signature)
	if err != nil || !ed25519.Verify(key, signed.Certificate, signature) {
		return c, errors.New("the signature is not by this key: the certificate was changed, or is another store's")
	}
	return c, json.Unmarshal(signed.Certificate, &c)
}

// Certificate gives the certificate with a number, to whoever has the number:
// that is how the person it is about, who has no account any more, comes to it.
// It is empty while it is not issued; false if there is no such number.
func (s *Store) Certificate(id care.ChartID) (body string, is bool, err error) {
	err = s.view(func(r engine.Reader) error {
		chart, err := s.readChart(r, id)
		if err != nil || chart == nil || chart.Erasure == nil {
			return err
		}
		e := chart.Erasure
		body, is = e.Certificate, e.State == care.ErasureWaiting || e.State == care.ErasureCertified
		return nil
	})
	return body, is, err
}

// certify signs a certificate for each of some erasures and keeps it.
func (s *Store) certify(ctx context.Context, erasures []care.Erasure, backups func() ([]Copy, error)) ([]Certificate, error) {
	copies, err := s.copies(backups)
	if err != nil {
		return nil, err
	}
	epochs := s.vault.Epochs()[0] - 1
	var all []Certificate
	for _, e := range erasures {
		c := s.certificate(e, epochs, copies)
		body, err := s.signed(c)
		if err == nil {
			_, err = s.Do(ctx, care.System, act.Certify{Erasure: e.ID, Certificate: body})
		}
		if err != nil {
			return all, err
		}
		all = append(all, c)
	}
	return all, nil
}

func (s *Store) certificate(e care.Erasure, epochs uint32, copies []Copy) Certificate {
	file := s.vault.FileID()
	return Certificate{
		ID: e.ID, Store: hex.EncodeToString(file[:]), ErasedAt: e.At, CertifiedAt: s.now(), Backups: copies,
		Unreadable: Unreadable{
			Records: e.Records, Epochs: epochs,
			Says: "The chart with everything in it, its entries in all lists, and what the record of accesses said of the person. The key of the chart was destroyed, and so were the keys that it was kept under; the file was written anew without it.",
		},
		Retained: []Retained{
			{What: "sessions that took place: when, how long, with which provider; not with whom", Count: len(e.Visits), Why: "billing has to be accounted for", Until: e.Until},
			{What: "answers about sharing: when, what, to which words; not whose", Count: len(e.Answers), Why: "disclosures have to be accounted for", Until: e.Until},
			{What: "this certificate, and the random number that the chart had, sealed", Count: 1, Why: "a restored backup has to be rid of the person again"},
			{What: "hashes of the entries in the record of accesses, which say nothing", Why: "proofs that nothing else was changed"},
		},
	}
}

func (s *Store) signed(c Certificate) (string, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("encode certificate: %w", err)
	}
	signed, err := json.Marshal(SignedCertificate{
		Certificate: body, Key: hex.EncodeToString(s.CertificateKey()),
		Signature: hex.EncodeToString(ed25519.Sign(s.vault.Signer(erasing), body)),
	})
	return string(signed), err
}

// copies are the backups, and the stores that were put aside. A backup that began
// before the file was written anew is waited for: it holds what was in the old one.
func (s *Store) copies(backups func() ([]Copy, error)) ([]Copy, error) {
	s.saving.Lock()
	defer s.saving.Unlock()
	all, err := s.putAside()
	if err != nil || backups == nil {
		return all, err
	}
	kept, err := backups()
	return append(kept, all...), err
}

// putAside are the stores that a restore or a repair has left beside this one.
func (s *Store) putAside() ([]Copy, error) {
	paths, err := filepath.Glob(filepath.Join(s.config.Dir, DataFile+".before-*"))
	all := []Copy{}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		all = append(all, Copy{Name: filepath.Base(path), Made: info.ModTime().UTC().Truncate(time.Second)})
	}
	return all, err
}
