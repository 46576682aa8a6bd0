// Package migrations embeds the tables of the badges service, in one folder per dialect. Both
// make the same tables and columns, which a test of package store holds.
package migrations

import "embed"

// FS has the folders sqlite and postgres at its root.
//
//go:embed sqlite/*.sql postgres/*.sql
var FS embed.FS
