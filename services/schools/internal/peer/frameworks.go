// Package peer asks other services, with the rights of the caller.
//
// What it hands back is in the words of the domain; a published framework version
// never changes, so it is asked for once.
package peer

import (
	"context"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	assessmentsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/assessments/v1"
	"github.com/tandem-badges/tandem/services/kit/problem"

	"github.com/tandem-badges/tandem/services/schools/internal/journey"
)

const maxFrameworks = 200

// Frameworks asks the assessments service for framework versions.
type Frameworks struct {
	client assessmentsv1.FrameworksServiceClient

	mu    sync.Mutex
	known map[string]journey.Framework
}

var _ journey.Frameworks = (*Frameworks)(nil)

// NewFrameworks returns the client over a connection to the assessments service.
func NewFrameworks(conn grpc.ClientConnInterface) *Frameworks {
	return &Frameworks{client: assessmentsv1.NewFrameworksServiceClient(conn), known: map[string]journey.Framework{}}
}

// Version returns a framework version, or problem.NotFound.
func (f *Frameworks) Version(ctx context.Context, name string) (journey.Framework, error) {
	f.mu.Lock()
	known, ok := f.known[name]
	f.mu.Unlock()
	if ok {
		return known, nil
	}
	v, err := f.client.GetFrameworkVersion(ctx, &assessmentsv1.GetFrameworkVersionRequest{Name: name})
	if err != nil {
		return journey.Framework{}, translate(err, name)
	}
	framework := frameworkOf(v)
	if framework.Published {
		f.keep(name, framework)
	}
	return framework, nil
}

func (f *Frameworks) keep(name string, framework journey.Framework) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.known) >= maxFrameworks {
		clear(f.known)
	}
	f.known[name] = framework
}

// translate keeps a refusal by the peer apart from a peer that is away. A name
// that the peer cannot read names nothing.
func translate(err error, name string) error {
	switch status.Code(err) {
	case codes.NotFound, codes.InvalidArgument:
		return problem.WithCause(problem.NotFound(name), err)
	case codes.Unavailable, codes.DeadlineExceeded:
		return problem.WithCause(problem.Unavailable("assessments"), err)
	default:
		return err
	}
}

func frameworkOf(v *assessmentsv1.FrameworkVersion) journey.Framework {
	framework := journey.Framework{
		Published: v.GetState() == assessmentsv1.PublishState_PUBLISH_STATE_PUBLISHED,
		Standards: map[string][]string{},
	}
	for _, s := range v.GetStandards() {
		indicators := []string{}
		for _, g := range s.GetGoals() {
			for _, i := range g.GetIndicators() {
				indicators = append(indicators, i.GetId())
			}
		}
		framework.Standards[s.GetId()] = indicators
	}
	return framework
}
