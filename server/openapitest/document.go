// Package openapitest holds answers of the API, and the requests that were granted, to the OpenAPI description
// of it. Reading the description is left to kin-openapi; of the schemas of answers, which are many, each is
// compiled once, by the validator that kin-openapi itself uses. The package is for tests; what they
// send is left to them.
package openapitest

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Document is a description. Load makes one; any number of goroutines may use it.
type Document struct {
	spec    *openapi3.T
	router  routers.Router
	schemas map[string]*jsonschema.Schema // of JSON answers, by where the answer is described
}

// Load reads and validates the description in a file, with its examples and the schemas of its answers.
func Load(file string) (*Document, error) {
	loader := openapi3.NewLoader()
	spec, err := loader.LoadFromFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	if err := spec.Validate(loader.Context, openapi3.EnableExamplesValidation()); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	router, err := gorillamux.NewRouter(spec)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	d := &Document{spec, router, make(map[string]*jsonschema.Schema)}
	if err := d.compile(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return d, nil
}

// Operation is a method of a path, and who may call it.
type Operation struct {
	Method, Path string
	NeedsToken   bool
	Scope        string // that the token of a third party needs; empty: none will do; "*": any
	ForAdmins    bool
}

// Operations returns what is described, by path and method.
func (d *Document) Operations() (all []Operation) {
	for path, item := range d.spec.Paths.Map() {
		for method, v := range item.Operations() {
			needsToken, scope := callersOf(v)
			all = append(all, Operation{method, path, needsToken, scope, strings.HasPrefix(v.Description, "Administrators only")})
		}
	}
	slices.SortFunc(all, func(a, b Operation) int {
		return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
	})
	return all
}

// callersOf reads who may call an operation.
func callersOf(v *openapi3.Operation) (needsToken bool, scope string) {
	if v.Security == nil {
		return false, ""
	}
	for _, way := range *v.Security {
		_, takesSession := way["session"]
		needsToken = needsToken || takesSession
		if scopes, takesOAuth := way["oauth"]; takesOAuth {
			scope = cmp.Or(strings.Join(scopes, " "), "*")
		}
	}
	return needsToken, scope
}

// documentURL names the description for its references to itself.
const documentURL = "file:///openapi.json"

// compile prepares the schemas of all JSON answers.
func (d *Document) compile() error {
	text, err := d.spec.MarshalJSON()
	if err != nil {
		return err
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(documentURL, tree); err != nil {
		return err
	}
	add := func(place string, v *openapi3.Response) error {
		if media := v.Content.Get(jsonType); media == nil || media.Schema == nil {
			return nil
		}
		schema, err := compiler.Compile(documentURL + place + "/content/application~1json/schema")
		d.schemas[place] = schema
		return err
	}
	for name, v := range d.spec.Components.Responses {
		if err := add(responsePlace(name), v.Value); err != nil {
			return err
		}
	}
	for path, item := range d.spec.Paths.Map() {
		for method, operation := range item.Operations() {
			for status, v := range operation.Responses.Map() {
				if v.Ref != "" {
					continue
				}
				if err := add(operationPlace(path, method, status), v.Value); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// responsePlace returns where an answer of several operations is described.
func responsePlace(name string) string { return "#/components/responses/" + name }

// operationPlace returns where an answer of one operation is described (RFC 6901).
func operationPlace(path, method, status string) string {
	escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")
	return "#/paths/" + escape.Replace(path) + "/" + strings.ToLower(method) + "/responses/" + status
}

// described returns the statuses that an operation may answer with.
func described(v *openapi3.Operation) []string { return slices.Sorted(maps.Keys(v.Responses.Map())) }
