package store

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
	"unsafe"
)

// decodeJSON reads what encoding/json wrote, several times as fast as it does. It
// knows only what the store itself writes: fields in their order, no blanks. As soon
// as a text is otherwise, encoding/json reads it from its beginning, so what is
// taken and what is refused is the same, and so are the errors. The value must be
// new: zero all through.
func decodeJSON(body []byte, into any) error {
	return new(text).decode(string(body), body, into)
}

// decodeShared is decodeJSON of a text that nobody changes any more: the strings of
// the value are parts of it. It is for what is looked at and let go.
func (t *text) decodeShared(body []byte, into any) error {
	t.share = true
	return t.decode(unsafe.String(unsafe.SliceData(body), len(body)), body, into)
}

func (t *text) decode(s string, body []byte, into any) error {
	t.s, t.b, t.at = s, body, 0
	v := reflect.ValueOf(into).Elem()
	if readerOf(v.Type())(t, v) && t.at == len(t.s) {
		return nil
	}
	v.SetZero()
	return json.Unmarshal(body, into)
}

// text is what is read, twice: strings are cut from the one, the rest is read from
// the other.
type text struct {
	s     string
	b     []byte
	at    int
	share bool
}

// reading reads a value of one type; false if it is not written as expected.
type readingOf func(t *text, into reflect.Value) bool

// readers are kept by type; they never change.
var readers sync.Map

func readerOf(t reflect.Type) readingOf {
	if known, ok := readers.Load(t); ok {
		return known.(readingOf)
	}
	made := makeReader(t)
	readers.Store(t, made)
	return made
}

var (
	timeType  = reflect.TypeFor[time.Time]()
	rawType   = reflect.TypeFor[json.RawMessage]()
	jsonReads = reflect.TypeFor[json.Unmarshaler]()
	textReads = reflect.TypeFor[interface{ UnmarshalText([]byte) error }]()
)

// makeReader makes what reads a type. What it has no row for, encoding/json reads.
func makeReader(t reflect.Type) readingOf {
	pointer := reflect.PointerTo(t)
	switch {
	case t == timeType:
		return readTime
	case t == rawType:
		return readRaw
	case pointer.Implements(jsonReads):
		return readOther
	case pointer.Implements(textReads):
		return readByText
	}
	switch t.Kind() {
	case reflect.String:
		return readString
	case reflect.Bool:
		return readBool
	case reflect.Int, reflect.Int64:
		return readInt
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		return readUint
	case reflect.Pointer:
		return pointerReader(t)
	case reflect.Slice, reflect.Array:
		if t.Kind() == reflect.Array || t.Elem().Kind() != reflect.Uint8 { // bytes are written as base64
			return listReader(t)
		}
	case reflect.Struct:
		if fields, ok := fieldsOf(t); ok {
			return fields.read
		}
	}
	return readOther
}

func (t *text) take(s string) bool {
	ok := strings.HasPrefix(t.s[t.at:], s)
	if ok {
		t.at += len(s)
	}
	return ok
}

// quoted takes a string in which nothing is escaped, without its quotes.
func (t *text) quoted() (from, to int, ok bool) {
	if !t.take(`"`) {
		return 0, 0, false
	}
	wide := false
	for from, to = t.at, t.at; to < len(t.s); to++ {
		switch c := t.s[to]; {
		case c == '"':
			t.at = to + 1
			return from, to, !wide || utf8.ValidString(t.s[from:to])
		case c == '\\' || c < ' ':
			return 0, 0, false
		case c >= utf8.RuneSelf:
			wide = true
		}
	}
	return 0, 0, false
}

// other takes a value of whatever shape, without looking into it.
func (t *text) other() ([]byte, bool) {
	from, depth := t.at, 0
	for ; t.at < len(t.s); t.at++ {
		switch t.s[t.at] {
		case '"':
			for t.at++; t.at < len(t.s) && t.s[t.at] != '"'; t.at++ {
				if t.s[t.at] == '\\' {
					t.at++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth < 0 || depth == 0 && t.s[t.at:min(t.at+1, len(t.s))] == "," {
			break
		}
	}
	return t.b[from:min(t.at, len(t.b))], depth <= 0 && t.at > from
}

func readOther(t *text, into reflect.Value) bool {
	raw, ok := t.other()
	return ok && json.Unmarshal(raw, into.Addr().Interface()) == nil
}

func readRaw(t *text, into reflect.Value) bool {
	raw, ok := t.other()
	if !ok || !json.Valid(raw) {
		return false
	}
	into.SetBytes(slices.Clone(raw))
	return true
}

func readTime(t *text, into reflect.Value) bool {
	from, to, ok := t.quoted()
	return ok && into.Addr().Interface().(*time.Time).UnmarshalJSON(t.b[from-1:to+1]) == nil
}

func readByText(t *text, into reflect.Value) bool {
	from, to, ok := t.quoted()
	return ok && into.Addr().Interface().(interface{ UnmarshalText([]byte) error }).UnmarshalText(t.b[from:to]) == nil
}

func readString(t *text, into reflect.Value) bool {
	at := t.at
	from, to, ok := t.quoted()
	if !ok {
		t.at = at
		return readOther(t, into)
	}
	s := t.s[from:to]
	if !t.share {
		s = strings.Clone(s)
	}
	into.SetString(s)
	return true
}

func readBool(t *text, into reflect.Value) bool {
	is := t.take("true")
	into.SetBool(is)
	return is || t.take("false")
}

// digits takes a whole number of at most 18 digits.
func (t *text) digits() (n uint64, ok bool) {
	from := t.at
	for ; t.at < len(t.s) && t.s[t.at]-'0' < 10; t.at++ {
		n = n*10 + uint64(t.s[t.at]-'0')
	}
	size := t.at - from
	plain := t.at == len(t.s) || strings.IndexByte(",]}", t.s[t.at]) >= 0
	return n, plain && size > 0 && size <= 18 && (size == 1 || t.s[from] != '0')
}

func readInt(t *text, into reflect.Value) bool {
	less := t.take("-")
	n, ok := t.digits()
	if less {
		n = -n
	}
	into.SetInt(int64(n))
	return ok
}

func readUint(t *text, into reflect.Value) bool {
	n, ok := t.digits()
	if !ok || into.OverflowUint(n) {
		return false
	}
	into.SetUint(n)
	return true
}

func pointerReader(of reflect.Type) readingOf {
	read := readerOf(of.Elem())
	return func(t *text, into reflect.Value) bool {
		if t.take("null") {
			return true
		}
		into.Set(reflect.New(of.Elem()))
		return read(t, into.Elem())
	}
}

// listReader reads an array, which must be full, or a slice.
func listReader(of reflect.Type) readingOf {
	read, fixed := readerOf(of.Elem()), of.Kind() == reflect.Array
	return func(t *text, into reflect.Value) bool {
		if !fixed && t.take("null") {
			return true
		}
		if !t.take("[") {
			return false
		}
		if !fixed {
			into.Set(reflect.MakeSlice(of, 0, 1))
		}
		n := 0
		for ; !t.take("]"); n++ {
			if n > 0 && !t.take(",") || fixed && n == into.Len() {
				return false
			}
			if !fixed {
				into.Grow(1)
				into.SetLen(n + 1)
			}
			if !read(t, into.Index(n)) {
				return false
			}
		}
		return !fixed || n == into.Len()
	}
}

// fields are those of a struct, in their order.
type fields []field

type field struct {
	name string // as it is written, with quotes and colon
	at   int
	read readingOf
}

// fieldsOf are the fields of a type; false if it has some that are written in
// another way.
func fieldsOf(of reflect.Type) (all fields, ok bool) {
	for i := range of.NumField() {
		f := of.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous || strings.Contains(options, "string"):
			return nil, false
		case !f.IsExported() || name == "-":
			continue
		case name == "":
			name = f.Name
		}
		all = append(all, field{`"` + name + `":`, i, readerOf(f.Type)})
	}
	return all, true
}

func (all fields) read(t *text, into reflect.Value) bool {
	if !t.take("{") {
		return false
	}
	for first := true; !t.take("}"); first = false {
		if !first && !t.take(",") {
			return false
		}
		for len(all) > 0 && !t.take(all[0].name) {
			all = all[1:]
		}
		if len(all) == 0 || !all[0].read(t, into.Field(all[0].at)) {
			return false
		}
		all = all[1:]
	}
	return true
}
