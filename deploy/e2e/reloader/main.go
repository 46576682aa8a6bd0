// Command reloader sends a process the signal to read its configuration again whenever one of the
// given files has changed: `reloader -pid FILE -config FILE -config FILE ...`.
//
// It stands in for natsio/nats-server-config-reloader, which a cluster without a registry cannot
// pull, and understands the options of it that the chart uses. Package suite puts it into an image.
package main

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	var files []string
	pid := flag.String("pid", "", "file with the number of the process")
	flag.Func("config", "file to watch", func(name string) error {
		files = append(files, name)
		return nil
	})
	flag.Parse()
	end := make(chan os.Signal, 1)
	signal.Notify(end, os.Interrupt, syscall.SIGTERM)
	for known := digest(files); ; {
		select {
		case <-end:
			return
		case <-time.After(time.Second):
		}
		now := digest(files)
		if now == nil || bytes.Equal(now, known) {
			continue
		}
		if err := reload(*pid); err != nil {
			fmt.Fprintln(os.Stderr, "reloader:", err)
			continue // and try again
		}
		fmt.Fprintln(os.Stderr, "reloader: files have changed, the server was told")
		known = now
	}
}

// digest is nil where a file cannot be read, as while a secret is replaced.
func digest(files []string) []byte {
	all := sha256.New()
	for _, name := range files {
		text, err := os.ReadFile(name) //nolint:gosec // what the caller names
		if err != nil {
			return nil
		}
		sum := sha256.Sum256(text)
		_, _ = all.Write(sum[:])
	}
	return all.Sum(nil)
}

func reload(pidFile string) error {
	text, err := os.ReadFile(pidFile) //nolint:gosec // what the caller names
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	return syscall.Kill(pid, syscall.SIGHUP)
}
