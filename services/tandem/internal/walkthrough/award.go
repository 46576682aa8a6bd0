package walkthrough

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	badgesv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/badges/v1"
)

// credentialFile is where a run leaves the credential that it won.
const credentialFile = "credential.json"

func (p *player) trail(ctx context.Context) error {
	var trail badgesv1.AwardTrail
	if err := p.get(ctx, p.principal, p.award+":trail", nil, &trail); err != nil {
		return err
	}
	p.credential = trail.GetAward().GetCredential()
	switch {
	case len(trail.GetCredential().GetFields()) == 0:
		return fmt.Errorf("the trail has no credential")
	case !trail.GetDecision().GetApproved():
		return fmt.Errorf("the trail has no approved decision")
	case len(trail.GetReviews()) != len(reviewers) || len(trail.GetReviews()[0].GetScores()) == 0:
		return fmt.Errorf("the trail has %d reviews: want %d with scores", len(trail.GetReviews()), len(reviewers))
	case trail.GetRubricVersion().GetName() == "":
		return fmt.Errorf("the trail has no rubric version")
	case len(trail.GetEvidence()) != len(p.steps):
		return fmt.Errorf("the trail has %d pieces of evidence: want %d", len(trail.GetEvidence()), len(p.steps))
	}
	p.remark = fmt.Sprintf("%s, %d scores, evidence %s…", trail.GetRubricVersion().GetName(),
		len(trail.GetReviews())*len(trail.GetReviews()[0].GetScores()), trail.GetEvidence()[0].GetSha256()[:16])
	return nil
}

func (p *player) saveCredential(ctx context.Context) error {
	var document []byte
	if err := p.client.Get(ctx, "/v1/"+p.credential, nil, &document); err != nil {
		return err
	}
	if err := os.MkdirAll(p.opts.Folder, 0o755); err != nil {
		return err
	}
	file := filepath.Join(p.opts.Folder, credentialFile)
	p.remark = file
	return os.WriteFile(file, document, 0o644)
}

// verify runs the command that anyone has, on the file and on the address.
func (p *player) verify(ctx context.Context) error {
	file := filepath.Join(p.opts.Folder, credentialFile)
	if err := p.opts.Verify(ctx, file); err != nil {
		return err
	}
	p.remark = "tandem verify " + file + " → valid"
	return p.opts.Verify(ctx, p.page())
}

// page is the public page of the badge.
func (p *player) page() string {
	return p.client.Base() + "/badges/" + strings.TrimPrefix(p.credential, "credentials/")
}

func (p *player) publicPage(ctx context.Context) error {
	var page []byte
	path := strings.TrimPrefix(p.page(), p.client.Base())
	if err := p.client.Get(ctx, path, nil, &page); err != nil {
		return err
	}
	if !bytes.Contains(page, []byte("Walkthrough School "+p.run)) {
		return fmt.Errorf("the page does not name the school")
	}
	p.remark = p.page()
	return nil
}
