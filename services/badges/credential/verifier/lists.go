package verifier

import (
	"context"
	"errors"

	"github.com/tandem-badges/tandem/services/badges/credential/status"
)

// list is a status list of either kind, read and verified.
type list struct {
	bits        *status.List
	revocations *status.Revocations
}

var errManyLists = errors.New("more status lists than are looked up for one document")

// unreachableError is a list that could not be fetched, so that nothing is known.
type unreachableError struct{ cause error }

func (e *unreachableError) Error() string { return "status list not reached: " + e.cause.Error() }

func (e *unreachableError) Unwrap() error { return e.cause }

// lists fetches each list once for a whole verification, and not more than MaxLists of them.
type lists struct {
	source ListSource
	seen   map[string]fetched
}

type fetched struct {
	list list
	err  error
}

func newLists(source ListSource) *lists { return &lists{source: source, seen: map[string]fetched{}} }

func (l *lists) get(ctx context.Context, address string, read func(raw []byte) (list, error)) (list, error) {
	if f, has := l.seen[address]; has {
		return f.list, f.err
	}
	if len(l.seen) == MaxLists {
		return list{}, errManyLists
	}
	var f fetched
	raw, err := l.source.List(ctx, address)
	if err != nil {
		f.err = &unreachableError{err}
	} else {
		f.list, f.err = read(raw)
	}
	l.seen[address] = f
	return f.list, f.err
}
