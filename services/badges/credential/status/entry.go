package status

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tandem-badges/tandem/services/badges/credential/vc"
)

// The types of credentialStatus that are known here.
const (
	TypeEntry      = "BitstringStatusListEntry"
	TypeRevocation = "1EdTechRevocationList"
)

// The purposes of a bit.
const (
	Revocation = "revocation" // taken away for good
	Suspension = "suspension" // out of force for a while
	Refresh    = "refresh"    // there is a newer version to fetch
	Message    = "message"    // something else, told by messages
)

// Purposes are all that the specification defines.
func Purposes() []string { return []string{Revocation, Suspension, Refresh, Message} }

// maxEntries bounds the lists that one credential makes its verifier fetch.
const maxEntries = 16

// Entry is a place that a credential names to look up whether it still stands. One whose Type is not known here
// has nothing but that and its ID.
type Entry struct {
	ID      string
	Type    string
	Purpose string
	List    string // address of the list credential; of the list itself for TypeRevocation
	Index   int
	// Messages are what the two values mean, for the purpose message.
	Messages map[string]string
}

// Known tells whether this package can check the entry.
func (e Entry) Known() bool { return e.Type == TypeEntry || e.Type == TypeRevocation }

// Entries reads the credentialStatus of a credential from jsonld.Decode: one, several or none, under the
// word and under the name that it stands for, which say the same.
func Entries(credential map[string]any) ([]Entry, error) {
	var items []any
	for _, key := range []string{"credentialStatus", vc.StatusProperty} {
		switch v := credential[key].(type) {
		case nil:
			if _, has := credential[key]; has {
				return nil, refuse(CodeEntry, "credentialStatus is null")
			}
		case []any:
			items = append(items, v...)
		default:
			items = append(items, v)
		}
	}
	if len(items) == 0 {
		return nil, nil
	}
	if len(items) > maxEntries {
		return nil, refuse(CodeEntry, fmt.Sprintf("the credential has more than %d entries of credentialStatus", maxEntries))
	}
	out := make([]Entry, len(items))
	for i, item := range items {
		object, ok := item.(map[string]any)
		if !ok {
			return nil, refuse(CodeEntry, "an entry of credentialStatus is not an object")
		}
		var err error
		if out[i], err = entry(object); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func entry(object map[string]any) (Entry, error) {
	types, ok := texts(object["type"])
	if !ok || len(types) == 0 {
		return Entry{}, refuse(CodeEntry, "an entry of credentialStatus has no type")
	}
	out := Entry{Type: types[0]}
	if id, has := object["id"]; has {
		if out.ID, ok = id.(string); !ok || out.ID == "" {
			return Entry{}, refuse(CodeEntry, "the id of an entry of credentialStatus is not a text")
		}
	}
	switch {
	case slices.Contains(types, TypeEntry):
		out.Type = TypeEntry
		return bitstring(out, object)
	case slices.Contains(types, TypeRevocation):
		out.Type, out.Purpose, out.List = TypeRevocation, Revocation, out.ID
		if !isURL(out.ID) {
			return Entry{}, refuse(CodeEntry, "the id of a "+TypeRevocation+" is not the address of a list")
		}
	}
	return out, nil
}

func bitstring(out Entry, object map[string]any) (Entry, error) {
	var ok bool
	if out.Purpose, ok = object["statusPurpose"].(string); !ok || out.Purpose == "" {
		return Entry{}, refuse(CodeEntry, "the entry has no statusPurpose")
	}
	if !slices.Contains(Purposes(), out.Purpose) {
		return Entry{}, refuse(CodeForbidden, "the statusPurpose is none of "+strings.Join(Purposes(), ", "))
	}
	if out.List, ok = object["statusListCredential"].(string); !ok || !isURL(out.List) {
		return Entry{}, refuse(CodeEntry, "statusListCredential is not the address of a list")
	}
	var err error
	if out.Index, err = index(object["statusListIndex"]); err != nil {
		return Entry{}, err
	}
	if size, has := object["statusSize"]; has && size != float64(1) {
		return Entry{}, refuse(CodeSize, "statusSize is not 1: lists with more than one bit per entry are not supported")
	}
	out.Messages, err = messages(object, out.Purpose)
	return out, err
}

// index reads a statusListIndex: a number in base 10 as text. A number is accepted, as some issuers write one.
func index(v any) (int, error) {
	wrong := refuse(CodeEntry, "statusListIndex is not a whole number from 0 on, written as a text in base 10")
	switch v := v.(type) {
	case string:
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || strconv.Itoa(n) != v {
			return 0, wrong
		}
		return n, nil
	case float64:
		if v < 0 || v > math.MaxInt32 || v != math.Trunc(v) {
			return 0, wrong
		}
		return int(v), nil
	}
	return 0, wrong
}

// messages reads what the values of a bit mean.
func messages(object map[string]any, purpose string) (map[string]string, error) {
	v, has := object["statusMessage"]
	if !has {
		return nil, nil //nolint:nilnil // most entries have no messages
	}
	list, ok := v.([]any)
	if !ok || len(list) != 2 || purpose != Message {
		return nil, refuse(CodeEntry, "statusMessage is not a list of two messages of an entry with the purpose message")
	}
	out := map[string]string{}
	for _, item := range list {
		object, _ := item.(map[string]any)
		value, known := object["status"].(string)
		text, said := object["message"].(string)
		if !known || !said || value != "0x0" && value != "0x1" {
			return nil, refuse(CodeEntry, `a statusMessage is not a status "0x0" or "0x1" with a message`)
		}
		out[value] = text
	}
	if len(out) != len(list) {
		return nil, refuse(CodeEntry, "two statusMessages are about the same status")
	}
	return out, nil
}

// JSON is the entry as a credential has it.
func (e Entry) JSON() map[string]any {
	if e.Type == TypeRevocation {
		return map[string]any{"id": e.List, "type": TypeRevocation}
	}
	out := map[string]any{
		"type": TypeEntry, "statusPurpose": e.Purpose,
		"statusListIndex": strconv.Itoa(e.Index), "statusListCredential": e.List,
	}
	if e.ID != "" {
		out["id"] = e.ID
	}
	return out
}

func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

// texts reads a text or a list of them.
func texts(v any) ([]string, bool) {
	if text, ok := v.(string); ok {
		return []string{text}, text != ""
	}
	list, ok := v.([]any)
	if !ok {
		return nil, false
	}
	out := make([]string, len(list))
	for i, item := range list {
		if out[i], ok = item.(string); !ok || out[i] == "" {
			return nil, false
		}
	}
	return out, true
}
