package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// make run may be told to stop alone or with its process group, by either
// signal. GNU make does not pass SIGINT on; deploy/run.sh does.
func TestWhatMakeRunsIsStoppedWithIt(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skipf("%s does not show which signals a process blocks", runtime.GOOS)
	}
	script, err := filepath.Abs("../../../deploy/run.sh")
	require.NoError(t, err)
	makefile := filepath.Join(t.TempDir(), "Makefile")
	require.NoError(t, os.WriteFile(makefile, []byte("run:\n\t@exec "+script+" sh -c 'echo up; exec sleep 600'\n"), 0o600))
	for name, c := range map[string]struct {
		signal syscall.Signal
		group  bool
	}{
		"interrupted alone":          {syscall.SIGINT, false},
		"interrupted with the group": {syscall.SIGINT, true},
		"terminated alone":           {syscall.SIGTERM, false},
		"terminated with the group":  {syscall.SIGTERM, true},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command("make", "--no-print-directory", "-f", makefile, "run")
			cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MAKE") }) // of a make around the tests
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			out, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
			line, err := bufio.NewReader(out).ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, "up\n", line)
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_ = cmd.Wait() // the signal makes it an error
			}()

			target := cmd.Process.Pid
			if c.group {
				target = -target
			}
			require.NoError(t, syscall.Kill(target, c.signal))
			select {
			case <-ended:
			case <-time.After(10 * time.Second):
				t.Fatal("make waits for what nobody told to stop")
			}
		})
	}
}
