package connect

import (
	"slices"
	"strings"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
)

// maxSchools bounds what our page asks about.
const maxSchools = 50

// Led are the schools that somebody leads at the moment, as principal or team lead.
func Led(id access.Identity) []string {
	var names []string
	for _, g := range id.Grants {
		leads := g.Role == accessv1.Role_ROLE_PRINCIPAL || g.Role == accessv1.Role_ROLE_TEAM_LEAD
		if leads && strings.Contains(g.Node, "/schools/") && !slices.Contains(names, g.Node) && len(names) < maxSchools {
			names = append(names, g.Node)
		}
	}
	return names
}
