package demo

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/tandem/internal/fakeinstance"
)

const list = `district_id,district_name,school_id,school_name,charter,total,grade_low_2020,grade_high_2020
0020,Second,0300,Hill School,true,1200,09,12
0010,First,0187,Lake School,false,392,K,05
0010,First,0212,"River, School",false,0,,
`

func writeList(t *testing.T, content string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "data"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, filepath.FromSlash(coloradoFile)), []byte(content), 0o600))
	return folder
}

func TestTheListOfARealStateIsLoadedAndCounted(t *testing.T) {
	instance := fakeinstance.New(t)
	var out bytes.Buffer
	opts := Options{URL: instance.URL, Seed: DefaultSeed, Out: &out}
	folder := writeList(t, list)
	require.NoError(t, LoadColorado(t.Context(), opts, folder))
	require.NoError(t, LoadColorado(t.Context(), opts, folder), "again is fine")
	require.Contains(t, out.String(), "Colorado: 2 districts, 3 schools, 1,592 students")

	school := instance.Get("districts/0010/schools/0187")
	require.Equal(t, "Lake School", school["title"])
	require.Equal(t, "0187", school["stateIdentifier"])
	require.Equal(t, "K", school["gradeLow"])
	require.InDelta(t, 392, school["enrollment"], 0)
	require.Equal(t, true, instance.Get("districts/0020/schools/0300")["charter"])
	require.NotContains(t, instance.Get("districts/0010/schools/0212"), "gradeLow", "unknown stays open")
	require.NotNil(t, instance.Get("districts/0010/people/coordinator-0010"))
}

func TestWhatIsWrongWithTheListIsSaid(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"a column is missing":    {strings.Replace(list, "charter", "chartered", 1), "column charter is missing"},
		"a number is none":       {strings.Replace(list, "392", "many", 1), "line 3: total"},
		"a row is too short":     {list + "0030,Third\n", "line 5"},
		"the file has no header": {"", "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readColorado(filepath.Join(writeList(t, c.content), filepath.FromSlash(coloradoFile)))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestWithoutTheListItSaysWhereItLooked(t *testing.T) {
	err := LoadColorado(t.Context(), Options{URL: "http://127.0.0.1:1", Out: &bytes.Buffer{}}, t.TempDir())
	require.ErrorContains(t, err, coloradoFile)
	require.ErrorContains(t, err, "TANDEM_SHARED")
}

func TestThousandsAreSetApart(t *testing.T) {
	for n, want := range map[int]string{0: "0", 186: "186", 1907: "1,907", 881446: "881,446", 1000000: "1,000,000"} {
		require.Equal(t, want, thousands(n))
	}
}
