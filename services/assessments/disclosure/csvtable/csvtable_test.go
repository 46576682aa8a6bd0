package csvtable_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
	"github.com/tandem-badges/tandem/services/assessments/disclosure/csvtable"
)

const schools = `district,school,name,yes,no
d1,s1,East,3,20
d1,s2,"West, upper",12,15
d2,s3,=North,30,4
`

func layout() csvtable.Layout {
	return csvtable.Layout{
		Rows: "school", Groups: []string{"district"}, Cells: []string{"yes", "no"}, Total: "total", Keep: []string{"name"},
		Rule: disclosure.Rule{Minimum: 5},
	}
}

func load(t require.TestingT, text string, l csvtable.Layout) *csvtable.Table {
	table, err := csvtable.Load("raw.csv", strings.NewReader(text), l)
	require.NoError(t, err)
	return table
}

func written(t require.TestingT, table *csvtable.Table) string {
	var out bytes.Buffer
	require.NoError(t, table.Write(&out))
	return out.String()
}

func read(t require.TestingT, name, text string) *csvtable.Table {
	table, err := csvtable.Read(name, strings.NewReader(text))
	require.NoError(t, err)
	return table
}

// audited audits published files, the first of them under its rule.
func audited(t require.TestingT, files ...string) (*csvtable.Joint, disclosure.Report) {
	var tables []*csvtable.Table
	for i, f := range files {
		tables = append(tables, read(t, fmt.Sprint("file ", i), f))
	}
	joint, err := csvtable.Join(tables...)
	require.NoError(t, err)
	report, err := joint.System.AuditUnknown(contextOf(t))
	require.NoError(t, err)
	return joint, report
}

func TestATableIsWrittenWithItsTotals(t *testing.T) {
	table := load(t, schools, layout())
	require.Equal(t, `# tandem-table/1 rows=school groups=district cells=yes,no total=total minimum=5 zeros=false width=4
table_level,district,school,name,yes,no,total
row,d1,s1,East,3,20,23
row,d1,s2,"West, upper",12,15,27
row,d2,s3,'=North,30,4,34
total by district,d1,,,15,35,50
total by district,d2,,,30,4,34
total,,,,45,39,84
`, written(t, table))
}

func TestAProtectedTableReadsCleanAndItsSumsAreTrue(t *testing.T) {
	table := load(t, schools, layout())
	outcome, err := table.Protect(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, outcome.Primary, "s1 yes, s3 no, and district d2 with its one school")
	_, report := audited(t, written(t, table))
	require.True(t, report.Clean())
	require.Zero(t, report.Recoverable)
}

func TestPrimarySuppressionAloneFails(t *testing.T) {
	table := load(t, schools, layout())
	for r := range table.Records {
		for v := range table.Records[r].Values {
			value := &table.Records[r].Values[v]
			value.Hidden = table.Rule.Protects(value.Count)
		}
	}
	_, report := audited(t, written(t, table))
	require.Equal(t, 3, report.Recoverable)
	require.False(t, report.Clean())
}

func TestNamesWithSpacesAndCommasSurvive(t *testing.T) {
	l := csvtable.Layout{
		Rows: "School id", Groups: []string{"feeder, area"}, Cells: []string{"two or more=2+", "50%"}, Total: "all of them",
		Population: "families 2026, wave 1", Selection: "title I", Rule: disclosure.Rule{Minimum: 6, Zeros: true, Least: 1},
	}
	text := "School id,\"feeder, area\",two or more=2+,50%\r\n0010,a,7,8\r\n0020,a,9,10\r\n"
	table := load(t, "\ufeff"+text, l)
	again := read(t, "x", written(t, table))
	require.Equal(t, l, again.Layout)
	require.Equal(t, written(t, table), written(t, again))
}

func TestSpreadsheetsMayHandleTheFirstLine(t *testing.T) {
	text := written(t, load(t, schools, layout()))
	first, rest, _ := strings.Cut(text, "\n")
	for _, line := range []string{first + ",,,,,", `"` + first + `",,,`, "\ufeff" + first, first + "\r", first + ";;"} {
		require.Equal(t, read(t, "x", text), read(t, "x", line+"\n"+rest))
	}
}

func TestRawDataThatAreWrong(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":         {"", "raw.csv: the file has no header"},
		"no rows":         {"district,school,name,yes,no\n", "raw.csv: the file has no rows"},
		"missing column":  {"district,name,yes\n", "raw.csv: line 1: the header has no column school, no"},
		"twice in header": {"district,school,name,yes,no,yes\n", "raw.csv: line 1, column yes: the header has this column twice"},
		"negative":        {schools + "d2,s4,x,-1,4\n", `raw.csv: line 5, column yes: "-1" is not a whole number of zero or more`},
		"not a number":    {schools + "d2,s4,x,1,four\n", `raw.csv: line 5, column no: "four" is not a whole number of zero or more`},
		"fraction":        {schools + "d2,s4,x,1.0,4\n", `raw.csv: line 5, column yes: "1.0" is not a whole number of zero or more`},
		"too large":       {schools + "d2,s4,x,1,1000000001\n", `raw.csv: line 5, column no: "1000000001" is not a whole number up to 1000000000`},
		"empty cell":      {schools + "d2,s4,x,,4\n", "raw.csv: line 5, column yes: is empty; write 0 where nobody is"},
		"empty id":        {schools + "d2, ,x,1,4\n", "raw.csv: line 5, column school: is empty"},
		"empty group":     {schools + ",s4,x,1,4\n", "raw.csv: line 5, column district: is empty"},
		"duplicate":       {schools + "d2,s1,x,1,4\n", `raw.csv: line 5, column school: "s1" stands in line 2 already`},
		"formula":         {schools + "d2,=s4,x,1,4\n", "raw.csv: line 5, column school: begins like a formula, which spreadsheets would run"},
		"short line":      {schools + "d2,s4\n", "raw.csv: line 5: wrong number of fields"},
		"quotes":          {schools + "d2,s\"4,x,1,4\n", "raw.csv: line 5: bare \" in non-quoted-field"},
		"wrong total":     {"district,school,name,yes,no,total\nd1,s1,x,1,2,4\n", "raw.csv: line 2, column total: is 4, but the cells add up to 3; give the sum another name with --total"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := csvtable.Load("raw.csv", strings.NewReader(c.text), layout())
			require.EqualError(t, err, c.want)
		})
	}
}

func TestPublishedTablesThatAreWrong(t *testing.T) {
	const first = "# tandem-table/1 rows=school groups=district cells=yes,no total=total minimum=5 zeros=false\n"
	const header = "district,school,yes,no,total\n"
	for name, c := range map[string]struct{ text, want string }{
		"raw":         {schools, "x: line 1: the first line has to begin with \"# tandem-table/1\" and to say what the columns are, as `tandem disclosure protect` writes it"},
		"version":     {"# tandem-table/10 rows=a cells=b\n", "x: line 1: the first line has to begin with \"# tandem-table/1\" and to say what the columns are, as `tandem disclosure protect` writes it"},
		"no minimum":  {"# tandem-table/1 rows=school cells=yes\n", "x: line 1: the first line has no minimum"},
		"unknown":     {"# tandem-table/1 rows=school cells=yes minimum=5 colour=red\n", "x: line 1: the first line, colour: is not known"},
		"twice":       {"# tandem-table/1 rows=school cells=yes minimum=5 minimum=6\n", "x: line 1: the first line says minimum twice"},
		"no header":   {first, "x: the file has no header"},
		"column":      {first + "district,school,yes,no\n", "x: line 2: the header has no column total"},
		"no rows":     {first + header, "x: the file has no rows"},
		"empty":       {first + header + "d1,s1,,*,*\n", `x: line 3, column yes: "" is not a whole number of zero or more, and not * for a hidden number`},
		"text":        {first + header + "d1,s1,<5,*,*\n", `x: line 3, column yes: "<5" is not a whole number of zero or more, and not * for a hidden number`},
		"row twice":   {first + header + "d1,s1,*,*,*\nd1,s1,*,*,*\n", "x: line 4: school s1 stands in line 3 already"},
		"total twice": {first + header + ",,*,*,*\n,,*,*,*\n", "x: line 4: the total stands in line 3 already"},
		"level":       {first + "table_level," + header + "sum,d1,s1,*,*,*\n", `x: line 3, column table_level: "sum" is no level of this table`},
		"unclear": {
			"# tandem-table/1 rows=school groups=feeder,district cells=yes minimum=5\nfeeder,district,school,yes\nf1,d1,,*\n",
			"x: line 3: several groups are named, so that it is not clear of which this is the total; add a column table_level",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := csvtable.Read("x", strings.NewReader(c.text))
			require.EqualError(t, err, c.want)
		})
	}
}

// randomTable is raw data with nested or crossed groups.
func randomTable() *rapid.Generator[*csvtable.Table] {
	return rapid.Custom(func(t *rapid.T) *csvtable.Table {
		l := csvtable.Layout{
			Rows: "school", Cells: []string{"a", "b", "c"}[:rapid.IntRange(1, 3).Draw(t, "columns")], Total: "total",
			Rule: disclosure.Rule{Minimum: rapid.Int64Range(2, 11).Draw(t, "minimum"), Zeros: rapid.Bool().Draw(t, "zeros")},
		}
		groups := rapid.SampledFrom([]string{"", "district", "feeder,district", "district,feeder,kind"}).Draw(t, "groups")
		if groups != "" {
			l.Groups = strings.Split(groups, ",")
		}
		crossed := rapid.Bool().Draw(t, "crossed")
		var text strings.Builder
		fmt.Fprintln(&text, "school,feeder,district,kind,a,b,c")
		counts := rapid.OneOf(rapid.Int64Range(0, 12), rapid.Int64Range(0, 60))
		for i := range rapid.IntRange(1, 12).Draw(t, "rows") {
			feeder := rapid.IntRange(0, 5).Draw(t, "feeder")
			district := feeder / 2
			if crossed {
				district = rapid.IntRange(0, 2).Draw(t, "district")
			}
			fmt.Fprintf(&text, "s%d,f%d,d%d,k%d,%d,%d,%d\n", i, feeder, district, rapid.IntRange(0, 1).Draw(t, "kind"),
				counts.Draw(t, "a"), counts.Draw(t, "b"), counts.Draw(t, "c"))
		}
		return load(t, text.String(), l)
	})
}

// TestWhatIsProtectedPassesTheAuditOfItsBytes holds for nested and crossed groups;
// what is shown is what was counted, and nothing small is.
func TestWhatIsProtectedPassesTheAuditOfItsBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := randomTable().Draw(t, "table")
		before := written(t, table)
		_, err := table.Protect(t.Context())
		require.NoError(t, err)
		for _, r := range table.Records {
			for _, v := range r.Values {
				require.True(t, v.Hidden || !table.Rule.Protects(v.Count))
			}
		}
		after := written(t, table)
		_, report := audited(t, after)
		require.True(t, report.Clean(), "%s", after)
		requireSameButHidden(t, before, after)

		again := read(t, "x", before)
		_, err = again.Protect(t.Context())
		require.NoError(t, err)
		require.Equal(t, after, written(t, again), "the same table is protected in the same way")
	})
}

func requireSameButHidden(t *rapid.T, before, after string) {
	old, young := strings.FieldsFunc(before, isEnd), strings.FieldsFunc(after, isEnd)
	require.Len(t, young, len(old))
	for i := range old {
		require.True(t, young[i] == old[i] || young[i] == "*")
	}
}

func isEnd(r rune) bool { return r == ',' || r == '\n' }
