package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// runThrough runs a program with an address of this machine, {url} in its arguments, behind which
// each connection goes to the given service: `through HOST:PORT PROGRAM ARGS...`. The program
// verifies badges over https or on its own machine only, and a Service in a cluster is neither.
func runThrough(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return errors.New("usage: e2e through HOST:PORT PROGRAM [ARGS]")
	}
	var on net.ListenConfig
	listener, err := on.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	go relay(ctx, listener, args[0])
	program := make([]string, 0, len(args))
	for _, arg := range args[1:] {
		program = append(program, strings.ReplaceAll(arg, "{url}", "http://"+listener.Addr().String()))
	}
	cmd := exec.CommandContext(ctx, program[0], program[1:]...) //nolint:gosec // what the test names
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

// relay brings each connection to the service.
func relay(ctx context.Context, listener net.Listener, service string) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = near.Close() }()
			var dialer net.Dialer
			far, err := dialer.DialContext(ctx, "tcp", service)
			if err != nil {
				return
			}
			defer func() { _ = far.Close() }()
			var both sync.WaitGroup
			both.Go(func() { pipe(far, near) })
			both.Go(func() { pipe(near, far) })
			both.Wait()
		}()
	}
}

// pipe copies until one side has said all, and tells the other.
func pipe(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	if half, ok := to.(*net.TCPConn); ok {
		_ = half.CloseWrite()
	}
}
