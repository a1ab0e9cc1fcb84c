package access

import (
	"reflect"
	"sync"

	"careconnect/rules/care"
)

// part is a row of the table of fields, made ready: the places of its fields.
type part struct {
	places []int
	by     map[care.Role]Grant
}

type partsOf struct {
	of   care.Subject
	kind care.Kind
}

// parts is the table by what it is asked for, made once and then only read.
var parts = sync.OnceValue(func() map[partsOf][]part {
	ready := map[partsOf][]part{}
	for _, row := range fields {
		t, p := types[row.Kind], part{by: row.By}
		for _, name := range row.Fields {
			f, ok := t.FieldByName(name)
			if !ok {
				panic("access: the table of fields names " + string(row.Kind) + "." + name + ", which there is not; correct the row")
			}
			p.places = append(p.places, f.Index[0])
		}
		at := partsOf{row.Of, row.Kind}
		ready[at] = append(ready[at], p)
	}
	return ready
})

// cut builds a record anew from the parts that the viewer may see. Whoever may
// not see its first part does not see that there is one. A field that no row
// names is never copied.
func cut[T any](v *viewer, kind care.Kind, record T, s stance) (T, bool) {
	var kept T
	rows := parts()[partsOf{v.chart.Of, kind}]
	if len(rows) == 0 || !s.holds(rows[0].by[v.actor.Role].To) {
		return kept, false
	}
	to := reflect.ValueOf(&kept).Elem()
	for _, row := range rows {
		g := row.by[v.actor.Role]
		if !s.holds(g.To) {
			continue
		}
		shown := any(record)
		if g.Masked {
			var ok bool
			if shown, ok = mask(v, shown); !ok {
				return kept, false
			}
		}
		from := reflect.ValueOf(shown)
		for _, place := range row.places {
			to.Field(place).Set(fresh(from.Field(place)))
		}
	}
	return forget(v, kept), true
}

// fresh copies a value so deep that nothing is shared with it. An instant is
// taken as it is: it cannot be changed.
func fresh(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(fresh(v.Elem()))
		return p
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		s := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			s.Index(i).Set(fresh(v.Index(i)))
		}
		return s
	case reflect.Array:
		a := reflect.New(v.Type()).Elem()
		for i := range v.Len() {
			a.Index(i).Set(fresh(v.Index(i)))
		}
		return a
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		m := reflect.MakeMapWithSize(v.Type(), v.Len())
		for k, e := range v.Seq2() {
			m.SetMapIndex(k, fresh(e))
		}
		return m
	case reflect.Struct:
		s := reflect.New(v.Type()).Elem()
		s.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				s.Field(i).Set(fresh(v.Field(i)))
			}
		}
		return s
	}
	return v
}
