package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"path/filepath"

	"github.com/tandem-badges/tandem/services/kit/blob"
	"github.com/tandem-badges/tandem/services/kit/bus"
)

// Migrations are the migrations of a service, or of the gateway.
func Migrations(service string) fs.FS { return migrations(service) }

// Place is the URL of a service's database for work on the whole of it: as the owner where
// one is given, as the service's own user else.
func (s *Storage) Place(service string) string {
	switch {
	case s.settings.override(service) != "":
		return s.settings.override(service)
	case s.settings.DB != "":
		return s.settings.DB
	default:
		return "sqlite:" + filepath.Join(s.settings.Data, service+".db")
	}
}

// ConnectBus is OpenBus for who looks after streams, or makes them: it makes none. Where the
// streams belong to a process that runs on the data folder it fails with ErrTaken.
func ConnectBus(ctx context.Context, storage StorageSettings, s BusSettings, log *slog.Logger) (*bus.Bus, func(), error) {
	return connectBus(ctx, storage, s, 0, log)
}

// ErrTaken says that another process runs on the data folder.
var ErrTaken = errors.New("--data: another process runs on this data folder; stop it, or name a NATS server with --nats")

// OpenBlobs opens the store for files that --blobs names, or the folder in the data folder.
func OpenBlobs(ctx context.Context, data, blobs string) (*blob.Store, error) {
	if blobs == "" {
		var err error
		if blobs, err = blobsIn(data); err != nil {
			return nil, err
		}
	}
	store, err := blob.Open(ctx, blobs)
	if err != nil {
		return nil, fmt.Errorf("--blobs: %w", err)
	}
	return store, nil
}

// blobsIn is the URL of the folder for files in a data folder.
func blobsIn(data string) (string, error) {
	dir, err := filepath.Abs(filepath.Join(data, "blobs"))
	if err != nil {
		return "", fmt.Errorf("--data: %w", err)
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(dir)}).String(), nil
}
