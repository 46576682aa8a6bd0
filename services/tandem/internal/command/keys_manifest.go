package command

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges"
	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/keystore"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

const (
	natsUser    = "tandem"
	secretBytes = 24 // of what is derived: passwords of 48 hexadecimal digits
)

// dnsLabel is what names of Kubernetes are made of.
var dnsLabel = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$`)

// KeysManifest prints what a cluster needs to know and nobody else.
type KeysManifest struct {
	keyData
	Namespace string `help:"Namespace of the objects. Empty: the one that kubectl is told." placeholder:"NAME" env:"-"`
	Name      string `help:"What the names of the objects begin with: keys.prefix of the chart." default:"tandem" placeholder:"NAME" env:"-"`
	DB        string `help:"PostgreSQL URL of the owner. With it, the URL of each service's role is printed too; nothing is connected to." placeholder:"URL"`
}

// Help is the longer text of --help.
func (KeysManifest) Help() string {
	return `The output IS SECRET: whoever reads it can act as the platform. Hand it on without a file:

  tandem keys manifest --namespace tandem --db "$OWNER_URL" | kubectl apply -f -

Where the data folder holds keys, they are used, and the same folder gives the same output: that is
how keys are rotated. Where it holds none, new ones are made in memory and kept nowhere: then the
objects in the cluster are the only copy. To keep them, first make a key for each part in a folder:

  for owner in gateway schools assessments evidence badges; do tandem keys rotate $owner --data ./keys-of-the-state; done`
}

// Run prints the objects as YAML.
func (m *KeysManifest) Run() error {
	for flag, name := range map[string]string{"--namespace": m.Namespace, "--name": m.Name} {
		if !dnsLabel.MatchString(name) && (flag == "--name" || name != "") {
			return fmt.Errorf("%s %q: want lower-case letters, digits and hyphens, as Kubernetes names things", flag, name)
		}
	}
	material, err := m.material(time.Now())
	if err != nil {
		return err
	}
	objects, err := m.objects(material)
	if err != nil {
		return err
	}
	return writeManifest(os.Stdout, objects)
}

// material is what the objects are made of.
type material struct {
	bundles map[string]keystore.Bundle
	secret  []byte // the gateway's, as in its file
	keeper  []byte // key file that encrypts the keys of issuers
}

// material takes the keys of the data folder, or makes new ones when it holds none.
func (m *KeysManifest) material(now time.Time) (material, error) {
	keys, err := app.OpenKeys(m.Data, nil)
	if err != nil {
		return material{}, err
	}
	if len(keys.Owners()) == 0 {
		return freshMaterial(now)
	}
	out := material{bundles: map[string]keystore.Bundle{}}
	var missing []error
	for _, owner := range app.DatabaseNames() {
		bundle, err := keys.Bundle(owner)
		if errors.Is(err, keystore.ErrNoKey) {
			err = fmt.Errorf("the data folder has keys, but no private one of %[1]s: bring it here, or make one with `tandem keys rotate %[1]s --data %[2]s`", owner, m.Data)
		}
		missing = append(missing, err)
		out.bundles[owner] = bundle
	}
	if err := errors.Join(missing...); err != nil {
		return material{}, err
	}
	secret, err := keys.Secret(identity.Gateway)
	if err != nil {
		return material{}, err
	}
	out.secret = keystore.SecretText(secret)
	out.keeper, err = badges.KeeperOf(filepath.Join(m.Data, "keys"))
	return out, err
}

func freshMaterial(now time.Time) (material, error) {
	out := material{bundles: map[string]keystore.Bundle{}, secret: keystore.NewSecret()}
	for _, owner := range app.DatabaseNames() {
		bundle, err := keystore.NewBundle(owner, now)
		if err != nil {
			return out, err
		}
		out.bundles[owner] = bundle
	}
	var err error
	out.keeper, err = badges.NewKeeper()
	return out, err
}

// derived is a password that follows from the gateway's secret, so that the same
// keys always come with the same one. The gateway, which could compute it, is
// given it anyway.
func (m material) derived(what string) []byte {
	mac := hmac.New(sha256.New, []byte(strings.TrimSpace(string(m.secret))))
	_, _ = mac.Write([]byte("tandem " + what)) // never fails
	return []byte(hex.EncodeToString(mac.Sum(nil)[:secretBytes]))
}

// objects puts everything where the chart looks for it.
func (m *KeysManifest) objects(from material) ([]object, error) {
	var all []object
	for _, owner := range app.DatabaseNames() {
		bundle := from.bundles[owner]
		whole := map[string][]byte{}
		for name, text := range bundle.Private {
			whole[name] = text
		}
		for name, text := range bundle.Public {
			whole[name] = text
		}
		if owner == identity.Gateway {
			whole[keystore.SecretFile] = from.secret
		}
		all = append(all, m.secret("keys-"+owner, whole), m.configMap("keys-"+owner, bundle.Public))
	}
	all = append(all,
		m.secret("keeper", map[string][]byte{"keeper.key": from.keeper}),
		m.secret("nats", map[string][]byte{"user": []byte(natsUser), "password": from.derived("password of the bus")}),
		m.secret("ops", map[string][]byte{"token": from.derived("token of the operator's port")}),
	)
	if m.DB == "" {
		return all, nil
	}
	urls, err := m.databases()
	if err != nil {
		return nil, err
	}
	return append(all, m.secret("database", urls)), nil
}

func (m *KeysManifest) databases() (map[string][]byte, error) {
	roles, err := sqldb.RoleURLs(m.DB, app.DatabaseNames())
	if err != nil {
		return nil, fmt.Errorf("--db: %w", err)
	}
	urls := map[string][]byte{"owner": []byte(m.DB)}
	for service, address := range roles {
		urls[service] = []byte(address)
	}
	return urls, nil
}
