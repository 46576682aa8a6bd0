package backup

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var everyType = []Column{{"b", typeBool}, {"i", typeInt}, {"t", typeText}, {"x", typeBytes}}

func TestARowIsWrittenAsPostgreSQLWritesIt(t *testing.T) {
	line, err := appendRow(nil, everyType, []any{true, int64(-7), "a\tb\nc\\d\r\b\f\v é ☂ \\N", []byte{0, 255}})
	require.NoError(t, err)
	require.Equal(t, `t`+"\t"+`-7`+"\t"+`a\tb\nc\\d\r\b\f\v é ☂ \\N`+"\t"+`\\x00ff`+"\n", string(line))
	line, err = appendRow(nil, everyType, []any{int64(0), nil, "", []byte{}})
	require.NoError(t, err)
	require.Equal(t, "f\t\\N\t\t\\\\x\n", string(line))
}

func TestARowComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var kept bytes.Buffer
		var want [][]any
		for range rapid.IntRange(0, 5).Draw(t, "rows") {
			row := []any{
				rapid.Int64Range(0, 1).Draw(t, "b"), rapid.Int64().Draw(t, "i"),
				rapid.String().Draw(t, "t"), rapid.SliceOf(rapid.Byte()).Draw(t, "x"),
			}
			for i := range row {
				if rapid.IntRange(0, 4).Draw(t, "null") == 0 {
					row[i] = nil
				}
			}
			line, err := appendRow(nil, everyType, row)
			require.NoError(t, err)
			kept.Write(line)
			want = append(want, row)
		}
		var got [][]any
		require.NoError(t, readRows(&kept, everyType, func(values []any) error {
			got = append(got, values)
			return nil
		}))
		require.Equal(t, want, got)
	})
}

func TestAValueThatIsNotOfItsColumnIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		column Column
		value  any
	}{
		"text that is no UTF-8":          {Column{"t", typeText}, "\xff"},
		"bytes in a text":                {Column{"t", typeText}, []byte("x")},
		"a text in a number":             {Column{"i", typeInt}, "7"},
		"a fraction":                     {Column{"i", typeInt}, 1.5},
		"a number that is neither":       {Column{"b", typeBool}, int64(2)},
		"a type that is not common":      {Column{"r", "real"}, 1.5},
		"a text where bytes are":         {Column{"x", typeBytes}, "x"},
		"a number of PostgreSQL's types": {Column{"n", "numeric"}, int64(1)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := appendRow(nil, []Column{c.column}, []any{c.value})
			require.ErrorContains(t, err, "column "+c.column.Name)
		})
	}
}

func TestALineThatNobodyWroteIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ line, want string }{
		"too few fields":       {"t\t1\tx\n", "4"},
		"too many":             {"t\t1\tx\t\\\\x\ty\n", "5 fields"},
		"no end":               {"t\t1\tx\t\\\\x", "no end"},
		"half an escape":       {"t\t1\tx\\\t\\\\x\n", "backslash at the end"},
		"an escape of nobody":  {"t\t1\t\\q\t\\\\x\n", "no escape"},
		"no number":            {"t\tone\tx\t\\\\x\n", "column i"},
		"neither true nor not": {"x\t1\tx\t\\\\x\n", "neither t nor f"},
		"an empty truth":       {"\t1\tx\t\\\\x\n", "neither t nor f"},
		"bytes without mark":   {"t\t1\tx\t00\n", `\x`},
		"half a byte":          {"t\t1\tx\t\\\\x0\n", "column x"},
	} {
		t.Run(name, func(t *testing.T) {
			err := readRows(strings.NewReader(c.line), everyType, func([]any) error { return nil })
			require.ErrorContains(t, err, c.want)
		})
	}
}

func FuzzRows(f *testing.F) {
	f.Add([]byte("t\t-7\ta\\tb\\\\\t\\\\x00ff\n\\N\t\\N\t\\N\t\\N\n"))
	f.Add([]byte("f\t1\t\t\\\\x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		// What is read is written as it was read, or nothing is read: another form of the same
		// row would have another digest.
		var again []byte
		err := readRows(bytes.NewReader(text), everyType, func(values []any) (err error) {
			again, err = appendRow(again, everyType, values)
			return err
		})
		if err != nil {
			return
		}
		second := []byte{}
		require.NoError(t, readRows(bytes.NewReader(again), everyType, func(values []any) (err error) {
			second, err = appendRow(second, everyType, values)
			return err
		}))
		require.Equal(t, string(again), string(second))
	})
}
