package openapitest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// jsonType is the media type of JSON.
const jsonType = "application/json"

// everywhere names the answers that need no description with an operation, by their statuses.
var everywhere = map[int]string{
	http.StatusNotFound:            "NotFound",
	http.StatusMethodNotAllowed:    "MethodNotAllowed",
	http.StatusTooManyRequests:     "TooMany",
	http.StatusInternalServerError: "Failure",
}

// Check returns how an answer with the given body, and its request if it was granted, differ from the description. The request is
// the one that was sent, with a body that can be got again.
func (d *Document) Check(answer *http.Response, body []byte) error {
	if err := d.CheckAnswer(answer, body); err != nil || answer.StatusCode >= 300 {
		return err
	}
	return d.checkRequest(answer.Request)
}

// CheckAnswer returns how an answer with the given body differs from the description. What is not under /api is not described.
func (d *Document) CheckAnswer(answer *http.Response, body []byte) error {
	if !strings.HasPrefix(answer.Request.URL.Path, "/api/") {
		return nil
	}
	if err := d.checkAnswer(answer, body); err != nil {
		return fmt.Errorf("%s %s: the answer %d is not as openapi.yaml has it: %w",
			answer.Request.Method, answer.Request.URL.Path, answer.StatusCode, err)
	}
	return nil
}

func (d *Document) checkAnswer(answer *http.Response, body []byte) error {
	place, response, err := d.find(answer)
	if err != nil {
		return err
	}
	for name, header := range response.Headers {
		if header.Value.Required && answer.Header.Get(name) == "" && answer.Request.Method != http.MethodHead {
			return fmt.Errorf("no header %s", name)
		}
	}
	if answer.Request.Method == http.MethodHead {
		return nil
	}
	if len(response.Content) == 0 {
		if len(body) > 0 {
			return fmt.Errorf("a body where there is to be none: %s", shorten(body))
		}
		return nil
	}
	contentType := answer.Header.Get("Content-Type")
	if response.Content.Get(contentType) == nil {
		return fmt.Errorf("content type %q", contentType)
	}
	if media, _, _ := mime.ParseMediaType(contentType); media != jsonType {
		return nil
	}
	return d.checkJSON(place, body)
}

// find returns the description of an answer, and its place.
func (d *Document) find(answer *http.Response) (place string, v *openapi3.Response, err error) {
	request := answer.Request
	route, _, err := d.route(request)
	if err != nil {
		name, ok := everywhere[answer.StatusCode]
		if !ok {
			return "", nil, err
		}
		return responsePlace(name), d.spec.Components.Responses[name].Value, nil
	}
	status := strconv.Itoa(answer.StatusCode)
	ref := route.Operation.Responses.Value(status)
	if ref == nil {
		return "", nil, fmt.Errorf("%s has only %s", route.Operation.OperationID, strings.Join(described(route.Operation), ", "))
	}
	return cmp.Or(ref.Ref, operationPlace(route.Path, route.Method, status)), ref.Value, nil
}

// route finds the operation of a request. HEAD is GET, and how a path is encoded does not matter.
func (d *Document) route(request *http.Request) (*routers.Route, map[string]string, error) {
	method := request.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	return d.router.FindRoute(&http.Request{Method: method, URL: &url.URL{Path: request.URL.Path}})
}

func (d *Document) checkJSON(place string, body []byte) error {
	schema := d.schemas[place]
	if schema == nil {
		return fmt.Errorf("no schema at %s", place)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("no JSON: %w: %s", err, shorten(body))
	}
	if err := schema.Validate(value); err != nil {
		_, reasons, _ := strings.Cut(err.Error(), "\n") // the first line names the schema as the validator does
		reasons = strings.ReplaceAll(reasons, ": false schema", ": is not described")
		return fmt.Errorf("%s:\n%s\nin %s", place, reasons, shorten(body))
	}
	return nil
}

// checkRequest returns how a request that was granted differs from the description.
func (d *Document) checkRequest(request *http.Request) error {
	route, parameters, err := d.route(request)
	if err != nil {
		return nil // the answer has been looked at
	}
	copied := request.Clone(context.Background())
	copied.Body = http.NoBody
	if request.GetBody != nil {
		if copied.Body, err = request.GetBody(); err != nil {
			return fmt.Errorf("get the body of the request again: %w", err)
		}
	}
	err = openapi3filter.ValidateRequest(copied.Context(), &openapi3filter.RequestValidationInput{
		Request:    copied,
		PathParams: parameters,
		Route:      route,
		Options:    &openapi3filter.Options{AuthenticationFunc: authenticated, SkipSettingDefaults: true, MultiError: true},
	})
	if err != nil {
		return fmt.Errorf("%s %s was granted, but the request is not as openapi.yaml has it: %w", request.Method, request.URL.RequestURI(), err)
	}
	return nil
}

// authenticated tells whether a request carries what a way to authenticate asks for.
func authenticated(_ context.Context, in *openapi3filter.AuthenticationInput) error {
	scheme, _, _ := strings.Cut(in.RequestValidationInput.Request.Header.Get("Authorization"), " ")
	if want := cmp.Or(in.SecurityScheme.Scheme, "bearer"); !strings.EqualFold(scheme, want) {
		return errors.New("no " + want + " token")
	}
	return nil
}

// shorten cuts a long body.
func shorten(body []byte) string {
	const longest = 400
	if len(body) <= longest {
		return string(body)
	}
	return string(body[:longest]) + "…"
}
