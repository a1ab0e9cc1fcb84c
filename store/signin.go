package store

import (
	"careconnect/rules/care"
	"careconnect/store/internal/engine"
)

// These are the reads that establish who somebody is, before there is an actor
// to cut anything down for. They give accounts and passes, nothing of care.

// Bearer finds whose pass has a hash (hex SHA-256 of the secret). False if it
// opens nothing, or has run out.
func (s *Store) Bearer(hash string) (care.Account, care.Pass, bool, error) {
	var account care.Account
	var pass care.Pass
	ok := false
	err := s.view(func(r engine.Reader) error {
		members, err := s.loadSet(r, care.ByPass(hash))
		if err != nil || len(members) == 0 {
			return err
		}
		chart, err := s.readChart(r, members[0].Chart)
		if err != nil || chart == nil || chart.Account == nil || chart.Account.Closed {
			return err
		}
		if pass, ok = chart.Pass(hash); ok {
			account = *chart.Account
			ok = pass.Expires.IsZero() || s.Passing().Before(pass.Expires)
		}
		return nil
	})
	return account, pass, ok, err
}

// Accounts are the accounts with an e-mail address.
func (s *Store) Accounts(email string) ([]care.Account, error) {
	var accounts []care.Account
	err := s.view(func(r engine.Reader) error {
		members, err := s.loadSet(r, care.ByEmail(email))
		if err != nil {
			return err
		}
		sortMembers(members, func(care.Member) int64 { return 0 })
		for _, m := range members {
			chart, err := s.readChart(r, m.Chart)
			if err != nil {
				return err
			}
			if chart != nil && chart.Account != nil {
				accounts = append(accounts, *chart.Account)
			}
		}
		return nil
	})
	return accounts, err
}
