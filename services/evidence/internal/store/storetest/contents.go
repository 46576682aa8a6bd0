package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/evidence/internal/artifact"
)

func content(digit string, state artifact.ContentState) artifact.Content {
	return artifact.Content{District: "0880", SHA256: strings.Repeat(digit, 64), Size: 7, State: state, UpdateTime: kittest.Start(), Version: 1}
}

func contents(t *testing.T, s Stores) {
	t.Helper()
	c := content("1", artifact.Arriving)
	require.NoError(t, s.Artifacts.AddContent(kittest.All(t), c))
	again := c
	again.State, again.Size = artifact.Stored, 99
	require.NoError(t, s.Artifacts.AddContent(kittest.All(t), again))
	got, err := s.Artifacts.Content(kittest.All(t), c.District, c.SHA256)
	require.NoError(t, err)
	require.Equal(t, c, got, "the first row stays")
	_, err = s.Artifacts.Content(kittest.All(t), "0990", c.SHA256)
	require.True(t, problem.Is(err, problem.KindNotFound))

	require.NoError(t, s.Artifacts.LoosenContent(kittest.All(t), c.District, c.SHA256))
	got, err = s.Artifacts.Content(kittest.All(t), c.District, c.SHA256)
	require.NoError(t, err)
	require.Equal(t, c, got, "only stored contents become loose")

	c.State, c.Version = artifact.Stored, 2
	require.NoError(t, s.Artifacts.SaveContent(kittest.All(t), c))
	require.True(t, problem.Is(s.Artifacts.SaveContent(kittest.All(t), c), problem.KindAborted))
	require.NoError(t, s.Artifacts.LoosenContent(kittest.All(t), c.District, c.SHA256))
	require.NoError(t, s.Artifacts.ForgetContent(kittest.All(t), c), "of another version: nothing happens")
	got, err = s.Artifacts.Content(kittest.All(t), c.District, c.SHA256)
	require.NoError(t, err)
	require.Equal(t, artifact.Loose, got.State)
	require.EqualValues(t, 3, got.Version)
	require.NoError(t, s.Artifacts.ForgetContent(kittest.All(t), got))
	_, err = s.Artifacts.Content(kittest.All(t), c.District, c.SHA256)
	require.True(t, problem.Is(err, problem.KindNotFound))
}

func sweepable(t *testing.T, s Stores) {
	t.Helper()
	old := content("a", artifact.Arriving)
	old.UpdateTime = kittest.Start().Add(-time.Hour)
	for _, c := range []artifact.Content{content("1", artifact.Arriving), content("2", artifact.Stored), content("3", artifact.Loose), content("4", artifact.Erasing), old} {
		require.NoError(t, s.Artifacts.AddContent(kittest.All(t), c))
	}
	got, err := s.Artifacts.Sweepable(kittest.All(t), kittest.Start(), 10)
	require.NoError(t, err)
	require.Equal(t, []artifact.Content{old, content("3", artifact.Loose), content("4", artifact.Erasing)}, got)
	got, err = s.Artifacts.Sweepable(kittest.All(t), kittest.Start(), 1)
	require.NoError(t, err)
	require.Equal(t, []artifact.Content{old}, got)
}

func uses(t *testing.T, s Stores) {
	t.Helper()
	a := row("a")
	require.NoError(t, s.Artifacts.AddArtifact(kittest.All(t), a))
	used := func(district, sha256 string) bool {
		out, err := s.Artifacts.UsesContent(kittest.All(t), district, sha256)
		require.NoError(t, err)
		return out
	}
	require.True(t, used("0880", a.SHA256))
	require.False(t, used("0990", a.SHA256))
	a.State, a.Version = artifact.Withdrawn, 2
	require.NoError(t, s.Artifacts.SaveArtifact(kittest.All(t), a))
	require.False(t, used("0880", a.SHA256))
	m := manifest("m1", 1)
	require.NoError(t, s.Portfolios.AddManifest(kittest.All(t), m))
	require.True(t, used("0880", m.Entries[0].SHA256))
	require.NoError(t, s.Portfolios.AddManifest(kittest.All(t), manifest("m2", 2)), "which may list the same content")
}
