package command

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/tandem-badges/tandem/services/tandem/internal/walkthrough"
)

// Walkthrough plays a school's year on a running instance.
type Walkthrough struct {
	URL    string `name:"url" help:"Address of the running instance." default:"http://127.0.0.1:8080" placeholder:"URL"`
	Out    string `help:"Folder that gets credential.json, the badge that was won." default:"./var/walkthrough" placeholder:"DIR"`
	Resume bool   `help:"Go on when the instance goes away for a while and comes back."`
}

// Run plays and stops at the first thing that is wrong.
func (w *Walkthrough) Run(ctx context.Context) error {
	_, err := walkthrough.Play(ctx, walkthrough.Options{
		URL: w.URL, Out: os.Stdout, Folder: w.Out, Resume: w.Resume, Verify: w.verifyBySelf,
	})
	return err
}

// verifyBySelf runs `tandem verify` as a process of its own, so that the
// walkthrough proves the command that everybody has. The instance's list of issuers holds
// their keys, which a badge does not where its issuer is a did:web.
func (w *Walkthrough) verifyBySelf(ctx context.Context, target string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	//nolint:gosec // the program itself, with a file that it wrote or an address of the instance
	if output, err := exec.CommandContext(ctx, self, "verify", "--registry", strings.TrimSuffix(w.URL, "/")+"/v1/issuers:registry", target).CombinedOutput(); err != nil {
		return fmt.Errorf("tandem verify %s: %w\n%s", target, err, output)
	}
	return nil
}
