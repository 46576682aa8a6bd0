package command

import (
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/kit/keystore"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

// Keys looks at and replaces the keys in a data folder. Running processes on that
// folder follow by themselves.
type Keys struct {
	List   KeysList   `cmd:"" help:"List the keys that are good, by owner: the newest whose time has come signs, the ones before it run out."`
	Rotate KeysRotate `cmd:"" help:"Make a new key for an owner. The one before stays good until nothing signed with it is under way."`
	Retire KeysRetire `cmd:"" help:"End a key at once, because somebody else may have it. What was signed with it is refused from then on."`

	Manifest KeysManifest `cmd:"" help:"Print the keys, the passwords and the database URLs of a cluster as Secrets and ConfigMaps of Kubernetes, for kubectl apply. The output is secret."`
}

// keyData is the folder that all these commands work on.
type keyData struct {
	Data string `help:"Data folder with the keys." default:"./var" placeholder:"DIR"`
}

// KeysList lists keys.
type KeysList struct{ keyData }

// Run prints a table.
func (k *KeysList) Run() error {
	keys, err := app.OpenKeys(k.Data, nil)
	if err != nil {
		return err
	}
	return printKeys(os.Stdout, keys, time.Now())
}

// KeysRotate makes a new key.
type KeysRotate struct {
	keyData
	Owner string        `arg:"" help:"Whose key: gateway, schools, assessments, evidence or badges." enum:"gateway,schools,assessments,evidence,badges"`
	In    time.Duration `help:"Let the new key sign after this time, so that its public half can be brought to other machines first." default:"0s"`
}

// Run rotates and says what follows.
func (k *KeysRotate) Run() error {
	if k.In < 0 {
		return fmt.Errorf("--in %s: want a time that is still to come", k.In)
	}
	keys, err := app.OpenKeys(k.Data, nil)
	if err != nil {
		return err
	}
	made, err := keys.Rotate(k.Owner, time.Now().Add(k.In))
	if err != nil {
		return err
	}
	if k.Owner == identity.Gateway { // what its replicas share, so that the folder is whole
		if _, err := keys.Secret(k.Owner); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(os.Stdout, "%s signs with %s from %s on.\nKeys before it stay good for another %s.\n",
		k.Owner, made.ID, made.From.Format(time.RFC3339), identity.KeyLife(k.Owner))
	return err
}

// KeysRetire ends a key.
type KeysRetire struct {
	keyData
	Owner string `arg:"" help:"Whose key." enum:"gateway,schools,assessments,evidence,badges"`
	ID    string `arg:"" name:"id" help:"Which key, as the list shows it."`
}

// Run makes sure that there is another key, and ends this one.
func (k *KeysRetire) Run() error {
	keys, err := app.OpenKeys(k.Data, nil)
	if err != nil {
		return err
	}
	if _, known := keys.Find(k.Owner, k.ID); !known {
		return fmt.Errorf("%s has no key %s that is good; `tandem keys list` shows them", k.Owner, k.ID)
	}
	if signing, err := keys.Signing(k.Owner); err == nil && signing.ID == k.ID {
		if _, err := keys.Rotate(k.Owner, time.Now()); err != nil {
			return err
		}
	}
	if err := keys.Retire(k.Owner, k.ID); err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "%s of %s is good no more. Running processes on this folder know within seconds;\nremove its files from other machines.\n", k.ID, k.Owner)
	return err
}

func printKeys(w io.Writer, keys *keystore.File, now time.Time) error {
	owners := keys.Owners()
	if len(owners) == 0 {
		_, err := fmt.Fprintln(w, "There are no keys yet: each part makes its first one when it starts.")
		return err
	}
	slices.Sort(owners)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "OWNER\tKEY\tSIGNS FROM\tSTATE")
	for _, owner := range owners {
		good, err := keys.Public(owner)
		if err != nil {
			return err
		}
		signing := ""
		if key, err := keys.Signing(owner); err == nil {
			signing = key.ID
		}
		for i, key := range good {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", owner, key.ID, key.From.Format(time.RFC3339), stateOf(good, i, signing, now))
		}
	}
	return table.Flush()
}

// stateOf says what a key is good for.
func stateOf(good []keystore.Key, i int, signing string, now time.Time) string {
	switch key := good[i]; {
	case key.ID == signing:
		return "signs"
	case key.From.After(now):
		return "signs later"
	case signing == "":
		return "verifies; the private half is elsewhere"
	default:
		return "verifies until its tokens have run out"
	}
}
