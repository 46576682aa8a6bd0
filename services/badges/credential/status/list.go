package status

import (
	"math"
	"slices"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/contexts"
	"github.com/tandem-badges/tandem/services/badges/credential/internal/datetime"
)

const (
	typeCredential = "VerifiableCredential" //nolint:gosec // a type, no credential
	typeList       = "BitstringStatusListCredential"
	typeSubject    = "BitstringStatusList"

	// skew is how far in the future a list may be made, as clocks differ.
	skew = 5 * time.Minute
)

// List is what a status list credential says.
type List struct {
	ID         string // its address; optional where it is read
	Issuer     string
	Purposes   []string
	ValidFrom  time.Time     // zero: always
	ValidUntil time.Time     // zero: without end
	TTL        time.Duration // how long a copy may be used; zero: not said
	Bits       Bits
}

// Build makes the list credential, to be signed by its issuer.
func Build(l List) (map[string]any, error) {
	encoded, err := l.Bits.Encode()
	if err != nil {
		return nil, err
	}
	if l.ID == "" || l.Issuer == "" || len(l.Purposes) != 1 || l.Bits.Len() < MinEntries {
		return nil, refuse(CodeList, "a list needs an address, an issuer, one purpose and its entries")
	}
	subject := map[string]any{
		"id": l.ID + "#list", "type": typeSubject, "statusPurpose": l.Purposes[0], "encodedList": encoded,
	}
	if l.TTL > 0 {
		subject["ttl"] = float64(l.TTL.Milliseconds())
	}
	out := map[string]any{
		"@context": []any{contexts.CredentialsV2}, "id": l.ID, "type": []any{typeCredential, typeList},
		"issuer": l.Issuer, "credentialSubject": subject,
	}
	for key, at := range map[string]time.Time{"validFrom": l.ValidFrom, "validUntil": l.ValidUntil} {
		if !at.IsZero() {
			out[key] = datetime.Format(at)
		}
	}
	return out, nil
}

// Open reads a list credential from jsonld.Decode. Its proof is for the caller to verify, with the keys of Issuer:
// Open looks at the shape alone.
func Open(doc map[string]any) (*List, error) {
	if c, ok := texts(first(doc["@context"])); !ok || c[0] != contexts.CredentialsV2 {
		return nil, refuse(CodeList, "the list does not begin its @context with "+contexts.CredentialsV2)
	}
	types, ok := texts(doc["type"])
	if !ok || !slices.Contains(types, typeCredential) || !slices.Contains(types, typeList) {
		return nil, refuse(CodeList, "the document is not a "+typeList)
	}
	out := &List{Issuer: issuer(doc["issuer"])}
	if out.Issuer == "" {
		return nil, refuse(CodeList, "the list has no issuer")
	}
	if id, has := doc["id"]; has {
		if out.ID, ok = id.(string); !ok || out.ID == "" {
			return nil, refuse(CodeList, "the id of the list is not an address")
		}
	}
	var err error
	if out.ValidFrom, err = moment(doc, "validFrom"); err != nil {
		return nil, err
	}
	if out.ValidUntil, err = moment(doc, "validUntil"); err != nil {
		return nil, err
	}
	subject, ok := doc["credentialSubject"].(map[string]any)
	if !ok {
		return nil, refuse(CodeList, "the list does not have one credentialSubject")
	}
	return out, out.subject(subject)
}

func (l *List) subject(subject map[string]any) error {
	types, ok := texts(subject["type"])
	if !ok || !slices.Contains(types, typeSubject) {
		return refuse(CodeList, "the subject of the list is not a "+typeSubject)
	}
	if l.Purposes, ok = texts(subject["statusPurpose"]); !ok || len(l.Purposes) == 0 {
		return refuse(CodeList, "the list does not say its statusPurpose")
	}
	if ttl, has := subject["ttl"]; has {
		ms, ok := ttl.(float64)
		if !ok || ms < 1 || ms > math.MaxInt32 || ms != math.Trunc(ms) {
			return refuse(CodeList, "the ttl of the list is not a number of milliseconds")
		}
		l.TTL = time.Duration(ms) * time.Millisecond
	}
	encoded, ok := subject["encodedList"].(string)
	if !ok {
		return refuse(CodeList, "the list has no encodedList")
	}
	var err error
	l.Bits, err = Decode(encoded)
	return err
}

// Use is for what and when a list is asked.
type Use struct {
	// Issuer is that of the credential. Its list must be its own, or that of one of Delegates: other identifiers
	// of the same issuer, such as those it had before.
	Issuer    string
	Delegates []string
	Now       time.Time
}

// Check tells whether the bit of an entry is set. The list's proof must have been verified before.
func (l *List) Check(e Entry, use Use) (bool, error) {
	switch {
	case e.Type != TypeEntry:
		return false, refuse(CodeEntry, "the entry is not one of a bitstring status list")
	case l.Issuer != use.Issuer && !slices.Contains(use.Delegates, l.Issuer):
		return false, refuse(CodeIssuer, "the status list is not by the issuer of the credential")
	case l.ID != "" && l.ID != e.List:
		return false, refuse(CodeAddress, "the status list is another one than the credential names")
	case !slices.Contains(l.Purposes, e.Purpose):
		return false, refuse(CodePurpose, "the status list is not for the purpose "+e.Purpose)
	case l.ValidFrom.After(use.Now.Add(skew)):
		return false, refuse(CodeNotYet, "the status list is not valid yet")
	case !l.ValidUntil.IsZero() && !use.Now.Before(l.ValidUntil):
		return false, refuse(CodeExpired, "the status list is out of date")
	}
	return l.Bits.Get(e.Index)
}

func first(v any) any {
	if list, ok := v.([]any); ok && len(list) > 0 {
		return list[0]
	}
	return v
}

func issuer(v any) string {
	if object, ok := v.(map[string]any); ok {
		v = object["id"]
	}
	id, _ := v.(string)
	return id
}

func moment(doc map[string]any, key string) (time.Time, error) {
	v, has := doc[key]
	if !has {
		return time.Time{}, nil
	}
	text, ok := v.(string)
	if !ok {
		return time.Time{}, refuse(CodeList, key+" of the list is not a date and time")
	}
	at, err := datetime.Parse(text)
	if err != nil {
		return time.Time{}, refuseFor(CodeList, key+" of the list is wrong", err)
	}
	return at, nil
}
