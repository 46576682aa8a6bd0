// Package run starts the parts of a process and stops them without losing work.
//
// A [Service] is what each service package hands out: what it registers on a
// gRPC server, its background tasks and its readiness checks. The program
// builds services from [Deps], adds them with servers and connections to a
// [Group] and calls Run. One process may hold one service or all of them; the
// services cannot tell.
//
// Stopping follows the way of a request backwards: readiness turns red, the
// servers stop accepting and finish what is in flight, then tasks end, then
// connections close. All of it within one deadline.
package run

import (
	"context"

	"google.golang.org/grpc"
)

// Task is background work that lasts as long as the process: a relay, a
// consumer, a schedule. Run returns when ctx ends; an error that it returns
// earlier stops the whole process, so that a supervisor starts it anew.
type Task struct {
	Name string
	Run  func(ctx context.Context) error
}

// Check is one thing that must answer for the process to be ready. The name is
// shown to operators; the error is logged, never shown.
type Check struct {
	Name  string
	Probe func(ctx context.Context) error
	// Once: the process must have seen it answer before it is ready for the first
	// time. When it goes away later the process still serves, with less, and says so:
	// what all replicas share must not take all of them out at the same moment.
	Once bool
}

// Service is one runnable service.
type Service struct {
	Name     string
	Register func(grpc.ServiceRegistrar)
	Tasks    []Task
	Checks   []Check
}
