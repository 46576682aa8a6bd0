package openbadge

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"

	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

// IdentityHash writes an identifier as the digest by which a badge can name its recipient without
// telling who it is: the SHA-256 of the identifier followed by the salt.
func IdentityHash(identifier, salt string) string {
	sum := sha256.Sum256([]byte(identifier + salt))
	return "sha256$" + hex.EncodeToString(sum[:])
}

// IsRecipient tells whether a credential is about the school with this id or identifier.
func IsRecipient(doc map[string]any, recipient string) bool {
	for _, subject := range objectsOf(doc["credentialSubject"]) {
		if recipient != "" && subject["id"] == recipient {
			return true
		}
		for _, identity := range objectsOf(subject["identifier"]) {
			if isIdentity(identity, recipient) {
				return true
			}
		}
	}
	return false
}

func isIdentity(identity map[string]any, recipient string) bool {
	value, _ := identity["identityHash"].(string)
	if recipient == "" || value == "" || !vc.HasType(identity, "IdentityObject") {
		return false
	}
	if hashed, _ := identity["hashed"].(bool); !hashed {
		return value == recipient
	}
	salt, _ := identity["salt"].(string)
	want := IdentityHash(recipient, salt)
	return subtle.ConstantTimeCompare([]byte(strings.ToLower(value)), []byte(want)) == 1
}

// objectsOf returns the objects of a list; one object counts as a list of one.
func objectsOf(value any) []map[string]any {
	items, isList := value.([]any)
	if !isList {
		items = []any{value}
	}
	out := make([]map[string]any, 0, len(items))
	for _, item := range items {
		if object, isObject := item.(map[string]any); isObject {
			out = append(out, object)
		}
	}
	return out
}
