package bolt

import (
	"bytes"
	"io"

	"careconnect/store/internal/engine"
)

// pageOf finds the page on which a key stands, or would; 0 if the way there is
// damaged. A key of a bucket within another page stands on that page.
func pageOf(file io.ReaderAt, m meta, name engine.Bucket, key []byte) uint64 {
	w := &walker{file: file, meta: m, used: newBits(m.high), free: newBits(m.high)}
	var root uint64
	at := w.down(m.root, []byte(name), func(k, value []byte) {
		if bytes.Equal(k, []byte(name)) && len(value) >= bucketSize {
			root = order.Uint64(value)
		}
	})
	if root == 0 {
		return at
	}
	return w.down(root, key, func(_, _ []byte) {})
}

// down follows a key from a page to the leaf, and tells what stands there.
func (w *walker) down(id uint64, key []byte, fn func(k, value []byte)) uint64 {
	for range mostDeep {
		h, p, err := w.page(id, branchFlag, leafFlag)
		if err != nil || p == nil {
			return 0
		}
		end, err := w.elements(id, h, p, nil, nil, func(_ uint64, _ int, _ uint32, k, v []byte) error {
			fn(k, v)
			return nil
		})
		if err != nil || end < 0 {
			return 0
		}
		if h.flags == leafFlag {
			return id
		}
		_, _, id = branchAt(p, 0)
		for i := range int(h.count) {
			if _, first, child := branchAt(p, i); bytes.Compare(first, key) <= 0 {
				id = child
			}
		}
	}
	return 0
}
