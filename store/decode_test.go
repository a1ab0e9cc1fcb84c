package store

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"careconnect/rules/calendar"
	"careconnect/rules/care"
)

// filled is a value of a type with something in nearly every field.
func filled(chance *rand.Rand, of reflect.Type) reflect.Value {
	v := reflect.New(of).Elem()
	words := []string{"", "anxiety", "Zoë Łukaszewski", `a "quoted" <b>&`, "line\nbreak\u2028", "\xff\xfe", strings.Repeat("long ", 40), `back\slash`, "東京"}
	if chance.IntN(4) == 0 {
		return v
	}
	switch of {
	case reflect.TypeFor[time.Time]():
		zones := []*time.Location{time.UTC, time.FixedZone("", -6*3600)}
		v.Set(reflect.ValueOf(time.Unix(chance.Int64N(4e9), chance.Int64N(3)*1e6).In(zones[chance.IntN(2)])))
		return v
	case reflect.TypeFor[calendar.Date]():
		v.Set(reflect.ValueOf(calendar.Date{Year: 1900 + chance.IntN(200), Month: time.Month(1 + chance.IntN(12)), Day: 1 + chance.IntN(28)}))
		return v
	case reflect.TypeFor[json.RawMessage]():
		v.SetBytes([]byte(`{"at":"x","list":[1,{"deep":"}]"}]}`))
		return v
	}
	switch of.Kind() {
	case reflect.String:
		v.SetString(words[chance.IntN(len(words))])
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt([]int64{0, 7, -7, 1 << 40, -1 << 63, 1<<63 - 1}[chance.IntN(6)])
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(chance.Uint64() >> (64 - of.Bits()))
	case reflect.Pointer:
		v.Set(reflect.New(of.Elem()))
		v.Elem().Set(filled(chance, of.Elem()))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(of, chance.IntN(4), 4))
		for i := range v.Len() {
			v.Index(i).Set(filled(chance, of.Elem()))
		}
	case reflect.Array:
		for i := range v.Len() {
			v.Index(i).Set(filled(chance, of.Elem()))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(of))
		v.SetMapIndex(filled(chance, of.Key()), filled(chance, of.Elem()))
	case reflect.Struct:
		for i := range v.NumField() {
			if of.Field(i).IsExported() && of.Field(i).Tag.Get("json") != "-" {
				v.Field(i).Set(filled(chance, of.Field(i).Type))
			}
		}
	}
	return v
}

// writtenTypes are all that the store writes and reads.
func writtenTypes() []reflect.Type {
	types := []reflect.Type{reflect.TypeFor[head](), reflect.TypeFor[care.Member](), reflect.TypeFor[[]kept](), reflect.TypeFor[Entry]()}
	for _, k := range kinds {
		types = append(types, reflect.TypeOf(k.zero))
	}
	return types
}

// Each kind of record is written as encoding/json would, whatever is in it, and what
// that refuses is refused.
func TestEncodingIsThatOfEncodingJSON(t *testing.T) {
	chance := rand.New(rand.NewPCG(7, 3))
	times, refused := 2000, 0
	if raced {
		times = 50
	}
	for _, of := range writtenTypes() {
		if write := writerOf(of); of.Kind() == reflect.Struct && reflect.ValueOf(write).Pointer() == reflect.ValueOf(writeOther).Pointer() {
			t.Errorf("%v is left to encoding/json", of)
		}
		for n := range times {
			value := filled(chance, of)
			if n%10 == 0 {
				long(value)
			}
			want, errWant := json.Marshal(value.Interface())
			got, err := appendJSON([]byte("before"), value.Interface())
			switch {
			case (err != nil) != (errWant != nil):
				t.Fatalf("%v: says %v, encoding/json %v", of, err, errWant)
			case err != nil:
				refused++
			case string(got) != "before"+string(want):
				t.Fatalf("%v: writes\n%s, encoding/json\n%s", of, got, want)
			}
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

// long puts a year of five digits into the first time that it finds.
func long(v reflect.Value) bool {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)))
		return true
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() && long(v.Field(i)) {
				return true
			}
		}
	}
	return false
}

// What is read from a text, and whether it can be read, is what encoding/json makes
// of it: for each kind of record, as it is written and with anything wrong in it.
func TestDecodingIsThatOfEncodingJSON(t *testing.T) {
	types := writtenTypes()
	chance := rand.New(rand.NewPCG(3, 9))
	junk := []string{" ", ",", "}", `"`, "null", "0", `\u0041`, "-", "1e3", "{", "]", `"id":"x"`, "\x00", "é"}
	wrong, times := 0, 400
	if raced {
		times = 20
	}
	for _, of := range types {
		for range times {
			body, err := json.Marshal(filled(chance, of).Interface())
			if err != nil {
				t.Fatal(of, err)
			}
			for n := range 6 {
				if n > 0 { // something else in a place
					at, to := chance.IntN(len(body)+1), 0
					to = min(len(body), at+chance.IntN(3))
					body = []byte(string(body[:at]) + // a new one: the last is shared
						junk[chance.IntN(len(junk))] + string(body[to:]))
				}
				want, got := reflect.New(of), reflect.New(of)
				errWant := json.Unmarshal(body, want.Interface())
				errGot := decodeJSON(body, got.Interface())
				if n%2 == 1 {
					got = reflect.New(of)
					errGot = new(text).decodeShared(body, got.Interface())
				}
				if fmt.Sprint(errGot) != fmt.Sprint(errWant) {
					t.Fatalf("%v: %s\nsays %v, encoding/json %v", of, body, errGot, errWant)
				}
				if errWant != nil {
					wrong++
				} else if !reflect.DeepEqual(got.Interface(), want.Interface()) {
					t.Fatalf("%v: %s\nreads\n%+v, encoding/json\n%+v", of, body, got.Elem(), want.Elem())
				}
			}
		}
	}
	if wrong == 0 {
		t.Error("every text could be read: this proves little")
	}
}

// What a list's entry says is written as encoding/json would.
func TestEncodingAMemberIsThatOfEncodingJSON(t *testing.T) {
	chance := rand.New(rand.NewPCG(5, 1))
	for range 20_000 {
		m := filled(chance, reflect.TypeFor[care.Member]()).Interface().(care.Member)
		want, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if got := encodeMember(m); string(got) != string(want) {
			t.Fatalf("%s\nencoding/json %s", got, want)
		}
	}
}
