package status_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/badges/credential/status"
)

// emptyList is 16,384 zero bytes as another implementation compressed them.
const emptyList = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"

func code(t require.TestingT, err error) status.Code {
	var e *status.Error
	require.ErrorAs(t, err, &e)
	require.NotEmpty(t, e.Detail)
	return e.Code
}

// packed compresses bytes and puts them into the text of a list.
func packed(t testing.TB, raw []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	_, err := zip.Write(raw)
	require.NoError(t, err)
	require.NoError(t, zip.Close())
	return out.Bytes()
}

func text(raw []byte) string { return "u" + base64.RawURLEncoding.EncodeToString(raw) }

func TestTheEmptyListOfAnotherImplementationIsRead(t *testing.T) {
	b, err := status.Decode(emptyList)
	require.NoError(t, err)
	require.Equal(t, status.MinEntries, b.Len())
	require.Equal(t, make([]byte, 16_384), b.Bytes())
}

func TestTheFirstEntryIsTheMostSignificantBit(t *testing.T) {
	b, err := status.NewBits(status.MinEntries)
	require.NoError(t, err)
	for _, i := range []int{0, 9, 131_071} {
		require.NoError(t, b.Set(i))
	}
	require.Equal(t, byte(0x80), b.Bytes()[0])
	require.Equal(t, byte(0x40), b.Bytes()[1])
	require.Equal(t, byte(0x01), b.Bytes()[16_383])
}

func TestListsAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := status.MinEntries + 8*rapid.IntRange(0, 1000).Draw(t, "more")
		b, err := status.NewBits(n)
		require.NoError(t, err)
		set := map[int]bool{}
		for _, i := range rapid.SliceOf(rapid.IntRange(0, n-1)).Draw(t, "set") {
			set[i] = true
			require.NoError(t, b.Set(i))
		}
		encoded, err := b.Encode()
		require.NoError(t, err)
		back, err := status.Decode(encoded)
		require.NoError(t, err)
		require.Equal(t, n, back.Len())
		for _, i := range append(rapid.SliceOf(rapid.IntRange(0, n-1)).Draw(t, "asked"), 0, n-1) {
			on, err := back.Get(i)
			require.NoError(t, err)
			require.Equal(t, set[i], on, i)
		}
		for i := range set {
			on, err := back.Get(i)
			require.NoError(t, err)
			require.True(t, on)
		}
		for _, i := range []int{-1, n, n + 7} {
			_, err := back.Get(i)
			require.Equal(t, status.CodeRange, code(t, err))
			require.Equal(t, status.CodeRange, code(t, b.Set(i)))
		}
	})
}

func TestNoListIsMadeThatNobodyMayRead(t *testing.T) {
	for _, n := range []int{0, -8, status.MinEntries - 8, status.MinEntries + 1, status.MaxEntries + 8} {
		_, err := status.NewBits(n)
		require.Equal(t, status.CodeShort, code(t, err), n)
	}
}

func TestTextsThatAreNoListAreRefused(t *testing.T) {
	good := packed(t, make([]byte, 16_384))
	damaged := bytes.Clone(good)
	damaged[len(damaged)-6] ^= 1 // in the checksum
	for name, c := range map[string]struct {
		text string
		want status.Code
	}{
		"nothing":                    {"", status.CodeEncoding},
		"the prefix alone":           {"u", status.CodeEncoding},
		"no prefix":                  {emptyList[1:], status.CodeEncoding},
		"another prefix":             {"z" + emptyList[1:], status.CodeEncoding},
		"an upper-case prefix":       {"U" + emptyList[1:], status.CodeEncoding},
		"padding":                    {"u" + base64.URLEncoding.EncodeToString(append(good, packed(t, nil)[:1]...)), status.CodeEncoding},
		"the other alphabet":         {"u" + strings.ReplaceAll(emptyList[1:], "-", "+"), status.CodeEncoding},
		"a line end":                 {emptyList[:20] + "\n" + emptyList[20:], status.CodeEncoding},
		"a space":                    {emptyList + " ", status.CodeEncoding},
		"not compressed":             {text(make([]byte, 16_384)), status.CodeEncoding},
		"cut off":                    {text(good[:len(good)-9]), status.CodeEncoding},
		"a wrong checksum":           {text(damaged), status.CodeEncoding},
		"something after it":         {text(append(bytes.Clone(good), 0)), status.CodeEncoding},
		"a second list after it":     {text(append(bytes.Clone(good), good...)), status.CodeEncoding},
		"one entry too few":          {text(packed(t, make([]byte, 16_383))), status.CodeShort},
		"no entries":                 {text(packed(t, nil)), status.CodeShort},
		"a bomb":                     {text(packed(t, make([]byte, status.MaxEntries/8+1))), status.CodeEncoding},
		"a bomb of 256 MiB":          {text(packed(t, make([]byte, 256<<20))), status.CodeEncoding},
		"a text of more than 1 MiB":  {"u" + strings.Repeat("A", 1<<20+4), status.CodeEncoding},
		"bits left over in its text": {emptyList[:len(emptyList)-1] + "B", status.CodeEncoding},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := status.Decode(c.text)
			require.Equal(t, c.want, code(t, err), err)
		})
	}
}

// FuzzDecode holds that whatever is read is a list within the limits, and is read the same when it is written again.
func FuzzDecode(f *testing.F) {
	f.Add(emptyList)
	f.Add("u")
	f.Add(text(packed(f, make([]byte, 16_383))))
	f.Add(text(append(packed(f, make([]byte, 16_384)), 1)))
	f.Add(text(packed(f, bytes.Repeat([]byte{0xa5}, 20_000))))
	f.Fuzz(func(t *testing.T, in string) {
		b, err := status.Decode(in)
		if err != nil {
			require.NotEmpty(t, code(t, err))
			return
		}
		require.GreaterOrEqual(t, b.Len(), status.MinEntries)
		require.LessOrEqual(t, b.Len(), status.MaxEntries)
		out, err := b.Encode()
		require.NoError(t, err)
		back, err := status.Decode(out)
		require.NoError(t, err)
		require.Equal(t, b.Bytes(), back.Bytes())
	})
}
