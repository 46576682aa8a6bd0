package translog_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/translog"
)

const (
	badge  = "https://badges.example.org/v1/credentials/c1"
	method = issuer + "#key-1"
)

func at(hours int) time.Time { return begin().Add(time.Duration(hours) * time.Hour) }

func event(kind, subject string, hours int) translog.Entry {
	e := translog.Entry{Kind: kind, Issuer: issuer, Subject: subject, Time: at(hours)}
	if e.Signs() {
		e.Digest = digest(subject)
	}
	return e
}

func question(created time.Time) translog.Question {
	return translog.Question{
		ID: badge, Issuer: issuer, Digests: []string{"ff", digest(badge)},
		Signatures: []translog.Signature{{Method: method, Created: created}},
	}
}

func TestWhatTheLogSaysOfACredential(t *testing.T) {
	other := event(translog.Reissued, badge, 9)
	other.Digest = digest("another document")
	foreign := event(translog.Issued, badge, 1)
	foreign.Issuer = "did:key:z6Mkfoo"
	filler := func(hours int) translog.Entry { return event(translog.Issued, "urn:filler", hours) }
	jwt := question(at(1))
	jwt.Digests, jwt.OtherForm = []string{"ff"}, true
	jwtOf := func(created time.Time) translog.Question {
		q := jwt
		q.Signatures = question(created).Signatures
		return q
	}
	for name, c := range map[string]struct {
		log   []translog.Entry
		saved int // entries of the saved checkpoint
		ask   translog.Question
		code  string
		out   translog.Outcome
	}{
		"in the log": {[]translog.Entry{filler(0), event(translog.Issued, badge, 1)}, 2, question(at(1)), "", translog.Passed},
		"entered after the saved checkpoint, as it says": {
			[]translog.Entry{filler(0), event(translog.Issued, badge, 1)}, 1, question(at(1)), "", translog.Passed,
		},
		"entered a moment later than others": {
			[]translog.Entry{filler(1), event(translog.Issued, badge, 1)}, 1, question(at(1).Add(-time.Minute)), "", translog.Passed,
		},
		"never entered": {[]translog.Entry{filler(0)}, 1, question(at(1)), translog.CodeMissing, translog.Refused},
		"empty log":     {nil, 0, question(at(1)), translog.CodeMissing, translog.Refused},
		"another document": {
			[]translog.Entry{other}, 0, question(at(1)), translog.CodeChanged, translog.Refused,
		},
		"another issuer": {[]translog.Entry{foreign}, 0, question(at(1)), translog.CodeIssuer, translog.Refused},
		"back-dated before the saved checkpoint": {
			[]translog.Entry{filler(0), filler(20), event(translog.Issued, badge, 21)}, 2, question(at(1)), translog.CodeBackdated, translog.Refused,
		},
		"no time of its own, and entered after the saved checkpoint": {
			[]translog.Entry{filler(0), event(translog.Issued, badge, 21)}, 1, question(time.Time{}), translog.CodeBackdated, translog.Refused,
		},
		"entered and signed before the key was in wrong hands": {
			[]translog.Entry{event(translog.Issued, badge, 1), event(translog.KeyCompromised, method, 10)}, 0, question(at(1)), "", translog.Passed,
		},
		"entered after the key was known to be in wrong hands": {
			[]translog.Entry{event(translog.KeyCompromised, method, 10), event(translog.Issued, badge, 1)},
			0, question(at(1)),
			translog.CodeCompromised, translog.Refused,
		},
		"signed after the date of the compromise": {
			[]translog.Entry{event(translog.Issued, badge, 11), event(translog.KeyCompromised, method, 10)},
			0, question(at(11)),
			translog.CodeCompromised, translog.Refused,
		},
		"entered after that date though signed before": {
			[]translog.Entry{event(translog.Issued, badge, 11), event(translog.KeyCompromised, method, 10)},
			0, question(at(1)),
			translog.CodeCompromised, translog.Refused,
		},
		"signed after that date though entered before": {
			[]translog.Entry{event(translog.Issued, badge, 1), event(translog.KeyCompromised, method, 10)},
			0, question(at(11)),
			translog.CodeCompromised, translog.Refused,
		},
		"the earliest date counts": {
			[]translog.Entry{
				event(translog.Issued, badge, 5), event(translog.KeyCompromised, method, 10), event(translog.KeyCompromised, method, 4),
			}, 0, question(at(5)), translog.CodeCompromised, translog.Refused,
		},
		"another key was in wrong hands": {
			[]translog.Entry{event(translog.KeyCompromised, method+"x", 0), event(translog.Issued, badge, 1)}, 0, question(at(1)), "", translog.Passed,
		},
		"a key that was in wrong hands, and nothing in the log": {
			[]translog.Entry{event(translog.KeyCompromised, method, 10)}, 0, question(at(1)), translog.CodeCompromised, translog.Refused,
		},
		"a retired key": {
			[]translog.Entry{event(translog.Issued, badge, 1), event(translog.KeyRetired, method, 2)}, 0, question(at(1)), "", translog.Passed,
		},
		"suspended": {
			[]translog.Entry{event(translog.Issued, badge, 1), event(translog.Suspended, badge, 2)},
			0, question(at(1)),
			translog.CodeSuspended, translog.Refused,
		},
		"reinstated": {
			[]translog.Entry{event(translog.Issued, badge, 1), event(translog.Suspended, badge, 2), event(translog.Reinstated, badge, 3)},
			0,
			question(at(1)), "", translog.Passed,
		},
		"revoked for good": {
			[]translog.Entry{event(translog.Issued, badge, 1), event(translog.Revoked, badge, 2), event(translog.Reinstated, badge, 3)},
			0,
			question(at(1)), translog.CodeRevoked, translog.Refused,
		},
		"another badge was revoked": {
			[]translog.Entry{event(translog.Issued, badge, 1), event(translog.Revoked, badge+"x", 2)}, 0, question(at(1)), "", translog.Passed,
		},
		"a newer version": {[]translog.Entry{event(translog.Issued, badge, 1), other}, 0, question(at(1)), translog.CodeSuperseded, translog.Warned},
		"the newer version itself": {
			[]translog.Entry{other, event(translog.Reissued, badge, 10)}, 0, question(at(10)), "", translog.Passed,
		},
		"another form": {[]translog.Entry{event(translog.Issued, badge, 1)}, 0, jwt, translog.CodeOtherForm, translog.Warned},
		"another form of nothing": {
			[]translog.Entry{filler(1)}, 0, jwt, translog.CodeMissing, translog.Refused,
		},
		"another form of what was revoked": {
			[]translog.Entry{event(translog.Issued, badge, 1), event(translog.Revoked, badge, 2)}, 0, jwt, translog.CodeRevoked, translog.Refused,
		},
		"another form of what was suspended": {
			[]translog.Entry{event(translog.Issued, badge, 1), event(translog.Suspended, badge, 2)}, 0, jwt, translog.CodeSuspended, translog.Refused,
		},
		"another form from another issuer": {[]translog.Entry{foreign}, 0, jwt, translog.CodeIssuer, translog.Refused},
		"another form by a key in wrong hands": {
			[]translog.Entry{event(translog.Issued, badge, 1), event(translog.KeyCompromised, method, 10)},
			0, jwtOf(at(1)),
			translog.CodeCompromised, translog.Refused,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.publish()
			r.add(c.log[:c.saved]...)
			saved := r.checkpoint()
			r.add(c.log[c.saved:]...)
			f, err := r.open().Check(t.Context(), c.ask, &saved)
			require.NoError(t, err)
			require.Equal(t, c.code, f.Code, f.Reason)
			require.Equal(t, c.out, f.Outcome)
			require.NotEmpty(t, f.Reason)
			require.EqualValues(t, len(c.log), f.Head.Size)
		})
	}
}

func TestARewrittenLogIsRefusedWhateverItSaysOfTheCredential(t *testing.T) {
	for name, rewrite := range map[string]func(log []translog.Entry) []translog.Entry{
		"an entry was changed":   func(l []translog.Entry) []translog.Entry { l[2] = event(translog.Reissued, "urn:2", 2); return l },
		"an entry was taken out": func(l []translog.Entry) []translog.Entry { return append(l[:3], l[4:]...) },
		"an entry was put between": func(l []translog.Entry) []translog.Entry {
			return append([]translog.Entry{event(translog.Issued, badge, 0)}, l...)
		},
		"the end was cut off":   func(l []translog.Entry) []translog.Entry { return l[:5] },
		"all entries were lost": func([]translog.Entry) []translog.Entry { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			var log []translog.Entry
			for i := range 8 {
				log = append(log, event(translog.Issued, fmt.Sprintf("urn:%d", i), i))
			}
			honest := newRig(t)
			honest.add(append(log, event(translog.Issued, badge, 9))...)
			saved := honest.checkpoint()
			forged := newRig(t)
			forged.add(append(rewrite(log), event(translog.Issued, badge, 9))...)
			f, err := forged.open().Check(t.Context(), question(at(9)), &saved)
			require.NoError(t, err)
			require.Equal(t, translog.CodeRewritten, f.Code)
			require.Equal(t, translog.Refused, f.Outcome)
		})
	}
}

func TestALogWithWhatIsNoEntryIsRefused(t *testing.T) {
	r := newRig(t)
	r.addLeaf([]byte(`{"kind":"issued"}`))
	r.publish()
	f, err := r.open().Check(t.Context(), question(at(1)), nil)
	require.NoError(t, err)
	require.Equal(t, translog.CodeDamaged, f.Code)
}

func TestAnotherLogsCheckpointProvesNothing(t *testing.T) {
	r := newRig(t)
	r.add(event(translog.Issued, badge, 1))
	saved := r.checkpoint()
	saved.Origin = "other.example.org/log"
	f, err := r.open().Check(t.Context(), question(at(1)), &saved)
	require.NoError(t, err)
	require.Equal(t, translog.CodeUnsigned, f.Code)
}

func TestALogThatCannotBeReadIsNoFinding(t *testing.T) {
	r := newRig(t)
	r.add(event(translog.Issued, badge, 1))
	delete(r.files, "tile/entries/000.p/1")
	_, err := r.open().Check(t.Context(), question(at(1)), nil)
	require.ErrorIs(t, err, translog.ErrNoFile)
}
