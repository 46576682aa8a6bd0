package restriction_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/services/schools/internal/restriction"
	"github.com/tandem-badges/tandem/services/schools/internal/schoolstest"
)

// TestWhatCouldNotBeAnnouncedIsAnnouncedLater: the change is committed though the
// bus is away, and the next round tells it, also that nothing is forbidden any more.
func TestWhatCouldNotBeAnnouncedIsAnnouncedLater(t *testing.T) {
	w := schoolstest.New(t)
	told := map[string]int{}
	away := true
	complete := 0
	all := &restriction.Announcer{Store: w.Store, Log: kittest.Log(t), Complete: func(context.Context) error { complete++; return nil }, Publish: func(_ context.Context, district string, list []restriction.Restriction) error {
		if away {
			return errors.New("the bus is away")
		}
		told[district] = len(list)
		return nil
	}}
	s := restriction.Service{Store: w.Store, Clock: w.Clock, Actions: []string{"notes.get"}, Announcer: all}
	made, err := s.Create(kittest.All(t), schoolstest.District, "r", restriction.Fields{Actions: []string{"notes.*"}, Reason: "R"})
	require.NoError(t, err)
	require.Empty(t, told)
	require.Error(t, all.Everything(kittest.All(t)))
	require.Zero(t, complete, "a district is missing")
	away = false
	require.NoError(t, all.Everything(kittest.All(t)))
	require.Equal(t, map[string]int{schoolstest.District: 1}, told)
	require.Equal(t, 1, complete)

	away = true
	require.NoError(t, s.Lift(kittest.All(t), made.Name, ""))
	away = false
	require.NoError(t, all.Everything(kittest.All(t)))
	require.Equal(t, map[string]int{schoolstest.District: 0}, told)
	require.Equal(t, []string{"RestrictionsChanged " + made.Name, "RestrictionsChanged " + made.Name}, w.Events(t))
}
