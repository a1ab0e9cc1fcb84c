package directory

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"maps"
	"reflect"
	"slices"
	"time"

	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// A snapshot is what the index has made of the records, in bytes: the rows, the sets that they are found by, and
// the booked times. A start that reads it need not open, decode, fold and cut up every record again. What the
// rules say of a row, and what follows from the day, is not in it: that is asked for anew. It is written field by
// field, so a program whose records or sets have another shape does not read it (see Layout).

// layout is raised whenever what a snapshot says of the same records changes otherwise than by the shape of a
// record: facets, words, or how they are written. The golden test tells when.
const layout = 1

// Layout tells the snapshots that this program reads from all others.
func Layout() string {
	h := fnv.New64a()
	shape(h, reflect.TypeFor[care.Provider]())
	for _, f := range facets {
		fmt.Fprint(h, f.name, ";")
	}
	return fmt.Sprintf("%d-%x", layout, h.Sum64())
}

// shape writes down the names and kinds of all that a type is made of.
func shape(w interface{ Write([]byte) (int, error) }, t reflect.Type) {
	fmt.Fprint(w, t.Kind(), " ")
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		if t.Kind() == reflect.Array {
			fmt.Fprint(w, t.Len(), " ")
		}
		shape(w, t.Elem())
	case reflect.Map:
		shape(w, t.Key())
		shape(w, t.Elem())
	case reflect.Struct:
		if t == timeType {
			return
		}
		for f := range t.NumField() {
			fmt.Fprint(w, t.Field(f).Name, " ")
			shape(w, t.Field(f).Type)
		}
	}
}

var timeType = reflect.TypeFor[time.Time]()

// Snapshot writes down what the index holds, as of one moment.
func (x *Index) Snapshot() []byte {
	x.mu.RLock()
	defer x.mu.RUnlock()
	w := &writer{texts: map[string]uint64{}}
	w.number(len(x.rows))
	for _, r := range x.rows {
		w.value(reflect.ValueOf(&r.public).Elem())
		w.number(r.panel)
	}
	for f := range facets {
		if f == stateFacet {
			continue // follows from the listing
		}
		for _, value := range slices.Sorted(maps.Keys(x.values[f])) {
			w.set(value, x.values[f][value])
		}
		w.number(0)
	}
	for _, i := range x.words.inOrder() {
		w.set(x.words.entries[i].word, &x.words.entries[i].rows)
	}
	w.number(0)
	w.number(len(x.booked))
	for _, provider := range slices.Sorted(maps.Keys(x.booked)) {
		b := x.booked[provider]
		w.text(string(provider))
		w.number(len(b.slots))
		for i, s := range b.slots {
			w.text(b.entries[i])
			w.instant(s.Start)
			w.instant(s.End)
		}
	}
	return w.all()
}

// inOrder are the places of all words, in the order of the words.
func (v *vocabulary) inOrder() []int32 {
	all := vocabulary{entries: v.entries, ordered: slices.Clone(v.ordered), newest: slices.Clone(v.newest)}
	all.order()
	return all.ordered
}

// writer puts values one after the other. Each text stands once, in a table of its own.
type writer struct {
	body  []byte
	texts map[string]uint64
	order []string
}

// all is the table of texts, then what was written.
func (w *writer) all() []byte {
	head := &writer{}
	head.number(len(w.order))
	for _, s := range w.order {
		head.number(len(s))
	}
	size := len(head.body) + len(w.body)
	for _, s := range w.order {
		size += len(s)
	}
	b := append(make([]byte, 0, size), head.body...)
	for _, s := range w.order {
		b = append(b, s...)
	}
	return append(b, w.body...)
}

func (w *writer) number(n int) { w.body = binary.AppendVarint(w.body, int64(n)) }

func (w *writer) text(s string) {
	at, is := w.texts[s]
	if !is {
		at = uint64(len(w.order))
		w.texts[s] = at
		w.order = append(w.order, s)
	}
	w.body = binary.AppendUvarint(w.body, at)
}

// instant writes a time as seconds since the zero time, so that this is 0.
func (w *writer) instant(t time.Time) {
	w.body = binary.AppendVarint(w.body, t.Unix()-time.Time{}.Unix())
	w.number(t.Nanosecond())
}

// set writes a value that some rows have, with those rows as steps from one to the next.
func (w *writer) set(value string, s *set) {
	rows := s.list
	if s.bits != nil {
		rows = nil
		s.bits.rows(func(i int32) bool { rows = append(rows, i); return true })
	}
	if len(rows) == 0 {
		return
	}
	w.number(len(rows))
	w.text(value)
	last := int32(0)
	for _, i := range rows {
		w.number(int(i - last))
		last = i
	}
}

// value writes a field and all below it.
func (w *writer) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		w.text(v.String())
	case reflect.Bool:
		w.number(map[bool]int{true: 1}[v.Bool()])
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.body = binary.AppendVarint(w.body, v.Int())
	case reflect.Pointer:
		if v.IsNil() {
			w.number(0)
			return
		}
		w.number(1)
		w.value(v.Elem())
	case reflect.Slice, reflect.Array:
		w.number(v.Len())
		for i := range v.Len() {
			w.value(v.Index(i))
		}
	case reflect.Map:
		w.number(v.Len())
		for _, key := range v.MapKeys() {
			w.value(key)
			w.value(v.MapIndex(key))
		}
	case reflect.Struct:
		if v.Type() == timeType {
			w.instant(v.Interface().(time.Time))
			return
		}
		for f := range v.NumField() {
			w.value(v.Field(f))
		}
	default:
		panic("directory: a provider's record has a " + v.Kind().String() + ", which no snapshot can hold")
	}
}

// Filling is an index while it is filled: nobody else reads or changes it until that is Done. Whoever comes
// meanwhile waits, so what is committed then is added to what was filled in.
type Filling struct{ x *Index }

// Fill begins to fill the index.
func (x *Index) Fill() Filling {
	x.mu.Lock()
	return Filling{x}
}

// Done lets others have the index.
func (f Filling) Done() { f.x.mu.Unlock() }

// Put is Index.Put.
func (f Filling) Put(p care.Provider) { f.x.put(publicPart(p), zoneOf(p.Hours)) }

// Panel is Index.Panel.
func (f Filling) Panel(provider care.ChartID, clients int) { f.x.panel(provider, clients) }

// Busy is Index.Busy.
func (f Filling) Busy(provider care.ChartID, entry string, s calendar.Slot) {
	f.x.busy(provider, entry, s)
}

// Read takes what a snapshot holds in the place of what the index does. It must be one of this Layout; if it
// cannot be read the index is empty.
func (f Filling) Read(snapshot []byte) (err error) {
	f.x.empty()
	defer func() {
		if broken := recover(); broken != nil {
			f.x.empty()
			err = fmt.Errorf("read a snapshot of the directory: %v", broken)
		}
	}()
	r := &reader{body: snapshot}
	r.table()
	f.x.read(r)
	if len(r.body) > 0 {
		panic(fmt.Sprintf("%d bytes are left", len(r.body)))
	}
	return nil
}

func (x *Index) read(r *reader) {
	n := r.count()
	x.rows, x.hashes, x.at = make([]*row, n), make([]uint64, n), make(map[care.ChartID]int32, n)
	rows := make([]row, n)
	for i := range rows {
		r.value(reflect.ValueOf(&rows[i].public).Elem())
		rows[i].panel = r.number()
		rows[i].zone = zoneOf(rows[i].public.Hours)
		x.rows[i] = &rows[i]
		x.hashes[i], x.at[rows[i].public.ID] = hash(rows[i].public.ID), int32(i)
	}
	for f := range facets {
		if f == stateFacet {
			continue
		}
		for value, s := r.set(n); s != nil; value, s = r.set(n) {
			x.values[f][value] = s
		}
	}
	for word, s := r.set(n); s != nil; word, s = r.set(n) {
		i := int32(len(x.words.entries))
		x.words.known[word] = i
		x.words.entries, x.words.ordered = append(x.words.entries, entry{word, *s}), append(x.words.ordered, i)
	}
	for range r.count() {
		provider := care.ChartID(r.text())
		some := r.count()
		b := &bookings{make([]string, some), make([]calendar.Slot, some)}
		for i := range some {
			b.entries[i] = r.text()
			b.slots[i].Start = r.instant()
			b.slots[i].End = r.instant()
		}
		x.booked[provider] = b
	}
}

// reader takes values off the front. It panics where there is none: what it reads is sealed, so that can only be
// a mistake of the program's.
type reader struct {
	body  []byte
	texts []string
}

// table reads the texts. They are cut from one string, which is kept as long as one of them is.
func (r *reader) table() {
	sizes := make([]int, r.count())
	all := 0
	for i := range sizes {
		sizes[i] = r.count()
		all += sizes[i]
	}
	text := string(r.body[:all])
	r.body = r.body[all:]
	r.texts = make([]string, len(sizes))
	for i, n := range sizes {
		r.texts[i], text = text[:n], text[n:]
	}
}

func (r *reader) number() int {
	v, n := binary.Varint(r.body)
	r.body = r.body[max(n, 1):]
	return int(v)
}

// count is a number of things that follow, each of at least a byte.
func (r *reader) count() int {
	n := r.number()
	if n < 0 || n > len(r.body) {
		panic(fmt.Sprintf("%d things in %d bytes", n, len(r.body)))
	}
	return n
}

func (r *reader) text() string {
	at, n := binary.Uvarint(r.body)
	r.body = r.body[max(n, 1):]
	return r.texts[at]
}

func (r *reader) instant() time.Time {
	seconds := int64(r.number()) + time.Time{}.Unix()
	return time.Unix(seconds, int64(r.number())).UTC()
}

// set is a value and the rows that have it, of so many; nil after the last.
func (r *reader) set(rows int) (string, *set) {
	n := r.count()
	if n == 0 {
		return "", nil
	}
	value, s, last := r.text(), &set{list: make([]int32, n)}, 0
	for i := range s.list {
		if last += r.number(); last < 0 || last >= rows {
			panic("a set has a row that is not there")
		}
		s.list[i] = int32(last)
	}
	s.settle()
	return value, s
}

func (r *reader) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(r.text())
	case reflect.Bool:
		v.SetBool(r.number() == 1)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(r.number()))
	case reflect.Pointer:
		if r.number() == 1 {
			v.Set(reflect.New(v.Type().Elem()))
			r.value(v.Elem())
		}
	case reflect.Slice, reflect.Array:
		n := r.count()
		if v.Kind() == reflect.Slice && n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
		}
		for i := range n {
			r.value(v.Index(i))
		}
	case reflect.Map:
		n := r.count()
		if n > 0 {
			v.Set(reflect.MakeMapWithSize(v.Type(), n))
		}
		for range n {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			r.value(key)
			r.value(value)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		if v.Type() == timeType {
			*v.Addr().Interface().(*time.Time) = r.instant()
			return
		}
		for f := range v.NumField() {
			r.value(v.Field(f))
		}
	}
}
