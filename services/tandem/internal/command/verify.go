package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
	"github.com/tandem-badges/tandem/services/badges/credential/verifier"
)

// Exit codes of `tandem verify`, so that scripts can tell a badge that is wrong
// from something that is none or could not be read.
const (
	exitInvalid    = 1
	exitUnreadable = 2
)

// Verify checks badges without any server: everything it needs is in the
// program, unless it is told to look things up.
type Verify struct {
	Targets     []string          `arg:"" name:"target" help:"Files, addresses (http:// or https://, also of a public badge page), or - for standard input." placeholder:"FILE|URL"`
	JSON        bool              `name:"json" help:"Print the report as JSON."`
	Language    string            `help:"Language of the report, en or es." enum:"en,es" default:"en" env:"-"`
	Registry    string            `help:"Signed list of known issuers: a file, or an address such as https://HOST/v1/issuers:registry." placeholder:"FILE|URL"`
	RegistryKey string            `help:"Key that must have signed the list (z6Mk...)." placeholder:"KEY"`
	Trust       map[string]string `help:"Issuers to know by name without a list, DID=NAME;..." placeholder:"DID=NAME"`
	Online      bool              `help:"Look up status lists and the keys of did:web issuers. Without it nothing is fetched but the targets." env:"-"`
	Development bool              `help:"Know the examples context of the W3C, and let lookups reach this machine over http." env:"-"`
	Recipient   string            `help:"Id or identifier of the school that the badge has to be about." placeholder:"ID" env:"-"`
	Challenge   string            `help:"For presentations: the challenge that was given." env:"-"`
	Domain      string            `help:"For presentations: the domain that was given." env:"-"`
	At          time.Time         `help:"Verify for this time, such as 2026-06-01T12:00:00Z, instead of now." placeholder:"TIME" env:"-"`

	LogFlags `embed:""`
}

// Help explains forms, answers and exit codes.
func (Verify) Help() string {
	return `Reads JSON, presentations, signed tokens (VC-JWT), baked PNG and SVG pictures and PDF certificates.

Valid and known are two answers: a badge of an unknown issuer can be valid. Give --registry to know issuers. What was not looked up is told as a warning, never as passed. The keys of did:web issuers have to be in that list, or be looked up with --online.

  tandem verify badge.png
  tandem verify --registry issuers.json --registry-key z6Mk... badge.json
  tandem verify --online https://badges.example.org/badges/06fq8
  curl -s https://badges.example.org/v1/credentials/06fq8 | tandem verify --json -

Exit code 0: all are valid. 1: one is not valid. 2: one is no credential or could not be read, or an option is wrong.`
}

// Run verifies and prints.
func (v *Verify) Run(ctx context.Context) error {
	code, err := v.run(ctx, os.Stdout, colorful(os.Stdout))
	if err != nil {
		fmt.Fprintln(os.Stderr, "tandem verify:", err)
	}
	if code != 0 {
		return ExitError{Code: code}
	}
	return nil
}

// run answers with the exit code.
func (v *Verify) run(ctx context.Context, out io.Writer, colors bool) (int, error) {
	verify, opts, err := v.prepare(ctx)
	if err != nil {
		return exitUnreadable, err
	}
	results := make([]result, len(v.Targets))
	for i, target := range v.Targets {
		results[i] = v.check(ctx, verify, opts, target)
	}
	if v.JSON {
		err = printJSON(out, results)
	} else {
		err = printer{out: out, colors: colors, language: opts.Language}.all(results)
	}
	if err != nil {
		return exitUnreadable, err
	}
	return exitCode(results), nil
}

func (v *Verify) prepare(ctx context.Context) (*verifier.Verifier, verifier.Options, error) {
	opts := verifier.Options{
		Now: v.At.UTC(), Language: verifier.Language(v.Language),
		Recipient: v.Recipient, Challenge: v.Challenge, Domain: v.Domain,
	}
	if v.At.IsZero() {
		opts.Now = time.Now().UTC()
	}
	known := contexts.Standard
	if v.Development {
		known = contexts.Development
	}
	set, err := known()
	if err != nil {
		return nil, opts, err
	}
	if opts.Registry, err = v.issuers(ctx); err != nil {
		return nil, opts, err
	}
	if v.Online {
		opts.Lists, opts.Resolver = v.lookups(opts.Now)
	}
	if opts.Log, err = v.openLog(ctx); err != nil {
		return nil, opts, err
	}
	return verifier.New(dataintegrity.New(jsonld.New(set))), opts, nil
}

// result is what became of one target.
type result struct {
	Target string `json:"target"`
	// Error says why the target could not be read at all.
	Error string `json:"error,omitempty"`
	verifier.Report
}

func (v *Verify) check(ctx context.Context, verify *verifier.Verifier, opts verifier.Options, target string) result {
	document, err := v.read(ctx, target)
	if err != nil {
		return result{Target: target, Error: err.Error(), Report: verifier.Report{Time: opts.Now, Steps: []verifier.Step{}}}
	}
	return result{Target: target, Report: verify.Verify(ctx, document, opts)}
}

// unreadable tells what is no credential from one that is refused.
func (r result) unreadable() bool {
	if r.Error != "" {
		return true
	}
	switch r.Step(verifier.StepRead).Code {
	case "file_empty", "file_too_large", "unknown_format", "form_unknown", "no_credential":
		return true
	}
	return false
}

// exitCode is that of the worst result: not valid is worse than unreadable.
func exitCode(results []result) int {
	code := 0
	for _, r := range results {
		switch {
		case r.unreadable():
			code = max(code, exitUnreadable)
		case !r.Valid:
			return exitInvalid
		}
	}
	return code
}

var errTooLarge = errors.New("larger than 4 MB: not a badge")
