package command

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	accessv1 "github.com/tandem-badges/tandem/proto/gen/go/tandem/access/v1"
	"github.com/tandem-badges/tandem/services/kit/access"
	"github.com/tandem-badges/tandem/services/kit/identity"
)

// Token makes an access token. Whoever can read the identity key could sign
// anything, so this gives an operator no right they do not have.
type Token struct {
	Data    string        `help:"Data folder with the identity key." default:"./var" placeholder:"DIR"`
	Subject string        `help:"Person the token speaks for, e.g. people/operator." required:"" placeholder:"NAME"`
	Grant   []string      `help:"Role, or role@node, e.g. state_admin or principal@districts/0880/schools/0418. May be repeated." required:"" placeholder:"ROLE[@NODE]"`
	TTL     time.Duration `name:"ttl" help:"Life of the token." default:"1h"`
}

// Run prints the token.
func (t *Token) Run() error {
	id := access.Identity{Subject: t.Subject}
	for _, text := range t.Grant {
		grant, err := parseGrant(text)
		if err != nil {
			return err
		}
		id.Grants = append(id.Grants, grant)
	}
	key, err := identity.LoadOrCreateKey(filepath.Join(t.Data, "keys", "identity.key"))
	if err != nil {
		return fmt.Errorf("identity key: %w", err)
	}
	token, err := identity.NewSigner(key).Mint(id, t.TTL)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(os.Stdout, token)
	return err
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
	for number := int32(1); number < int32(len(accessv1.Role_name)); number++ {
		names = append(names, strings.ToLower(strings.TrimPrefix(accessv1.Role_name[number], "ROLE_")))
	}
	return names
}
