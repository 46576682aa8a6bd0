package sqldb

import "io/fs"

// Wanted tells how far this program's own migrations go: those of the platform,
// which every schema has, and those of a service. Both databases have the same.
func Wanted(fsys fs.FS) (platform, own int64, err error) {
	kit, err := fs.Sub(kitMigrations, "migrations")
	if err != nil {
		return 0, 0, err
	}
	if platform, err = newest(kit, Postgres); err != nil {
		return 0, 0, err
	}
	own, err = newest(fsys, Postgres)
	return platform, own, err
}
