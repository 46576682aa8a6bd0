package dataintegrity

import (
	"slices"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/internal/datetime"
)

// clockSkew is how far in the future a proof may be created, as clocks differ.
const clockSkew = 5 * time.Minute

// checkOptions checks what the proof says about itself.
func checkOptions(proof map[string]any, opts VerifyOptions) (Proof, error) {
	id, _ := proof["id"].(string)
	suite, _ := proof["cryptosuite"].(string)
	method, _ := proof["verificationMethod"].(string)
	out := Proof{ID: id, Suite: suite, VerificationMethod: method}
	if proof["type"] != proofType {
		return out, refuse(CodeProofShape, "the proof's type is not "+proofType)
	}
	if suite != SuiteRDFC && suite != SuiteJCS {
		return out, refuse(CodeCryptosuite, "the proof's cryptosuite is not supported: use "+SuiteRDFC+" or "+SuiteJCS)
	}
	if purpose := orDefault(opts.Purpose, AssertionMethod); proof["proofPurpose"] != purpose {
		return out, refuse(CodePurpose, "the proof was not made for the purpose "+purpose)
	}
	if err := checkAudience(proof, opts); err != nil {
		return out, err
	}
	var err error
	out.Created, err = checkTimes(proof, opts.Now)
	return out, err
}

// checkAudience checks to whom the proof was made: an answer to one challenge, for some domains.
func checkAudience(proof map[string]any, opts VerifyOptions) error {
	for _, key := range []string{"challenge", "nonce"} {
		value, has := proof[key]
		if _, isText := value.(string); has && !isText {
			return refuse(CodeProofShape, "the proof's "+key+" is not a text")
		}
	}
	if opts.Challenge != "" && proof["challenge"] != opts.Challenge {
		return refuse(CodeChallenge, "the proof does not answer the challenge")
	}
	got, err := domainsOf(proof)
	if err != nil {
		return err
	}
	if want := domains(opts.Domain, opts.Domains); len(want) > 0 && !sameTexts(got, want) {
		return refuse(CodeDomain, "the proof was made for another domain")
	}
	return nil
}

// domainsOf reads the proof's domain, one text or a list of them.
func domainsOf(proof map[string]any) ([]string, error) {
	value, has := proof["domain"]
	if !has {
		return nil, nil
	}
	list, isList := value.([]any)
	if !isList {
		list = []any{value}
	}
	out := make([]string, len(list))
	for i, item := range list {
		text, isText := item.(string)
		if !isText || text == "" {
			return nil, refuse(CodeProofShape, "the proof's domain is neither a text nor a list of texts")
		}
		out[i] = text
	}
	return out, nil
}

// sameTexts compares two lists as sets, as the order of domains means nothing.
func sameTexts(a, b []string) bool {
	within := func(x, y []string) bool {
		return !slices.ContainsFunc(x, func(s string) bool { return !slices.Contains(y, s) })
	}
	return within(a, b) && within(b, a)
}

func checkTimes(proof map[string]any, now time.Time) (time.Time, error) {
	created, err := timeOf(proof, "created", CodeCreated)
	if err != nil {
		return created, err
	}
	if created.After(now.Add(clockSkew)) {
		return created, refuse(CodeCreated, "the proof says that it was made in the future")
	}
	expires, err := timeOf(proof, "expires", CodeExpired)
	if err != nil || expires.IsZero() {
		return created, err
	}
	if !now.Before(expires) {
		return created, refuse(CodeExpired, "the proof has expired")
	}
	if !created.IsZero() && !created.Before(expires) {
		return created, refuse(CodeExpired, "the proof ends before it was made")
	}
	return created, nil
}

// timeOf reads an optional time of the proof; zero when it is absent.
func timeOf(proof map[string]any, key string, code Code) (time.Time, error) {
	value, has := proof[key]
	if !has {
		return time.Time{}, nil
	}
	text, _ := value.(string)
	t, err := datetime.Parse(text)
	if err != nil {
		return t, refuseFor(code, "the proof's field "+key+" is not a time", err)
	}
	return t, nil
}
