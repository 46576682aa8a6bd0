package response

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/assessments/internal/check"
	"github.com/tandem-badges/tandem/services/assessments/internal/code"
)

const (
	maxDraft    = 256 << 10 // bytes of unfinished answers
	draftDays   = 60        // a draft that nobody looks at any more goes, also in a survey that stays open
	sweepEvery  = 10 * time.Minute
	draftKeyLen = 32 // AES-256
	draftUse    = "tandem unfinished answers 1"
)

// Unfinished are answers to go on with.
type Unfinished struct {
	ResponseID string    `json:"response_id"` // with which the answer is to be submitted
	Language   string    `json:"language"`
	Answers    []Answer  `json:"answers"`
	SaveTime   time.Time `json:"save_time"`
}

// Save keeps unfinished answers and returns the key to come back with: the one
// given, or a new one. They are checked when they are submitted, and not before.
// They are sealed with a key made of the resume key and the code, which are kept
// nowhere: who has the database can neither read them nor tell whose they are. A
// token is not burned by them.
func (s *Service) Save(ctx context.Context, a Submission) (resumeKey string, saved time.Time, err error) {
	ctx, d, err := s.enter(ctx, a.Code, a.Client)
	if err != nil {
		return "", saved, err
	}
	if err := mayAnswer(d); err != nil {
		return "", saved, err
	}
	body, err := s.instrument(ctx, d.InstrumentVersion)
	if err != nil {
		return "", saved, err
	}
	if !d.Single() {
		if err := s.floods.admit(a.Code, a.Client); err != nil {
			return "", saved, err
		}
	}
	u := Unfinished{ResponseID: a.ResponseID, Language: body.Language(a.Language), Answers: a.Answers, SaveTime: s.clock.Now()}
	first := a.ResumeKey == ""
	if first {
		a.ResumeKey = code.New()
	}
	sealed, err := u.seal(a.ResumeKey, a.Code)
	if err != nil {
		return "", saved, err
	}
	draft := Draft{District: d.District, Campaign: d.Campaign, Key: draftKey(a.ResumeKey, a.Code), Day: day(u.SaveTime), Sealed: sealed}
	err = s.store.Tx(ctx, func(ctx context.Context) error {
		if !first { // or somebody could choose a key that others guess
			if _, err := s.store.Draft(ctx, draft.District, draft.Campaign, draft.Key); err != nil {
				return noDraft(err)
			}
		}
		return s.store.SaveDraft(ctx, draft)
	})
	return a.ResumeKey, u.SaveTime, err
}

// Resume reads unfinished answers. Another key, or the key with another code, finds
// nothing, as if there had never been any.
func (s *Service) Resume(ctx context.Context, codeGiven, resumeKey, client string) (Unfinished, error) {
	ctx, d, err := s.enter(ctx, codeGiven, client)
	if err != nil {
		return Unfinished{}, err
	}
	if err := mayAnswer(d); err != nil {
		return Unfinished{}, err
	}
	draft, err := s.store.Draft(ctx, d.District, d.Campaign, draftKey(resumeKey, codeGiven))
	if err != nil {
		s.floods.missed(client)
		return Unfinished{}, noDraft(err)
	}
	return open(draft.Sealed, resumeKey, codeGiven)
}

// Sweep deletes drafts whose survey is over, and forgotten ones, until ctx ends.
func (s *Service) Sweep(ctx context.Context, log *slog.Logger) error {
	tick := time.NewTicker(sweepEvery) // real time: how often to look, not what is due
	defer tick.Stop()
	for {
		n, err := s.store.DropDrafts(ctx, day(s.clock.Now().AddDate(0, 0, -draftDays)))
		switch {
		case err != nil && ctx.Err() == nil:
			log.WarnContext(ctx, "unfinished answers not deleted", "error", err)
		case n > 0:
			log.InfoContext(ctx, "unfinished answers deleted", "count", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// noDraft names no key in what it says.
func noDraft(err error) error {
	if problem.Is(err, problem.KindNotFound) {
		return problem.NotFound("unfinished answers")
	}
	return err
}

// draftKey is by what a draft is found; it opens nothing.
func draftKey(resumeKey, codeGiven string) string { return code.Digest("draft", resumeKey, codeGiven) }

// seal encrypts the answers; only who has both secrets opens them.
func (u Unfinished) seal(resumeKey, codeGiven string) ([]byte, error) {
	plain, err := json.Marshal(u)
	if err != nil {
		return nil, fmt.Errorf("unfinished answers: %w", err)
	}
	var bad check.List
	bad.Need(len(plain) <= maxDraft, "answers", "max_bytes", fmt.Sprintf("Save at most %d bytes of answers.", maxDraft))
	if err := bad.Err(); err != nil {
		return nil, err
	}
	box, err := boxOf(resumeKey, codeGiven)
	if err != nil {
		return nil, err
	}
	return box.Seal(nil, nil, plain, nil), nil //nolint:gosec // it makes a random nonce itself, and takes none
}

func open(sealed []byte, resumeKey, codeGiven string) (u Unfinished, err error) {
	box, err := boxOf(resumeKey, codeGiven)
	if err != nil {
		return u, err
	}
	plain, err := box.Open(nil, nil, sealed, nil)
	if err != nil {
		return u, fmt.Errorf("unfinished answers were changed in the database: %w", err)
	}
	if err := json.Unmarshal(plain, &u); err != nil {
		return u, fmt.Errorf("unfinished answers: %w", err)
	}
	return u, nil
}

// boxOf makes the key. Both secrets are random, so that stretching adds nothing.
func boxOf(resumeKey, codeGiven string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(resumeKey), []byte(code.Digest(codeGiven)), draftUse, draftKeyLen)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
