package page_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/emptypb"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/kit/internal/echo"
	"github.com/tandem-badges/tandem/services/kit/page"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

func TestPageSize(t *testing.T) {
	cases := map[string]struct {
		size, want int
		refused    bool
	}{
		"none given means the default":    {size: 0, want: 20},
		"a small one is taken":            {size: 1, want: 1},
		"the limit is taken":              {size: 100, want: 100},
		"more than the limit is cut":      {size: 101, want: 100},
		"a negative one is refused":       {size: -1, refused: true},
		"the lowest number is refused":    {size: -1 << 31, refused: true},
		"the highest number is cut":       {size: 1<<31 - 1, want: 100},
		"the default need not be in play": {size: 20, want: 20},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p, err := page.Parse(echo.New(t, fmt.Sprintf(`{"page_size": %d}`, c.size)), 20, 100)
			if c.refused {
				requireViolation(t, err, "page_size", "not_negative")
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, p.Size)
			require.Nil(t, p.After)
		})
	}
}

func TestTokenLeadsToTheNextPage(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		keys := rapid.SliceOfN(rapid.String(), 1, 4).Draw(rt, "keys")
		first, err := page.Parse(echo.New(t, `{"name": "teams/-"}`), 20, 100)
		require.NoError(rt, err)
		for i := range keys {
			keys[i] = strings.ToValidUTF8(keys[i], "")
		}
		next, err := page.Parse(echo.New(t, fmt.Sprintf(`{"name": "teams/-", "page_size": 5, "page_token": %q}`, first.Next(keys...))), 20, 100)
		require.NoError(rt, err)
		require.Equal(rt, keys, next.After)
		require.Equal(rt, 5, next.Size, "the size may change between pages")
	})
}

func TestForeignTokensAreRefused(t *testing.T) {
	p, err := page.Parse(echo.New(t, `{"name": "teams/-", "text": "a"}`), 20, 100)
	require.NoError(t, err)
	token := p.Next("k1", "k2")
	cases := map[string]string{
		"another filter":         fmt.Sprintf(`{"name": "teams/-", "text": "b", "page_token": %q}`, token),
		"a filter less":          fmt.Sprintf(`{"name": "teams/-", "page_token": %q}`, token),
		"a changed letter":       fmt.Sprintf(`{"name": "teams/-", "text": "a", "page_token": %q}`, flip(token)),
		"a cut token":            fmt.Sprintf(`{"name": "teams/-", "text": "a", "page_token": %q}`, token[:len(token)-2]),
		"a made-up token":        `{"name": "teams/-", "text": "a", "page_token": "abc"}`,
		"no base64":              `{"name": "teams/-", "text": "a", "page_token": "*"}`,
		"an endless token":       fmt.Sprintf(`{"name": "teams/-", "text": "a", "page_token": %q}`, strings.Repeat("a", 5000)),
		"the token, then spaces": fmt.Sprintf(`{"name": "teams/-", "text": "a", "page_token": %q}`, token+" "),
	}
	for name, request := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := page.Parse(echo.New(t, request), 20, 100)
			requireViolation(t, err, "page_token", "from_previous_page")
		})
	}
}

func TestParseLeavesTheRequestAlone(t *testing.T) {
	request := `{"page_size": 5, "text": "a"}`
	req := echo.New(t, request)
	_, err := page.Parse(req, 20, 100)
	require.NoError(t, err)
	require.Equal(t, echo.New(t, request).String(), req.String())
}

func TestRequestWithoutPagingIsAProgrammingError(t *testing.T) {
	_, err := page.Parse(&emptypb.Empty{}, 20, 100)
	require.ErrorContains(t, err, "google.protobuf.Empty has no page_size")
	require.False(t, problem.Is(err, problem.KindInvalid))
}

func FuzzParse(f *testing.F) {
	p, err := page.Parse(echo.New(f, `{"text": "a"}`), 20, 100)
	require.NoError(f, err)
	f.Add(p.Next("k"), int32(3))
	f.Add("", int32(-1))
	f.Add("bnVsbA", int32(0))
	f.Fuzz(func(t *testing.T, token string, size int32) {
		req := echo.New(t, `{"text": "a"}`)
		fields := req.Descriptor().Fields()
		req.Set(fields.ByName("page_token"), protoreflect.ValueOfString(token))
		req.Set(fields.ByName("page_size"), protoreflect.ValueOfInt32(size))
		got, err := page.Parse(req, 20, 100)
		if err != nil {
			require.True(t, problem.Is(err, problem.KindInvalid), "%v", err)
			return
		}
		require.GreaterOrEqual(t, got.Size, 1)
		require.LessOrEqual(t, got.Size, 100)
		if token != "" {
			require.Equal(t, token, got.Next(got.After...), "an accepted token is the one that was given out")
		}
	})
}

func flip(token string) string {
	last := token[len(token)-3]
	other := byte('A')
	if last == other {
		other = 'B'
	}
	return token[:len(token)-3] + string(other) + token[len(token)-2:]
}

func requireViolation(t *testing.T, err error, field, rule string) {
	t.Helper()
	e, ok := problem.As(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, problem.KindInvalid, e.Kind)
	require.Len(t, e.Violations, 1)
	require.Equal(t, field, e.Violations[0].Field)
	require.Equal(t, rule, e.Violations[0].Rule)
	require.NotEmpty(t, e.Violations[0].Fix)
}
