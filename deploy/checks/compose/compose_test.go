// Package compose_test loads deploy/compose as Docker would, with the reader that Docker uses, and holds it to what its
// README promises. It starts nothing: that needs Docker.
package compose_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const (
	root   = "../../.."
	folder = root + "/deploy/compose"
)

func load(t *testing.T, env map[string]string) (*types.Project, error) {
	t.Helper()
	var variables []string
	for name, value := range env {
		variables = append(variables, name+"="+value)
	}
	options, err := cli.NewProjectOptions([]string{folder + "/compose.yaml"}, cli.WithProfiles([]string{"*"}), cli.WithEnv(variables))
	require.NoError(t, err)
	return options.LoadProject(t.Context())
}

func example(t *testing.T) map[string]string {
	t.Helper()
	env, err := dotenv.Read(folder + "/env.example")
	require.NoError(t, err)
	return env
}

func project(t *testing.T) *types.Project {
	t.Helper()
	loaded, err := load(t, example(t))
	require.NoError(t, err)
	require.Greater(t, len(loaded.Services), 12)
	return loaded
}

// own tells containers of our program from those of others.
func own(s types.ServiceConfig) bool { return strings.HasPrefix(s.Image, "tandem:") }

func TestTheFileRunsEveryPartOnItsOwn(t *testing.T) {
	services := project(t).Services
	for _, name := range []string{"gateway", "schools", "assessments", "evidence", "badges"} {
		s := services[name]
		require.Equal(t, types.ShellCommand{"serve", name}, s.Command)
		require.Empty(t, s.Profiles, name)
		require.Equal(t, types.ServiceConditionCompletedSuccessfully, s.DependsOn["migrate"].Condition, name)
		require.Equal(t, "false", *s.Environment["TANDEM_MIGRATE"], name)
		require.Equal(t, types.HealthCheckTest{"CMD", "/tandem", "healthcheck", "--ready"}, s.HealthCheck.Test, name)
		if name != "gateway" {
			require.Equal(t, ":9000", *s.Environment["TANDEM_GRPC_ADDR"], name)
			require.Equal(t, "dns:///"+name+":9000", *services["gateway"].Environment["TANDEM_"+strings.ToUpper(name)+"_ADDR"])
		}
	}
	require.Equal(t, []string{"single"}, services["single"].Profiles)
}

func TestEverySettingIsOneOfTheProgram(t *testing.T) {
	page, err := os.ReadFile(root + "/docs/configuration.md")
	require.NoError(t, err)
	for _, s := range project(t).Services {
		for name := range s.Environment {
			if strings.HasPrefix(name, "TANDEM_") {
				require.True(t, own(s), "%s: %s is for our program", s.Name, name)
				require.Contains(t, string(page), "\n| `"+name+"` |", "%s: docs/configuration.md knows no such setting", s.Name)
			}
		}
	}
}

func TestOurContainersHaveNoRights(t *testing.T) {
	for _, s := range project(t).Services {
		if !own(s) {
			require.False(t, s.Privileged, s.Name)
			continue
		}
		require.True(t, s.ReadOnly, s.Name)
		require.Equal(t, []string{"ALL"}, s.CapDrop, s.Name)
		require.Contains(t, s.SecurityOpt, "no-new-privileges:true", s.Name)
		dockerfile := filepath.Join(s.Build.Context, s.Build.Dockerfile)
		require.FileExists(t, dockerfile)
	}
}

var pinned = regexp.MustCompile(`^[a-z0-9./-]+:v?\d+\.\d+[a-z0-9.-]*$`)

func TestImagesArePinned(t *testing.T) {
	for _, s := range project(t).Services {
		if !own(s) {
			require.Regexp(t, pinned, s.Image, s.Name)
		}
	}
}

func TestOnlyThisMachineReachesThreePorts(t *testing.T) {
	open := map[string]uint32{}
	for _, s := range project(t).Services {
		for _, port := range s.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, s.Name)
			open[s.Name] = port.Target
		}
		if _, outside := s.Networks["outside"]; outside {
			require.NotEmpty(t, s.Ports, "%s needs no way out", s.Name)
		}
		require.NotEqual(t, "host", s.NetworkMode, s.Name)
	}
	require.Equal(t, map[string]uint32{"gateway": 8080, "single": 8080, "assessments": 8025, "grafana": 3000}, open)
	require.True(t, bool(project(t).Networks["inside"].Internal))
}

func TestWhatOthersWaitForTellsItsHealth(t *testing.T) {
	services := project(t).Services
	for _, s := range services {
		for name, needed := range s.DependsOn {
			other, ok := services[name]
			require.True(t, ok, "%s waits for %s, which is not there", s.Name, name)
			if needed.Condition == types.ServiceConditionHealthy {
				require.NotNil(t, other.HealthCheck, "%s waits for %s", s.Name, name)
				require.False(t, other.HealthCheck.Disable, "%s waits for %s", s.Name, name)
			}
		}
	}
}

func TestMountedFilesAndVolumesAreThere(t *testing.T) {
	loaded := project(t)
	used := map[string]bool{}
	for _, s := range loaded.Services {
		for _, volume := range s.Volumes {
			switch {
			case volume.Type == types.VolumeTypeVolume:
				require.Contains(t, loaded.Volumes, volume.Source, s.Name)
				used[volume.Source] = true
			case volume.Source == "/var/run/docker.sock":
				require.Equal(t, "docker", s.Name, "only the proxy may have Docker's socket")
			default:
				_, err := os.Stat(volume.Source)
				require.NoError(t, err, s.Name)
				require.True(t, volume.ReadOnly, "%s: %s", s.Name, volume.Source)
			}
		}
	}
	require.Len(t, used, len(loaded.Volumes), "a volume that nobody uses")
}

// Each secret comes from .env: with other values there, none of the example's is left, and without them nothing starts.
func TestSecretsStandInTheEnvironmentOnly(t *testing.T) {
	env := example(t)
	var secrets []string
	for name, value := range env {
		if strings.HasPrefix(value, "change-me-") {
			secrets = append(secrets, name)
		}
	}
	require.Len(t, secrets, 5)
	for _, name := range secrets {
		without := maps.Clone(env)
		delete(without, name)
		_, err := load(t, without)
		require.ErrorContains(t, err, name, "a missing secret is told by its name")
	}
	text, err := os.ReadFile(folder + "/compose.yaml")
	require.NoError(t, err)
	for _, line := range regexp.MustCompile(`(?mi)^\s*[A-Z_]*(?:PASSWORD|SECRET|TOKEN)[A-Z_]*: (.+)$`).FindAllStringSubmatch(string(text), -1) {
		require.True(t, strings.HasPrefix(strings.TrimLeft(line[1], `"'`), "${"), "a secret in the file: %s", line[0])
	}
	loaded, err := load(t, env)
	require.NoError(t, err)
	require.Equal(t, "'"+env["NATS_PASSWORD"]+"'", *loaded.Services["nats"].Environment["NATS_PASSWORD"], "NATS reads it as configuration")
	require.NotRegexp(t, `://[^:/\s]+:[^$/@\s][^@\s]*@`, string(text), "a password in an address")
}

// The scrape finds every part under the name that the rules go by, and reads the rules.
func TestPrometheusScrapesEveryPartAndReadsTheRules(t *testing.T) {
	text, err := os.ReadFile(folder + "/prometheus/prometheus.yml")
	require.NoError(t, err)
	var config struct {
		Rules  []string `yaml:"rule_files"`
		Scrape []struct {
			DNS []struct {
				Names []string
				Port  int
			} `yaml:"dns_sd_configs"`
			Relabel []map[string]any `yaml:"relabel_configs"`
		} `yaml:"scrape_configs"`
	}
	require.NoError(t, yaml.Unmarshal(text, &config))
	var running []string
	for _, s := range project(t).Services {
		if own(s) && s.Command[0] == "serve" {
			running = append(running, s.Name)
		}
	}
	require.ElementsMatch(t, running, config.Scrape[0].DNS[0].Names)
	require.Equal(t, 8081, config.Scrape[0].DNS[0].Port)
	require.Equal(t, "tandem-$1", config.Scrape[0].Relabel[0]["replacement"])
	for _, file := range config.Rules {
		require.FileExists(t, filepath.Join(root, "deploy/alerts", filepath.Base(file)))
	}
}

func TestGrafanaKnowsWhereDashboardsAndDataAre(t *testing.T) {
	text, err := os.ReadFile(folder + "/grafana/provisioning/datasources/datasources.yaml")
	require.NoError(t, err)
	var config struct {
		Datasources []struct{ UID, Type, URL string }
	}
	require.NoError(t, yaml.Unmarshal(text, &config))
	services := slices.Collect(maps.Keys(project(t).Services))
	require.Len(t, config.Datasources, 3)
	for _, source := range config.Datasources {
		require.Contains(t, services, source.Type)
		require.True(t, strings.HasPrefix(source.URL, "http://"+source.Type+":"), source.URL)
		require.Equal(t, source.Type, source.UID)
	}
	home := *project(t).Services["grafana"].Environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
	require.FileExists(t, filepath.Join(root, "deploy/dashboards", filepath.Base(home)))
}
