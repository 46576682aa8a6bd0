// Package walkthrough plays one school's year on a running instance: from its
// family survey to a signed badge that anyone can verify, through REST only,
// as the people of the school, the district and the state would.
//
// Each run brings its own school, so that it can be played again and again.
// Every call is safe to repeat (ids of the caller, request ids, or values that
// are simply set): a run whose instance dies and comes back goes on.
package walkthrough

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/kit/ids"
	"github.com/tandem-badges/tandem/services/tandem/internal/restclient"
)

// Options of a run.
type Options struct {
	URL    string    // of the instance
	Out    io.Writer // gets a line per step
	Folder string    // gets credential.json
	Resume bool      // go on when the instance was away
	// Verify runs `tandem verify` on a file or an address.
	Verify func(ctx context.Context, target string) error
	// OnStep, when set, is called before each step with its number.
	OnStep func(step int)
	// OnCall, when set, is called after each HTTP call.
	OnCall func(restclient.Call)
	// District is the id of the district played in; DefaultDistrict when empty.
	District string
	// Run is the unique part of the ids; made up when empty.
	Run string
}

// DefaultDistrict is where the walkthrough plays when nothing else is said.
const DefaultDistrict = "walkthrough-valley"

// Result is what a run leaves behind.
type Result struct {
	School     string // resource name
	Journey    string
	Award      string
	Credential string
	Steps      int
	Calls      int
}

// step is one line of the story.
type step struct {
	title string
	do    func(context.Context) error
}

// player holds the state of a run. Names are full resource names.
type player struct {
	opts   Options
	client *restclient.Client
	run    string // unique part of this run's ids
	// requests is the unique part of its request ids.
	requests string
	begun    time.Time

	calls  []restclient.Call // of the step being played
	total  int
	remark string // shown behind the calls of the step

	tokens  map[string]string
	watcher *watcher

	start                        time.Time // product time at the beginning
	cycle, district, school      string
	coordinator, principal       string
	lead, family                 string
	team, journey, leadMember    string
	framework, standard          string
	indicators                   []string
	goal                         string
	steps                        []string
	campaign, link               string
	assessment                   string
	application, decision, award string
	credential                   string
	reviews                      map[string]string // reviewer -> review
}

// Play plays the year and returns what it won, or the first thing that is wrong.
func Play(ctx context.Context, opts Options) (Result, error) {
	if opts.District == "" {
		opts.District = DefaultDistrict
	}
	if opts.Run == "" {
		opts.Run = suffix()
	}
	p := &player{
		opts: opts, run: opts.Run, requests: suffix(), begun: time.Now(), tokens: map[string]string{}, reviews: map[string]string{},
		district: "districts/" + opts.District,
	}
	p.coordinator = p.district + "/people/walkthrough-coordinator"
	clientOptions := []restclient.Option{restclient.OnCall(p.record)}
	if opts.Resume {
		clientOptions = append(clientOptions, restclient.Resume())
	}
	p.client = restclient.New(opts.URL, clientOptions...)
	defer p.stopWatching()

	story := p.story()
	for i, s := range story {
		if opts.OnStep != nil {
			opts.OnStep(i + 1)
		}
		if err := p.play(ctx, i+1, s); err != nil {
			return Result{}, fmt.Errorf("step %d, %s: %w", i+1, s.title, err)
		}
	}
	p.printf("walkthrough: a school earned its badge in %d steps, %d HTTP calls, %.1f s\n",
		len(story), p.total, time.Since(p.begun).Seconds())
	return Result{
		School: p.school, Journey: p.journey, Award: p.award, Credential: p.credential,
		Steps: len(story), Calls: p.total,
	}, nil
}

func (p *player) record(c restclient.Call) {
	p.calls = append(p.calls, c)
	if p.opts.OnCall != nil {
		p.opts.OnCall(c)
	}
}

func (p *player) story() []step {
	story := []step{
		{"read the clock and sign in as state administrator", p.signIn},
		{"the state opens a school year with two terms", p.openCycle},
		{"a district and its coordinator", p.ensureDistrict},
		{"the district registers a school", p.registerSchool},
		{"its principal, team lead and a parent get accounts", p.registerPeople},
		{"the district follows the event stream", p.watch},
		{"the school forms a team", p.formTeam},
		{"all five stakeholder groups are invited and confirm", p.joinMembers},
		{"the team begins its journey", p.beginJourney},
		{"it cannot choose a standard before it has looked", p.refuseTooEarly},
	}
	story = append(story, p.surveyWave(1)...)
	story = append(story,
		step{"the needs of the school, ranked with their arithmetic", p.rankNeeds},
		step{"members rate the school on their own", p.rate},
		step{"the team settles its consensus", p.settle},
		step{"a parent's observation is written down", p.note},
		step{"the team has looked enough and may choose", p.deliberate},
		step{"the team chooses one standard, with its reasons", p.choose},
		step{"a goal tied to an indicator and to the improvement plan", p.planGoal},
		step{"two action steps with owner, due date and budget", p.planSteps},
		step{"what evidence will be collected", p.planEvidence},
		step{"the principal signs the plan", p.signOff},
		step{"the plan is acted on", p.startJourney},
		step{"two months go by", p.advanceTo(60)},
		step{"first step: evidence is uploaded, its digest agrees", p.evidence(0)},
		step{"first step is done and reflected on", p.completeStep(0)},
		step{"the second term begins", p.advanceTo(150)},
		step{"second step: evidence is uploaded, its digest agrees", p.evidence(1)},
		step{"second step is done and reflected on", p.completeStep(1)},
	)
	story = append(story, p.surveyWave(2)...)
	return append(story,
		step{"the roadmap is shown at the year-end celebration", p.present},
		step{"every rule of the badge is met", p.awaitEligible},
		step{"the team drafts its application", p.createApplication},
		step{"the principal attests; plan, results and evidence are frozen", p.submit},
		step{"the state's panel gets accounts", p.registerPanel},
		step{"the chair assigns two reviewers", p.assign},
		step{"the reviewers declare that they have no conflict", p.declare},
		step{"the reviewers score, each alone, and finish", p.score},
		step{"the chair proposes the award", p.decide},
		step{"another person approves: badge and credential", p.approve},
		step{"the journey shows the award", p.awaitAwarded},
		step{"from the badge to everything behind it, in one call", p.trail},
		step{"the signed credential is saved", p.saveCredential},
		step{"anyone verifies it: tandem verify", p.verify},
		step{"anyone reads its public page", p.publicPage},
		step{"what the district saw on the event stream", p.showEvents},
	)
}

// play runs a step and prints its line.
func (p *player) play(ctx context.Context, number int, s step) error {
	p.calls, p.remark = nil, ""
	err := s.do(ctx)
	p.total += len(p.calls)
	if err != nil {
		p.printf("%3d  %-62s wrong\n", number, s.title)
		return err
	}
	p.printf("%3d  %-62s %s\n", number, s.title, strings.Join(append(p.summary(), p.remarks()...), "  "))
	return nil
}

func (p *player) remarks() []string {
	if p.remark == "" {
		return nil
	}
	return []string{"· " + p.remark}
}

// summary names the last call of the step and how many there were.
func (p *player) summary() []string {
	if len(p.calls) == 0 {
		return nil
	}
	last := p.calls[len(p.calls)-1]
	text := fmt.Sprintf("%s %s → %d", last.Method, p.short(last.Path), last.Status)
	if n := len(p.calls); n > 1 {
		text += fmt.Sprintf(" (%d calls)", n)
	}
	return []string{text}
}

// short keeps the telling end of a long resource path.
func (p *player) short(path string) string {
	if p.school != "" {
		path = strings.Replace(path, p.school, "…", 1)
	}
	return path
}

func (p *player) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(p.opts.Out, format, args...)
}

// suffix is short and unique enough for the ids of one run.
func suffix() string {
	id := ids.New()
	const length = 8
	return id[len(id)-length:]
}
