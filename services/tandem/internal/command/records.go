package command

import (
	"crypto/ed25519"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/identity"
	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

// Records are the commands about what is kept and was deleted.
type Records struct {
	Verify RecordsVerify `cmd:"" help:"Verify the certificate of a disposition."`
}

// RecordsVerify needs nothing but the certificate. Where the keys of the
// installation are at hand too, it says whether one of them signed.
type RecordsVerify struct {
	keyData
	File string `arg:"" help:"File with the certificate, as the disposition shows it." type:"existingfile"`
}

// Run prints what the certificate says and which key signed it. A certificate
// that was changed, or bears the id of a known key and is of another, is refused.
func (r *RecordsVerify) Run() error { return r.verify(os.Stdout, os.Stderr) }

func (r *RecordsVerify) verify(out, report io.Writer) error {
	raw, err := os.ReadFile(r.File)
	if err != nil {
		return err
	}
	text, id, key, err := identity.OpenStatement(strings.TrimSpace(string(raw)))
	if err != nil {
		_, _ = fmt.Fprintln(report, "not valid:", err)
		return ExitError{Code: 1}
	}
	known, err := r.known(id, key)
	if err != nil {
		_, _ = fmt.Fprintln(report, "not valid:", err)
		return ExitError{Code: 1}
	}
	_, _ = fmt.Fprintf(report, "valid; signed with key %s, %x\n%s\n", id, []byte(key), known)
	_, err = fmt.Fprintln(out, string(text))
	return err
}

// known says whether the key is the gateway's, as far as the data folder tells.
// Keys leave the folder some time after they were replaced.
func (r *RecordsVerify) known(id string, key ed25519.PublicKey) (string, error) {
	if _, err := os.Stat(filepath.Join(r.Data, "keys")); err != nil {
		return "the keys of the installation are not at hand (--data): compare the key with the one that you know", nil //nolint:nilerr // it is not needed
	}
	keys, err := app.OpenKeys(r.Data, nil)
	if err != nil {
		return "", err
	}
	have, ok := keys.Find(identity.Gateway, id)
	switch {
	case !ok:
		return "the key is not among the gateway's keys in " + r.Data + ": it was replaced since, or is of somebody else", nil
	case !have.Equal(key):
		return "", fmt.Errorf("it names key %s of this gateway, and another one signed it", id)
	default:
		return "the key is this gateway's, in " + r.Data, nil
	}
}
