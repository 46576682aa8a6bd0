package csvtable_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/assessments/disclosure"
	"github.com/tandem-badges/tandem/services/assessments/disclosure/csvtable"
)

// file is a published table by hand: options, header and lines.
func file(options, lines string) string {
	return "# tandem-table/1 minimum=5 zeros=false " + options + "\n" + lines
}

const (
	bySchool = "rows=school groups=district cells=yes,no total=all"
	header   = "district,school,yes,no,all\n"
)

// possible is what an audit says of a hidden number.
func possible(t require.TestingT, joint *csvtable.Joint, report disclosure.Report, label string) string {
	at := slices.IndexFunc(report.Intervals, func(i disclosure.Interval) bool {
		return joint.System.Cells[i.Cell].Label == label
	})
	require.GreaterOrEqual(t, at, 0, "%s is not hidden", label)
	i := report.Intervals[at]
	if i.High == disclosure.Unbounded {
		return fmt.Sprint(i.Low, "+")
	}
	return fmt.Sprint(i.Low, "-", i.High)
}

func TestFilesAreTiedByWhomTheyCount(t *testing.T) {
	everywhere := file(bySchool, header+"d1,s1,*,*,20\nd1,s2,*,*,30\nd1,,25,25,50\n")
	for name, c := range map[string]struct {
		files []string
		label string
		want  string
	}{
		"alone":                      {[]string{everywhere}, "school s1, yes", "0-20"},
		"another shows it":           {[]string{everywhere, file("rows=school cells=yes", "school,yes\ns1,7\n")}, "school s1, yes", "7-7"},
		"another shows its neighbor": {[]string{everywhere, file("rows=school cells=yes", "school,yes\ns2,21\n")}, "school s1, yes", "4-4"},
		"another population":         {[]string{everywhere, file("population=staff rows=school cells=yes", "school,yes\ns2,21\n")}, "school s1, yes", "0-20"},
		"rows are groups of the other": {[]string{
			file(bySchool, header+"d1,s1,*,4,*\nd1,s2,9,3,12\nd1,,*,7,*\n"),
			file("rows=district cells=yes,no total=all", "district,yes,no,all\nd1,14,7,21\n"),
		}, "school s1, yes", "5-5"},
		"fewer rows with a total": {[]string{
			file("rows=school cells=yes", "school,yes\ns1,*\ns2,*\ns3,*\n,30\n"),
			file("rows=school cells=yes", "school,yes\ns1,*\ns2,*\n,22\n"),
		}, "school s3, yes", "8-8"},
		"more rows than a group prints": {[]string{
			file("rows=school groups=district cells=yes", "district,school,yes\nd1,s1,*\nd1,s2,3\n"),
			file("rows=district cells=yes", "district,yes\nd1,11\n"),
		}, "school s1, yes", "0-8"},
		"a selection has totals of its own": {[]string{
			file("rows=school groups=district cells=yes selection=charter", "district,school,yes\nd1,s1,*\nd1,,9\n"),
			file("rows=district cells=yes", "district,yes\nd1,11\n"),
		}, "school s1, yes", "9-9"},
		"totals of other columns": {[]string{
			file("rows=school cells=a,b total=all", "school,a,b,all\ns1,*,4,*\n"),
			file("rows=school cells=x,y total=all", "school,x,y,all\ns1,5,6,11\n"),
		}, "school s1, a", "7-7"},
		"totals of fewer columns": {[]string{
			file("rows=school cells=a,b,c total=all", "school,a,b,c,all\ns1,*,*,4,20\n"),
			file("rows=school cells=b,c total=all", "school,b,c,all\ns1,*,4,15\n"),
		}, "school s1, a", "5-5"},
		"nothing limits it": {[]string{file("rows=school cells=yes", "school,yes\ns1,*\n")}, "school s1, yes", "0+"},
		"groups in groups": {[]string{
			file("rows=school groups=feeder,district cells=yes", "table_level,feeder,district,school,yes\nrow,f1,d1,s1,*\nrow,f1,d1,s2,6\nrow,f2,d1,s3,9\n"+
				"total by feeder,f1,d1,,*\ntotal by feeder,f2,d1,,9\ntotal by district,,d1,,*\ntotal,,,,17\n"),
		}, "school s1, yes", "2-2"},
	} {
		t.Run(name, func(t *testing.T) {
			joint, report := audited(t, c.files...)
			require.Equal(t, c.want, possible(t, joint, report, c.label))
		})
	}
}

func TestFilesThatContradictEachOtherAreRefused(t *testing.T) {
	one := read(t, "one.csv", file("rows=school cells=yes", "school,yes\ns1,7\n"))
	two := read(t, "two.csv", file("rows=school cells=yes", "school,yes\ns1,8\n"))
	_, err := csvtable.Join(one, two)
	require.EqualError(t, err, "two.csv: line 3, column yes: 8 contradicts 7 of the same number in one.csv; "+
		"if they count different people, give the tables different populations or selections, or the totals different names")

	for name, lines := range map[string]string{
		"a sum that is wrong":             "d1,s1,5,6,12\n",
		"parts larger than the total":     "d1,s1,*,21,20\n",
		"hidden numbers that cannot be":   "d1,s1,*,*,20\nd1,s2,*,*,30\nd1,,25,24,50\n",
		"implied sums that contradict it": "d1,s1,*,*,20\nd1,s2,*,*,30\nd1,,25,25,*\n,,25,24,*\n",
	} {
		t.Run(name, func(t *testing.T) {
			joint, err := csvtable.Join(read(t, "x", file(bySchool, header+lines)))
			require.NoError(t, err)
			_, err = joint.System.AuditUnknown(t.Context())
			require.ErrorIs(t, err, disclosure.ErrContradiction)
		})
	}
}

// TestPartsOfAFileTellNothingNew audits a table beside pieces of itself.
func TestPartsOfAFileTellNothingNew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := randomTable().Draw(t, "table")
		_, err := table.Protect(t.Context())
		require.NoError(t, err)
		whole := written(t, table)
		_, want := audited(t, whole)

		rows := *table
		rows.Records = slices.DeleteFunc(slices.Clone(table.Records), func(r csvtable.Record) bool { return !r.Row })
		rows.Records = rows.Records[:rapid.IntRange(1, len(rows.Records)).Draw(t, "rows")]
		pieces := []string{whole, written(t, &rows)}
		for g, column := range table.Groups {
			pieces = append(pieces, groupsAsRows(t, table, g, column))
		}
		_, got := audited(t, pieces...)
		require.Equal(t, len(want.Intervals), len(got.Intervals))
		for i := range want.Intervals {
			require.Equal(t, want.Intervals[i].Low, got.Intervals[i].Low)
			require.Equal(t, want.Intervals[i].High, got.Intervals[i].High)
		}
	})
}

// groupsAsRows is the file whose rows are a table's groups.
func groupsAsRows(t *rapid.T, table *csvtable.Table, g int, column string) string {
	groups := *table
	groups.Rows, groups.Groups, groups.Records = column, nil, nil
	for _, r := range table.Records {
		if r.Group == column {
			r.Row, r.Group = true, ""
			groups.Records = append(groups.Records, r)
		}
	}
	groups.Records = append(groups.Records, table.Records[len(table.Records)-1])
	return written(t, &groups)
}

func FuzzRead(f *testing.F) {
	f.Add(file(bySchool, header+"d1,s1,*,*,20\nd1,s2,*,*,30\nd1,,25,25,50\n"))
	f.Add(file("rows=school groups=feeder,district cells=yes", "table_level,feeder,district,school,yes\nrow,f1,d1,s1,*\ntotal,,,,17\n"))
	f.Add("\ufeff\"# tandem-table/1 rows=a cells=b%20c minimum=3\",,\r\na,\"b c\"\r\n1,*\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := csvtable.Read("x", strings.NewReader(text))
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		again := read(t, "x", written(t, table))
		require.Equal(t, written(t, table), written(t, again), "what was read is written so that it reads the same")
		joint, err := csvtable.Join(table)
		require.NoError(t, err)
		if _, err := joint.System.AuditUnknown(t.Context()); err != nil {
			require.ErrorIs(t, err, disclosure.ErrContradiction)
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add(schools)
	f.Add("\ufeff" + strings.ReplaceAll(schools, "\n", "\r\n"))
	f.Fuzz(func(t *testing.T, text string) {
		table, err := csvtable.Load("x", strings.NewReader(text), layout())
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		_, err = table.Protect(t.Context())
		require.NoError(t, err)
		_, report := audited(t, written(t, table))
		require.True(t, report.Clean())
	})
}

// TestASecondTableKeepsTheFirstOne publishes districts after schools, or a table
// with more groups, and audits all bytes together.
func TestASecondTableKeepsTheFirstOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := randomTable().Draw(t, "table")
		raw := written(t, table)
		first := *read(t, "first", raw)
		if rapid.Bool().Draw(t, "fewer rows") {
			first.Records = slices.DeleteFunc(first.Records, func(r csvtable.Record) bool { return !r.Row })
			first.Records = first.Records[:rapid.IntRange(1, len(first.Records)).Draw(t, "rows")]
		} else if len(table.Groups) > 0 {
			first = *read(t, "first", groupsAsRows(t, table, 0, table.Groups[0]))
		}
		_, err := first.Protect(t.Context())
		require.NoError(t, err)
		earlier := read(t, "earlier", written(t, &first))
		_, err = table.ProtectAfter(t.Context(), earlier)
		require.NoError(t, err)
		_, report := audited(t, written(t, table), written(t, earlier))
		require.True(t, report.Clean(), "%s%s", written(t, table), written(t, earlier))
		requireSameButHidden(t, raw, written(t, table))
	})
}

func TestEarlierTablesHaveToBeOfTheSameNumbers(t *testing.T) {
	earlier := read(t, "earlier", file("rows=school cells=yes,no", "school,yes,no\ns1,4,20\n"))
	_, err := load(t, schools, layout()).ProtectAfter(t.Context(), earlier)
	require.ErrorContains(t, err, "4 contradicts 3 of the same number in raw.csv")

	earlier = read(t, "earlier", file("rows=school cells=yes,maybe", "school,yes,maybe\ns1,*,*\n"))
	_, err = load(t, schools, layout()).ProtectAfter(t.Context(), earlier)
	require.EqualError(t, err, "raw.csv: school s1, maybe and 0 more hidden numbers of the earlier tables cannot be worked out from this one; protect a table that has all of them")

	earlier = read(t, "earlier", file("rows=school cells=yes", "school,yes\ns1,*\ns2,12\n,16\n"))
	_, err = load(t, schools, layout()).ProtectAfter(t.Context(), earlier)
	require.EqualError(t, err, "raw.csv: the numbers cannot be those of which the earlier tables tell: sums differ")
}
