package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/tandem-badges/tandem/gateway/internal/problems"
)

// codec is JSON as clients see it: lower camel names, every field in answers,
// and no field in requests that the API does not know.
type codec struct{ runtime.JSONPb }

func newCodec() runtime.Marshaler {
	return &runtime.HTTPBodyMarshaler{Marshaler: &codec{runtime.JSONPb{
		MarshalOptions: protojson.MarshalOptions{EmitDefaultValues: true},
	}}}
}

// ContentType is the media type of answers.
func (c *codec) ContentType(any) string { return "application/json" }

// NewDecoder returns a decoder of one message, which refuses what does not fit
// with every place named.
func (c *codec) NewDecoder(r io.Reader) runtime.Decoder {
	return runtime.DecoderFunc(func(v any) error {
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(data)) == 0 {
			return io.EOF // no body: every field is unset
		}
		m, ok := message(v)
		if !ok {
			return c.Unmarshal(data, v)
		}
		if err := protojson.Unmarshal(data, m); err != nil {
			return misfit{diagnose(data, m.ProtoReflect().Descriptor(), err)}
		}
		return nil
	})
}

// message returns the message to decode into: generated code hands over either
// the request or a pointer to one of its fields.
func message(v any) (proto.Message, bool) {
	if m, ok := v.(proto.Message); ok {
		return m, true
	}
	field := reflect.ValueOf(v)
	if field.Kind() != reflect.Pointer || field.IsNil() || field.Elem().Kind() != reflect.Pointer {
		return nil, false
	}
	if field.Elem().IsNil() {
		field.Elem().Set(reflect.New(field.Elem().Type().Elem()))
	}
	m, ok := field.Elem().Interface().(proto.Message)
	return m, ok
}

// misfit is the error of a body. Generated code keeps only its text, so the text
// holds everything; unreadable reads it again.
type misfit struct{ violations []problems.Violation }

const misfitPrefix = "body: "

// Error returns the violations as JSON.
func (m misfit) Error() string {
	text, err := json.Marshal(m.violations)
	if err != nil {
		return misfitPrefix + "[]"
	}
	return misfitPrefix + string(text)
}

// unreadable returns the violations of a misfit's text, with paths that begin at
// the request instead of at its field.
func unreadable(text, field string) ([]problems.Violation, error) {
	text, ok := strings.CutPrefix(text, misfitPrefix)
	if !ok {
		return nil, errForeign
	}
	var violations []problems.Violation
	if err := json.Unmarshal([]byte(text), &violations); err != nil {
		return nil, fmt.Errorf("misfit: %w", err)
	}
	for i, v := range violations {
		if field != "" && v.Field != wholeBody {
			violations[i].Field = problems.FieldPath(field) + "." + v.Field
		}
	}
	return violations, nil
}
