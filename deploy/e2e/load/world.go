package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Names of what the load works on. It is all invented, and the same for each run
// on an installation.
const (
	District = "load"
	admin    = "dev-admin"

	district = "districts/" + District
	school   = district + "/schools/oak"
	team     = school + "/teams/team-0"
	journey  = team + "/journeys/first"
	campaign = district + "/campaigns/load"
	lead     = district + "/people/load-lead"
	second   = district + "/people/load-second"

	framework = "frameworks/national-standards/versions/2022"
	teams     = 8
	items     = 10
	perInvite = 1000 // codes that one call makes at most
)

// World is what requests are made from.
type World struct {
	codes   []string // of the survey, unused
	used    string   // a code that was used
	idle    []string // teams that do nothing just now
	answers []map[string]string
	levels  []map[string]any // of a team's look at itself, for each standard
}

// prepare makes the world, or finds that it is there, and makes fresh codes.
func prepare(ctx context.Context, c *caller, codes int) (*World, error) {
	for _, p := range world() {
		err := c.post(ctx, p.who, "/v1/"+p.path, p.body, nil)
		if err != nil && !errors.Is(err, errExists) && !p.optional {
			return nil, err
		}
	}
	w := &World{}
	if err := w.readStandards(ctx, c); err != nil {
		return nil, err
	}
	for i := range teams {
		w.idle = append(w.idle, teamName(i))
	}
	for i := range items {
		w.answers = append(w.answers, map[string]string{"item": fmt.Sprintf("q%02d", i), "option": "1"})
	}
	for len(w.codes) < codes {
		var made struct{ Codes []string }
		if err := c.post(ctx, admin, "/v1/"+campaign+"/invitations:batchCreate",
			map[string]any{"school": school, "count": perInvite}, &made); err != nil {
			return nil, err
		}
		w.codes = append(w.codes, made.Codes...)
	}
	w.used = w.code()
	return w, c.post(ctx, "", "/v1/responses:submit",
		map[string]any{"code": w.used, "responseId": "r-" + unique(), "language": "en", "answers": w.answers}, nil)
}

func (w *World) readStandards(ctx context.Context, c *caller) error {
	bearer, err := c.token(ctx, lead)
	if err != nil {
		return err
	}
	status, answer, _, err := c.once(ctx, &operation{method: http.MethodGet, path: "/v1/" + framework}, bearer)
	if err != nil || status != http.StatusOK {
		return fmt.Errorf("GET %s: %d %w", framework, status, err)
	}
	var version struct{ Standards []struct{ ID string } }
	if err := json.Unmarshal(answer, &version); err != nil {
		return err
	}
	for _, standard := range version.Standards {
		w.levels = append(w.levels, map[string]any{"standard": standard.ID, "level": 2, "note": "Seen in our building."})
	}
	return nil
}

// piece is a call that makes a part of the world.
type piece struct {
	who, path string
	body      map[string]any
	optional  bool // it is refused where it was done before
}

func world() []piece {
	all := append(survey(),
		piece{who: admin, path: "districts?districtId=" + District, body: map[string]any{"title": "Load", "timeZone": "America/Denver"}},
		piece{who: admin, path: district + "/schools?schoolId=oak", body: map[string]any{"title": "Oak"}},
		person(lead, "Lou Lead", "ROLE_TEAM_LEAD", "ROLE_PRINCIPAL"),
		person(second, "Mo Member", "ROLE_TEAM_MEMBER"),
		piece{who: admin, path: district + "/campaigns?campaignId=load", body: map[string]any{
			"title": "Load", "instrumentVersion": "instruments/load/versions/1", "cycle": "cycles/load", "wave": 1,
			"mode": "CAMPAIGN_MODE_TOKEN", "schools": []string{school},
		}},
		piece{who: admin, path: campaign + ":open", body: map[string]any{}, optional: true},
	)
	for i := range teams {
		all = append(all,
			piece{who: lead, path: school + "/teams?teamId=team-" + fmt.Sprint(i), body: map[string]any{"title": fmt.Sprint("Team ", i), "purpose": "To be measured."}},
			piece{who: lead, path: teamName(i) + "/journeys?journeyId=first", body: map[string]any{"cycle": "cycles/load", "frameworkVersion": framework}},
			piece{who: lead, path: teamName(i) + "/journeys/first:discover", body: map[string]any{}, optional: true},
		)
	}
	return all
}

func teamName(i int) string { return fmt.Sprint(school, "/teams/team-", i) }

// person registers somebody of the school.
func person(name, display string, roles ...string) piece {
	id := name[strings.LastIndexByte(name, '/')+1:]
	var grants []map[string]string
	for _, role := range roles {
		grants = append(grants, map[string]string{"role": role, "node": school})
	}
	return piece{who: admin, path: district + "/people?personId=" + id, body: map[string]any{
		"displayName": display, "email": id + "@example.org", "demo": true, "grants": grants,
	}}
}

// survey is a questionnaire and the school year it is asked in.
func survey() []piece {
	var questions []map[string]any
	for i := range items {
		var options []map[string]any
		for o := range 4 {
			options = append(options, map[string]any{
				"id": fmt.Sprint(o + 1), "text": map[string]any{"en": fmt.Sprint("Option ", o)}, "score": o + 1, "favorable": o > 1,
			})
		}
		id := fmt.Sprintf("q%02d", i)
		questions = append(questions, map[string]any{
			"id": id, "type": "ITEM_TYPE_SCALE", "text": map[string]any{"en": "Question " + id}, "options": options,
		})
	}
	questions = append(questions, map[string]any{"id": "words", "type": "ITEM_TYPE_TEXT", "text": map[string]any{"en": "In your words"}})
	today := time.Now().UTC()
	date := func(days int) string { return today.AddDate(0, 0, days).Format(time.DateOnly) }
	return []piece{
		{who: admin, path: "instruments?instrumentId=load", body: map[string]any{"title": "Load"}},
		{who: admin, path: "instruments/load/versions?instrumentVersionId=1", body: map[string]any{
			"title": "Load", "frameworkVersion": framework, "languages": []string{"en"}, "items": questions,
		}},
		{who: admin, path: "instruments/load/versions/1:publish", body: map[string]any{}, optional: true},
		{who: admin, path: "cycles?cycleId=load", body: map[string]any{
			"title": "Load", "startDate": date(-30), "endDate": date(900),
			"terms": []map[string]any{{"title": "One", "startDate": date(-30), "endDate": date(900)}},
		}},
		{who: admin, path: "cycles/load:open", body: map[string]any{}, optional: true},
	}
}

// code takes an unused code.
func (w *World) code() string {
	last := w.codes[len(w.codes)-1]
	w.codes = w.codes[:len(w.codes)-1]
	return last
}

// answer is a family's: with a code and with words that no other has.
func (w *World) answer() *operation {
	if len(w.codes) == 0 {
		return nil
	}
	id := unique()
	answers := append(w.answers[:len(w.answers):len(w.answers)], map[string]string{"item": "words", "text": "words-" + id})
	return &operation{
		kind: "answer", id: "words-" + id, method: http.MethodPost, path: "/v1/responses:submit", want: []int{http.StatusOK},
		body: encode(map[string]any{"code": w.code(), "responseId": "r-" + id, "language": "en", "answers": answers}),
	}
}
