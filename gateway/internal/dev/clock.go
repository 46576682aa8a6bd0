package dev

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/gateway/internal/problems"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	bodyLimit = 64 << 10
	day       = 24 * time.Hour
	furthest  = 100 * 365 * day // keeps every sum within what a time can hold
)

// told is the answer of the clock routes.
type told struct {
	Now time.Time `json:"now"`
}

func (h *Handler) clock(w http.ResponseWriter, _ *http.Request) {
	answer(w, told{h.opts.Now()})
}

// move says how far to move the clock, in one of three ways.
type move struct {
	Duration *string  `json:"duration"`
	Days     *float64 `json:"days"`
	To       *string  `json:"to"`
}

func (h *Handler) advance(w http.ResponseWriter, r *http.Request) {
	var m move
	refusal := read(w, r, &m)
	var by time.Duration
	if refusal == nil {
		by, refusal = m.by(h.opts.Now())
	}
	if refusal != nil {
		problems.Write(w, r, refusal)
		return
	}
	now, err := h.opts.Advance(r.Context(), by)
	if err != nil {
		problems.Error(w, r, err)
		return
	}
	answer(w, told{now.UTC()})
}

// by returns the distance, which is never negative: what has happened has
// happened.
func (m move) by(now time.Time) (time.Duration, *problems.Problem) {
	var by time.Duration
	var err error
	field, given := "", 0
	if m.Duration != nil {
		field, given = "duration", given+1
		by, err = time.ParseDuration(*m.Duration)
	}
	if m.Days != nil {
		field, given = "days", given+1
		by = time.Duration(min(max(*m.Days, -1), float64(furthest/day)+1) * float64(day))
	}
	if m.To != nil {
		field, given = "to", given+1
		var to time.Time
		to, err = time.Parse(time.RFC3339, *m.To)
		by = to.Sub(now)
	}
	switch {
	case given != 1:
		return 0, problems.Invalid(problems.Violation{Field: "duration", Rule: "one_of", Fix: `Give one of {"duration": "720h"}, {"days": 30} and {"to": "2027-01-31T08:00:00Z"}.`})
	case err != nil:
		return 0, problems.Invalid(problems.Violation{Field: field, Rule: "format", Fix: "Give a duration such as 720h, or a time such as 2027-01-31T08:00:00Z."})
	case by < 0:
		return 0, problems.Invalid(problems.Violation{Field: field, Rule: "forwards", Fix: "The clock never goes back; give a time that is still to come."})
	case by > furthest:
		return 0, problems.Invalid(problems.Violation{Field: field, Rule: "max", Fix: "Move the clock by at most 100 years."})
	}
	return by, nil
}

// read decodes a small JSON object and refuses fields that it does not know.
// Only JSON is taken, which a page of another origin cannot send unasked.
func read(w http.ResponseWriter, r *http.Request, into any) *problems.Problem {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return problems.New(http.StatusUnsupportedMediaType, problem.ReasonFieldInvalid, "Set the header Content-Type to application/json.",
			problems.Violation{Field: "Content-Type", Rule: "media_type", Fix: "Set it to application/json."})
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return nil
	case errors.As(err, &wrong) && wrong.Field != "":
		return problems.Invalid(problems.Violation{Field: wrong.Field, Rule: "wrong_type", Fix: "Give a " + word(wrong.Type) + "."})
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		name := strings.Trim(strings.TrimPrefix(err.Error(), "json: unknown field "), `"`)
		return problems.Invalid(problems.Violation{Field: name, Rule: "unknown_field", Fix: "Remove it or correct its spelling."})
	default:
		return problems.Invalid(problems.Violation{Field: "body", Rule: "json_syntax", Fix: "Send one small JSON object."})
	}
}

// word is what JSON calls a type.
func word(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Float64:
		return "number"
	default:
		return "value of another kind"
	}
}
