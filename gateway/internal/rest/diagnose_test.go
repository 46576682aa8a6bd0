package rest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/gateway/internal/problems"
)

func decode(body string) error {
	return newCodec().NewDecoder(strings.NewReader(body)).Decode(&schoolsv1.CreateCycleRequest{})
}

func TestEveryPlaceThatDoesNotFitIsNamedWithWhatBelongsThere(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want []string
	}{
		"a text for a list":       {`{"cycle":{"terms":"fall"}}`, []string{"cycle.terms wrong_type Give a list in which each is an object."}},
		"numbers for texts":       {`{"requestId":1,"cycle":{"title":2}}`, []string{"cycle.title wrong_type Give a text in quotes.", "requestId wrong_type Give a text in quotes."}},
		"a time that is none":     {`{"cycle":{"createTime":"today"}}`, []string{"cycle.createTime wrong_type Give a time such as 2026-09-01T08:00:00Z."}},
		"an unknown enum value":   {`{"cycle":{"windows":[{"phase":"PHASE_NONSENSE"}]}}`, []string{"cycle.windows[0].phase wrong_type Give one of PHASE_FORMING, "}},
		"deep inside of lists":    {`{"cycle":{"terms":[{},{"title":"a","nme":"b"}]}}`, []string{"cycle.terms[1].nme unknown_field Remove it or correct its spelling; known here: title, "}},
		"a list for an object":    {`{"cycle":[]}`, []string{"cycle wrong_type Give an object."}},
		"null is like not given":  {`{"cycle":null,"x":null}`, []string{"x unknown_field"}},
		"a lone surrogate inside": {`{"cycle":{"title":"\ud800"}}`, []string{"body json_value"}},
	} {
		t.Run(name, func(t *testing.T) {
			violations, err := unreadable(decode(c.body).Error(), "")
			require.NoError(t, err)
			require.Len(t, violations, len(c.want), "%v", violations)
			for i, v := range violations {
				require.True(t, strings.HasPrefix(v.Field+" "+v.Rule+" "+v.Fix, c.want[i]), "%v", v)
			}
		})
	}
}

func TestBothNamesOfAFieldAreUnderstood(t *testing.T) {
	require.NoError(t, decode(`{"request_id":"a","cycle":{"title":"x"}}`))
	require.NoError(t, decode(`{"requestId":"a","cycle":{"title":"x","terms":[{"title":"fall"}]}}`))
}

func TestForeignTextsAreNotTakenForOurs(t *testing.T) {
	_, err := unreadable("something else", "")
	require.ErrorIs(t, err, errForeign)
	_, err = unreadable(misfitPrefix+"not JSON", "")
	require.Error(t, err)
}

// Whatever the decoder refuses, the diagnosis finds something to say about, with
// a field, a rule and a fix; and it never falls over.
func FuzzDiagnose(f *testing.F) {
	for _, seed := range []string{`{"cycle":{"terms":[{"id":1}]}}`, `[]`, `{`, `nul`, `{"cycle":{"cycle":{}}}`, `{"a":1,"a":2}`, `"x"`, `{"cycle":{"windows":{}}} {}`} {
		f.Add(seed)
	}
	d := (&schoolsv1.CreateCycleRequest{}).ProtoReflect().Descriptor()
	f.Fuzz(func(t *testing.T, body string) {
		err := protojson.Unmarshal([]byte(body), &schoolsv1.CreateCycleRequest{})
		if err == nil {
			return
		}
		violations := diagnose([]byte(body), d, err)
		require.NotEmpty(t, violations)
		text, err := json.Marshal(violations)
		require.NoError(t, err)
		var back []problems.Violation
		require.NoError(t, json.Unmarshal(text, &back))
		for _, v := range violations {
			require.NotEmpty(t, v.Rule)
			require.NotEmpty(t, v.Fix)
		}
	})
}
