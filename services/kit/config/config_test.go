package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/config"
)

type settings struct {
	Serve struct {
		LogLevel string            `help:"How much to log." enum:"debug,info,warn" default:"info"`
		HTTPAddr string            `help:"Where to listen." default:"127.0.0.1:8080" name:"http-addr"`
		Workers  int               `help:"How many workers." default:"3"`
		Drain    time.Duration     `help:"How long a stop may take." default:"20s"`
		Dev      bool              `help:"Development mode."`
		Origins  []string          `help:"Allowed origins."`
		Labels   map[string]string `help:"Labels."`
		Secret   string            `help:"Not from the environment." env:"-"`
	} `cmd:"" help:"Serve."`
	Demo struct {
		State string `help:"Which state."`
	} `cmd:"" help:"Load demo data."`
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tandem.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func parse(args ...string) (*settings, error) {
	cli := &settings{}
	_, err := config.Parse(cli, "tandem", "Badges.", args)
	return cli, err
}

func TestSettingComesFromTheStrongestSource(t *testing.T) {
	path := file(t, "workers: 5\n")
	cases := map[string]struct {
		args []string
		env  string
		file bool
		want int
	}{
		"the default":                     {want: 3},
		"the file before the default":     {file: true, want: 5},
		"the environment before the file": {file: true, env: "7", want: 7},
		"the flag before the environment": {file: true, env: "7", args: []string{"--workers=9"}, want: 9},
		"the flag before the file":        {file: true, args: []string{"--workers", "9"}, want: 9},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if c.env != "" {
				t.Setenv("TANDEM_WORKERS", c.env)
			}
			if c.file {
				t.Setenv("TANDEM_CONFIG", path)
			}
			cli, err := parse(append([]string{"serve"}, c.args...)...)
			require.NoError(t, err)
			require.Equal(t, c.want, cli.Serve.Workers)
		})
	}
}

func TestFileHoldsEveryKindOfSetting(t *testing.T) {
	cli, err := parse("serve", "--config", file(t, `
log-level: debug
http-addr: "0.0.0.0:80"
workers: 5
drain: 1m30s
dev: true
origins: [https://a.example.org, https://b.example.org]
labels: {zone: west}
secret: s
state: colorado # of another command, which may share the file
`))
	require.NoError(t, err)
	got := cli.Serve
	require.Equal(t, "debug", got.LogLevel)
	require.Equal(t, "0.0.0.0:80", got.HTTPAddr)
	require.Equal(t, 5, got.Workers)
	require.Equal(t, 90*time.Second, got.Drain)
	require.True(t, got.Dev)
	require.Equal(t, []string{"https://a.example.org", "https://b.example.org"}, got.Origins)
	require.Equal(t, map[string]string{"zone": "west"}, got.Labels)
	require.Equal(t, "s", got.Secret)
}

func TestEnvironmentNameIsDerivedFromTheFlag(t *testing.T) {
	require.Equal(t, "TANDEM_HTTP_ADDR", config.EnvName("http-addr"))
	t.Setenv("TANDEM_HTTP_ADDR", ":1")
	t.Setenv("TANDEM_SECRET", "not read")
	cli, err := parse("serve")
	require.NoError(t, err)
	require.Equal(t, ":1", cli.Serve.HTTPAddr)
	require.Empty(t, cli.Serve.Secret)
}

func TestEmptyFileIsNoSettings(t *testing.T) {
	_, err := parse("serve", "--config", file(t, ""))
	require.NoError(t, err)
}

func TestWrongValuesNameTheSettingWhereItIsAndWhatItMayBe(t *testing.T) {
	cases := map[string]struct {
		args     []string
		env      [2]string
		file     string
		mentions []string
		not      string
	}{
		"a flag outside its list":          {args: []string{"--log-level=loud"}, mentions: []string{`--log-level must be one of "debug","info","warn" but got "loud"`}, not: "from"},
		"a variable outside its list":      {env: [2]string{"TANDEM_LOG_LEVEL", "loud"}, mentions: []string{`--log-level must be one of "debug","info","warn"`, "$TANDEM_LOG_LEVEL"}},
		"a key outside its list":           {file: "log-level: loud", mentions: []string{`--log-level must be one of "debug","info","warn"`, `key "log-level" of the settings file`}},
		"a flag that is no number":         {args: []string{"--workers=many"}, mentions: []string{"--workers", "int", `"many"`}},
		"a variable that is no number":     {env: [2]string{"TANDEM_WORKERS", "many"}, mentions: []string{"--workers", "int", "TANDEM_WORKERS"}},
		"a key that is no number":          {file: "workers: many", mentions: []string{"--workers", "int", `key "workers"`}},
		"a key that is no duration":        {file: "drain: soon", mentions: []string{"--drain", "duration", `key "drain"`}},
		"unknown keys of the file":         {file: "worker: 5\nloglevel: debug", mentions: []string{"unknown keys", `"loglevel", "worker"`}},
		"a key that would name the file":   {file: "config: other.yaml", mentions: []string{"unknown keys", `"config"`}},
		"a file that is a list":            {file: "- workers", mentions: []string{"not a YAML list of"}},
		"a file that is no YAML":           {file: "a: b: c", mentions: []string{"not a YAML list of"}},
		"a date, which YAML makes of text": {file: "http-addr: 2026-09-01", mentions: []string{"--http-addr", "in quotes"}},
		"an unknown flag":                  {args: []string{"--loud"}, mentions: []string{"--loud"}},
		"a file that is not there":         {args: []string{"--config=/nowhere.yaml"}, mentions: []string{"--config", "/nowhere.yaml"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if c.env[0] != "" {
				t.Setenv(c.env[0], c.env[1])
			}
			args := append([]string{"serve"}, c.args...)
			if c.file != "" {
				args = append(args, "--config", file(t, c.file))
			}
			_, err := parse(args...)
			require.Error(t, err)
			for _, part := range c.mentions {
				require.ErrorContains(t, err, part)
			}
			if c.not != "" {
				require.NotContains(t, err.Error(), c.not)
			}
		})
	}
}

func TestRefusalKeepsKongsExitCode(t *testing.T) {
	t.Setenv("TANDEM_LOG_LEVEL", "loud")
	_, err := parse("serve")
	var parseErr *kong.ParseError
	require.ErrorAs(t, err, &parseErr)
	require.NotZero(t, parseErr.ExitCode())
}

func TestHelpListsDefaultsAndVariables(t *testing.T) {
	var out bytes.Buffer
	exited := -1
	parser, err := config.New(&settings{}, "tandem", "Badges.", kong.Writers(&out, &out), kong.Exit(func(code int) { exited = code }))
	require.NoError(t, err)
	_, _ = parser.Parse([]string{"serve", "--help"})
	require.Zero(t, exited)
	for _, part := range []string{`--log-level="info"`, "$TANDEM_LOG_LEVEL", `--http-addr="127.0.0.1:8080"`, "--drain=20s", "--config=FILE", "$TANDEM_CONFIG"} {
		require.Contains(t, out.String(), part)
	}
	require.NotContains(t, out.String(), "TANDEM_SECRET")
}

func TestGrammarThatIsWrongIsTheProgrammersError(t *testing.T) {
	_, err := config.Parse(&struct{ Bad chan int }{}, "tandem", "", nil)
	require.ErrorContains(t, err, "settings of tandem")
}
