package disclosure

import (
	"context"
	"errors"
)

var errSoon = errors.New("not built yet")

// Audit computes the interval of every hidden cell, knowing the values: protected
// are the cells that the rule protects.
func (s *System) Audit(context.Context) (Report, error) { return Report{}, errSoon }

// AuditUnknown is Audit for somebody who has only what was published. The values
// of hidden and free cells are not looked at, and every hidden cell is held to
// the rule, because a reader cannot tell which of them is small.
func (s *System) AuditUnknown(context.Context) (Report, error) { return Report{}, errSoon }

// Protect hides cells until every hidden cell is as wide as the rule asks.
func (s *System) Protect(context.Context) (Outcome, error) { return Outcome{}, errSoon }
