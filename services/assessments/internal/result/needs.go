package result

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/framework"
)

// Method is the arithmetic of the ranking in words.
const Method = "Need is the weighted mean of three parts, each from 0 (no need) to 1: the survey (weight 0.4), the self-assessment (0.4) and anecdotal notes (0.2). " +
	"The survey part is 1 less the favorable share; where the share is hidden, how far the mean score is from the top of the scale. " +
	"The self-assessment part is 1 less the consensus level over the highest level. " +
	"The notes part is the notes that speak to the standard over the most that speak to one: it says what people talk about, not whether it is good or bad. " +
	"Where a part is missing or hidden, the others share its weight; notes alone show no need. Equal needs stand in the order of the framework. " +
	"The ranking suggests; the team decides."

const (
	surveyWeight   = 0.4
	assessedWeight = 0.4
	notesWeight    = 0.2
)

// Assessment is a settled self-assessment as the ranking needs it.
type Assessment struct {
	Name             string
	FrameworkVersion string
	Levels           map[string]int // by standard
	SettleTime       time.Time
}

// SelfAssessments finds the newest settled self-assessment of a team, or of any
// team of the school when team is empty. An empty framework version means any.
// "Not found" when there is none.
type SelfAssessments interface {
	NewestSettled(ctx context.Context, district, school, team, frameworkVersion string) (Assessment, error)
}

// Ranking orders the standards of a school by need.
type Ranking struct {
	Needs      []Need
	Survey     string // resource name, or empty
	Assessment string // resource name, or empty
	Notes      int    // that speak to one standard or another
	AsOf       time.Time
}

// Need is one standard in the ranking.
type Need struct {
	Rank        int
	Standard    string
	Need        Measure
	Survey      Measure
	Assessed    Measure
	Noted       Measure
	Notes       int
	Explanation string
}

const (
	noSurvey     = "There is no published survey result with enough answers."
	noAssessment = "There is no settled self-assessment."
	notInSurvey  = "The survey has no items on this standard."
	notAssessed  = "The self-assessment has no level for this standard."
	noNotes      = "No note speaks to one standard alone."
	noPart       = "Neither the survey nor a self-assessment has a number that may be shown."
)

// RankNeeds orders the standards of a school by need.
func (s *Service) RankNeeds(ctx context.Context, district, school, team string) (Ranking, error) {
	if err := s.mustExist(ctx, district, school); err != nil {
		return Ranking{}, err
	}
	survey, err := optional(s.store.NewestSufficient(ctx, district, school))
	if err != nil {
		return Ranking{}, err
	}
	version := ""
	if survey != nil {
		version = survey.FrameworkVersion
	}
	assessed, err := optional(s.assessed.NewestSettled(ctx, district, school, team, version))
	if err != nil || survey == nil && assessed == nil {
		return Ranking{}, err
	}
	if version == "" {
		version = assessed.FrameworkVersion
	}
	f, err := framework.Published(ctx, s.frameworks, version)
	if err != nil {
		return Ranking{}, err
	}
	notes, err := s.directory.Notes(ctx, campaign.SchoolName(district, school), teamName(district, school, team))
	if err != nil {
		return Ranking{}, err
	}
	return rank(f.Body, survey, assessed, notes), nil
}

// teamName is the resource name of a team of the school; none stays none.
func teamName(district, school, team string) string {
	if team == "" {
		return ""
	}
	return campaign.SchoolName(district, school) + "/teams/" + team
}

// optional turns "not found" into nothing.
func optional[T any](v T, err error) (*T, error) {
	if problem.Is(err, problem.KindNotFound) {
		return nil, nil
	}
	return &v, err
}

func rank(f framework.Body, survey *Result, assessed *Assessment, notes map[string]int) Ranking {
	var r Ranking
	most := 0
	for _, s := range f.Standards {
		r.Notes += notes[s.ID]
		most = max(most, notes[s.ID])
	}
	for _, s := range f.Standards {
		r.Needs = append(r.Needs, needOf(s, survey, assessed, notes[s.ID], most))
	}
	slices.SortStableFunc(r.Needs, func(a, b Need) int {
		switch {
		case a.Need.Shown != b.Need.Shown && a.Need.Shown, a.Need.Value > b.Need.Value:
			return -1
		case a.Need.Shown != b.Need.Shown, a.Need.Value < b.Need.Value:
			return 1
		}
		return 0
	})
	for i := range r.Needs {
		r.Needs[i].Rank = i + 1
	}
	if survey != nil {
		r.Survey, r.AsOf = survey.Name(), survey.CreateTime
	}
	if assessed != nil {
		r.Assessment = assessed.Name
		if assessed.SettleTime.After(r.AsOf) {
			r.AsOf = assessed.SettleTime
		}
	}
	return r
}

func needOf(s framework.Standard, survey *Result, assessed *Assessment, notes, most int) Need {
	n := Need{Standard: s.ID, Notes: notes}
	var words [3]string
	n.Survey, words[0] = surveyPart(s, survey)
	n.Assessed, words[1] = assessedPart(s, assessed)
	n.Noted, words[2] = notesPart(notes, most)
	var said string
	n.Need, said = combine(n)
	n.Explanation = strings.Join(append(words[:], said), " ")
	return n
}

// combine is the weighted mean of the parts there are, and its arithmetic.
func combine(n Need) (Measure, string) {
	if !n.Survey.Shown && !n.Assessed.Shown {
		return hiddenMeasure(noPart), "Need: not shown."
	}
	var sum, weights float64
	var terms []string
	for _, part := range []struct {
		weight float64
		Measure
	}{{surveyWeight, n.Survey}, {assessedWeight, n.Assessed}, {notesWeight, n.Noted}} {
		if part.Shown {
			sum += part.weight * part.Value
			weights += part.weight
			terms = append(terms, fmt.Sprintf("%.1f × %.2f", part.weight, part.Value))
		}
	}
	need := exact(sum / weights)
	return Measure{Shown: true, Value: need}, fmt.Sprintf("Need: (%s) / %.1f = %.2f.", strings.Join(terms, " + "), weights, need)
}

// notesPart is the part from anecdotal notes, and how it was found.
func notesPart(notes, most int) (Measure, string) {
	if most == 0 {
		return hiddenMeasure(noNotes), "Notes: none. " + noNotes
	}
	part := exact(float64(notes) / float64(most))
	return Measure{Shown: true, Value: part}, fmt.Sprintf("Notes: %d of at most %d for one standard = %.2f.", notes, most, part)
}

// surveyPart is the part from the survey, and how it was found.
func surveyPart(s framework.Standard, survey *Result) (Measure, string) {
	if survey == nil {
		return hiddenMeasure(noSurvey), "Survey: none. " + noSurvey
	}
	i := slices.IndexFunc(survey.Table.Standards, func(r StandardResult) bool { return r.Standard == s.ID })
	if i < 0 {
		return hiddenMeasure(notInSurvey), "Survey: none. " + notInSurvey
	}
	r := survey.Table.Standards[i]
	switch {
	case r.FavorableShare.Shown:
		part := exact(1 - r.FavorableShare.Value)
		return Measure{Shown: true, Value: part}, fmt.Sprintf("Survey: 1 − favorable share %.2f = %.2f.", r.FavorableShare.Value, part)
	case r.MeanScore.Shown && r.High > r.Low:
		part := exact((float64(r.High) - r.MeanScore.Value) / float64(r.High-r.Low))
		return Measure{Shown: true, Value: part}, fmt.Sprintf("Survey: the share is hidden, so (%d − mean %.2f) / (%d − %d) = %.2f.", r.High, r.MeanScore.Value, r.High, r.Low, part)
	}
	return hiddenMeasure(r.FavorableShare.Reason), "Survey: hidden. " + r.FavorableShare.Reason
}

// assessedPart is the part from the self-assessment, and how it was found.
func assessedPart(s framework.Standard, assessed *Assessment) (Measure, string) {
	if assessed == nil {
		return hiddenMeasure(noAssessment), "Self-assessment: none. " + noAssessment
	}
	level, ok := assessed.Levels[s.ID]
	highest := s.MaxLevel()
	if !ok || highest == 0 {
		return hiddenMeasure(notAssessed), "Self-assessment: none. " + notAssessed
	}
	part := exact(1 - float64(level)/float64(highest))
	return Measure{Shown: true, Value: part}, fmt.Sprintf("Self-assessment: 1 − level %d of %d = %.2f.", level, highest, part)
}

// exact drops the noise of binary fractions, so that equal needs tie.
func exact(x float64) float64 { return math.Round(x*1e6) / 1e6 }
