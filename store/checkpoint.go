package store

import (
	"cmp"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"careconnect/store/internal/engine"
	"careconnect/store/internal/seal"
)

// Checkpoint is what the trail was as of one commit. Signed and kept elsewhere,
// it binds whoever holds the store: they can add to the trail, and can no longer
// change, remove or forget what was in it by then.
type Checkpoint struct {
	Origin   string    // which store's trail
	Size     int64     // entries
	Root     tlog.Hash // of the tree over them
	Sequence uint64    // the commit
	At       time.Time // when this was said
	// GaveUp is the commit that an anchor had seen, where somebody went on with
	// an older store and said that what is missing may be lost; else 0.
	GaveUp uint64
}

// text is what is signed: the body of a tree head as other logs write it
// (c2sp.org/tlog-checkpoint), with our lines behind.
func (c Checkpoint) text() string {
	text := fmt.Sprintf("%s\n%d\n%s\ncommit %d\nat %s\n", c.Origin, c.Size, c.Root, c.Sequence, c.At.UTC().Format(time.RFC3339))
	if c.GaveUp > 0 {
		text += fmt.Sprintf("rollback from commit %d\n", c.GaveUp)
	}
	return text
}

// parseCheckpoint reads what was signed. Lines that it does not know it leaves
// to later versions.
func parseCheckpoint(text string) (c Checkpoint, err error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 5 {
		return c, errors.New("a checkpoint has five lines or more")
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return c, errors.New("the third line of a checkpoint is a root in base64")
	}
	c.Origin, c.Root = lines[0], tlog.Hash(root)
	if c.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || c.Size < 0 {
		return c, errors.New("the second line of a checkpoint is a number of entries")
	}
	for _, line := range lines[3:] {
		name, value, _ := strings.Cut(line, " ")
		switch name {
		case "commit":
			c.Sequence, err = strconv.ParseUint(value, 10, 64)
		case "at":
			c.At, err = time.Parse(time.RFC3339, value)
		case "rollback":
			c.GaveUp, err = strconv.ParseUint(strings.TrimPrefix(value, "from commit "), 10, 64)
		}
		if err != nil {
			return c, fmt.Errorf("this line of a checkpoint cannot be read: %q", line)
		}
	}
	return c, nil
}

// signer signs checkpoints: its name is the store's, its key follows from the
// root key.
type signer struct {
	note.Verifier
	key    ed25519.PrivateKey
	public string
}

func (s signer) Sign(message []byte) ([]byte, error) { return ed25519.Sign(s.key, message), nil }

func newSigner(vault *seal.Vault) signer {
	s := signer{key: vault.Signer("trail")}
	id := vault.FileID()
	var err error
	s.public, err = note.NewEd25519VerifierKey("careconnect/"+hex.EncodeToString(id[:]), s.key.Public().(ed25519.PublicKey))
	if err == nil {
		s.Verifier, err = note.NewVerifier(s.public)
	}
	if err != nil {
		panic(err) // a name without spaces and a key of the right length make one
	}
	return s
}

// sign writes the checkpoint of a state, signed.
func (s *Store) sign(of state, gaveUp uint64) (string, error) {
	by := newSigner(s.vault)
	c := Checkpoint{Origin: by.Name(), Size: of.Leaves, Root: of.Root, Sequence: of.Sequence, At: s.now(), GaveUp: gaveUp}
	signed, err := note.Sign(&note.Note{Text: c.text()}, by)
	if err != nil {
		return "", fmt.Errorf("sign the checkpoint: %w", err)
	}
	return string(signed), nil
}

// TrailKey is the public half of the key that signs checkpoints, as
// golang.org/x/mod/sumdb/note writes it. It stays the same for the life of the
// store, and shows nothing.
func (s *Store) TrailKey() string { return newSigner(s.vault).public }

// Checkpoint says what the trail is as of the last commit, signed.
func (s *Store) Checkpoint() (string, error) {
	var of state
	if err := s.view(func(r engine.Reader) error { return of.read(r, s.vault) }); err != nil {
		return "", err
	}
	return s.sign(of, 0)
}

// ReadCheckpoint checks who signed a checkpoint and reads it. The key is what
// TrailKey gives.
func ReadCheckpoint(signed, key string) (Checkpoint, error) {
	by, err := note.NewVerifier(key)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("this is no public key of a trail: %w", err)
	}
	return readCheckpoint(signed, by)
}

func readCheckpoint(signed string, by note.Verifier) (Checkpoint, error) {
	opened, err := note.Open([]byte(signed), note.VerifierList(by))
	var others *note.UnverifiedNoteError
	var wrong *note.InvalidSignatureError
	switch {
	case errors.As(err, &others):
		return Checkpoint{}, errors.New("it is signed by another key: it is of another store")
	case errors.As(err, &wrong):
		return Checkpoint{}, errors.New("its signature does not fit: it was altered")
	case err != nil:
		return Checkpoint{}, errors.New("it is no signed checkpoint")
	}
	c, err := parseCheckpoint(opened.Text)
	if err == nil && c.Origin != by.Name() {
		err = errors.New("it is of another store")
	}
	return c, err
}

// said is one checkpoint that was found somewhere, or why it counts for nothing.
type said struct {
	Checkpoint
	signed string
	err    error
}

// saidIn finds the checkpoints in a text, in their order: each is a block of
// lines, a blank line, and its signature. What has no signature behind it, such
// as the end of a file that was being written when the power went, is none.
func saidIn(text string, by note.Verifier) []said {
	found := signedIn(text)
	for i := range found {
		found[i].Checkpoint, found[i].err = readCheckpoint(found[i].signed, by)
	}
	return found
}

// signedIn finds them and does not look at their signatures.
func signedIn(text string) []said {
	var found []said
	blocks := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n")
	for i, block := range blocks {
		if i == 0 || !strings.HasPrefix(block, "— ") {
			continue
		}
		signed := strings.TrimLeft(blocks[i-1], "\n") + "\n\n" + strings.TrimRight(block, "\n") + "\n"
		found = append(found, said{signed: signed})
	}
	return found
}

// lastSaid is the last checkpoint in a text that counts. The error is that of the
// last one if none does; without any there is none of either. Those before it are
// not looked at: a start must not cost more with each hour that one was said.
func lastSaid(text string, by note.Verifier) (last said, any bool, err error) {
	found := signedIn(text)
	for i := len(found) - 1; i >= 0; i-- {
		last := found[i]
		if last.Checkpoint, last.err = readCheckpoint(last.signed, by); last.err == nil {
			return last, true, nil
		}
		err = cmp.Or(err, last.err)
	}
	return said{}, false, err
}
