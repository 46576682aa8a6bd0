package command

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
	"github.com/tandem-badges/tandem/services/badges/credential/did"
	"github.com/tandem-badges/tandem/services/badges/credential/keys"
	"github.com/tandem-badges/tandem/services/badges/credential/registry"
	"github.com/tandem-badges/tandem/services/badges/credential/verifier"
	"github.com/tandem-badges/tandem/services/kit/egress"
)

const (
	fetchTimeout = 30 * time.Second
	maxRedirects = 5
	// accepted asks for the credential first: a badge page answers with it instead of HTML.
	accepted = "application/vc+ld+json, application/vc, application/ld+json, application/json;q=0.9, application/vc+jwt;q=0.9, " +
		"image/png;q=0.5, image/svg+xml;q=0.5, application/pdf;q=0.5, text/plain;q=0.4"
)

// read gets the bytes of a target.
func (v *Verify) read(ctx context.Context, target string) ([]byte, error) {
	switch {
	case target == "-":
		return readLimited(os.Stdin)
	case isAddress(target):
		return fetch(ctx, target)
	}
	return readFile(target)
}

func isAddress(target string) bool {
	return strings.HasPrefix(target, "http://") || strings.HasPrefix(target, "https://")
}

func readFile(path string) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // the file that the person at this machine named
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return readLimited(file)
}

// fetch reads an address that the person at this machine typed: it may lead to this machine, and on.
func fetch(ctx context.Context, address string) ([]byte, error) {
	client := egress.New(egress.Options{
		AllowLoopback: true, Redirects: maxRedirects, MaxBody: verifier.MaxFile + 1, Timeout: fetchTimeout,
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", accepted)
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	switch {
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s answered %s", address, resp.Status)
	case strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html"):
		return nil, fmt.Errorf("%s answered with a web page: download the badge from it, and verify that file", address)
	}
	return readLimited(resp.Body)
}

func readLimited(r io.Reader) ([]byte, error) {
	document, err := io.ReadAll(io.LimitReader(r, verifier.MaxFile+1))
	if err == nil && len(document) > verifier.MaxFile {
		err = errTooLarge
	}
	return document, err
}

// lookups are the sources of --online. Addresses in a badge come from a stranger: they may not lead
// into the network that this machine is in.
func (v *Verify) lookups(now time.Time) (verifier.ListSource, dataintegrity.Resolver) {
	client := egress.New(egress.Options{AllowLoopback: v.Development})
	return verifier.WebLists{Client: client},
		did.Web{Client: client, Loopback: v.Development, Now: func() time.Time { return now }}
}

// forever is how long a list holds that somebody writes down on the command line.
const forever = 100 * 365 * 24 * time.Hour

// issuers is the list of known issuers; nil when none was given, so that who the issuer is stays open.
func (v *Verify) issuers(ctx context.Context) (*registry.Registry, error) {
	var known *registry.Registry
	switch {
	case v.Registry != "":
		var err error
		if known, err = v.signedList(ctx); err != nil {
			return nil, fmt.Errorf("--registry %s: %w", v.Registry, err)
		}
	case v.RegistryKey != "":
		return nil, errors.New("--registry-key needs the list that it signed: --registry FILE")
	case len(v.Trust) == 0:
		return nil, nil //nolint:nilnil // no list is a valid wish
	default:
		known = &registry.Registry{Expires: time.Now().Add(forever), Pinned: true}
	}
	for id, name := range v.Trust {
		if _, listed := known.Issuer(id); !listed {
			known.Issuers = append(known.Issuers, registry.Issuer{ID: id, Name: name})
		}
	}
	return known, nil
}

func (v *Verify) signedList(ctx context.Context) (*registry.Registry, error) {
	read := func() ([]byte, error) { return readFile(v.Registry) }
	if isAddress(v.Registry) {
		read = func() ([]byte, error) { return fetch(ctx, v.Registry) }
	}
	raw, err := read()
	if err != nil {
		return nil, err
	}
	var trusted []ed25519.PublicKey
	if v.RegistryKey != "" {
		key, err := keys.DecodeMultikey(v.RegistryKey)
		if err != nil {
			return nil, fmt.Errorf("--registry-key: %w", err)
		}
		trusted = append(trusted, key)
	}
	known, err := registry.Parse(raw, trusted...)
	if err != nil {
		return nil, err
	}
	if !known.Pinned {
		fmt.Fprintf(os.Stderr, "tandem verify: the list of issuers is signed by %s; give --registry-key to accept no other\n", known.SignedBy)
	}
	return known, nil
}
