package command

import (
	"fmt"
	"os"
	"strings"
	"time"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

// Token makes an access token. Whoever can read the gateway's key could sign
// anything, so this gives an operator no right they do not have.
type Token struct {
	Data    string        `help:"Data folder with the gateway's keys." default:"./var" placeholder:"DIR"`
	Subject string        `help:"Whom the token speaks for: people/operator with the roles of --grant, or a registered person with the roles they have." required:"" placeholder:"NAME"`
	Grant   []string      `help:"Role of people/operator, or role@node, e.g. state_admin or principal@districts/0880/schools/0418. May be repeated." placeholder:"ROLE[@NODE]"`
	TTL     time.Duration `name:"ttl" help:"Life of the token, at most 24h." default:"1h"`
}

// Run prints the token.
func (t *Token) Run() error {
	says, err := t.access()
	if err != nil {
		return err
	}
	keys, err := app.OpenKeys(t.Data, nil)
	if err != nil {
		return err
	}
	token, err := identity.NewSigner(keys, identity.Gateway).MintAccess(says, t.TTL)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(os.Stdout, token)
	return err
}

// access is what the token is to say.
func (t *Token) access() (identity.Access, error) {
	says := identity.Access{Subject: t.Subject}
	switch root := identity.Root(t.Subject); {
	case root && len(t.Grant) == 0:
		return says, fmt.Errorf("--grant: say what %s may, e.g. --grant state_admin", t.Subject)
	case !root && len(t.Grant) > 0:
		return says, fmt.Errorf("--grant: the roles of %s are registered, and a token does not change them; leave --grant out, or use --subject %s", t.Subject, identity.Operator)
	case t.TTL <= 0 || t.TTL > identity.MaxAccessLife:
		return says, fmt.Errorf("--ttl %s: want a time above zero and at most %s", t.TTL, identity.MaxAccessLife)
	}
	for _, text := range t.Grant {
		grant, err := parseGrant(text)
		if err != nil {
			return says, err
		}
		says.Grants = append(says.Grants, grant)
	}
	return says, nil
}

func parseGrant(text string) (access.Grant, error) {
	role, node, _ := strings.Cut(text, "@")
	value, ok := accessv1.Role_value["ROLE_"+strings.ToUpper(strings.ReplaceAll(role, "-", "_"))]
	if !ok || value == 0 {
		return access.Grant{}, fmt.Errorf("--grant %q: unknown role, want one of %s", text, strings.Join(roleNames(), ", "))
	}
	return access.Grant{Role: accessv1.Role(value), Node: node}, nil
}

func roleNames() []string {
	var names []string
	for number := int32(1); number < int32(len(accessv1.Role_name)); number++ { //nolint:gosec // a dozen roles
		names = append(names, strings.ToLower(strings.TrimPrefix(accessv1.Role_name[number], "ROLE_")))
	}
	return names
}
