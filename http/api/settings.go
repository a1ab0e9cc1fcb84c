package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"careconnect/http/reply"
	"careconnect/rules"
	"careconnect/rules/calendar"
)

// settings are those of huma that it keeps for the whole process. They are made
// once, before the first operation is registered.
var settings = sync.OnceFunc(func() {
	huma.DefaultArrayNullable = false
	huma.ValidateStrictCasing = true
	huma.NewErrorWithContext = problem
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return problem(nil, status, msg, errs...)
	}
})

// config is huma's, without what calls out: no page that loads from elsewhere,
// and no link that would echo the Host header.
func config() huma.Config {
	schemas := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	schemas.RegisterTypeAlias(reflect.TypeFor[calendar.Date](), reflect.TypeFor[day]())
	schemas.RegisterTypeAlias(reflect.TypeFor[rules.Truth](), reflect.TypeFor[truth]())
	strict := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshal}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Care Connect", Version: "1",
				Description: "Send a Bearer token. Writes take an Idempotency-Key: the same key with the same request is done once. " +
					"What you may not see answers as what does not exist. Instants are RFC 3339 with an offset.",
			},
			Components: &huma.Components{
				Schemas:         schemas,
				SecuritySchemes: map[string]*huma.SecurityScheme{"bearer": {Type: "http", Scheme: "bearer"}},
			},
		},
		Formats:       map[string]huma.Format{"application/json": strict, "json": strict},
		DefaultFormat: "application/json",
		// A filter that was misspelt and quietly dropped would show too much.
		RejectUnknownQueryParameters: true,
	}
}

// day is how a civil date stands in the document.
type day string

// Schema says that a date is written as 2026-11-26.
func (day) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date", Description: "A day, as 2026-11-26"}
}

// truth is how a truth stands in the document.
type truth string

// Schema names the three truths.
func (truth) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Enum: []any{"yes", "no", "unknown"}, Description: "yes, no, or not yet known"}
}

// unmarshal reads one JSON value and nothing after it. Its errors name a place
// and never repeat what was sent.
func unmarshal(data []byte, into any) error {
	if err := decode(data, into); err != nil {
		return err
	}
	return once(data)
}

// decode reads what is in memory already as it lies there: a decoder that reads it as a
// stream takes six times its room.
func decode(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax) && strings.Contains(syntax.Error(), "after top-level value"):
		return errors.New("there is something after the JSON value; send one value only")
	case errors.As(err, &syntax) && syntax.Offset < int64(len(data)):
		return fmt.Errorf("this is not JSON from byte %d on", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("%s: this value does not fit here", kind.Field)
	case err != nil:
		return errors.New("this is not JSON that can be read to its end")
	}
	return nil
}

// once refuses an object that has a name twice: which of the two was meant? What it is
// given has been read as JSON before.
func once(data []byte) error {
	var open []map[string]bool // the names so far of what is open; nil: a list
	named := false             // the next text is a name
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{':
			open, named = append(open, map[string]bool{}), true
		case '[':
			open, named = append(open, nil), false
		case '}', ']':
			open, named = open[:len(open)-1], false
		case ',':
			named = open[len(open)-1] != nil
		case '"':
			end := i + 1
			for ; data[end] != '"'; end++ {
				if data[end] == '\\' {
					end++
				}
			}
			if named {
				var name string
				if err := json.Unmarshal(data[i:end+1], &name); err != nil {
					return errors.New("this is not JSON that can be read to its end")
				}
				if names := open[len(open)-1]; names[name] {
					return fmt.Errorf("%s: it stands here twice; send it once", name)
				} else {
					names[name] = true
				}
			}
			named, i = false, end
		}
	}
	return nil
}

// problem tells what huma found wrong as our own document. Values that were
// sent are left out: the caller has them, and nobody else should.
func problem(hc huma.Context, status int, msg string, errs ...error) huma.StatusError {
	if hc == nil {
		return &reply.Problem{Status: status, Title: http.StatusText(status), Detail: msg}
	}
	ctx := hc.Context()
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		if len(errs) == 0 {
			return reply.Bad(ctx, http.StatusUnprocessableEntity, "invalid_input", "Please mend: "+msg+".")
		}
		return reply.Bad(ctx, http.StatusUnprocessableEntity, "invalid_input", "Please mend: "+strings.Join(wrongs(errs), "; ")+".")
	case http.StatusUnsupportedMediaType:
		return reply.Bad(ctx, status, "not_json", "Send the body as JSON, with Content-Type: application/json.")
	case http.StatusInternalServerError:
		return reply.ProblemOf(ctx, fmt.Errorf("%s: %s", msg, strings.Join(wrongs(errs), "; ")))
	}
	return reply.Bad(ctx, status, strings.ToLower(strings.ReplaceAll(http.StatusText(status), " ", "_")), msg+".")
}

// forms are how a parameter is written, where the limits of its text do not say it.
var forms = map[string]string{"query.period": "give a quarter, such as 2026-Q4"}

func wrongs(errs []error) []string {
	says := make([]string, 0, len(errs))
	for _, err := range errs {
		var detail *huma.ErrorDetail
		if !errors.As(err, &detail) {
			says = append(says, err.Error())
			continue
		}
		message := detail.Message
		if message == validation.MsgUnexpectedProperty {
			message = "there is no such field here; leave it out"
		}
		if form, has := forms[detail.Location]; has {
			message = form
		}
		where := strings.TrimPrefix(detail.Location, "body.")
		says = append(says, where+": "+message)
	}
	return says
}
