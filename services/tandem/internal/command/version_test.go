package command

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheVersionIsOneLineOrJSON(t *testing.T) {
	var line bytes.Buffer
	require.NoError(t, (&VersionCmd{}).print(&line, "v1.2.3", "0123abcd"))
	require.Equal(t, "tandem v1.2.3\n", line.String())

	var text bytes.Buffer
	require.NoError(t, (&VersionCmd{JSON: true}).print(&text, "v1.2.3", "0123abcd"))
	var report versionReport
	require.NoError(t, json.Unmarshal(text.Bytes(), &report))
	require.Equal(t, "v1.2.3", report.Version)
	require.Equal(t, "0123abcd", report.Revision)
	require.Regexp(t, `^go1\.`, report.Go)
	require.Contains(t, report.Platform, "linux/")
	require.Len(t, report.Schemas, 6)
	require.Positive(t, report.Schemas["platform"])
}
