package sqldb

import "io/fs"

// NewestVersions are the newest migrations that this program knows for the database of a
// service, by the tables that record them. It opens nothing.
func NewestVersions(schema string, dialect Dialect, fsys fs.FS) (map[string]int64, error) {
	kit, err := fs.Sub(kitMigrations, "migrations")
	if err != nil {
		return nil, err
	}
	platform, err := newest(kit, dialect)
	if err != nil {
		return nil, err
	}
	own, err := newest(fsys, dialect)
	if err != nil {
		return nil, err
	}
	return map[string]int64{kitVersions: platform, (&DB{schema: schema}).ownVersions(): own}, nil
}
