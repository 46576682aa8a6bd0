package demo

import (
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"
	"github.com/tandem-badges/tandem/services/kit/ids"
)

var today = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

func TestTheSameSeedInventsTheSameState(t *testing.T) {
	require.Empty(t, cmp.Diff(Build(7, today), Build(7, today)))
	require.NotEmpty(t, cmp.Diff(Build(7, today), Build(8, today)))
}

func TestTheStateIsAsLargeAsPromised(t *testing.T) {
	for seed := range uint64(20) {
		s := Build(seed, today)
		require.Len(t, s.Districts, 3)
		require.Len(t, s.schools(), 40)
		require.Len(t, s.teams(), teamCount)
		require.Len(t, s.Years, 3)
		require.GreaterOrEqual(t, len(s.Journeys), 10)

		roles := map[accessv1.Role]int{}
		for _, p := range s.people() {
			roles[p.Role]++
		}
		titleOne := 0
		for _, school := range s.schools() {
			if school.TitleOne {
				titleOne++
			}
		}
		require.Equal(t, map[accessv1.Role]int{
			accessv1.Role_ROLE_STATE_ADMIN: 1, accessv1.Role_ROLE_STATE_ANALYST: 1, accessv1.Role_ROLE_DISTRICT_COORDINATOR: 3,
			accessv1.Role_ROLE_PRINCIPAL: 40, accessv1.Role_ROLE_TEAM_LEAD: 40, accessv1.Role_ROLE_TEAM_MEMBER: teamCount,
			accessv1.Role_ROLE_FAMILY_LIAISON: titleOne, accessv1.Role_ROLE_REVIEWER: 4, accessv1.Role_ROLE_PANEL_CHAIR: 1,
			accessv1.Role_ROLE_OUTSIDE_EVALUATOR: 1,
		}, roles)
		for _, d := range s.Districts {
			require.GreaterOrEqual(t, len(d.Feeders), 2)
			require.LessOrEqual(t, len(d.Feeders), 3)
		}
	}
}

func TestAboutSixThousandFamiliesAnswerEachYear(t *testing.T) {
	s := Build(DefaultSeed, today)
	for _, year := range s.Years[:2] {
		families := 0
		for wave := 1; wave <= year.waves(); wave++ {
			for _, school := range s.schools() {
				families += respondents(s.Seed, school, year, wave)
			}
		}
		require.InDelta(t, 6000, families, 600, year.ID)
	}
}

func TestEveryIDIsLegalAndUnique(t *testing.T) {
	s := Build(DefaultSeed, today)
	names := map[string]bool{}
	add := func(name string) {
		require.False(t, names[name], "%s is there twice", name)
		names[name] = true
		require.True(t, ids.ValidUser(lastSegment(name)), name)
	}
	for _, d := range s.Districts {
		add(d.Name())
		for _, f := range d.Feeders {
			add(d.Name() + "/feederSystems/" + f.ID)
		}
	}
	for _, school := range s.schools() {
		add(school.Name())
	}
	segments := map[string]bool{}
	for _, p := range s.people() {
		add(p.Name)
		require.False(t, segments[lastSegment(p.Name)], "%s can be signed in by its last segment", p.Name)
		segments[lastSegment(p.Name)] = true
		_, err := mail.ParseAddress(lastSegment(p.Name) + "@example.org")
		require.NoError(t, err)
		require.Contains(t, familyNames, p.DisplayName[strings.IndexByte(p.DisplayName, ' ')+1:], "names are plainly invented")
	}
	response := regexp.MustCompile(`^[a-z0-9-]{8,64}$`)
	for _, school := range s.schools() {
		for _, sheet := range sheets(s.Seed, questions(), school, s.Years[0], 2) {
			require.Regexp(t, response, sheet.GetResponseId())
		}
	}
}

func TestEachSchoolIsInOneFeederSystem(t *testing.T) {
	s := Build(DefaultSeed, today)
	in := map[string]int{}
	for _, d := range s.Districts {
		for _, f := range d.Feeders {
			for _, name := range f.Schools {
				require.True(t, strings.HasPrefix(name, d.Name()+"/"), "%s belongs to %s", name, d.ID)
				in[name]++
			}
		}
	}
	for _, school := range s.schools() {
		require.Equal(t, 1, in[school.Name()], school.Title)
	}
}

func TestSchoolYearsFollowFromTheDay(t *testing.T) {
	for name, c := range map[string]struct {
		day  string
		want []string
	}{
		"in November the year has begun in August":   {"2026-11-22", []string{"2024-25", "2025-26", "2026-27"}},
		"in March it began the calendar year before": {"2027-03-01", []string{"2024-25", "2025-26", "2026-27"}},
		"on the last day of July it still runs":      {"2027-07-31", []string{"2024-25", "2025-26", "2026-27"}},
		"on the first of August the next one runs":   {"2027-08-01", []string{"2025-26", "2026-27", "2027-28"}},
		"a century ends with two zeros":              {"2099-09-01", []string{"2097-98", "2098-99", "2099-00"}},
	} {
		t.Run(name, func(t *testing.T) {
			day, err := time.Parse(time.DateOnly, c.day)
			require.NoError(t, err)
			var got []string
			for i, year := range years(day) {
				got = append(got, year.ID)
				require.Equal(t, i, year.Index)
				require.Equal(t, i == 2, year.Current)
				require.LessOrEqual(t, year.date(8, 1), year.date(7, 31))
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestJourneysAreInAllPhasesAtDifferentSchools(t *testing.T) {
	s := Build(DefaultSeed, today)
	at, phases, awards := map[string]bool{}, map[schoolsv1.Phase]bool{}, 0
	for _, j := range s.Journeys {
		phases[j.Until] = true
		if j.Continued {
			require.True(t, at[j.School.ID], "%s goes on with a journey begun before", j.School.ID)
			require.Equal(t, s.current(), j.Year)
			continue
		}
		require.False(t, at[j.School.ID], "%s has two journeys", j.School.ID)
		at[j.School.ID] = true
		require.True(t, j.School.HasTeam)
		if j.Until >= awarded {
			awards++
			require.False(t, j.Year.Current)
		}
	}
	require.Equal(t, 3, awards)
	for phase := forming; phase <= schoolsv1.Phase_PHASE_SUSTAINING; phase++ {
		require.True(t, phases[phase], "some journey is %s", phase)
	}
}
