package gateway

import (
	"errors"
	"net/http"

	schoolsv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/schools/v1"

	"github.com/tandem-badges/tandem/gateway/internal/caller"
	"github.com/tandem-badges/tandem/gateway/internal/connect"
	"github.com/tandem-badges/tandem/gateway/internal/openbadges"
	"github.com/tandem-badges/tandem/gateway/internal/pages"
	"github.com/tandem-badges/tandem/gateway/internal/rest"
	"github.com/tandem-badges/tandem/services/kit/access"
)

// openBadges adds the API of Open Badges, and what connects programs of others to it.
func openBadges(mux *http.ServeMux, d Deps, people *signIn, public *pages.Handler, callers *caller.Resolver) error {
	secret, err := d.Signer.Secret("programs")
	if err != nil {
		return err
	}
	schools := schoolsv1.NewOrganizationsServiceClient(rest.Upstream(d.Conns["schools"]))
	programs, err := connect.New(connect.Options{
		Store: people.kept, Clock: people.real, Secret: secret, Pages: public, Log: d.Log, PublicURL: d.PublicURL, Dev: d.Dev,
		SameOrigin: people.sessions.SameOrigin,
		Who: func(r *http.Request) (connect.Person, bool, error) {
			one, found, err := people.sessions.Identify(r) // a page is for people at a browser
			if err != nil || !found {
				return connect.Person{}, false, err
			}
			ctx, err := callers.As(r.Context(), one)
			if err != nil {
				return connect.Person{}, false, err
			}
			id, _ := access.FromContext(ctx)
			person := connect.Person{Name: id.Subject}
			for _, name := range connect.Led(id) {
				school, err := schools.GetSchool(ctx, &schoolsv1.GetSchoolRequest{Name: name})
				if err != nil {
					return connect.Person{}, false, err
				}
				person.Schools = append(person.Schools, connect.School{Name: name, Title: school.GetTitle()})
			}
			return person, true, nil
		},
	})
	if err != nil {
		return errors.Join(errors.New("programs"), err)
	}
	programs.Routes(mux)
	openbadges.New(openbadges.Options{
		Callers: callers, Programs: programs, Badges: rest.Upstream(d.Conns["badges"]), Schools: rest.Upstream(d.Conns["schools"]),
		Log: d.Log, PublicURL: d.PublicURL,
	}).Routes(mux)
	return nil
}
