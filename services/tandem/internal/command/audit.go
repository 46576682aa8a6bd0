package command

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tandem-badges/tandem/services/kit/audit"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/kit/tenant"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

const auditBatch = 1000

// Audit are the commands for whoever audits an installation, or what it publishes.
type Audit struct {
	Log        AuditLog        `cmd:"" help:"Print, export and verify the audit log of all services together."`
	Disclosure AuditDisclosure `cmd:"" help:"Compute what published tables tell about the numbers that are hidden in them."`
}

// AuditLog reads databases only, so it works beside the running services, and
// when none runs.
type AuditLog struct {
	app.StorageSettings
	app.LogSettings
	District string   `help:"Only this district's chains, by its id; _state for the state's." placeholder:"ID"`
	Service  []string `help:"Only these services." enum:"schools,assessments,evidence,badges,gateway"`
	Verify   bool     `help:"Recompute the chains instead of printing entries. Exit code 1 when one is broken."`
	Export   string   `help:"File that gets the entries as JSON lines, and the heads of the chains after them." placeholder:"FILE"`
	Since    string   `help:"Earlier export: only later entries, and each chain has to hold the head that it names." placeholder:"FILE"`
}

// headLine ends an export: what to compare the chain with later.
type headLine struct {
	Head     *audit.Head `json:"head,omitempty"`
	Service  string      `json:"service"`
	District string      `json:"district"`
}

// Run goes through the services one by one.
func (a *AuditLog) Run(ctx context.Context) (err error) {
	known, err := readHeads(a.Since)
	if err != nil {
		return err
	}
	out, done, err := a.output()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	services := a.Service
	if len(services) == 0 {
		services = app.DatabaseNames()
	}
	ctx = tenant.Everything(ctx, "the audit log of all districts is read by the operator")
	intact := true
	err = eachDatabase(ctx, a.StorageSettings, a.LogSettings, services, func(service string, db *sqldb.DB) error {
		if a.Verify || a.Since != "" {
			whole, err := a.verify(ctx, service, db, known[service])
			intact = intact && whole
			if err != nil || (a.Verify && a.Export == "") {
				return err
			}
		}
		return a.print(ctx, out, service, db, known[service])
	})
	if err == nil && !intact {
		return ExitError{Code: 1}
	}
	return err
}

// output is the file of an export, or standard output.
func (a *AuditLog) output() (io.Writer, func() error, error) {
	if a.Export == "" {
		return os.Stdout, func() error { return nil }, nil
	}
	file, err := os.OpenFile(a.Export, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("--export: %w", err)
	}
	buffer := bufio.NewWriter(file)
	return buffer, func() error { return errors.Join(buffer.Flush(), file.Close()) }, nil
}

// verify says how each chain is and whether all are whole.
func (a *AuditLog) verify(ctx context.Context, service string, db *sqldb.DB, known map[string]audit.Head) (bool, error) {
	chains, err := audit.VerifyAll(ctx, db, known)
	if err != nil {
		return false, err
	}
	whole := true
	for _, c := range chains {
		if a.District != "" && c.District != a.District {
			continue
		}
		state := "intact"
		if !c.Intact {
			whole, state = false, fmt.Sprintf("BROKEN at %d: %s", c.FirstBroken, c.Problem)
		}
		fmt.Fprintf(os.Stderr, "%-12s %-20s %6d entries, %d waiting, head %.16s  %s\n", service, c.District, c.Entries, c.Waiting, c.Head.Hash, state)
	}
	return whole, nil
}

// print writes the entries of a service as JSON lines, and then the heads.
func (a *AuditLog) print(ctx context.Context, out io.Writer, service string, db *sqldb.DB, known map[string]audit.Head) error {
	districts, err := audit.Districts(ctx, db)
	if err != nil {
		return err
	}
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for _, district := range districts {
		if a.District != "" && district != a.District {
			continue
		}
		head := known[district]
		for more := true; more; {
			entries, err := audit.List(ctx, db, audit.Query{District: district, After: head.Sequence, Limit: auditBatch})
			if err != nil {
				return err
			}
			for _, e := range entries {
				if err := lines.Encode(e); err != nil {
					return err
				}
				head = audit.Head{Sequence: e.Sequence, Hash: e.Hash}
			}
			more = len(entries) == auditBatch
		}
		if a.Export != "" && head.Sequence > 0 {
			if err := lines.Encode(headLine{Head: &head, Service: service, District: district}); err != nil {
				return err
			}
		}
	}
	return nil
}

// readHeads reads the heads of an earlier export, by service and district.
func readHeads(path string) (map[string]map[string]audit.Head, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path) //nolint:gosec // the file that the operator names
	if err != nil {
		return nil, fmt.Errorf("--since: %w", err)
	}
	defer func() { _ = file.Close() }()
	heads := map[string]map[string]audit.Head{}
	for lines := json.NewDecoder(bufio.NewReader(file)); ; {
		var line headLine
		if err := lines.Decode(&line); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("--since %s: %w", path, err)
		}
		if line.Head == nil {
			continue
		}
		if heads[line.Service] == nil {
			heads[line.Service] = map[string]audit.Head{}
		}
		heads[line.Service][line.District] = *line.Head
	}
	if len(heads) == 0 {
		return nil, fmt.Errorf("--since %s: names no head, so it is no export of the audit log", path)
	}
	return heads, nil
}
