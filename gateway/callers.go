package gateway

import (
	"github.com/tandem-badges/tandem/gateway/internal/caller"
)

// callers finds out who makes a request: by session, token or key.
func callers(d Deps, people *signIn, machines *machines) *caller.Resolver {
	return caller.New(caller.Options{
		Verifier: d.Verifier, Signer: d.Signer, People: caller.NewPeople(d.Conns["schools"]),
		Machines: machines, Sources: []caller.Source{people.sessions},
		Clock: d.Clock, Dev: d.Dev,
	})
}
