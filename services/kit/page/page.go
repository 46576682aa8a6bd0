// Package page reads page_size and page_token of list requests (AIP-158).
//
// Lists page by key: a token holds the sort keys of the last row given out,
// and the next page begins after them. A token is bound to the other arguments
// of its request, because keys of one filter mean nothing under another.
//
// The token carries a checksum, not a signature: it keeps honest clients from
// editing it, and a forged one gains nothing, since access is decided anew for
// each request and never from the token.
package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tandem-badges/tandem/services/kit/problem"
)

const (
	sizeField  = "page_size"
	tokenField = "page_token"

	maxToken = 4096
	sumSize  = 12
)

// Page is one page to read.
type Page struct {
	Size  int      // how many rows to give out at most
	After []string // the sort keys of the last row given out; nil for the first page

	binding []byte
}

// Parse reads the paging of a request that has the fields page_size (int32)
// and page_token (string). A page_size of 0 becomes def, one above limit
// becomes limit; a negative one, and a token that is not from this very
// request, are the caller's errors.
func Parse(req proto.Message, def, limit int) (Page, error) {
	m := proto.Clone(req).ProtoReflect()
	sizeDesc, tokenDesc, err := pagingFields(m.Descriptor())
	if err != nil {
		return Page{}, err
	}
	size, token := m.Get(sizeDesc).Int(), m.Get(tokenDesc).String()
	m.Clear(sizeDesc)
	m.Clear(tokenDesc)
	binding, err := bindingOf(m)
	if err != nil {
		return Page{}, err
	}

	p := Page{Size: def, binding: binding}
	switch {
	case size < 0:
		return Page{}, problem.Invalid(problem.Violation{
			Field: sizeField, Rule: "not_negative", Fix: "Leave page_size out or give a number from 0 on.",
		})
	case size > int64(limit):
		p.Size = limit
	case size > 0:
		p.Size = int(size)
	}
	if token == "" {
		return p, nil
	}
	if p.After, err = decode(token, binding); err != nil {
		return Page{}, problem.WithCause(badToken(), err)
	}
	return p, nil
}

// Next returns the token of the page after the row with these sort keys.
func (p Page) Next(lastKeys ...string) string {
	keys, err := json.Marshal(lastKeys)
	if err != nil { // a []string always marshals
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(append(checksum(p.binding, keys), keys...))
}

func pagingFields(d protoreflect.MessageDescriptor) (size, token protoreflect.FieldDescriptor, err error) {
	size, token = d.Fields().ByName(sizeField), d.Fields().ByName(tokenField)
	if size == nil || token == nil || size.Kind() != protoreflect.Int32Kind || token.Kind() != protoreflect.StringKind {
		return nil, nil, fmt.Errorf("%s has no page_size and page_token", d.FullName())
	}
	return size, token, nil
}

func bindingOf(m protoreflect.Message) ([]byte, error) {
	rest, err := proto.MarshalOptions{Deterministic: true}.Marshal(m.Interface())
	if err != nil {
		return nil, fmt.Errorf("bind page token: %w", err)
	}
	h := sha256.New()
	h.Write([]byte(m.Descriptor().FullName()))
	h.Write([]byte{0})
	h.Write(rest)
	return h.Sum(nil), nil
}

func checksum(binding, keys []byte) []byte {
	sum := sha256.Sum256(append(bytes.Clone(binding), keys...))
	return sum[:sumSize]
}

func decode(token string, binding []byte) ([]string, error) {
	if len(token) > maxToken {
		return nil, fmt.Errorf("token of %d characters", len(token))
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return nil, err
	}
	if len(raw) < sumSize || !bytes.Equal(raw[:sumSize], checksum(binding, raw[sumSize:])) {
		return nil, fmt.Errorf("token of another request")
	}
	var keys []string
	if err := json.Unmarshal(raw[sumSize:], &keys); err != nil {
		return nil, err
	}
	return keys, nil
}

func badToken() error {
	return problem.Invalid(problem.Violation{
		Field: tokenField,
		Rule:  "from_previous_page",
		Fix:   "Send next_page_token of the previous answer unchanged, with all other fields as before, or leave it out to begin anew.",
	})
}
