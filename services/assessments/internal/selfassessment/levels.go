package selfassessment

import (
	"context"
	"fmt"
	"strings"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
)

// checkLevels wants one level, and one that the rubric has, for every standard.
func (s *Service) checkLevels(ctx context.Context, bad check.List, a Assessment, path string, levels []Level) error {
	f, err := framework.Published(ctx, s.frameworks, a.FrameworkVersion)
	if err != nil {
		return err
	}
	given := map[string]bool{}
	for i, l := range levels {
		at := fmt.Sprintf("%s[%d]", path, i)
		std, ok := f.Body.Standard(l.Standard)
		if !ok {
			bad.Add(at+".standard", "standard_of_framework", "Name a standard of the framework version.")
			continue
		}
		bad.Need(!given[l.Standard], at+".standard", "standard_once", "Give each standard one level.")
		given[l.Standard] = true
		bad.Need(l.Level >= 0 && l.Level <= std.MaxLevel(), at+".level", "level_of_rubric", fmt.Sprintf("Give a level from 0 to %d.", std.MaxLevel()))
		checkIndicators(&bad, at, std, l)
		checkArtifacts(&bad, at, a.Team, l)
	}
	for _, std := range f.Body.Standards {
		bad.Need(given[std.ID], path, "every_standard", fmt.Sprintf("Give a level for %s too.", std.ID))
	}
	return bad.Err()
}

// checkIndicators holds a standard to what all of its rated indicators reach: a
// rubric is cumulative, so its level is at most the lowest of theirs. An
// indicator at the top of its own rubric holds nothing back.
func checkIndicators(bad *check.List, at string, std framework.Standard, l Level) {
	reach, seen := std.MaxLevel(), map[string]bool{}
	for n, i := range l.Indicators {
		here := fmt.Sprintf("%s.indicators[%d]", at, n)
		top, ok := std.IndicatorMax(i.Indicator)
		if !ok {
			bad.Add(here+".indicator", "indicator_of_standard", "Name an indicator of that standard.")
			continue
		}
		bad.Need(!seen[i.Indicator], here+".indicator", "indicator_once", "Give each indicator one level.")
		seen[i.Indicator] = true
		bad.Need(i.Level >= 0 && i.Level <= top, here+".level", "level_of_rubric", fmt.Sprintf("Give a level from 0 to %d.", top))
		if i.Level < top {
			reach = min(reach, i.Level)
		}
	}
	bad.Need(len(l.Indicators) == 0 || l.Level <= reach, at+".level", "levels_are_cumulative",
		fmt.Sprintf("Give at most level %d: a level presupposes that every indicator has reached it.", max(reach, 0)))
}

// checkArtifacts wants evidence of the team's own school.
func checkArtifacts(bad *check.List, at string, t Team, l Level) {
	prefix := campaign.SchoolName(t.District, t.School) + "/artifacts/"
	for n, name := range l.Artifacts {
		id, ok := strings.CutPrefix(name, prefix)
		bad.Need(ok && id != "" && !strings.Contains(id, "/"), fmt.Sprintf("%s.artifacts[%d]", at, n),
			"artifact_of_school", "Name evidence of the team's school: "+prefix+"{artifact}.")
	}
}
