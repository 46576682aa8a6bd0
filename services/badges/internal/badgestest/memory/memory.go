// Package memory keeps everything of the badges service in maps, for tests of the domain
// packages: rules run without a database, and one Store stands for all of their Stores.
//
// It behaves as package store does where rules depend on it: a taken name, a missing one and a
// version that is no longer the stored one are refused, and a transaction that fails leaves no
// trace. Package storetest holds the real one to its contract.
package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/internal/application"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/decision"
	"github.com/tandem-badges/tandem/services/badges/internal/names"
	"github.com/tandem-badges/tandem/services/badges/internal/review"
	"github.com/tandem-badges/tandem/services/kit/problem"
)

// Store is a store in memory. It is not safe for concurrent use.
type Store struct {
	rows   map[string]any // by table and name
	order  []string       // keys of rows in the order in which they came
	events []any
	// Broken makes an operation fail, e.g. "insert awards".
	Broken map[string]error
}

// New returns an empty store.
func New() *Store { return &Store{rows: map[string]any{}, Broken: map[string]error{}} }

// Events are what was recorded, by type, in order.
func (s *Store) Events() []string {
	var out []string
	for _, e := range s.events {
		_, name, _ := strings.Cut(fmt.Sprintf("%T", e), ".")
		out = append(out, name)
	}
	return out
}

// Last is the event recorded last.
func (s *Store) Last() any { return s.events[len(s.events)-1] }

// Tx runs fn and takes back what it did when it fails.
func (s *Store) Tx(ctx context.Context, fn func(ctx context.Context) error) error {
	rows, order, events := maps.Clone(s.rows), slices.Clone(s.order), slices.Clone(s.events)
	err := fn(ctx)
	if err != nil {
		s.rows, s.order, s.events = rows, order, events
	}
	return err
}

// Record keeps an event.
func (s *Store) Record(_ context.Context, _ time.Time, event any) error {
	if err := s.Broken["record"]; err != nil {
		return err
	}
	s.events = append(s.events, event)
	return nil
}

func (s *Store) insert(table, name string, row any) error {
	key := table + " " + name
	if err := s.Broken["insert "+table]; err != nil {
		return err
	}
	if _, taken := s.rows[key]; taken {
		return problem.AlreadyExists(name)
	}
	s.rows[key], s.order = row, append(s.order, key)
	return nil
}

func (s *Store) update(table, name string, stored func(row any) int64, version int64, row any) error {
	key := table + " " + name
	if err := s.Broken["update "+table]; err != nil {
		return err
	}
	if old, ok := s.rows[key]; !ok || stored(old) != version-1 {
		return problem.Stale(name)
	}
	s.rows[key] = row
	return nil
}

func get[T any](s *Store, table, name string) (T, error) {
	row, ok := s.rows[table+" "+name].(T)
	if !ok {
		return row, problem.NotFound(name)
	}
	return row, nil
}

func all[T any](s *Store, keep func(T) bool) []T {
	var out []T
	for _, key := range s.order {
		if row, ok := s.rows[key].(T); ok && keep(row) {
			out = append(out, row)
		}
	}
	return out
}

// InsertApplication and the other methods named alike implement the Stores of the domain.
func (s *Store) InsertApplication(_ context.Context, a application.Application) error {
	return s.insert("applications", a.Name, a)
}

// UpdateApplication replaces an application.
func (s *Store) UpdateApplication(_ context.Context, a application.Application) error {
	return s.update("applications", a.Name, func(r any) int64 { return r.(application.Application).Version }, a.Version, a)
}

// Application reads an application.
func (s *Store) Application(_ context.Context, name string) (application.Application, error) {
	return get[application.Application](s, "applications", name)
}

// OpenApplication is the open application of a journey.
func (s *Store) OpenApplication(_ context.Context, journey string) (string, error) {
	for _, a := range all(s, func(a application.Application) bool { return a.Journey == journey && !a.State.Closed() }) {
		return a.Name, nil
	}
	return "", nil
}

// InsertSnapshot adds a snapshot.
func (s *Store) InsertSnapshot(_ context.Context, n application.Snapshot) error {
	return s.insert("snapshots", n.Name, n)
}

// Snapshot reads a snapshot.
func (s *Store) Snapshot(_ context.Context, name string) (application.Snapshot, error) {
	return get[application.Snapshot](s, "snapshots", name)
}

// Assignment tells how a person is related to an application.
func (s *Store) Assignment(ctx context.Context, name, person string) (application.Assignment, error) {
	reviews, err := s.ReviewsOf(ctx, name)
	out := application.NotAssigned
	for _, r := range reviews {
		if r.Reviewer == person {
			out = max(out, map[review.State]application.Assignment{
				review.Assigned: application.Undeclared, review.Scoring: application.Cleared,
				review.Final: application.Cleared, review.Recused: application.Recused,
			}[r.State])
		}
	}
	return out, err
}

// InsertReview adds a review.
func (s *Store) InsertReview(_ context.Context, r review.Review) error {
	return s.insert("reviews", r.Name, r)
}

// UpdateReview replaces a review.
func (s *Store) UpdateReview(_ context.Context, r review.Review) error {
	return s.update("reviews", r.Name, func(r any) int64 { return r.(review.Review).Version }, r.Version, r)
}

// Review reads a review.
func (s *Store) Review(_ context.Context, name string) (review.Review, error) {
	return get[review.Review](s, "reviews", name)
}

// ReviewsOf are the reviews of an application.
func (s *Store) ReviewsOf(_ context.Context, application string) ([]review.Review, error) {
	return all(s, func(r review.Review) bool { return r.Application == application }), nil
}

// Proposed tells whether a decision is proposed.
func (s *Store) Proposed(_ context.Context, application string, round int) (bool, error) {
	return len(all(s, func(d decision.Decision) bool { return d.Application == application && d.Round == round })) > 0, nil
}

// InsertDecision adds a decision.
func (s *Store) InsertDecision(_ context.Context, d decision.Decision) error {
	return s.insert("decisions", d.Name, d)
}

// UpdateDecision replaces a decision.
func (s *Store) UpdateDecision(_ context.Context, d decision.Decision) error {
	return s.update("decisions", d.Name, func(r any) int64 { return r.(decision.Decision).Version }, d.Version, d)
}

// Decision reads a decision.
func (s *Store) Decision(_ context.Context, name string) (decision.Decision, error) {
	return get[decision.Decision](s, "decisions", name)
}

// Decisions lists the decisions on an application.
func (s *Store) Decisions(_ context.Context, application string, approvedOnly bool, _ decision.Slice) ([]decision.Decision, error) {
	return all(s, func(d decision.Decision) bool { return d.Application == application && (d.Approved || !approvedOnly) }), nil
}

// InsertAward adds an award.
func (s *Store) InsertAward(_ context.Context, a award.Award) error {
	return s.insert("awards", a.Name, a)
}

// UpdateAward replaces an award.
func (s *Store) UpdateAward(_ context.Context, a award.Award) error {
	return s.update("awards", a.Name, func(r any) int64 { return r.(award.Award).Version }, a.Version, a)
}

// Award reads an award.
func (s *Store) Award(_ context.Context, name string) (award.Award, error) {
	return get[award.Award](s, "awards", name)
}

// AwardsOf are the awards of a school.
func (s *Store) AwardsOf(_ context.Context, school string) ([]award.Award, error) {
	return all(s, func(a award.Award) bool { return names.School(a.Name) == school }), nil
}

// Due are the awards to be moved on.
func (s *Store) Due(_ context.Context, now time.Time, limit int) ([]string, error) {
	var out []string
	for _, a := range all(s, func(a award.Award) bool {
		due := a.State == award.Active && !a.ExpireTime.After(now) || a.State == award.Grace && !a.LapseTime.After(now)
		return due || a.Renewable(now) && !a.RenewalAnnounced
	}) {
		out = append(out, a.Name)
	}
	return out[:min(limit, len(out))], s.Broken["due"]
}

// InsertCredential adds a credential.
func (s *Store) InsertCredential(_ context.Context, c award.Credential) error {
	return s.insert("credentials", c.Name, c)
}

// Credential reads a credential.
func (s *Store) Credential(_ context.Context, name string) (award.Credential, error) {
	return get[award.Credential](s, "credentials", name)
}

// Partnership reads whether a school is a Partnership School.
func (s *Store) Partnership(_ context.Context, school, version string) (award.Partnership, error) {
	p, err := get[award.Partnership](s, "partnerships", school+" "+version)
	if err != nil {
		return award.Partnership{School: school, FrameworkVersion: version}, nil
	}
	return p, nil
}

// SavePartnership writes it.
func (s *Store) SavePartnership(_ context.Context, p award.Partnership) error {
	key := "partnerships " + p.School + " " + p.FrameworkVersion
	s.rows[key], s.order = p, append(s.order, key)
	return nil
}

// All are the events themselves.
func (s *Store) All() []any { return s.events }
