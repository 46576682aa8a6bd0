package egress

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
	"golang.org/x/net/idna"
)

// maxURL is the longest address taken.
const maxURL = 2000

// clouds are addresses in public ranges behind which a cloud answers its own
// machines only.
var clouds = []netip.Prefix{netip.MustParsePrefix("168.63.129.16/32")}

// privateNames end names that only a private network knows.
var privateNames = []string{"localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "home.arpa", "onion"}

// guard decides about addresses. Without a guardian it lets loopback pass only.
type guard struct {
	public   *ssrf.Guardian
	loopback bool
}

func newGuard(o Options) guard {
	return guard{
		public:   ssrf.New(ssrf.WithPorts(o.Ports...), ssrf.WithDeniedV4Prefixes(clouds...)),
		loopback: o.AllowLoopback,
	}
}

// control is called with the address of each connection right before it is made.
func (g guard) control(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return &Error{Rule: RuleAddress}
	}
	return g.check(to)
}

func (g guard) check(to netip.AddrPort) error {
	if g.loopback && to.Addr().IsLoopback() {
		return nil
	}
	if g.public == nil || g.public.SafeAddr(to.Addr()) != nil {
		return &Error{Rule: RuleAddress}
	}
	if g.public.SafeAddrPort(to) != nil {
		return &Error{Rule: RulePort}
	}
	return nil
}

// CheckURL tells whether the text is an address that requests may go to, as far
// as can be told without asking a name server. The error is an *Error.
func CheckURL(text string, o Options) error {
	if len(text) > maxURL || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return &Error{Rule: RuleURL}
	}
	u, err := url.Parse(text)
	if err != nil {
		return &Error{Rule: RuleURL}
	}
	return checkURL(u, o.withDefaults())
}

func checkURL(u *url.URL, o Options) error {
	host, err := plainHost(u)
	if err != nil {
		return err
	}
	if u.User != nil {
		return &Error{Rule: RuleUser}
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !o.AllowLoopback || !isLoopback(host)) {
		return &Error{Rule: RuleHTTPS}
	}
	port, err := portOf(u)
	if err != nil {
		return err
	}
	if ip, invalid := netip.ParseAddr(host); invalid == nil {
		return newGuard(o).check(netip.AddrPortFrom(ip, port))
	}
	if o.AllowLoopback && isLoopback(host) {
		return nil
	}
	if !isPublicName(host) {
		return &Error{Rule: RuleAddress}
	}
	if !slices.Contains(o.Ports, port) {
		return &Error{Rule: RulePort}
	}
	return nil
}

// plainHost is the host as the resolver will be asked for it: in ASCII, lower
// case, without the dot at the end.
func plainHost(u *url.URL) (string, error) {
	host := u.Hostname()
	if u.Opaque != "" || host == "" || strings.ContainsRune(host, '%') { // no scopes of addresses
		return "", &Error{Rule: RuleURL}
	}
	if strings.HasPrefix(u.Host, "[") { // an IPv6 address or nothing
		if ip, err := netip.ParseAddr(host); err != nil || !ip.Is6() {
			return "", &Error{Rule: RuleURL}
		}
		return host, nil
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil {
		return "", &Error{Rule: RuleURL}
	}
	return strings.TrimSuffix(strings.ToLower(ascii), "."), nil
}

func portOf(u *url.URL) (uint16, error) {
	text := u.Port()
	if text == "" {
		if strings.HasSuffix(u.Host, ":") {
			return 0, &Error{Rule: RuleURL}
		}
		return map[string]uint16{"https": 443, "http": 80}[u.Scheme], nil
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return 0, &Error{Rule: RulePort}
	}
	return uint16(port), nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || host == "localhost"
}

// isPublicName tells whether a name can lead into the public network: it has a
// domain, is no spelling of a number, and ends in no private name.
func isPublicName(host string) bool {
	labels := strings.Split(host, ".")
	last := labels[len(labels)-1]
	if len(labels) < 2 || slices.Contains(labels, "") || isNumber(last) {
		return false
	}
	return !slices.ContainsFunc(privateNames, func(end string) bool { return strings.HasSuffix(host, "."+end) })
}

// isNumber tells whether some resolvers take the last word of a host for a part
// of an address, in decimal, octal or hexadecimal.
func isNumber(word string) bool {
	_, err := strconv.ParseUint(word, 0, 64)
	return err == nil || strings.Trim(word, "0123456789") == "" || strings.HasPrefix(word, "0x")
}
