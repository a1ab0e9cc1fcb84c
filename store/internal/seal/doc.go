// Package seal holds the keys of a store and makes the envelopes its records
// are kept in. A secret, a key file for one, opens a slot of the header; the
// slot holds the root key. From the root come the keys for names, blind
// indexes, digests, state and trail, and it opens the keyring. The keyring
// wraps chart keys, one for each client, provider and programme, and under
// those the records are sealed. So a person is forgotten by forgetting one
// key, a secret is changed without touching a record, and the file without a
// secret is noise: its size, its buckets and their counts are all it tells.
//
// What the format promises: a record opens only at the place it was sealed for
// (file, bucket, key, chart, record version, epoch), its length shows in steps
// of 256 bytes only, and any changed bit is found.
package seal
