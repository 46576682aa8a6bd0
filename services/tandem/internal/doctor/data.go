package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	megabyte   = 1 << 20
	spaceTight = 1024 * megabyte // free space below which is a warning
	spaceGone  = 100 * megabyte  // and a failure
	others     = 0o007           // permissions of everybody
)

// keepsData tells whether something that runs here keeps data in the data folder.
func (e *examination) keepsData() bool {
	if e.Settings.NATS == "" {
		return true
	}
	for _, name := range e.targets {
		address, err := e.Settings.DatabaseURL(name)
		if err == nil && strings.HasPrefix(address, "sqlite:") {
			return true
		}
	}
	return false
}

// lookAtData says whether the data folder can hold data and keeps it from others.
func (e *examination) lookAtData(_ context.Context, n *notes) {
	dir := e.Settings.Data
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !e.keepsData():
		n.ok("folder", "%s is not there, and nothing here keeps data in it", dir)
		return
	case errors.Is(err, fs.ErrNotExist):
		n.warn("folder", "Nothing, if this is a new installation: the first start makes it. Else name the right folder with --data.", "%s is not there", dir)
		return
	case err != nil || !info.IsDir():
		n.fail("folder", "Name a folder with --data.", "%s is no folder that can be looked at: %v", dir, err)
		return
	}
	// A volume of a pod is everybody's by its mode, and nobody else's; keys have modes of their own.
	if mode := info.Mode().Perm(); mode&others != 0 && e.keepsData() {
		n.warn("folder", "chmod o= "+dir, "%s may be entered by everybody on this machine (mode %o)", dir, mode)
	} else {
		n.ok("folder", "%s, for its owner and group only", dir)
	}
	e.lookAtFiles(n, dir)
	e.lookAtSpace(n, dir)
}

// lookAtFiles finds databases that others may read, and tries to write.
func (e *examination) lookAtFiles(n *notes, dir string) {
	files, err := filepath.Glob(filepath.Join(dir, "*.db"))
	open := 0
	for _, file := range files {
		if info, err := os.Stat(file); err == nil && info.Mode().Perm()&others != 0 {
			open++
			n.fail(filepath.Base(file), "chmod 600 "+file+"*", "everybody on this machine may read or change it (mode %o)", info.Mode().Perm())
		}
	}
	if err == nil && len(files) > 0 && open == 0 {
		n.ok("files", "%d databases, none open to everybody", len(files))
	}
	if !e.keepsData() {
		return
	}
	probe, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		n.fail("writable", "Give the folder to the user that runs the program, and mount it writable.", "%v", err)
		return
	}
	_ = probe.Close()
	if err := os.Remove(probe.Name()); err != nil {
		n.warn("writable", "Take the file away.", "the probe file stays: %v", err)
		return
	}
	n.ok("writable", "files can be made and removed")
}

func (e *examination) lookAtSpace(n *notes, dir string) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil || !e.keepsData() {
		return
	}
	free := uint64(s.Bavail) * uint64(s.Bsize) //nolint:gosec,unconvert // sizes are positive; their types differ between systems
	const fix = "Make room, or give the volume more: databases and streams stop when it is full."
	switch {
	case free < spaceGone:
		n.fail("space", fix, "%d MiB are free", free/megabyte)
	case free < spaceTight:
		n.warn("space", fix, "%d MiB are free", free/megabyte)
	default:
		n.ok("space", "%d MiB are free", free/megabyte)
	}
}
