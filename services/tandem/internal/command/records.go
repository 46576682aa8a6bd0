package command

import (
	"fmt"
	"os"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/identity"
)

// Records are the commands about what is kept and was deleted.
type Records struct {
	Verify RecordsVerify `cmd:"" help:"Verify the certificate of a disposition."`
}

// RecordsVerify needs nothing but the certificate.
type RecordsVerify struct {
	File string `arg:"" help:"File with the certificate, as the disposition shows it." type:"existingfile"`
}

// Run prints what the certificate says and which key signed it. A certificate
// that was changed is refused.
func (r *RecordsVerify) Run() error {
	raw, err := os.ReadFile(r.File)
	if err != nil {
		return err
	}
	text, id, key, err := identity.OpenStatement(strings.TrimSpace(string(raw)))
	if err != nil {
		fmt.Fprintln(os.Stderr, "not valid:", err)
		return ExitError{Code: 1}
	}
	fmt.Fprintf(os.Stderr, "valid; signed with key %s, %x\n", id, []byte(key))
	_, err = fmt.Fprintln(os.Stdout, string(text))
	return err
}
