package notify

import (
	"context"
	"log/slog"

	"careconnect/rules/act"
	"careconnect/rules/care"
	"careconnect/store"
)

// CameBack takes the word that the message with a tag did not arrive, and says which
// it is; empty where nothing came of it: it is known already, the message was sent
// again since, or it is gone with whom it was about.
func CameBack(ctx context.Context, s *store.Store, text string) (care.MessageID, error) {
	tag, own := s.ReadTag(text)
	if !own {
		return "", ErrNoAddressee
	}
	found, err := s.Find(ctx, care.System, care.ByReturn(tag.Message))
	if err != nil || len(found) == 0 {
		return "", err
	}
	chart, err := s.Chart(ctx, care.System, found[0].Chart, "bounce")
	if err != nil {
		return "", err
	}
	m, _ := chart.Message(tag.Message)
	programme, _ := s.Programme()
	to, err := readerOf(ctx, s, m, *programme.Programme)
	moved := err == nil && to.address != "" && !s.WentTo(tag, to.address)
	done, err := s.Do(ctx, care.System, act.Bounced{Chart: chart.ID, Message: m.ID, Try: tag.Try, Moved: moved})
	if err == nil && done.Made != "" {
		slog.InfoContext(ctx, "message came back", "message", m.ID, "again", moved)
	}
	return care.MessageID(done.Made), err
}
