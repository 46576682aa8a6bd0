package translog

import (
	"context"
	"fmt"
	"time"
)

// Question asks a log about one credential. What it says comes from the credential itself.
type Question struct {
	ID     string // of the credential
	Issuer string // DID
	// Digests are SHA-256, hex, of the forms in which the credential may have been signed and
	// logged: its bytes, and its canonical JSON.
	Digests []string
	// Signatures are the credential's proofs.
	Signatures []Signature
	// OtherForm says that the document is another form (VC-JWT) of what issuers log, so that no
	// digest can fit.
	OtherForm bool
}

// Signature is by which key a proof was made, and when as it says itself.
type Signature struct {
	Method  string
	Created time.Time // zero: it does not say
}

// Outcome is how a finding came out.
type Outcome string

// The outcomes.
const (
	Passed  Outcome = "passed"
	Warned  Outcome = "warning"
	Refused Outcome = "failed"
)

// The codes of findings that are not passed.
const (
	CodeUnsigned    = "log_unsigned"        // the checkpoint is not signed by the log's key
	CodeRewritten   = "log_rewritten"       // an earlier checkpoint is not a beginning of the log
	CodeDamaged     = "log_damaged"         // files do not fit the checkpoint
	CodeUnavailable = "log_unavailable"     // the log could not be read
	CodeMissing     = "log_missing"         // the credential is not in the log
	CodeChanged     = "log_changed"         // the log has another document under this id
	CodeIssuer      = "log_other_issuer"    // the log has it from another issuer
	CodeBackdated   = "log_backdated"       // entered after the saved checkpoint, and says to be older
	CodeCompromised = "log_key_compromised" // signed with a key when it was in wrong hands
	CodeRevoked     = "log_revoked"
	CodeSuspended   = "log_suspended"
	CodeSuperseded  = "log_superseded" // there is a newer version of it
	CodeOtherForm   = "log_other_form" // only another form of it is in the log
)

// slack is how far the order of entries and their times may be apart: what is signed is entered
// within about a second, and several writers' clocks differ a little.
const slack = 5 * time.Minute

// Finding is what the log says about a credential.
type Finding struct {
	Outcome Outcome
	Code    string // empty when passed
	Reason  string // for people
	Index   int64  // of the entry, -1 when there is none
	Head    Checkpoint
}

// Check reads the whole log and says what it knows of a credential. The saved checkpoint, where
// there is one, must be a beginning of the log, and what was entered after it cannot be older.
// Errors are those of reading; what is wrong with the log itself is a finding.
func (l *Log) Check(ctx context.Context, q Question, saved *Checkpoint) (Finding, error) {
	t := newTrace(q)
	if saved != nil {
		if err := l.Consistent(ctx, *saved); err != nil {
			return l.wrong(err)
		}
		t.saved = saved.Size
	}
	err := l.Entries(ctx, 0, l.head.Size, func(index int64, leaf []byte) error {
		e, err := ParseEntry(leaf)
		if err != nil {
			return fmt.Errorf("%w: entry %d: %w", ErrDamaged, index, err)
		}
		t.see(index, e)
		return nil
	})
	if err != nil {
		return l.wrong(err)
	}
	f := t.finding()
	f.Head = l.head
	return f, nil
}

// wrong turns an error that is the log's own into a finding.
func (l *Log) wrong(err error) (Finding, error) {
	f, ok := Fault(err)
	f.Head = l.head
	if !ok {
		return Finding{}, err
	}
	return f, nil
}

// trace gathers what matters to a question while the log goes by.
type trace struct {
	q     Question
	saved int64 // size of the saved checkpoint

	digests map[string]bool
	methods map[string]bool

	entry, other *placed           // the entry of the credential, and of another document with its id
	status       *placed           // the newest suspension, reinstatement or revocation
	compromised  map[string]placed // by key, the entry that says the earliest time
	known        time.Time         // the newest time within the saved checkpoint
}

type placed struct {
	Entry
	index int64
}

func newTrace(q Question) *trace {
	t := &trace{q: q, digests: map[string]bool{}, methods: map[string]bool{}, compromised: map[string]placed{}}
	for _, d := range q.Digests {
		t.digests[d] = true
	}
	for _, s := range q.Signatures {
		t.methods[s.Method] = true
	}
	return t
}

func (t *trace) see(index int64, e Entry) {
	here := placed{Entry: e, index: index}
	if index < t.saved && e.Kind != KeyCompromised && e.Time.After(t.known) {
		t.known = e.Time
	}
	switch {
	case e.Kind == KeyCompromised && t.methods[e.Subject]:
		if before, ok := t.compromised[e.Subject]; !ok || e.Time.Before(before.Time) {
			t.compromised[e.Subject] = here
		}
	case e.AboutKey() || e.Subject != t.q.ID:
	case e.Signs() && t.digests[e.Digest]:
		if t.entry == nil {
			t.entry = &here
		}
	case e.Signs():
		t.other = &here
	case t.status == nil || t.status.Kind != Revoked: // a revocation is final
		t.status = &here
	}
}
