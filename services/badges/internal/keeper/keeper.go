// Package keeper opens the vault in which the private keys of issuers lie encrypted in the database.
//
// What encrypts them is kept elsewhere, so that a copy of the database signs nothing: in a file
// with a key, which an embedded installation makes for itself at its first start and Kubernetes
// mounts from a Secret, or in a key service, named by its URL (gocloud.dev/secrets). Several can be
// given. The first one encrypts and all decrypt, which is how the key of a keeper is changed
// without losing what it encrypted.
//
// Neighbours: package credential/keys has the vault; package issuer keeps what it sealed.
package keeper

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gocloud.dev/secrets"
	_ "gocloud.dev/secrets/awskms" // keepers with the scheme awskms
	"gocloud.dev/secrets/localsecrets"

	"github.com/tandem-badges/tandem/services/badges/credential/keys"
)

// Setting is how operators call the list of keepers.
const Setting = "TANDEM_ISSUER_KEEPER"

// OwnFile is the keeper of an installation that was told of none, in its key folder.
const OwnFile = "issuer-keeper.key"

// Open opens the vault of the keepers: paths of key files and URLs of key services. Without any,
// it is a key file in the folder, which is made when it is missing.
func Open(ctx context.Context, folder string, locations []string) (*keys.Vault, error) {
	if len(locations) == 0 {
		path := filepath.Join(folder, OwnFile)
		if err := create(path); err != nil {
			return nil, fmt.Errorf("key that encrypts the keys of issuers: %w", err)
		}
		locations = []string{path}
	}
	var all []keys.Keeper
	for _, location := range locations {
		keepers, err := open(ctx, location)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", Setting, err)
		}
		all = append(all, keepers...)
	}
	return keys.NewVault(all...)
}

func open(ctx context.Context, location string) ([]keys.Keeper, error) {
	scheme, rest, isURL := strings.Cut(location, "://")
	switch {
	case !isURL:
		return read(location)
	case scheme == "file":
		return read(rest)
	case scheme == localsecrets.Scheme: // base64key://KEY would put the key into the environment
		return nil, errors.New("a key does not belong into a setting: write it into a file and name the file")
	}
	k, err := secrets.OpenKeeper(ctx, location)
	if err != nil {
		// The library's words repeat the whole URL.
		return nil, fmt.Errorf("key service %s: %s", printable(location), strings.ReplaceAll(err.Error(), location, printable(location)))
	}
	return []keys.Keeper{k}, nil
}

// printable is a URL without what might be secret in it.
func printable(location string) string {
	u, err := url.Parse(location)
	if err != nil {
		return "(malformed)"
	}
	return u.Scheme + "://" + u.Host + u.Path
}

// read reads a key file: 32 bytes in base64 on each line. The first key encrypts, all decrypt.
func read(path string) ([]keys.Keeper, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	if loose := info.Mode().Perm() & 0o007; loose != 0 {
		return nil, fmt.Errorf("key file %s may be used by everybody (mode %o): set it to 600, or 440 for a mounted secret", path, info.Mode().Perm())
	}
	raw, err := os.ReadFile(path) //nolint:gosec // the key file that the operator names
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	defer clear(raw)
	var out []keys.Keeper
	for n, line := range strings.Split(string(raw), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, err := decode(line)
		if err != nil {
			return nil, fmt.Errorf("key file %s, line %d: want 32 random bytes in base64, as openssl rand -base64 32 prints them", path, n+1)
		}
		out = append(out, localsecrets.NewKeeper(key))
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("key file %s holds no key", path)
	}
	return out, nil
}

var errLength = errors.New("wrong length")

func decode(line string) (key [32]byte, err error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(line)
	if err != nil {
		return key, err
	}
	if len(raw) != len(key) {
		return key, errLength
	}
	return [32]byte(raw), nil
}
