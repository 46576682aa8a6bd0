package command

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/registry"
)

// registryPath is where an instance serves its registry.
const registryPath = "/v1/issuers:registry"

// Issuers are the commands about who issues badges. They need no account.
type Issuers struct {
	Registry IssuersRegistry `cmd:"" help:"Fetch the signed list of issuers and keys, check it, and tell by which key it is signed."`
}

// IssuersRegistry fetches the registry for verifiers without a network.
type IssuersRegistry struct {
	URL         string `name:"url" help:"Address of the running instance." default:"http://127.0.0.1:8080" placeholder:"URL"`
	RegistryKey string `help:"Key that must have signed the list (z6Mk...)." placeholder:"KEY"`
	Out         string `help:"File that gets the list. Empty: standard output." placeholder:"FILE" env:"-"`
}

// Help tells how the list is used.
func (IssuersRegistry) Help() string {
	return `The list tells who issues badges and with which keys, for verifying without a network. Note the key that it is signed by once, from somebody you trust, and give it from then on: a list signed by another key is refused.

  tandem issuers registry --url https://badges.example.org --registry-key z6Mk... --out issuers.json
  tandem verify --registry issuers.json --registry-key z6Mk... badge.json

The list has an end, after which verifiers want a new one.`
}

// Run fetches, checks and writes.
func (c *IssuersRegistry) Run(ctx context.Context) error {
	return c.run(ctx, time.Now(), os.Stdout, os.Stderr)
}

// run writes the list, and what is to be known about it where people see it and pipes do not.
func (c *IssuersRegistry) run(ctx context.Context, now time.Time, out, notes io.Writer) error {
	var trusted []ed25519.PublicKey
	if c.RegistryKey != "" {
		key, err := keys.DecodeMultikey(c.RegistryKey)
		if err != nil {
			return fmt.Errorf("--registry-key: %w", err)
		}
		trusted = append(trusted, key)
	}
	raw, err := fetch(ctx, strings.TrimRight(c.URL, "/")+registryPath)
	if err != nil {
		return err
	}
	r, err := registry.Parse(raw, trusted...)
	if err != nil {
		return err
	}
	if err := r.Current(now); err != nil {
		return err
	}
	if c.Out == "" {
		_, err = out.Write(raw)
	} else {
		err = os.WriteFile(c.Out, raw, 0o644) //nolint:gosec // a public list, for everybody to read
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(notes, "Issuers: %d. Good until %s.\nSigned by %s%s\n", len(r.Issuers), r.Expires.Format(time.DateOnly), r.SignedBy, unpinned(r))
	return err
}

func unpinned(r *registry.Registry) string {
	if r.Pinned {
		return ", as it must be."
	}
	return "\nCompare this key with one that you have from somebody you trust, and give it as --registry-key from then on."
}
