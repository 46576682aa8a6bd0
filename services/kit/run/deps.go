package run

import (
	"log/slog"

	"google.golang.org/grpc"

	"github.com/tandem-badges/tandem/services/kit/blob"
	"github.com/tandem-badges/tandem/services/kit/bus"
	"github.com/tandem-badges/tandem/services/kit/clock"
	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// Deps is what every service is built from. A service never learns whether a
// peer lives in the same process, nor which database or bus is behind these.
type Deps struct {
	DB    *sqldb.DB
	Bus   *bus.Bus
	Blobs *blob.Store
	Clock clock.Clock
	Log   *slog.Logger
	// Peers are the other services by name: "schools", "assessments",
	// "evidence", "badges".
	Peers     map[string]grpc.ClientConnInterface
	DataDir   string // where the service may keep files of its own
	PublicURL string // where the public reaches the product, without a slash at the end
	// Keepers encrypt what the service keeps secret in its database: key files and URLs of key
	// services. The first encrypts, all decrypt. Without any, the service makes a key file in DataDir.
	Keepers []string
	// VCAPI has the service issue test credentials over the VC API.
	VCAPI bool
	// MailURL is the server that mails of surveys leave by, MailFrom whom they come from.
	// Without a server no mails leave.
	MailURL, MailFrom string
	Dev               bool // development mode: never true in an image or a chart
}
