// Package doctor examines an installation before and while it runs: whether its
// settings fit together, and whether everything they name is there, answers, is of
// the right version and is not open to others. Each finding says what was found
// and, where something is wrong, how it is mended.
//
// It takes the settings of `tandem serve` and changes nothing but a probe object
// in the blob store, which it removes, and a probe file in the data folder. It
// makes no keys, roles, tables or streams that are missing: that they are missing
// is the news. Secrets are never part of a finding (secrets.go).
//
// Neighbours: package app knows the settings and opens what they name; packages
// sqldb, bus and tlsfiles tell the facts, badges and assessments what only they
// can check.
package doctor

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

// Status of a finding.
type Status string

// The statuses. A warning works today; a failure does not, or puts something at risk.
const (
	OK   Status = "ok"
	Warn Status = "warn"
	Fail Status = "FAIL"
)

// Result is one finding.
type Result struct {
	Group  string `json:"group"`
	Check  string `json:"check"`
	Status Status `json:"status"`
	Found  string `json:"found"`
	Fix    string `json:"fix,omitempty"`
}

// Options say what is examined.
type Options struct {
	Settings    app.ServeSettings
	Services    []string     // that run here, as for `tandem serve`
	Version     string       // of this program
	Environment []string     // names of the environment's variables
	Known       []string     // names of variables that are settings
	Client      *http.Client // that visits the public address; nil: an ordinary one
	// Patience bounds what one question to the outside may take; 0: 5 seconds.
	Patience time.Duration
}

const (
	patience  = 5 * time.Second
	questions = 8 // that a group may ask one after the other, and more
)

// patient bounds one question.
func (e *examination) patient(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, e.Patience)
}

// group is one part of the examination.
type group struct {
	name string
	look func(*examination, context.Context, *notes)
}

// groups in the order in which they are told.
var groups = []group{
	{"settings", (*examination).lookAtSettings},
	{"data", (*examination).lookAtData},
	{"keys", (*examination).lookAtKeys},
	{"keeper", (*examination).lookAtKeeper},
	{"database", (*examination).lookAtDatabases},
	{"bus", (*examination).lookAtBus},
	{"blobs", (*examination).lookAtBlobs},
	{"tls", (*examination).lookAtTLS},
	{"peers", (*examination).lookAtPeers},
	{"public", (*examination).lookAtPublic},
	{"mail", (*examination).lookAtMail},
	{"traces", (*examination).lookAtTraces},
	{"time", (*examination).lookAtTime},
}

// Groups lists the names of the groups.
func Groups() []string {
	var names []string
	for _, one := range groups {
		names = append(names, one.name)
	}
	return names
}

// examination is what all groups know.
type examination struct {
	Options
	targets    []string
	complaints error // about the settings
}

// runs tells whether a service or the gateway is to run here.
func (e *examination) runs(name string) bool { return slices.Contains(e.targets, name) }

// alone tells whether everything runs in one process.
func (e *examination) alone() bool { return len(e.targets) == len(app.DatabaseNames()) }

// Run examines the groups named, or all of them, side by side.
func Run(ctx context.Context, o Options, only ...string) []Result {
	o.Client, o.Patience = cmp.Or(o.Client, http.DefaultClient), cmp.Or(o.Patience, patience)
	e := &examination{Options: o}
	e.targets, e.complaints = app.Targets(o.Services)
	if e.complaints == nil {
		e.complaints = e.Settings.Complete(e.targets)
	}
	told := make([]notes, len(groups))
	var wg sync.WaitGroup
	for i, one := range groups {
		if len(only) > 0 && !slices.Contains(only, one.name) {
			continue
		}
		told[i].group = one.name
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, questions*e.Patience)
			defer cancel()
			one.look(e, ctx, &told[i])
		})
	}
	wg.Wait()
	var all []Result
	for _, one := range told {
		all = append(all, one.results...)
	}
	return withoutSecrets(all, o.Settings)
}

// Failed tells whether there is a failure among the findings.
func Failed(results []Result) bool {
	return slices.ContainsFunc(results, func(r Result) bool { return r.Status == Fail })
}

// notes are the findings of one group.
type notes struct {
	group   string
	results []Result
}

func (n *notes) ok(check, found string, args ...any) { n.add(OK, check, "", found, args) }

func (n *notes) warn(check, fix, found string, args ...any) { n.add(Warn, check, fix, found, args) }

func (n *notes) fail(check, fix, found string, args ...any) { n.add(Fail, check, fix, found, args) }

func (n *notes) add(status Status, check, fix, found string, args []any) {
	text := found
	if len(args) > 0 {
		text = fmt.Sprintf(found, args...)
	}
	n.results = append(n.results, Result{
		Group: n.group, Check: check, Status: status, Found: oneLine(text), Fix: fix,
	})
}

// oneLine makes one line of an error that has several.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
