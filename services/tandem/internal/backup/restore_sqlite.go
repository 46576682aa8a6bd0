package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// liteTarget is the file of a service.
type liteTarget struct{ db Database }

func (t *liteTarget) close(context.Context) {}

// open opens the file for writing. Rows come in the order of their tables, but a row may
// refer to a later one of its own table: references are looked at when all is in.
func (t *liteTarget) open() (*sql.DB, error) {
	return sql.Open("sqlite", liteDSN(litePath(t.db), "immediate", "foreign_keys(1)", "journal_mode(WAL)", "synchronous(FULL)"))
}

func (t *liteTarget) free(ctx context.Context, wipe string) error {
	path := litePath(t.db)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	name := filepath.Base(filepath.Dir(absolute))
	if wipe == name {
		return nil // whatever is there, also what is no database any more
	}
	full, err := t.holds(ctx)
	if err != nil {
		return fmt.Errorf("it cannot be looked into: stop all services; if it is damaged, --wipe %s deletes all databases in the folder: %w", name, err)
	}
	if full == "" {
		return nil
	}
	return fmt.Errorf("it is not empty (%s has rows): restore into an empty folder, or with --wipe %s, which deletes all databases in it", full, name)
}

// holds names a table that has rows, or "". It locks the file, which a service that writes
// at this moment keeps it from.
func (t *liteTarget) holds(ctx context.Context) (full string, err error) {
	err = t.inTx(ctx, func(tx *sql.Tx) error {
		tables, err := liteTables(ctx, tx, t.db.Service)
		if err != nil {
			return err
		}
		for _, one := range tables {
			var some bool
			if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM `+quoted(one.Name)+`)`).Scan(&some); err != nil {
				return err
			}
			if some {
				full = t.db.Service + "." + one.Name
				return errLook
			}
		}
		return errLook
	})
	if errors.Is(err, errLook) {
		err = nil
	}
	return full, err
}

// errLook ends a transaction that only looked.
var errLook = errors.New("only looked")

func (t *liteTarget) inTx(ctx context.Context, fn func(tx *sql.Tx) error) error {
	pool, err := t.open()
	if err != nil {
		return err
	}
	defer func() { _ = pool.Close() }()
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func (t *liteTarget) clear(context.Context) error {
	for _, end := range []string{"", "-wal", "-shm", ".migrate"} {
		if err := os.Remove(litePath(t.db) + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the database that is there: %w", err)
		}
	}
	return nil
}

func (t *liteTarget) load(ctx context.Context, l load) (lines []Line, err error) {
	err = t.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `PRAGMA defer_foreign_keys = ON`); err != nil {
			return err
		}
		there, err := liteTables(ctx, tx, t.db.Service)
		if err != nil {
			return err
		}
		if err := l.sameTables(there); err != nil {
			return err
		}
		for _, one := range l.tables {
			if err := t.fill(ctx, tx, l, one); err != nil {
				return fmt.Errorf("table %s: %w", one.Name, err)
			}
		}
		if err := t.count(ctx, tx, l); err != nil {
			return err
		}
		for _, one := range l.tables {
			line, err := l.proven(one, func(w io.Writer) error { return liteCopyOut(ctx, tx, one, w) })
			if err != nil {
				return err
			}
			lines = append(lines, line)
		}
		for _, name := range l.forgets() {
			//nolint:gosec // a table cannot be a parameter; its name is one of three that are written here
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+quoted(name)); err != nil {
				return err
			}
		}
		return nil
	})
	return lines, err
}

func (t *liteTarget) fill(ctx context.Context, tx *sql.Tx, l load, one Table) error {
	columns, places := make([]string, len(one.Columns)), make([]string, len(one.Columns))
	for i, c := range one.Columns {
		columns[i], places[i] = quoted(c.Name), "?"
	}
	//nolint:gosec // the names are those of the tables that migrations made, and quoted
	insert, err := tx.PrepareContext(ctx, `INSERT INTO `+quoted(one.Name)+` (`+strings.Join(columns, ", ")+`) VALUES (`+strings.Join(places, ", ")+`)`)
	if err != nil {
		return err
	}
	defer func() { _ = insert.Close() }()
	return l.from.read(ctx, one.Part, l.Report, func(r io.Reader) error {
		return readRows(r, one.Columns, func(values []any) error {
			_, err := insert.ExecContext(ctx, values...)
			return err
		})
	})
}

// count has counters go on after the last number that was given.
func (t *liteTarget) count(ctx context.Context, tx *sql.Tx, l load) error {
	for _, q := range l.schema.Sequences {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sqlite_sequence WHERE name = ?`, q.Table); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)`, q.Table, q.Last); err != nil {
			return fmt.Errorf("counter of %s: %w", q.Table, err)
		}
	}
	return nil
}
