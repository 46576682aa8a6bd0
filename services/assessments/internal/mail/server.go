package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/time/rate"

	"github.com/tandem-badges/tandem/services/kit/ids"
)

const (
	defaultRate = 300 // mails a minute
	timeout     = 30 * time.Second
)

// Server is a mail server.
type Server struct {
	from    *mail.Address
	host    string
	options []gomail.Option
	limit   *rate.Limiter
	now     func() time.Time
}

// Settings of a mail server.
type Settings struct {
	URL  string // smtp://user:password@host:587 or smtps://user:password@host:465
	From string
	Dev  bool             // a server on this machine may go without encryption
	TLS  *tls.Config      // for tests; nil: the machine's authorities
	Now  func() time.Time // nil: the clock of the machine
}

// Open reads the settings of a mail server; nil where there is none.
func Open(s Settings) (*Server, error) {
	if s.URL == "" {
		return nil, nil //nolint:nilnil // no mail server is a setting too
	}
	at, err := url.Parse(s.URL)
	if err != nil { // the error would hold the password
		return nil, errors.New("--smtp-url: give smtp://USER:PASSWORD@HOST:587 or smtps://USER:PASSWORD@HOST:465")
	}
	from, err := Address(s.From)
	if err != nil {
		return nil, fmt.Errorf("--mail-from: %w", err)
	}
	options, err := optionsOf(at, s)
	if err != nil {
		return nil, fmt.Errorf("--smtp-url: %w", err)
	}
	perMinute, err := rateOf(at)
	if err != nil {
		return nil, fmt.Errorf("--smtp-url: %w", err)
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	server := &Server{from: from, host: at.Hostname(), options: options, limit: rate.NewLimiter(rate.Limit(perMinute/60), 1), now: s.Now}
	_, err = gomail.NewClient(server.host, options...)
	return server, err
}

// optionsOf reads how to speak to a server. Nothing goes over a network in the
// open: smtp begins TLS or sends nothing.
func optionsOf(at *url.URL, s Settings) ([]gomail.Option, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.TLS != nil {
		config = s.TLS.Clone()
	}
	config.ServerName = at.Hostname()
	options := []gomail.Option{gomail.WithTimeout(timeout), gomail.WithoutNoop(), gomail.WithTLSConfig(config)}
	port := 0
	switch {
	case at.Hostname() == "":
		return nil, errors.New("name the host")
	case at.Scheme == "smtps":
		options, port = append(options, gomail.WithSSL()), 465
	case at.Scheme == "smtp" && s.Dev && loopback(at.Hostname()) && at.User == nil:
		options, port = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic)), 25
	case at.Scheme == "smtp":
		options, port = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory)), 587
	default:
		return nil, errors.New("begin with smtp:// or smtps://")
	}
	if at.Port() != "" {
		port, _ = strconv.Atoi(at.Port()) // digits, as parsed
	}
	options = append(options, gomail.WithPort(port))
	if at.User != nil {
		password, _ := at.User.Password()
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(at.User.Username()), gomail.WithPassword(password))
	}
	return options, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// rateOf is how many mails a minute go out.
func rateOf(at *url.URL) (float64, error) {
	for name := range at.Query() {
		if name != "rate" {
			return 0, fmt.Errorf("%s is no parameter: there is only rate, mails a minute", name)
		}
	}
	given := at.Query().Get("rate")
	if given == "" {
		return defaultRate, nil
	}
	n, err := strconv.ParseFloat(given, 64)
	if err != nil || !(n > 0 && n <= 60_000) {
		return 0, errors.New("give as rate the mails a minute, more than 0")
	}
	return n, nil
}

// Connect opens a connection; it waits for nothing but the server.
func (s *Server) Connect(ctx context.Context) (*Connection, error) {
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return nil, err
	}
	if err := client.DialWithContext(ctx); err != nil {
		return nil, ErrUnavailable
	}
	return &Connection{server: s, client: client}, nil
}

// Probe greets the server, begins TLS and signs in as mails would be sent, and sends
// none. Its error is the server's or the network's own, for operators.
func (s *Server) Probe(ctx context.Context) error {
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return err
	}
	if err := client.DialWithContext(ctx); err != nil {
		return err
	}
	return client.Close()
}

// Connection is one to a mail server.
type Connection struct {
	server *Server
	client *gomail.Client
}

// Close ends the connection.
func (c *Connection) Close() { _ = c.client.Close() }

// Send hands a message over, no faster than the server's rate. Nil means that the
// server took it. After ErrUnclear and ErrUnavailable the connection is of no use.
func (c *Connection) Send(ctx context.Context, m Message) error {
	if err := c.server.limit.Wait(ctx); err != nil {
		return ErrUnavailable
	}
	msg, err := c.server.letter(m)
	if err != nil {
		return ErrRefused
	}
	err = c.client.Send(msg)
	if err == nil || msg.IsDelivered() {
		return nil
	}
	return meaning(err)
}

// meaning says what an error means for the message.
func meaning(err error) error {
	var at *gomail.SendError
	if !errors.As(err, &at) {
		return ErrUnavailable
	}
	code := at.ErrorCode()
	switch {
	case code == 421 || at.Reason == gomail.ErrSMTPMailFrom: // the server goes away, or refuses us and not the recipient
		return ErrUnavailable
	case code >= 500:
		return ErrRefused
	case code >= 400:
		return ErrPutOff
	case at.Reason == gomail.ErrSMTPDataClose:
		return ErrUnclear
	case at.Reason == gomail.ErrGetRcpts || at.Reason == gomail.ErrGetSender || at.Reason == gomail.ErrNoUnencoded:
		return ErrRefused
	default:
		return ErrUnavailable
	}
}

// letter writes a message as mail servers read it. The library folds and encodes
// what goes into the head; line breaks never reach it.
func (s *Server) letter(m Message) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.from)
	msg.ToMailAddress(&mail.Address{Name: oneLine(m.ToName), Address: m.To})
	if m.ReplyTo != "" {
		if err := msg.ReplyTo(m.ReplyTo); err != nil {
			return nil, err
		}
	}
	msg.Subject(oneLine(m.Subject))
	msg.SetMessageIDWithValue(ids.New() + "@" + domainOf(s.from.Address))
	msg.SetDateWithValue(s.now())
	msg.SetGenHeader(gomail.HeaderContentLang, m.Language)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+m.OptOut+">")
	msg.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg, nil
}

func domainOf(address string) string {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == '@' {
			return address[i+1:]
		}
	}
	return "localhost"
}
