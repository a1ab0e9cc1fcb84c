package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"careconnect/http/reply"
)

// handler serves an operation. huma makes its 12 KB of code, and as much about
// them, anew for every two types that it is given, so what it is given are a few
// inputs that operations share and one answer. The handler's own types are known
// here by reflection: they make the document, and what was read is put into them.
type handler struct {
	takes, gives reflect.Type
	tagged       bool
	most         int64  // bytes that a call may carry; 0: as everywhere
	defaults     []byte // of the body's fields that are left out
	do           func(*API, context.Context, any) (any, error)
	register     func(*API, huma.Operation, handler)
}

// body is that of a write as it came; huma has held it against its schema.
type body = *json.RawMessage

// shared are the inputs of most operations, by the names of their fields.
var shared = map[string]func(*API, huma.Operation, handler){
	"":     register[struct{}],
	"ID":   register[ByID],
	"Body": register[struct{ Body body }],
	"Keyed Body": register[struct {
		Keyed
		Body body
	}],
	"ByID Keyed Body": register[struct {
		ByID
		Keyed
		Body body
	}],
	"Keyed Matched Body": register[struct {
		Keyed
		Matched
		Body body
	}],
}

// on serves an operation by a handler that takes one of the shared inputs, with
// any body.
func on[I, O any](does func(*API, context.Context, *I) (O, error)) handler {
	return handler{
		takes: reflect.TypeFor[I](), gives: reflect.TypeFor[O](), register: sharing(reflect.TypeFor[I]()),
		do: func(a *API, ctx context.Context, in any) (any, error) { return does(a, ctx, in.(*I)) },
	}
}

// find serves a read by a handler with parameters of its own.
func find[I, O any](does func(*API, context.Context, *I) (O, error)) handler {
	h := on(does)
	h.register = register[I]
	return h
}

// sharing is how an input is read that has the fields of a shared one; nil: it
// has others.
func sharing(takes reflect.Type) func(*API, huma.Operation, handler) {
	names := make([]string, takes.NumField())
	for i := range names {
		names[i] = takes.Field(i).Name
	}
	return shared[strings.Join(names, " ")]
}

// tagged gives the answer its tag: it is one record.
func tagged(h handler) handler {
	h.tagged = true
	return h
}

// carries lets a call carry so many bytes.
func carries(most int64, h handler) handler {
	h.most = most
	return h
}

// answer is what every handler replies with.
type answer struct {
	ETag string `header:"ETag" hidden:"true" doc:"Changes when the answer does"`
	Body any
}

// register has huma serve an operation.
func register[In any](a *API, op huma.Operation, h handler) {
	h.describe(&op, a.huma.OpenAPI().Components.Schemas)
	huma.Register(a.huma, op, func(ctx context.Context, in *In) (*answer, error) {
		out, err := h.serve(a, ctx, reflect.ValueOf(in).Elem())
		if err != nil {
			return nil, a.told(ctx, err)
		}
		return out, nil
	})
}

// describe puts into the document what huma cannot see in the shared types.
func (h *handler) describe(op *huma.Operation, schemas huma.Registry) {
	if b, has := h.takes.FieldByName("Body"); has {
		schema := huma.SchemaFromField(schemas, b, h.takes.Name()+"Body")
		op.RequestBody = &huma.RequestBody{
			Required: b.Type.Kind() != reflect.Pointer,
			Content:  map[string]*huma.MediaType{"application/json": {Schema: schema}},
		}
		h.defaults = defaults(cmp.Or(schemas.SchemaFromRef(schema.Ref), schema))
	}
	shown := &huma.Response{Content: map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(h.gives, true, op.OperationID+"Response")}}}
	if h.tagged {
		etag, _ := reflect.TypeFor[answer]().FieldByName("ETag")
		shown.Headers = map[string]*huma.Param{"ETag": {Schema: huma.SchemaFromField(schemas, etag, "")}}
	}
	op.Responses = map[string]*huma.Response{strconv.Itoa(op.DefaultStatus): shown}
}

// defaults is the object of what stands for a field that is left out.
func defaults(s *huma.Schema) []byte {
	given := map[string]any{}
	for name, property := range s.Properties {
		if property.Default != nil {
			given[name] = property.Default
		}
	}
	raw, err := json.Marshal(given)
	if err != nil {
		panic(fmt.Sprintf("api: the defaults of a body: %v", err)) // huma has read them from their tags
	}
	return raw
}

// serve makes the handler's own input of what huma has read, field by field, and
// lets it answer.
func (h handler) serve(a *API, ctx context.Context, read reflect.Value) (*answer, error) {
	in := reflect.New(h.takes)
	for i := range read.NumField() {
		into := in.Elem().Field(i)
		sent, isBody := read.Field(i).Interface().(body)
		switch {
		case !isBody:
			into.Set(read.Field(i))
		case sent != nil:
			err := json.Unmarshal(h.defaults, into.Addr().Interface())
			if err == nil {
				err = decode(*sent, into.Addr().Interface())
			}
			if err != nil {
				return nil, reply.Bad(ctx, http.StatusUnprocessableEntity, "invalid_input", fmt.Sprintf("Please mend: body: %s.", err))
			}
		}
	}
	out, err := h.do(a, ctx, in.Interface())
	if err != nil {
		return nil, err
	}
	shown := &answer{Body: out}
	if h.tagged {
		shown.ETag = tag(out)
	}
	return shown, nil
}
