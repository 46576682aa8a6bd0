package egress_test

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/egress"
)

// ruleOf is the rule of an error, or "".
func ruleOf(err error) string {
	var e *egress.Error
	if errors.As(err, &e) {
		return e.Rule
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// Every range that is not the public Internet, in the spellings that lead there.
var privateHosts = []string{
	"127.0.0.1", "127.1.2.3", "0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.100.100.200", "169.254.169.254",
	"172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
	"198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.2.3", "240.0.0.1", "255.255.255.255", "168.63.129.16",
	"[::]", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:8.8.8.8]", "[::127.0.0.1]", "[::ffff:a00:1]", "[64:ff9b::7f00:1]",
	"[64:ff9b::8.8.8.8]", "[64:ff9b:1::1]", "[100::1]", "[2001::1]", "[2001:db8::1]", "[2002:7f00:1::]", "[2002:a00:1::1]",
	"[3fff::1]", "[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fec0::1]", "[ff02::1]", "[5f00::1]",
	"2130706433", "0x7f000001", "017700000001", "0x7f.0.0.1", "0177.0.0.1", "127.1", "127.0.1", "1.2.3.4.5", "127.0.0.1.",
	"10.0.0.1.", "256.256.256.256", "127.0.0.0x1", "example.0x7f", "example.08",
	"localhost", "LOCALHOST", "localhost.", "a.localhost", "router.local", "db.internal", "metadata.google.internal",
	"printer.lan", "nas.home.arpa", "postgres", "tandem-schools.default.svc.cluster.local", "a..example.org",
	"１２７.０.０.１", "127。0。0。1", "ⓛocalhost", "①⓪.0.0.1",
}

func TestAddressesThatAreNotPublicAreRefused(t *testing.T) {
	for _, host := range privateHosts {
		t.Run(host, func(t *testing.T) {
			rule := ruleOf(egress.CheckURL("https://"+host+"/hook", egress.Options{}))
			require.Contains(t, []string{egress.RuleAddress, egress.RuleURL}, rule)
		})
	}
}

func TestOnlyPlainPublicURLsPass(t *testing.T) {
	for text, want := range map[string]string{
		"https://example.org/hook":             "",
		"https://example.org":                  "",
		"HTTPS://Hooks.Example.ORG./a?b=c":     "",
		"https://example.org:443/":             "",
		"https://example.org:8443/":            "",
		"https://bücher.example.org/":          "",
		"https://8.8.8.8/":                     "",
		"https://[2606:4700:4700::1111]:8443/": "",
		"http://example.org/":                  egress.RuleHTTPS,
		"http://localhost/":                    egress.RuleHTTPS,
		"ftp://example.org/":                   egress.RuleHTTPS,
		"//example.org/":                       egress.RuleHTTPS,
		"file:///etc/passwd":                   egress.RuleURL,
		"gopher:example.org":                   egress.RuleURL,
		"javascript:alert(1)":                  egress.RuleURL,
		"":                                     egress.RuleURL,
		"example.org":                          egress.RuleURL,
		"https://":                             egress.RuleURL,
		"https:///hook":                        egress.RuleURL,
		"https://exa mple.org/":                egress.RuleURL,
		"https://example.org/\nHost: x":        egress.RuleURL,
		`https://example.org\@127.0.0.1/`:      egress.RuleURL,
		"https://example.org:/":                egress.RuleURL,
		"https://[fe80::1%25eth0]/":            egress.RuleURL,
		"https://[127.0.0.1]/":                 egress.RuleURL,
		"https://exa%6dple%00.org/":            egress.RuleURL,
		"https://user@example.org/":            egress.RuleUser,
		"https://user:word@example.org/":       egress.RuleUser,
		"https://example.org@127.0.0.1/":       egress.RuleUser,
		"https://example.org:22/":              egress.RulePort,
		"https://example.org:80/":              egress.RulePort,
		"https://example.org:0/":               egress.RulePort,
		"https://example.org:99999/":           egress.RulePort,
		"https://8.8.8.8:5432/":                egress.RulePort,
		"https://" + strings.Repeat("a", 2000): egress.RuleURL,
	} {
		t.Run(text, func(t *testing.T) {
			require.Equal(t, want, ruleOf(egress.CheckURL(text, egress.Options{})))
		})
	}
}

func TestLoopbackPassesWhereItIsAllowedAndNothingElse(t *testing.T) {
	o := egress.Options{AllowLoopback: true}
	for text, want := range map[string]string{
		"http://localhost:3000/hook":     "",
		"http://127.0.0.1:9/":            "",
		"http://[::1]:3000/":             "",
		"https://localhost:3000/":        "",
		"http://example.org/":            egress.RuleHTTPS,
		"http://10.0.0.1/":               egress.RuleHTTPS,
		"http://localhost.example.org/":  egress.RuleHTTPS,
		"https://192.168.0.1/":           egress.RuleAddress,
		"https://169.254.169.254/latest": egress.RuleAddress,
		"https://example.org:3000/":      egress.RulePort,
	} {
		t.Run(text, func(t *testing.T) { require.Equal(t, want, ruleOf(egress.CheckURL(text, o))) })
	}
}

func TestPortsCanBeChosen(t *testing.T) {
	o := egress.Options{Ports: []uint16{9443}}
	require.NoError(t, egress.CheckURL("https://example.org:9443/", o))
	require.Equal(t, egress.RulePort, ruleOf(egress.CheckURL("https://example.org/", o)))
}

func TestErrorsSayTheRuleAndNoAddress(t *testing.T) {
	for _, text := range []string{"https://10.1.2.3/", "https://db.internal/", "https://user:word@example.org/", "https://example.org:22/"} {
		err := egress.CheckURL(text, egress.Options{})
		require.Error(t, err)
		require.NotEmpty(t, err.Error())
		require.NotRegexp(t, `10\.1|internal|word@|example\.org:22|10\.`, err.Error())
	}
}

// FuzzCheckURL looks for a text that passes although its host is no public one.
func FuzzCheckURL(f *testing.F) {
	for _, host := range privateHosts {
		f.Add("https://" + host + "/")
	}
	for _, text := range []string{"https://example.org", "https://[::ffff:127.0.0.1]:443", "https://a@b", "http://x", "https://%31%32%37.0.0.1/"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if egress.CheckURL(text, egress.Options{}) != nil {
			return
		}
		u, err := url.Parse(text)
		require.NoError(t, err)
		require.Equal(t, "https", u.Scheme)
		require.Nil(t, u.User)
		require.Contains(t, []string{"", "443", "8443"}, u.Port())
		if ip, err := netip.ParseAddr(u.Hostname()); err == nil {
			require.True(t, ip.IsGlobalUnicast() && !ip.IsPrivate() && !ip.Is4In6(), "%s", text)
			return
		}
		require.Contains(t, strings.TrimRight(u.Hostname(), ".。．｡"), ".", "%s", text)
	})
}
