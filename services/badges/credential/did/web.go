package did

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/dataintegrity"
)

const (
	maxDocument  = 256 << 10
	fetchTimeout = 10 * time.Second
	maxID        = 1000
	webPrefix    = "did:web:"
	accepted     = MediaTypeLD + ", " + MediaTypeJSON + ", application/ld+json;q=0.9, application/json;q=0.8"
)

var (
	// ErrNotWeb is an identifier that does not lead to a document on the web.
	ErrNotWeb = errors.New("not a did:web or https identifier")
	// ErrUnreachable is a document that could not be fetched.
	ErrUnreachable = errors.New("the issuer's document could not be fetched")
)

// Web finds keys in documents on the web: of did:web, and controller documents at an https address.
// It follows no redirect and reads at most 256 KiB in ten seconds.
type Web struct {
	// Client fetches. Give it one that reaches public addresses only: identifiers come from strangers.
	Client *http.Client
	// Loopback allows hosts of this machine, over http: in development and tests only.
	Loopback bool
	// Now is the time at which keys must not have expired; the system's when nil.
	Now func() time.Time
}

// Resolve implements dataintegrity.Resolver.
func (w Web) Resolve(ctx context.Context, method string) (dataintegrity.Method, error) {
	id, fragment, _ := strings.Cut(method, "#")
	if fragment == "" {
		return dataintegrity.Method{}, dataintegrity.ErrMethodUnknown
	}
	doc, err := w.Fetch(ctx, id)
	if err != nil {
		return dataintegrity.Method{}, err
	}
	now := time.Now
	if w.Now != nil {
		now = w.Now
	}
	return doc.Resolve(ctx, method, now())
}

// Fetch reads the document of an identifier.
func (w Web) Fetch(ctx context.Context, id string) (*Document, error) {
	address, err := w.address(id)
	if err != nil {
		return nil, err
	}
	if w.Client == nil {
		return nil, fmt.Errorf("%w: there is no network here", ErrUnreachable)
	}
	raw, err := w.get(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return Parse(raw, id)
}

func (w Web) address(id string) (string, error) {
	if strings.HasPrefix(id, "https://") {
		u, err := url.Parse(id)
		if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || len(id) > maxID {
			return "", ErrNotWeb
		}
		return id, nil
	}
	return Address(id, w.Loopback)
}

func (w Web) get(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", accepted)
	client := *w.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server answered %d", answer.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxDocument {
		return nil, fmt.Errorf("it is larger than %d KiB", maxDocument>>10)
	}
	return raw, nil
}

// Names of hosts and parts of paths, as the method's specification allows them.
var (
	hostName    = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`)
	pathSegment = regexp.MustCompile(`^([A-Za-z0-9._-]|%[0-9A-Fa-f]{2})+$`)
)

// Address is where the document of a did:web lies. With loopback, hosts of this machine are allowed
// and reached over http.
func Address(id string, loopback bool) (string, error) {
	rest, ok := strings.CutPrefix(id, webPrefix)
	if !ok || len(id) > maxID {
		return "", ErrNotWeb
	}
	parts := strings.Split(rest, ":")
	host, port, err := hostOf(parts[0])
	if err != nil {
		return "", err
	}
	scheme := "https"
	local := host == "localhost" || net.ParseIP(host) != nil
	if local {
		if ip := net.ParseIP(host); !loopback || ip != nil && !ip.IsLoopback() {
			return "", fmt.Errorf("%w: its host is not a public name", ErrNotWeb)
		}
		scheme = "http"
	}
	path := "/.well-known"
	if len(parts) > 1 {
		path = ""
	}
	for _, part := range parts[1:] {
		plain, err := url.PathUnescape(part)
		if err != nil || !pathSegment.MatchString(part) || plain == "." || plain == ".." || strings.ContainsAny(plain, "/\\\x00") {
			return "", fmt.Errorf("%w: its path is malformed", ErrNotWeb)
		}
		path += "/" + part
	}
	return scheme + "://" + host + port + path + "/did.json", nil
}

// hostOf reads the first part of a did:web, in which a port follows an encoded colon.
func hostOf(part string) (host, port string, err error) {
	host = part
	for _, colon := range []string{"%3A", "%3a"} {
		before, after, has := strings.Cut(part, colon)
		if !has {
			continue
		}
		n, err := strconv.ParseUint(after, 10, 16)
		if err != nil || n == 0 || after[0] == '0' {
			return "", "", fmt.Errorf("%w: its port is malformed", ErrNotWeb)
		}
		host, port = before, ":"+after
		break
	}
	if len(host) > 253 || !hostName.MatchString(host) {
		return "", "", fmt.Errorf("%w: its host is malformed", ErrNotWeb)
	}
	return strings.ToLower(host), port, nil
}

// ForAddress is the did:web whose document lies in a folder of a web server, such as
// https://badges.example.org/issuers/state.
func ForAddress(folder string) (string, error) {
	u, err := url.Parse(folder)
	if err != nil || u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", ErrNotWeb
	}
	id := webPrefix + strings.ReplaceAll(strings.ToLower(u.Host), ":", "%3A")
	for _, part := range strings.FieldsFunc(u.EscapedPath(), func(r rune) bool { return r == '/' }) {
		id += ":" + part
	}
	if _, err := Address(id, false); err != nil {
		return "", err
	}
	return id, nil
}

var _ dataintegrity.Resolver = Web{}
