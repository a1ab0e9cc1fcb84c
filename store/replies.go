package store

import (
	"encoding/json"
	"fmt"
	"time"

	"careconnect/rules"
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
	"careconnect/store/internal/seal"
)

// reply is what is kept of an answered request: enough to give the same answer
// again, nothing of its content.
type reply struct {
	Body [32]byte  `json:"b"`
	Made string    `json:"m"`
	At   time.Time `json:"t"`
	// Of is who asked. Those from before it stood here leave within two days.
	Of care.ChartID `json:"o,omitempty"`
}

// replyLife is how long a request may be repeated under the same key.
const replyLife = 24 * time.Hour

// replyName puts the day first, so that yesterday's replies leave as one range.
func (s *Store) replyName(actor care.Actor, o Once, at time.Time) []byte {
	day := s.vault.Name("replies", at.UTC().Format(time.DateOnly))
	name := s.vault.Name("reply", string(actor.Role), string(actor.Chart), o.Route, o.Key)
	return append(day[:], name[:]...)
}

func replyAD(name []byte) seal.AD {
	return seal.AD{Bucket: string(engine.Replies), Key: name, Version: codecJSON}
}

// replay answers a job from what was kept of the same request. Another body
// under the same key is refused.
func (c *commit) replay(j *job) (bool, error) {
	o := j.order
	key, err := c.setKey(c.w, care.Set{})
	if err != nil || key == nil {
		return false, err
	}
	for _, at := range []time.Time{c.now, c.now.Add(-replyLife)} {
		name := c.replyName(o.Actor, *o.Once, at)
		sealed := c.w.Get(engine.Replies, name)
		if sealed == nil {
			continue
		}
		plain, err := key.OpenSet(replyAD(name), sealed)
		if err != nil {
			return false, fmt.Errorf("reply: %w: %w", ErrDamaged, err)
		}
		var kept reply
		if err := json.Unmarshal(plain, &kept); err != nil {
			return false, fmt.Errorf("reply: %w", err)
		}
		if c.now.Sub(kept.At) >= replyLife {
			continue
		}
		if kept.Body != o.Once.Body {
			j.answer.Err = &care.Fault{Kind: care.Invalid, Code: "key_reused", Says: "This Idempotency-Key was used for another request. Send a new key with a new request."}
			return true, nil
		}
		j.answer = Answer{Outcome: Outcome{Decision: rules.Allowed(), Made: kept.Made, At: kept.At, Replayed: true}}
		return true, nil
	}
	return false, nil
}

// remember keeps the answer of a job, in its own commit, and lets the replies
// of the day before yesterday go.
func (c *commit) remember(j *job) error {
	if j.order.Once == nil {
		return nil
	}
	body, err := json.Marshal(reply{Body: j.order.Once.Body, Made: j.answer.Made, At: c.now, Of: j.order.Actor.Chart})
	if err != nil {
		return fmt.Errorf("encode reply: %w", err)
	}
	key, err := c.setKey(c.w, care.Set{})
	if err != nil {
		return err
	}
	name := c.replyName(j.order.Actor, *j.order.Once, c.now)
	sealed, err := key.SealSet(nil, replyAD(name), body)
	if err != nil {
		return fmt.Errorf("seal reply: %w", err)
	}
	if err := c.w.Put(engine.Replies, name, sealed); err != nil {
		return err
	}
	return c.forgetReplies(c.now.AddDate(0, 0, -2))
}

// forgetReplies removes a few of the replies of a past day.
func (c *commit) forgetReplies(day time.Time) error {
	prefix := c.vault.Name("replies", day.UTC().Format(time.DateOnly))
	var old [][]byte
	err := c.w.Scan(engine.Replies, prefix[:], nil, func(k, _ []byte) error {
		old = append(old, append([]byte(nil), k...))
		if len(old) == 8 {
			return engine.ErrStop
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, k := range old {
		if err := c.w.Delete(engine.Replies, k); err != nil {
			return err
		}
	}
	return nil
}
