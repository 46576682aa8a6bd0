package bus

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const serverStart = 20 * time.Second

// EmbeddedOption changes how StartEmbedded runs the server.
type EmbeddedOption func(*server.Options) error

// Listen also accepts connections on host:port, for services in other processes.
// Port 0 chooses a free one, told by the server's ClientURL.
func Listen(hostPort string) EmbeddedOption {
	return func(o *server.Options) error {
		host, port, err := net.SplitHostPort(hostPort)
		if err != nil {
			return fmt.Errorf("bus address %q: want host:port", hostPort)
		}
		n, err := strconv.Atoi(port)
		if err != nil {
			return fmt.Errorf("bus address %q: want host:port", hostPort)
		}
		if n == 0 {
			n = server.RANDOM_PORT
		}
		o.Host, o.Port, o.DontListen = host, n, false
		return nil
	}
}

// StartEmbedded runs a NATS server with JetStream in this process, keeping its
// streams in dir. Each stored event is synced to disk before it is acknowledged,
// since the relay forgets it then. Stop it with Shutdown and WaitForShutdown,
// after the last Bus is closed.
func StartEmbedded(dir string, log *slog.Logger, opts ...EmbeddedOption) (*server.Server, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	o := &server.Options{
		ServerName: "tandem", JetStream: true, StoreDir: dir, SyncAlways: true,
		DontListen: true, NoSigs: true, NoLog: true,
	}
	for _, opt := range opts {
		if err := opt(o); err != nil {
			return nil, err
		}
	}
	s, err := server.NewServer(o)
	if err != nil {
		return nil, fmt.Errorf("embedded bus: %w", err)
	}
	s.SetLogger(serverLog{log}, false, false)
	s.Start()
	if !s.ReadyForConnections(serverStart) {
		s.Shutdown()
		return nil, errors.New("embedded bus did not start: is its folder writable and its port free?")
	}
	return s, nil
}

// serverLog passes on what an operator can act upon; the server's notices are
// many and of no use here.
type serverLog struct{ log *slog.Logger }

func (l serverLog) Noticef(string, ...any) {}
func (l serverLog) Debugf(string, ...any)  {}
func (l serverLog) Tracef(string, ...any)  {}
func (l serverLog) Warnf(format string, v ...any) {
	l.log.Warn("bus server", "detail", fmt.Sprintf(format, v...))
}

func (l serverLog) Errorf(format string, v ...any) {
	l.log.Error("bus server", "detail", fmt.Sprintf(format, v...))
}

func (l serverLog) Fatalf(format string, v ...any) {
	l.log.Error("bus server stops", "detail", fmt.Sprintf(format, v...))
}
