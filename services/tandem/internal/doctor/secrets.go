package doctor

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/tandem-badges/tandem/services/tandem/internal/app"
)

// hidden stands where a secret stood.
const hidden = "***"

// withoutSecrets takes out of findings what libraries may have put into their
// errors: passwords of the settings, in every form in which they could stand there.
func withoutSecrets(results []Result, s app.ServeSettings) []Result {
	secrets := secretsOf(s)
	// The longest first: where one begins another, nothing is left of it.
	slices.SortFunc(secrets, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var pairs []string
	for _, secret := range secrets {
		if secret != "" {
			pairs = append(pairs, secret, hidden)
		}
	}
	replace := strings.NewReplacer(pairs...)
	for i := range results {
		results[i].Found, results[i].Fix = replace.Replace(results[i].Found), replace.Replace(results[i].Fix)
	}
	return results
}

func secretsOf(s app.ServeSettings) []string {
	all := []string{s.OpsToken}
	addresses := []string{s.DB, s.SMTPURL, s.OTLPEndpoint, s.Blobs, s.PublicURL}
	addresses = append(addresses, strings.Split(s.NATS, ",")...)
	addresses = append(addresses, s.IssuerKeeper...)
	for _, service := range app.DatabaseNames() {
		if address, err := s.DatabaseURL(service); err == nil {
			addresses = append(addresses, address)
		}
	}
	for _, address := range addresses {
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil {
			all = append(all, address) // nobody knows what is in it
			continue
		}
		all = append(all, secretsIn(u)...)
	}
	return all
}

func secretsIn(u *url.URL) []string {
	all := []string{u.Query().Get("password")}
	password, has := u.User.Password()
	switch {
	case has:
		_, raw, _ := strings.Cut(u.User.String(), ":")
		all = append(all, password, raw)
	case u.User != nil && (u.Scheme == "nats" || u.Scheme == "tls"): // a token
		all = append(all, u.User.Username(), u.User.String())
	}
	return all
}

// place is an address as it may be shown: its host and path, without who signs in
// and without parameters.
func place(address string) string {
	u, err := url.Parse(address)
	if err == nil && u.Scheme == "file" {
		return u.Path
	}
	if err != nil || u.Host == "" {
		return "the address given"
	}
	return u.Scheme + "://" + u.Host + u.Path
}
