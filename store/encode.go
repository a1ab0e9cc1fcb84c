package store

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
)

// appendJSON writes a value as encoding/json does, in half of the time. What it has
// no row for, and a text that needs more than its quotes, encoding/json writes, so
// what is written is the same, and so is what is refused.
func appendJSON(dst []byte, value any) ([]byte, error) {
	v := reflect.ValueOf(value)
	return writerOf(v.Type())(dst, v)
}

// writingOf appends a value of one type.
type writingOf func(dst []byte, v reflect.Value) ([]byte, error)

// writers are kept by type; they never change.
var writers sync.Map

func writerOf(t reflect.Type) writingOf {
	if known, ok := writers.Load(t); ok {
		return known.(writingOf)
	}
	made := makeWriter(t)
	writers.Store(t, made)
	return made
}

var (
	jsonWrites = reflect.TypeFor[json.Marshaler]()
	textWrites = reflect.TypeFor[encoding.TextMarshaler]()
)

// makeWriter makes what writes a type. A method of a pointer may be called or not,
// as encoding/json sees fit: that too is left to it.
func makeWriter(t reflect.Type) writingOf {
	pointer := reflect.PointerTo(t)
	switch {
	case t == timeType:
		return writeTime
	case t.Kind() == reflect.Struct && t.Implements(textWrites) && !pointer.Implements(jsonWrites):
		return writeByText
	case pointer.Implements(jsonWrites), pointer.Implements(textWrites):
		return writeOther
	}
	switch t.Kind() {
	case reflect.String:
		return writeString
	case reflect.Bool:
		return func(dst []byte, v reflect.Value) ([]byte, error) { return strconv.AppendBool(dst, v.Bool()), nil }
	case reflect.Int, reflect.Int64:
		return func(dst []byte, v reflect.Value) ([]byte, error) { return strconv.AppendInt(dst, v.Int(), 10), nil }
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		return func(dst []byte, v reflect.Value) ([]byte, error) { return strconv.AppendUint(dst, v.Uint(), 10), nil }
	case reflect.Pointer:
		return pointerWriter(t)
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 { // bytes are written as base64
			return listWriter(t)
		}
	case reflect.Struct:
		if fields, ok := writtenFields(t); ok {
			return fields.write
		}
	}
	return writeOther
}

func writeOther(dst []byte, v reflect.Value) ([]byte, error) {
	body, err := json.Marshal(v.Interface())
	return append(dst, body...), err
}

func writeString(dst []byte, v reflect.Value) ([]byte, error) {
	s := v.String()
	if !plainText(s) {
		return writeOther(dst, v)
	}
	return append(append(append(dst, '"'), s...), '"'), nil
}

func writeTime(dst []byte, v reflect.Value) ([]byte, error) {
	at, _ := reflect.TypeAssert[time.Time](v)
	written, err := at.AppendText(append(dst, '"'))
	if err != nil {
		return writeOther(dst, v) // it says why it cannot be
	}
	return append(written, '"'), nil
}

func writeByText(dst []byte, v reflect.Value) ([]byte, error) {
	text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
	if err != nil || !plainText(string(text)) {
		return writeOther(dst, v)
	}
	return append(append(append(dst, '"'), text...), '"'), nil
}

func pointerWriter(of reflect.Type) writingOf {
	write := writerOf(of.Elem())
	return func(dst []byte, v reflect.Value) ([]byte, error) {
		if v.IsNil() {
			return append(dst, "null"...), nil
		}
		return write(dst, v.Elem())
	}
}

func listWriter(of reflect.Type) writingOf {
	write := writerOf(of.Elem())
	return func(dst []byte, v reflect.Value) (_ []byte, err error) {
		if v.IsNil() {
			return append(dst, "null"...), nil
		}
		dst = append(dst, '[')
		for i := range v.Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = write(dst, v.Index(i)); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	}
}

// writtenField is a field of a struct, and when it is left out.
type writtenField struct {
	field
	write writingOf
	omit  func(reflect.Value) bool // nil: never
}

type writtenFieldsOf []writtenField

// writtenFields are the fields of a type; false if it has some that are written in
// another way.
func writtenFields(of reflect.Type) (all writtenFieldsOf, ok bool) {
	known, ok := fieldsOf(of)
	for _, f := range known {
		_, options, _ := strings.Cut(of.Field(f.at).Tag.Get("json"), ",")
		omit, sure := omits(of.Field(f.at).Type, options)
		if !sure {
			return nil, false
		}
		all = append(all, writtenField{f, writerOf(of.Field(f.at).Type), omit})
	}
	return all, ok
}

// omits says when a field of a type is left out; false if that is not known here.
func omits(t reflect.Type, options string) (func(reflect.Value) bool, bool) {
	switch {
	case options == "":
		return nil, true
	case options == "omitzero" && t == timeType:
		return func(v reflect.Value) bool {
			at, _ := reflect.TypeAssert[time.Time](v)
			return at.IsZero()
		}, true
	case options == "omitzero" && t.Implements(reflect.TypeFor[interface{ IsZero() bool }]()):
		return func(v reflect.Value) bool { return v.Interface().(interface{ IsZero() bool }).IsZero() }, t.Kind() == reflect.Struct
	case options == "omitempty":
		switch t.Kind() {
		case reflect.Struct:
			return nil, true
		case reflect.String, reflect.Slice, reflect.Map:
			return func(v reflect.Value) bool { return v.Len() == 0 }, true
		case reflect.Bool, reflect.Int, reflect.Int64, reflect.Uint8, reflect.Uint32, reflect.Uint64, reflect.Pointer:
			return reflect.Value.IsZero, true
		}
	}
	return nil, false
}

func (all writtenFieldsOf) write(dst []byte, v reflect.Value) (_ []byte, err error) {
	dst = append(dst, '{')
	first := true
	for i := range all {
		f := &all[i]
		is := v.Field(f.at)
		if f.omit != nil && f.omit(is) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		if dst, err = f.write(append(dst, f.name...), is); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}
