package translog

import (
	"errors"
	"time"
)

// Fault tells whether an error is something wrong with the log itself, and what to call it.
func Fault(err error) (Finding, bool) {
	f := Finding{Outcome: Refused, Index: -1}
	switch {
	case errors.Is(err, ErrRewritten):
		f.Code, f.Reason = CodeRewritten, "The log was rewritten: it does not begin with what the saved checkpoint covers. Trust nothing of this log, and tell others."
	case errors.Is(err, ErrSignature):
		f.Code, f.Reason = CodeUnsigned, "The checkpoint is not signed by the log's key."
	case errors.Is(err, ErrCheckpoint):
		f.Code, f.Reason = CodeUnsigned, "What should be a checkpoint of the log is none: "+err.Error()+"."
	case errors.Is(err, ErrDamaged), errors.Is(err, ErrTile), errors.Is(err, ErrEntry), errors.Is(err, ErrProof):
		f.Code, f.Reason = CodeDamaged, "Files of the log do not fit its signed checkpoint: they were changed or damaged."
	default:
		f.Code, f.Reason = CodeUnavailable, "The log could not be read."
		return f, false
	}
	return f, true
}

// finding puts together what was seen. What makes the credential worthless comes first.
func (t *trace) finding() Finding {
	if t.entry == nil {
		return t.missing()
	}
	at := t.entry.index
	refuse := func(code, reason string) Finding {
		return Finding{Outcome: Refused, Code: code, Reason: reason, Index: at}
	}
	switch {
	case t.entry.Issuer != t.q.Issuer:
		return refuse(CodeIssuer, "The log has this badge from another issuer, "+t.entry.Issuer+".")
	case t.backdated():
		return refuse(CodeBackdated, "The badge says to be from before the saved checkpoint, and was entered in the log after it.")
	case t.stolen(t.entry):
		return refuse(CodeCompromised, "The badge was signed with a key that was in wrong hands by then, as the log says.")
	case t.status != nil && t.status.Kind == Revoked:
		return refuse(CodeRevoked, "The issuer took the badge away on "+day(t.status.Time)+", as the log says.")
	case t.status != nil && t.status.Kind == Suspended:
		return refuse(CodeSuspended, "The issuer suspended the badge on "+day(t.status.Time)+", as the log says.")
	case t.other != nil && t.other.index > at:
		return Finding{Outcome: Warned, Code: CodeSuperseded, Index: at, Reason: "The badge is in the log, and so is a newer version of it, of " + day(t.other.Time) + "."}
	}
	return Finding{Outcome: Passed, Index: at, Reason: "The badge is in the public log since " + day(t.entry.Time) + ", and the log was not rewritten."}
}

// missing is the finding about a credential whose digest is not in the log.
func (t *trace) missing() Finding {
	f := Finding{Outcome: Refused, Code: CodeMissing, Index: -1, Reason: "The log does not have this badge: its issuer never made it known."}
	switch {
	case t.stolen(nil):
		f.Code, f.Reason = CodeCompromised, "The badge is not in the log, and its key was in wrong hands, as the log says."
	case t.other == nil:
	case !t.q.OtherForm:
		f.Code, f.Reason = CodeChanged, "The log has another document under the address of this badge."
	case t.other.Issuer != t.q.Issuer:
		f.Code, f.Reason = CodeIssuer, "The log has this badge from another issuer, "+t.other.Issuer+"."
	case t.status != nil && t.status.Kind == Revoked:
		f.Code, f.Reason = CodeRevoked, "The issuer took the badge away on "+day(t.status.Time)+", as the log says."
	case t.status != nil && t.status.Kind == Suspended:
		f.Code, f.Reason = CodeSuspended, "The issuer suspended the badge on "+day(t.status.Time)+", as the log says."
	default:
		return Finding{
			Outcome: Warned, Code: CodeOtherForm, Index: t.other.index,
			Reason: "The log has this badge in another form, which cannot be compared. Check its JSON form to be sure.",
		}
	}
	return f
}

// backdated tells whether the credential came into the log after the saved checkpoint though it
// says to be older than what the checkpoint covers.
func (t *trace) backdated() bool {
	if t.entry.index < t.saved || t.known.IsZero() {
		return false
	}
	for _, s := range t.q.Signatures {
		if s.Created.IsZero() || s.Created.Add(slack).Before(t.known) {
			return true
		}
	}
	return t.entry.Time.Add(slack).Before(t.known)
}

// stolen tells whether a key of the credential was in wrong hands when it signed. Of a credential
// that is not in the log nobody knows when that was; one that is in it was there first when it is
// above the entry that tells of the key, and nothing in it is from after the date.
func (t *trace) stolen(entry *placed) bool {
	for _, s := range t.q.Signatures {
		c, ok := t.compromised[s.Method]
		if !ok {
			continue
		}
		if entry == nil || entry.index > c.index || !entry.Time.Before(c.Time) || !s.Created.Before(c.Time) {
			return true
		}
	}
	return false
}

func day(t time.Time) string { return t.UTC().Format("2 January 2006") }
