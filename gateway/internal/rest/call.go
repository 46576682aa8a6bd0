package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/gateway/internal/problems"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// call serves the route of an RPC, once it is known who calls.
type call struct {
	route   *Route
	mux     http.Handler
	limit   int64
	timeout time.Duration
}

type callKey struct{}

// ServeHTTP reads query and body and hands the request to grpc-gateway.
func (c *call) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), c.timeout)
	defer cancel()
	r = r.WithContext(withLanguage(context.WithValue(ctx, callKey{}, c.route), r.Header.Get("Accept-Language")))

	r.Header.Del("Grpc-Timeout") // how long a call may take is not the client's to say
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		problems.Write(w, r, problems.Invalid(problems.Violation{Field: "query", Rule: "query_syntax", Fix: "Encode the query as name=value pairs, with percent signs as %25."}))
		return
	}
	if wrong := checkQuery(c.route, query); len(wrong) > 0 {
		problems.Write(w, r, problems.Invalid(wrong...))
		return
	}
	body, refusal := c.body(w, r)
	if refusal != nil {
		problems.Write(w, r, refusal)
		return
	}
	if c.route.Method == http.MethodPatch {
		r.URL = withMask(r.URL, query, c.route, body)
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	c.mux.ServeHTTP(w, r)
}

// body reads the body whole: it is small, and a limit found out while decoding
// could not be told from bad JSON.
func (c *call) body(w http.ResponseWriter, r *http.Request) ([]byte, *problems.Problem) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(c.timeout)) // real time: a limit on the connection
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, c.limit))
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, problems.New(http.StatusRequestEntityTooLarge, problem.ReasonLimitExceeded,
			fmt.Sprintf("The body is larger than %d bytes. Send less at once.", c.limit),
			problems.Violation{Field: wholeBody, Rule: "max_bytes", Fix: fmt.Sprintf("Send at most %d bytes.", c.limit)})
	case err != nil:
		return nil, problems.Invalid(problems.Violation{Field: wholeBody, Rule: "incomplete", Fix: "Send the whole body, without a pause."})
	case len(bytes.TrimSpace(body)) > 0 && c.route.Body != "" && !isJSON(r.Header.Get("Content-Type")):
		return nil, problems.New(http.StatusUnsupportedMediaType, problem.ReasonFieldInvalid,
			"The body is not sent as JSON. Set the header Content-Type to application/json.",
			problems.Violation{Field: "Content-Type", Rule: "media_type", Fix: "Set it to application/json."})
	}
	return body, nil
}

func isJSON(contentType string) bool {
	media, params, err := mime.ParseMediaType(contentType)
	charset := params["charset"]
	return err == nil && media == "application/json" && (charset == "" || strings.EqualFold(charset, "utf-8"))
}
