package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"
	"github.com/tandem-badges/tandem/services/tandem/internal/walkthrough"
)

func TestASchoolEarnsItsBadgeThreeTimesOnOneInstance(t *testing.T) {
	i := newInstance(t)
	p := i.serve()
	for range 3 {
		_, out, err := i.play(t.Context(), walkthrough.Options{})
		require.NoError(t, err, out)
	}
	require.Zero(t, p.stop(syscall.SIGTERM), "a stop in good order exits with 0")

	p = i.serve()
	result, out, err := i.play(t.Context(), walkthrough.Options{})
	require.NoError(t, err, out)
	require.FileExists(t, filepath.Join(i.data, "walkthrough", "credential.json"))
	require.NotEmpty(t, result.Award)
	require.Zero(t, p.stop(syscall.SIGINT))
}

func TestASchoolEarnsItsBadgeOnPostgreSQLWithServicesApart(t *testing.T) {
	i := newInstance(t, "TANDEM_DB="+kittest.Postgres(t), "TANDEM_NATS="+natsServer(t))
	processes := i.serveApart()
	for range 3 {
		_, out, err := i.play(t.Context(), walkthrough.Options{})
		require.NoError(t, err, out)
	}
	for name, p := range processes {
		require.Zero(t, p.stop(syscall.SIGTERM), "%s stops in good order", name)
	}
}

func TestTheCommandsForOperatorsWorkOnTheDataOfAnInstance(t *testing.T) {
	i := newInstance(t)
	p := i.serve()
	_, out, err := i.play(t.Context(), walkthrough.Options{})
	require.NoError(t, err, out)
	output, err := i.command("events", "replay")
	require.Error(t, err, "the embedded bus belongs to the running process")
	require.Contains(t, output, "--data")
	require.Zero(t, p.stop(syscall.SIGTERM))

	for _, args := range [][]string{{"migrate"}, {"events", "replay"}, {"events", "dead"}, {"version"}} {
		output, err = i.command(args...)
		require.NoError(t, err, "%v: %s", args, output)
	}
	credential := filepath.Join(i.data, "walkthrough", "credential.json")
	output, err = i.command("verify", credential)
	require.NoError(t, err, output)
	require.Contains(t, output, "result: valid")

	document, err := os.ReadFile(credential)
	require.NoError(t, err)
	forged := filepath.Join(i.data, "forged.json")
	require.NoError(t, os.WriteFile(forged, append([]byte(nil), forge(document)...), 0o600))
	output, err = i.command("verify", forged)
	require.Equal(t, 1, exitCode(err), output)
	require.Contains(t, output, "NOT VALID")
	_, err = i.command("verify", filepath.Join(i.data, "nowhere.json"))
	require.Equal(t, 2, exitCode(err))
}

func (i *instance) command(args ...string) (string, error) {
	cmd := exec.Command(programs.tandem, args...)
	cmd.Env = append(os.Environ(), i.env...)
	output, err := cmd.CombinedOutput()
	return string(output), err
}

func exitCode(err error) int {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}
