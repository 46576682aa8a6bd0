package verifier

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/gowebpki/jcs"

	"github.com/tandem-badges/tandem/services/badges/credential/translog"
)

// log asks the public log whether the issuer made the credential known, and when.
func (c *check) log(ctx context.Context) {
	r := c.report
	switch {
	case c.opts.Log == nil && c.level > 0:
		r.skip(StepLog, "log_whole")
		return
	case c.opts.Log == nil:
		r.skip(StepLog, "log_none")
		return
	}
	found, err := c.opts.Log.Check(ctx, c.question())
	switch {
	case err != nil:
		r.warn(StepLog, translog.CodeUnavailable)
	case c.opts.Language == Spanish && found.Code == "":
		r.pass(StepLog, "log_ok")
	case c.opts.Language == Spanish && known(found.Code):
		r.add(StepLog, Outcome(found.Outcome), found.Code, say(Spanish, found.Code))
	default: // the log's own words, which have its times
		r.add(StepLog, Outcome(found.Outcome), found.Code, found.Reason)
	}
}

func (c *check) question() translog.Question {
	q := translog.Question{
		ID: c.report.ID, Issuer: c.report.IssuerID, Digests: c.report.Digests, OtherForm: c.opened.Token != "",
	}
	for _, p := range c.signed {
		q.Signatures = append(q.Signatures, translog.Signature{Method: p.VerificationMethod, Created: p.Created})
	}
	return q
}

// digests are those of all forms in which the same credential may have been written when it was
// issued: a wallet may set a document differently without changing what it says.
func (c *check) digests() []string {
	if c.opened.Token != "" {
		return nil
	}
	forms := [][]byte{c.raw}
	if text, err := canonical(c.doc); err == nil {
		forms = append(forms, text)
		if text, err = jcs.Transform(text); err == nil {
			forms = append(forms, text)
		}
	}
	var out []string
	for _, text := range forms {
		sum := sha256.Sum256(text)
		if digest := hex.EncodeToString(sum[:]); !slices.Contains(out, digest) {
			out = append(out, digest)
		}
	}
	return out
}
