package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"careconnect/http/intake"
	"careconnect/http/reply"
	"careconnect/rules/care"
)

type postRoster struct {
	ByID
	DryRun  bool   `query:"dry_run" doc:"Read it, count what would change, and change nothing"`
	Shrunk  bool   `query:"shrunk" doc:"It is right that it is less than half as long as the one before"`
	RawBody []byte `contentType:"text/csv" doc:"The file that careconnect hash-roster has made, plain or packed; nothing else is taken in"`
}

// rosterTaken is what a roster changed, or would: how many, and never who.
type rosterTaken struct {
	InForce    bool `json:"in_force" doc:"false: it was only looked at"`
	Rows       int  `json:"rows"`
	Imported   int  `json:"imported" doc:"Hashes that were not on the one before"`
	Unchanged  int  `json:"unchanged"`
	Removed    int  `json:"removed" doc:"Hashes of the one before that are not on this one: they begin no new care through the programme"`
	Duplicates int  `json:"duplicates" doc:"Rows that stand in it twice"`
}

// takeRoster takes a roster in as the page and the command do. The same roster sent
// twice changes nothing the second time, so it needs no Idempotency-Key.
func (a *API) takeRoster(ctx context.Context, in *postRoster) (rosterTaken, error) {
	programme, _ := a.store.Programme()
	if !slices.ContainsFunc(programme.Employers, func(e care.Employer) bool { return string(e.ID) == in.ID }) {
		return rosterTaken{}, care.Missing()
	}
	file := intake.Providers(bytes.NewReader(in.RawBody), int64(len(in.RawBody)), "The file")
	counts, err := file.Roster(ctx, a.store, intake.Taking{As: actor(ctx), For: care.EmployerID(in.ID), Shrunk: in.Shrunk, DryRun: in.DryRun})
	var fault *intake.Fault
	var shrunk *intake.Shrunk
	switch {
	case errors.As(err, &fault):
		return rosterTaken{}, reply.Bad(ctx, http.StatusUnprocessableEntity, "no_roster", fault.Error()+".")
	case errors.As(err, &shrunk):
		return rosterTaken{}, reply.Bad(ctx, http.StatusUnprocessableEntity, "roster_shrunk", fmt.Sprintf("This roster is less than half as long as the one before (%d of %d), which would end the benefit of the others. If that is meant, send it with shrunk=true.", shrunk.Now, shrunk.Were))
	case err != nil:
		return rosterTaken{}, err
	}
	return rosterTaken{
		InForce: !in.DryRun, Rows: counts.Rows, Imported: counts.Imported, Unchanged: counts.Unchanged, Removed: counts.Removed, Duplicates: counts.Skipped["duplicate"],
	}, nil
}
