package status

import (
	"encoding/json"
	"slices"

	"github.com/tandem-badges/tandem/services/badges/credential/jsonld"
)

// Revocations is the revocation list of 1EdTech: the revoked credentials of an issuer by name. It is not signed,
// and shows which credentials are revoked to everybody; it is kept beside the bits for verifiers that read nothing else.
type Revocations struct {
	ID      string // its address
	Issuer  string
	Revoked []Revoked
}

// Revoked is one revoked credential.
type Revoked struct{ ID, Reason string }

type revokedJSON struct {
	ID      string `json:"id"`
	Revoked bool   `json:"revoked"`
	Reason  string `json:"revocationReason,omitempty"`
}

// JSON writes the list. Verifiers in use look for it under the name in the singular or in the plural, by their age.
func (l Revocations) JSON() ([]byte, error) {
	rows := make([]revokedJSON, len(l.Revoked))
	for i, r := range l.Revoked {
		rows[i] = revokedJSON{ID: r.ID, Revoked: true, Reason: r.Reason}
	}
	return json.Marshal(struct {
		ID     string        `json:"id"`
		Issuer string        `json:"issuer"`
		One    []revokedJSON `json:"revokedCredential"`
		Many   []revokedJSON `json:"revokedCredentials"`
	}{l.ID, l.Issuer, rows, rows})
}

// ParseRevocations reads a list.
func ParseRevocations(raw []byte) (*Revocations, error) {
	doc, err := jsonld.Decode(raw)
	if err != nil {
		return nil, refuseFor(CodeList, "the revocation list is not a JSON object", err)
	}
	out := &Revocations{Issuer: issuer(doc["issuer"])}
	out.ID, _ = doc["id"].(string)
	if out.Issuer == "" {
		return nil, refuse(CodeList, "the revocation list does not say whose it is")
	}
	one, hasOne := doc["revokedCredential"]
	many, hasMany := doc["revokedCredentials"]
	if !hasOne && !hasMany {
		return nil, refuse(CodeList, "the revocation list has no revokedCredential")
	}
	for _, v := range []any{one, many} {
		if err := out.add(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (l *Revocations) add(v any) error {
	items, ok := v.([]any)
	if !ok && v != nil {
		items = []any{v}
	}
	for _, item := range items {
		object, _ := item.(map[string]any)
		id, ok := object["id"].(string)
		if !ok || id == "" {
			return refuse(CodeList, "a revoked credential has no id")
		}
		if revoked, said := object["revoked"]; said && revoked != true {
			if revoked != false {
				return refuse(CodeList, "whether a credential is revoked is neither true nor false")
			}
			continue
		}
		reason, _ := object["revocationReason"].(string)
		l.Revoked = append(l.Revoked, Revoked{ID: id, Reason: reason})
	}
	return nil
}

// Check tells whether a credential is revoked, and why. The list must be by its issuer, and the one that it names.
func (l *Revocations) Check(e Entry, credential string, use Use) (revoked bool, reason string, err error) {
	switch {
	case e.Type != TypeRevocation:
		return false, "", refuse(CodeEntry, "the entry is not one of a revocation list")
	case l.Issuer != use.Issuer && !slices.Contains(use.Delegates, l.Issuer):
		return false, "", refuse(CodeIssuer, "the revocation list is not by the issuer of the credential")
	case l.ID != "" && l.ID != e.List:
		return false, "", refuse(CodeAddress, "the revocation list is another one than the credential names")
	}
	for _, r := range l.Revoked {
		if r.ID == credential {
			return true, r.Reason, nil
		}
	}
	return false, "", nil
}
