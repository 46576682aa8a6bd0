package requestid_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/requestid"
)

func TestValid(t *testing.T) {
	cases := map[string]struct {
		id   string
		want bool
	}{
		"a new one":                    {requestid.New(), true},
		"another product's form":       {"4bf92f35-77b3/4da6:a3ce=~!", true},
		"128 characters":               {strings.Repeat("x", 128), true},
		"129 characters":               {strings.Repeat("x", 129), false},
		"empty":                        {"", false},
		"a space":                      {"a b", false},
		"a line break forges log text": {"a\nb", false},
		"a control character":          {"a\x7f", false},
		"letters beyond ASCII":         {"é", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, requestid.Valid(c.id)) })
	}
}

func TestContextCarriesTheID(t *testing.T) {
	require.Empty(t, requestid.From(context.Background()))
	require.Equal(t, "r1", requestid.From(requestid.With(context.Background(), "r1")))
}
