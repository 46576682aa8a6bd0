package issuing

import (
	"slices"
	"strconv"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/decision"
	"github.com/tandem-badges/tandem/services/badges/internal/definition"
	"github.com/tandem-badges/tandem/services/badges/internal/issuer"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/badges/internal/rule"
)

const (
	// theme is a tag of every badge, for who looks for badges of its kind.
	theme = "family-school partnership"
	// language is the one that editions are written in.
	language = "en"
)

// badge says what was awarded. It is valid to the end of the days of grace, in which a badge still
// stands: that its term is over by then is told by its status page.
func (i *Issuer) badge(f decision.Facts, profile issuer.Issuer, places []openbadge.Status, now time.Time) (openbadge.Badge, error) {
	achievement, err := i.achievement(f, profile)
	if err != nil {
		return openbadge.Badge{}, err
	}
	return openbadge.Badge{
		ID: i.base + f.Award.Credential, Name: f.Definition.Title, Description: f.Edition.Asks.Description,
		Issuer: profileOf(profile), ValidFrom: now, AwardedDate: now,
		ValidUntil:  now.Add(f.Award.LapseTime.Sub(f.Award.AwardTime)).Truncate(time.Second),
		School:      i.school(names.School(f.Award.Name), f.Snapshot),
		Achievement: achievement,
		Results:     results(achievement.ID, f.Guide, f.Scores), Evidence: evidence(f.Snapshot.Evidence),
		Status: places, RefreshURL: i.base + f.Award.Credential + ":refresh",
	}, nil
}

// profileOf is an issuer as its credentials show it.
func profileOf(i issuer.Issuer) openbadge.Issuer {
	return openbadge.Issuer{ID: i.DID, Name: i.Title, URL: i.URL, Email: i.Email, Image: openbadge.Image{ID: i.ImageURL}}
}

// school is the recipient, with the identifiers under which others know it.
func (i *Issuer) school(name string, s application.Snapshot) openbadge.School {
	out := openbadge.School{ID: i.base + name, Name: s.SchoolTitle, Identifiers: []openbadge.Identifier{{Type: "systemId", Value: name}}}
	if s.About.StateIdentifier != "" {
		out.Identifiers = append(out.Identifiers, openbadge.Identifier{Type: "sisSourcedId", Value: s.About.StateIdentifier})
	}
	return out
}

func (i *Issuer) achievement(f decision.Facts, profile issuer.Issuer) (openbadge.Achievement, error) {
	id, creator := i.base+f.Edition.Name, profileOf(profile)
	described, err := descriptions(id, f.Guide, f.Edition.Asks.DecisionRule)
	return openbadge.Achievement{
		ID: id, Name: f.Definition.Title, Description: f.Edition.Asks.Description, Creator: &creator,
		CriteriaID: id, CriteriaNarrative: f.Edition.Asks.Criteria, Version: names.ID(f.Edition.Name), InLanguage: language,
		Image: i.picture(names.ID(f.Definition.Name), "Badge of the standard "+f.Definition.Title),
		Tags:  []string{theme, f.Definition.Standard}, Alignments: i.alignments(f), ResultDescription: described,
	}, err
}

// picture is the drawing of a badge, with what stands for it in words.
func (i *Issuer) picture(id, caption string) openbadge.Image {
	return openbadge.Image{ID: i.PublicURL + "/badges/images/" + id + ".png", Caption: caption}
}

// alignments tie a badge to its standard, and to the goals and indicators that the standard has in
// the framework version.
func (i *Issuer) alignments(f decision.Facts) []openbadge.Alignment {
	about, framework := f.Snapshot.About.Standard, f.Edition.Asks.FrameworkVersion
	to := func(code, title, text string) openbadge.Alignment {
		return openbadge.Alignment{
			TargetName: title, TargetURL: i.base + framework + "#" + code, TargetCode: code, TargetFramework: framework,
			TargetDescription: text,
		}
	}
	title := about.Title
	if title == "" {
		title = f.Definition.Title
	}
	out := []openbadge.Alignment{to(f.Definition.Standard, title, about.Description)}
	for _, g := range about.Goals {
		out = append(out, to(g.ID, g.Title, ""))
		for _, indicator := range g.Indicators {
			out = append(out, to(indicator.ID, indicator.Title, ""))
		}
	}
	return out
}

// descriptions are the criteria of the rubric with all their levels, and the level that the
// decision rule asks for.
func descriptions(achievement string, g definition.Guide, decisionRule string) ([]openbadge.ResultDescription, error) {
	required, err := requiredLevels(g, decisionRule)
	if err != nil {
		return nil, err
	}
	out := make([]openbadge.ResultDescription, len(g.Criteria))
	for i, c := range g.Criteria {
		out[i] = openbadge.ResultDescription{ID: criterionID(achievement, c), Name: c.Title}
		for _, l := range c.Levels {
			points := strconv.Itoa(l.Points)
			out[i].Levels = append(out[i].Levels, openbadge.RubricLevel{
				ID: levelID(achievement, c, l), Name: l.Title, Level: points, Points: points, Description: l.Anchor,
			})
		}
		if required[i] != nil {
			out[i].RequiredLevel = levelID(achievement, c, *required[i])
		}
	}
	return out, nil
}

// requiredLevels are, for each criterion, the lowest level with which the decision rule can be met
// when all others are at their best; nil where the rule asks for none.
func requiredLevels(g definition.Guide, decisionRule string) ([]*definition.Level, error) {
	compiled, err := rule.CompileDecision(decisionRule)
	if err != nil {
		return nil, err
	}
	out := make([]*definition.Level, len(g.Criteria))
	for i, c := range g.Criteria {
		levels := slices.SortedFunc(slices.Values(c.Levels), func(a, b definition.Level) int { return a.Points - b.Points })
		for n := range levels {
			if met, err := compiled.Met(scores(g, i, levels[n].Points)); err == nil && met {
				if n > 0 { // the lowest level is no requirement
					out[i] = &levels[n]
				}
				break
			}
		}
	}
	return out, nil
}

// scores are those of one review that gives a criterion the points and all others the most.
func scores(g definition.Guide, criterion, points int) rule.Scores {
	all := make([][]int, len(g.Criteria))
	for i, c := range g.Criteria {
		most := 0
		for _, l := range c.Levels {
			most = max(most, l.Points)
		}
		all[i] = []int{most}
	}
	all[criterion] = []int{points}
	return rule.Summarize(g.CriterionIDs(), all)
}

// results are the levels reached: the median of the reviews, rounded down to a level.
func results(achievement string, g definition.Guide, s rule.Scores) []openbadge.Result {
	out := make([]openbadge.Result, len(g.Criteria))
	for i, c := range g.Criteria {
		level := c.LevelAt(s.Criteria[i].Median)
		out[i] = openbadge.Result{
			ResultDescription: criterionID(achievement, c), AchievedLevel: levelID(achievement, c, level),
			Value: strconv.Itoa(level.Points),
		}
	}
	return out
}

func criterionID(achievement string, c definition.Criterion) string { return achievement + "#" + c.ID }

func levelID(achievement string, c definition.Criterion, l definition.Level) string {
	return criterionID(achievement, c) + "-" + strconv.Itoa(l.Points)
}

// evidence is what the school made public, in the words it wrote for the public, with the digests
// of the files. A credential is public and cannot be taken back: nothing else of a portfolio is in
// it, neither captions, which are a team's own words and may name people, nor how much there is.
func evidence(list []application.Evidence) []openbadge.Evidence {
	var out []openbadge.Evidence
	for _, e := range list {
		if e.PublicSummary != "" {
			out = append(out, openbadge.Evidence{Name: e.PublicSummary, MediaType: e.MediaType, SHA256: e.SHA256})
		}
	}
	return out
}
