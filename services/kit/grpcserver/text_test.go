package grpcserver

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

func TestTextsHoldNoControlCharacters(t *testing.T) {
	nested, err := structpb.NewStruct(map[string]any{"a": []any{"fine", "bad\x00"}})
	require.NoError(t, err)
	key, err := structpb.NewStruct(map[string]any{"bad\x1b[2J": 1})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		message interface{ ProtoReflect() protoreflect.Message }
		field   string
	}{
		"words of all languages, lines and tabs": {wrapperspb.String("Años\t家族\r\nfamilia 👩‍👧"), ""},
		"bytes are no text":                      {wrapperspb.Bytes([]byte{0}), ""},
		"a zero, which PostgreSQL cannot store":  {wrapperspb.String("a\x00b"), "value"},
		"what a terminal obeys":                  {wrapperspb.String("\x1b[2J"), "value"},
		"an element of a list":                   {&fieldmaskpb.FieldMask{Paths: []string{"a", "b\x7f"}}, "paths[1]"},
		"deep inside":                            {nested, "fields.list_value.values[1].string_value"},
		"a key of a map":                         {key, "fields"},
	} {
		t.Run(name, func(t *testing.T) {
			err := plainText(c.message.ProtoReflect())
			if c.field == "" {
				require.NoError(t, err)
				return
			}
			broken, ok := problem.As(err)
			require.True(t, ok, "%v", err)
			require.Equal(t, problem.KindInvalid, broken.Kind)
			require.Len(t, broken.Violations, 1)
			require.Equal(t, c.field, broken.Violations[0].Field)
			require.Equal(t, "plain_text", broken.Violations[0].Rule)
		})
	}
}
