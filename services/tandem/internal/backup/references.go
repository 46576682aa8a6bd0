package backup

import (
	"context"
	"fmt"
	"strings"

	"github.com/tandem-badges/tandem/services/kit/sqldb"
)

// reference says which files the rows of a service name. Its query answers key and
// SHA-256, sorted by the bytes of the key.
type reference struct {
	service string
	key     string // SQL of the key
	rest    string // FROM ... WHERE ...
	timed   bool   // $1 is the moment, in microseconds
}

// references are all rows that name files: evidence that was stored and is not being
// erased, and exports whose time is not over. The files of the public log are no part of
// it: the badges service makes them anew from its rows.
var references = []reference{
	{service: "evidence", key: `district_id || '/' || sha256`, rest: `FROM contents WHERE state IN (2, 3)`},
	{service: "assessments", key: `blob_key`, rest: `FROM exports WHERE expires_at > $1`, timed: true},
}

// mostNamed is how many missing files a manifest names.
const mostNamed = 1000

// references holds the files of the backup against the rows of the snapshot. Both are
// sorted, so that neither has to be kept in memory.
func (c *creation) references(ctx context.Context) error {
	missing := 0
	for _, r := range references {
		if c.source.of[r.service] == nil {
			continue
		}
		lost, err := c.missing(ctx, r)
		if err != nil {
			return fmt.Errorf("files that %s names: %w", r.service, err)
		}
		missing += lost
	}
	if missing > 0 && !c.DespiteMissing {
		return fmt.Errorf("%d files are missing that rows name, such as %s: if they were just deleted, try again; if they are lost, --despite-missing keeps a backup without them",
			missing, strings.Join(c.m.Missing[:min(3, len(c.m.Missing))], ", "))
	}
	return nil
}

func (c *creation) missing(ctx context.Context, r reference) (count int, err error) {
	from := c.source.of[r.service]
	there, err := openSeen(ctx, c.to, c.m.Files)
	if err != nil {
		return 0, err
	}
	defer there.close()
	moment := from.moment()
	collate := ""
	if moment.Dialect == string(sqldb.Postgres) {
		collate = ` COLLATE "C"`
	}
	var args []any
	if r.timed {
		args = []any{moment.At.UnixMicro()}
	}
	query := `SELECT ` + r.key + `, sha256 ` + r.rest + ` ORDER BY (` + r.key + `)` + collate
	err = from.strings(ctx, r.service, query, args, func(values []string) error {
		key, sum := values[0], values[1]
		for there.next != nil && there.next.Key < key {
			if err := there.advance(); err != nil {
				return err
			}
		}
		if there.next != nil && there.next.Key == key && there.next.SHA256 == sum {
			return nil
		}
		count++
		if len(c.m.Missing) < mostNamed {
			c.m.Missing = append(c.m.Missing, key)
		}
		return nil
	})
	return count, err
}
