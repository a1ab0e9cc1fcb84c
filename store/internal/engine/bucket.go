package engine

// Bucket is one named range of keys. What a bucket is for shows in a stolen
// file; what stands in it does not.
type Bucket string

// The buckets of a store. There are no others: writing to one that is not in
// Buckets is an error.
const (
	Header  Bucket = "header"  // key slots and keyring, and their mirror
	State   Bucket = "state"   // sequence, counts, digest: one record, renewed in each commit
	Keys    Bucket = "keys"    // wrapped chart keys
	Charts  Bucket = "charts"  // sealed records, those of a chart side by side
	Sets    Bucket = "sets"    // indexes: a blind value and its sealed entries
	Trail   Bucket = "trail"   // sealed blocks of audit entries, by sequence
	Tree    Bucket = "tree"    // hashes of the tree over the trail
	Replies Bucket = "replies" // sealed answers to requests that may be repeated
)

// Buckets lists every bucket, in the order in which a walk takes them.
var Buckets = []Bucket{Header, State, Keys, Charts, Sets, Trail, Tree, Replies}
