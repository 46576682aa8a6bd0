package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/openbadge"
)

// Limits of what is read.
const (
	maxCredential = 1 << 20
	fetchTimeout  = 30 * time.Second
)

// Exit codes of `tandem verify`, so that scripts can tell a badge that is wrong
// from one that could not be read.
const (
	exitInvalid    = 1
	exitUnreadable = 2
)

// Verify checks a badge without any server: everything it needs is in the
// program.
type Verify struct {
	Target string            `arg:"" help:"File, address (http:// or https://, also of a public badge page), or - for standard input." placeholder:"FILE|URL"`
	JSON   bool              `name:"json" help:"Print the report as JSON."`
	Trust  map[string]string `help:"Issuers to trust by name, DID=NAME;... Without it, who the issuer is stays an open question." placeholder:"DID=NAME"`
}

// Help explains the exit codes.
func (Verify) Help() string {
	return "Exit code 0: valid. 1: not valid. 2: could not be read. A valid badge of an unknown issuer is valid; whether to trust the issuer is a separate question."
}

// Run verifies and prints each step.
func (v *Verify) Run(ctx context.Context) error {
	document, err := v.read(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tandem verify:", err)
		return ExitError{Code: exitUnreadable}
	}
	set, err := contexts.Standard()
	if err != nil {
		return err
	}
	report := openbadge.New(set).Verify(ctx, document, openbadge.Options{Now: time.Now().UTC(), KnownIssuers: v.Trust})
	if v.JSON {
		err = printJSON(os.Stdout, report)
	} else {
		err = printReport(os.Stdout, report)
	}
	if err != nil {
		return err
	}
	if !report.Valid {
		return ExitError{Code: exitInvalid}
	}
	return nil
}

func (v *Verify) read(ctx context.Context) ([]byte, error) {
	switch {
	case v.Target == "-":
		return readLimited(os.Stdin)
	case strings.HasPrefix(v.Target, "http://"), strings.HasPrefix(v.Target, "https://"):
		return fetch(ctx, v.Target)
	default:
		file, err := os.Open(v.Target)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		return readLimited(file)
	}
}

// fetch asks for the credential; a badge page answers with it instead of HTML.
func fetch(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/vc+ld+json, application/ld+json, application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s", address, resp.Status)
	}
	return readLimited(resp.Body)
}

func readLimited(r io.Reader) ([]byte, error) {
	document, err := io.ReadAll(io.LimitReader(r, maxCredential+1))
	if err == nil && len(document) > maxCredential {
		err = fmt.Errorf("larger than %d bytes: not a badge", maxCredential)
	}
	return document, err
}

func printJSON(w io.Writer, report openbadge.Report) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(report)
}

func printReport(w io.Writer, report openbadge.Report) error {
	marks := map[openbadge.Outcome]string{
		openbadge.Passed: "ok     ", openbadge.Failed: "FAILED ", openbadge.Warning: "warning", openbadge.Skipped: "skipped",
	}
	var text strings.Builder
	fmt.Fprintf(&text, "badge:  %s\nissuer: %s (%s)\n", report.Name, report.IssuerName, report.IssuerID)
	for _, step := range report.Steps {
		fmt.Fprintf(&text, "%s  %s: %s\n", marks[step.Outcome], step.Title, step.Reason)
	}
	verdict := "NOT VALID"
	if report.Valid {
		verdict = "valid"
	}
	fmt.Fprintf(&text, "result: %s\n", verdict)
	_, err := io.WriteString(w, text.String())
	return err
}
