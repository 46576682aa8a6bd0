package award_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/badgestest/memory"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/etag"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

func standards() []string {
	return []string{
		"welcome-all-families", "communicate-effectively", "support-student-success",
		"speak-up-for-every-child", "share-power", "collaborate-with-community",
	}
}

// noSchools knows none.
type noSchools struct{ err error }

func (n noSchools) School(_ context.Context, name string) error {
	return errors.Join(n.err, problem.NotFound(name))
}

type shelf struct {
	*memory.Store
	clock    *clock.Fake
	registry *award.Registry
}

func begin(t testing.TB) *shelf {
	t.Helper()
	s := &shelf{Store: memory.Loaded(t), clock: memory.Clock()}
	s.registry = award.NewRegistry(s.Store, noSchools{}, nil, s.clock.Now)
	return s
}

// grant awards the school a badge for a standard, now, for three years and 90 days.
func (s *shelf) grant(t testing.TB, standard string) string {
	t.Helper()
	now := s.clock.Now()
	expire, lapse := award.Ends(now, 36, 90)
	a := award.Award{
		Name:  fmt.Sprintf("%s/awards/%s-%d", memory.School, standard, now.Unix()),
		State: award.Active, Standard: standard, FrameworkVersion: memory.FrameworkVersion,
		AwardTime: now, ExpireTime: expire, LapseTime: lapse, Version: 1,
	}
	a.Credential = "credentials/" + names.ID(a.Name)
	require.NoError(t, s.registry.Grant(context.Background(), a, award.Credential{Name: a.Credential, Award: a.Name}))
	return a.Name
}

func (s *shelf) state(t testing.TB, name string) award.State {
	t.Helper()
	a, err := s.registry.Get(context.Background(), name)
	require.NoError(t, err)
	return a.State
}

func (s *shelf) tick(t testing.TB) int {
	t.Helper()
	n, err := s.registry.Tick(context.Background())
	require.NoError(t, err)
	return n
}

func TestAnAwardGoesThroughItsLifeToTheMoment(t *testing.T) {
	s := begin(t)
	name := s.grant(t, "share-power")
	ends := memory.Begin().AddDate(3, 0, 0)
	for _, step := range []struct {
		at    time.Time
		moved int
		want  award.State
	}{
		{memory.Begin(), 0, award.Active},
		{ends.Add(-time.Microsecond), 0, award.Active},
		{ends, 1, award.Grace},
		{ends, 0, award.Grace},
		{ends.AddDate(0, 0, 90).Add(-time.Microsecond), 0, award.Grace},
		{ends.AddDate(0, 0, 90), 1, award.Lapsed},
		{ends.AddDate(20, 0, 0), 0, award.Lapsed},
	} {
		s.clock.Set(step.at)
		require.Equal(t, step.moved, s.tick(t), step.at)
		require.Equal(t, step.want, s.state(t, name), step.at)
	}
	require.Equal(t, []string{"Awarded", "CredentialIssued", "BadgeExpired", "BadgeLapsed"}, s.Events())
	require.Equal(t, award.Lapsed, s.Last().(award.BadgeLapsed).Award.State, "the event has the award as it is")
}

func TestAProgramThatWasOffForYearsSaysBothEnds(t *testing.T) {
	s := begin(t)
	name := s.grant(t, "share-power")
	s.clock.Set(memory.Begin().AddDate(9, 0, 0))
	require.Equal(t, 1, s.tick(t))
	require.Equal(t, award.Lapsed, s.state(t, name))
	require.Equal(t, []string{"Awarded", "CredentialIssued", "BadgeExpired", "BadgeLapsed"}, s.Events())
	require.Zero(t, s.tick(t))
}

func TestMoreAwardsThanABatchAreAllMoved(t *testing.T) {
	s := begin(t)
	for range 201 {
		s.grant(t, "share-power")
		s.clock.Advance(time.Second)
	}
	s.clock.Set(memory.Begin().AddDate(3, 0, 1))
	require.Equal(t, 201, s.tick(t))
}

func TestATickThatFailsKeepsWhatWasAndGoesOnLater(t *testing.T) {
	s := begin(t)
	name := s.grant(t, "share-power")
	s.clock.Set(memory.Begin().AddDate(3, 0, 0))
	s.Broken["record"] = errors.New("disk full")
	_, err := s.registry.Tick(t.Context())
	require.ErrorContains(t, err, "disk full")
	require.Equal(t, award.Active, s.state(t, name), "state and event come together")
	delete(s.Broken, "record")
	require.Equal(t, 1, s.tick(t))
	s.Broken["due"] = errors.New("away")
	_, err = s.registry.Tick(t.Context())
	require.ErrorContains(t, err, "away")
}

func TestABadgeIsRevokedWhileItCountsAndOnlyThen(t *testing.T) {
	for state, allowed := range map[award.State]bool{award.Active: true, award.Grace: true, award.Lapsed: false, award.Revoked: false} {
		t.Run(string(state), func(t *testing.T) {
			s := begin(t)
			name := s.grant(t, "share-power")
			switch state {
			case award.Grace:
				s.clock.Set(memory.Begin().AddDate(3, 0, 0))
			case award.Lapsed:
				s.clock.Set(memory.Begin().AddDate(4, 0, 0))
			case award.Revoked:
				_, err := s.registry.Revoke(t.Context(), name, "", "First.")
				require.NoError(t, err)
			}
			s.tick(t)
			require.Equal(t, state, s.state(t, name))
			before, err := s.registry.Get(t.Context(), name)
			require.NoError(t, err)
			events := len(s.Events())
			_, err = s.registry.Revoke(t.Context(), name, etag.Of(before.Version+1), "x")
			memory.Rules(t, err, problem.KindAborted, problem.ReasonEtagStale)
			after, err := s.registry.Revoke(t.Context(), name, etag.Of(before.Version), "A mistake.")
			if !allowed {
				require.Equal(t, []string{name + " award_state"}, memory.Rules(t, err, problem.KindPrecondition, problem.ReasonStateWrong))
				require.Len(t, s.Events(), events)
				require.Equal(t, state, s.state(t, name))
				return
			}
			require.NoError(t, err)
			require.Equal(t, award.Revoked, after.State)
			require.Equal(t, "A mistake.", after.RevokeReason)
			require.Equal(t, award.BadgeRevoked{Award: after}, s.Last())
			s.clock.Set(memory.Begin().AddDate(9, 0, 0))
			require.Zero(t, s.tick(t), "what was revoked does not lapse, too")
		})
	}
}

func (s *shelf) partner(t testing.TB) award.Status {
	t.Helper()
	st, err := s.registry.Status(context.Background(), memory.School, "asked")
	require.NoError(t, err)
	return st
}

func TestSixStandardsMakeAPartnershipUntilOneEnds(t *testing.T) {
	s := begin(t)
	for i, standard := range standards() {
		s.grant(t, standard)
		require.Equal(t, i == 5, s.partner(t).Recognized, "%d badges", i+1)
		s.clock.Advance(24 * time.Hour)
	}
	require.Equal(t, award.PartnershipChanged{Partnership: award.Partnership{
		School: memory.School, FrameworkVersion: memory.FrameworkVersion, Recognized: true, ChangeTime: memory.Begin().AddDate(0, 0, 5),
	}}, s.Last())
	require.Empty(t, s.partner(t).Missing)

	s.clock.Set(memory.Begin().AddDate(3, 0, 1))
	require.Equal(t, 2, s.tick(t), "two of six are over")
	require.True(t, s.partner(t).Recognized, "badges in grace count")
	s.clock.Set(memory.Begin().AddDate(3, 0, 90))
	s.tick(t)
	require.Equal(t, []string{standards()[0]}, s.partner(t).Missing)
	require.False(t, s.partner(t).Recognized)

	s.grant(t, standards()[0])
	require.True(t, s.partner(t).Recognized, "a renewed badge brings it back")
	changes := 0
	for _, e := range s.Events() {
		if e == "PartnershipChanged" {
			changes++
		}
	}
	require.Equal(t, 3, changes, "said once for each change")
}

func TestTwoBadgesOfOneStandardCountOnceAndCarryEachOther(t *testing.T) {
	s := begin(t)
	var first string
	for _, standard := range standards() {
		name := s.grant(t, standard)
		if first == "" {
			first = name
		}
	}
	s.clock.Advance(time.Hour)
	second := s.grant(t, standards()[0])
	_, err := s.registry.Revoke(t.Context(), first, "", "x")
	require.NoError(t, err)
	require.True(t, s.partner(t).Recognized, "the other badge of the standard stands")
	_, err = s.registry.Revoke(t.Context(), second, "", "x")
	require.NoError(t, err)
	require.False(t, s.partner(t).Recognized)
}

func TestBadgesOfAnotherFrameworkVersionMakeNoPartnership(t *testing.T) {
	s := begin(t)
	other := award.Award{
		Name: memory.School + "/awards/zz", Standard: standards()[5], FrameworkVersion: "frameworks/national-standards/versions/2030",
		State: award.Active, AwardTime: memory.Begin(), ExpireTime: memory.Begin().AddDate(3, 0, 0), LapseTime: memory.Begin().AddDate(4, 0, 0), Version: 1,
	}
	require.NoError(t, s.registry.Grant(t.Context(), other, award.Credential{Name: "credentials/zz", Award: other.Name}))
	st := s.partner(t)
	require.Equal(t, other.FrameworkVersion, st.FrameworkVersion, "the version of the newest badge")
	require.False(t, st.Recognized, "a version without badges has nothing to hold")

	for _, standard := range standards()[:5] {
		s.grant(t, standard)
	}
	require.NotContains(t, s.Events(), "PartnershipChanged")
	st = s.partner(t)
	require.Equal(t, memory.FrameworkVersion, st.FrameworkVersion)
	require.Equal(t, standards()[5:], st.Missing, "a badge of the other version does not fill the gap")
	require.False(t, st.Recognized)
}

func TestTheStatusOfASchoolWithoutABadge(t *testing.T) {
	s := begin(t)
	_, err := s.registry.Status(t.Context(), "districts/aspen/schools/none", "districts/aspen/schools/none/partnershipStatus")
	p, ok := problem.As(err)
	require.True(t, ok)
	require.Equal(t, "districts/aspen/schools/none/partnershipStatus", p.Name)
	away := award.NewRegistry(s.Store, noSchools{problem.Unavailable("schools")}, nil, s.clock.Now)
	_, err = away.Status(t.Context(), memory.School, "asked")
	memory.Rules(t, err, problem.KindUnavailable, problem.ReasonUnavailable)
}

// TestThePartnershipIsWhatTheBadgesAddUpTo lets badges come, end and be revoked in any order, and
// compares what was said in events with what the badges are.
func TestThePartnershipIsWhatTheBadgesAddUpTo(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := begin(t)
		var granted []string
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			switch rapid.IntRange(0, 4).Draw(rt, "step") {
			case 0, 1, 2:
				granted = append(granted, s.grant(t, rapid.SampledFrom(standards()).Draw(rt, "standard")))
				s.clock.Advance(time.Hour)
			case 3:
				if len(granted) > 0 {
					_, _ = s.registry.Revoke(t.Context(), rapid.SampledFrom(granted).Draw(rt, "revoked"), "", "x")
				}
			case 4:
				s.clock.Advance(time.Duration(rapid.IntRange(1, 600).Draw(rt, "days")) * 24 * time.Hour)
				s.tick(t)
			}
			held := map[string]bool{}
			for _, name := range granted {
				a, err := s.registry.Get(t.Context(), name)
				require.NoError(rt, err)
				held[a.Standard] = held[a.Standard] || a.State.Counts()
			}
			want := true
			for _, standard := range standards() {
				want = want && held[standard]
			}
			said, err := s.Partnership(t.Context(), memory.School, memory.FrameworkVersion)
			require.NoError(rt, err)
			require.Equal(rt, want, said.Recognized)
			if len(granted) > 0 {
				require.Equal(rt, want, s.partner(t).Recognized)
			}
		}
	})
}
