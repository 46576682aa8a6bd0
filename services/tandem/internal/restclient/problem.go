package restclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Violation is one broken rule in a problem document.
type Violation struct {
	Field string `json:"field"`
	Rule  string `json:"rule"`
	Fix   string `json:"fix"`
}

// Problem is a refusal of the instance (RFC 9457) and the call it answered.
type Problem struct {
	Method     string      `json:"-"`
	Path       string      `json:"-"`
	Status     int         `json:"status"`
	Title      string      `json:"title"`
	Detail     string      `json:"detail"`
	Reason     string      `json:"reason"`
	RequestID  string      `json:"request_id"`
	Violations []Violation `json:"violations"`
}

// Error tells the call and every broken rule.
func (p *Problem) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s: %d %s", p.Method, p.Path, p.Status, p.Reason)
	if p.Detail != "" {
		fmt.Fprintf(&text, ": %s", p.Detail)
	}
	for _, v := range p.Violations {
		fmt.Fprintf(&text, "\n  %s: %s: %s", v.Field, v.Rule, v.Fix)
	}
	if p.RequestID != "" {
		fmt.Fprintf(&text, "\n  request id %s", p.RequestID)
	}
	return text.String()
}

// parseProblem keeps what it can of an answer that is no problem document.
func parseProblem(method, path string, status int, answer []byte) *Problem {
	p := &Problem{}
	if err := json.Unmarshal(answer, p); err != nil {
		const most = 200
		p.Detail = strings.TrimSpace(string(answer[:min(len(answer), most)]))
	}
	p.Method, p.Path, p.Status = method, path, status
	if p.Reason == "" {
		p.Reason = http.StatusText(status)
	}
	return p
}

// IsReason tells whether the error is a problem with the reason.
func IsReason(err error, reason string) bool {
	var p *Problem
	return errors.As(err, &p) && p.Reason == reason
}

// Existed drops the refusal of an id that is taken: for creates that may have
// happened before.
func Existed(err error) error {
	if IsReason(err, "RESOURCE_EXISTS") {
		return nil
	}
	return err
}
