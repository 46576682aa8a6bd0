package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"syscall"
)

// The rules that stop a request, and the ways in which one fails. They are
// stable words.
const (
	RuleURL       = "url_malformed"
	RuleUser      = "url_without_user"
	RuleHTTPS     = "https_only"
	RuleAddress   = "address_not_public"
	RulePort      = "port_not_allowed"
	RuleRedirects = "too_many_redirects"
	RuleBody      = "body_too_large"
	RuleTimeout   = "timed_out"
	RuleName      = "name_not_found"
	RuleRefused   = "connection_refused"
	RuleTLS       = "certificate_invalid"
	RuleFailed    = "connection_failed"
)

// sentences say each rule to a person.
var sentences = map[string]string{
	RuleURL:       "The address is not a plain URL such as https://example.org/hook.",
	RuleUser:      "The address must not contain a user name or password.",
	RuleHTTPS:     "The address must begin with https://.",
	RuleAddress:   "The address leads into a private network; it must be reachable in the public Internet.",
	RulePort:      "The port is not allowed; use 443 or 8443.",
	RuleRedirects: "The answer redirects too often.",
	RuleBody:      "The answer is too large.",
	RuleTimeout:   "There was no complete answer in time.",
	RuleName:      "The name of the host is not known.",
	RuleRefused:   "The connection was refused.",
	RuleTLS:       "The server did not prove who it is: its certificate is not valid for the name.",
	RuleFailed:    "The connection failed before there was a complete answer.",
}

// Error says by which rule a request was stopped or how it failed. It holds no
// address: its text may be shown to whoever chose the address.
type Error struct {
	Rule  string
	cause error
}

// Error is the rule in words.
func (e *Error) Error() string { return sentences[e.Rule] }

// Unwrap returns the technical cause. It may name an address inside: not for
// answers, nor for logs of what others chose.
func (e *Error) Unwrap() error { return e.cause }

// Reason finds the rule in an error of a client of New, which also wraps the
// URL. What is not known is RuleFailed.
func Reason(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return translate(err)
}

// translate names what the transport reports.
func translate(err error) *Error {
	var (
		own      *Error
		dns      *net.DNSError
		untrust  *tls.CertificateVerificationError
		plain    tls.RecordHeaderError
		alert    tls.AlertError
		deadline interface{ Timeout() bool }
	)
	rule := RuleFailed
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &deadline) && deadline.Timeout():
		rule = RuleTimeout
	case errors.As(err, &dns):
		rule = RuleName
	case errors.Is(err, syscall.ECONNREFUSED):
		rule = RuleRefused
	case errors.As(err, &untrust), errors.As(err, &plain), errors.As(err, &alert):
		rule = RuleTLS
	}
	return &Error{Rule: rule, cause: err}
}
