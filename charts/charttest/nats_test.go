package charttest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
)

// natsOptions reads the rendered configuration as a server would in its pod.
func natsOptions(t *testing.T, r *Render, pod, user, password string) *server.Options {
	t.Helper()
	known := map[string]string{"POD_NAME": pod, "NATS_USER": user, "NATS_PASSWORD": password}
	for _, v := range r.Of("nats").Container().Env {
		value := v.Value
		for name, secret := range known {
			value = strings.ReplaceAll(value, "$("+name+")", secret)
		}
		if v.ValueFrom != nil {
			value = known[v.Name]
		}
		t.Setenv(v.Name, value)
	}
	text := strings.ReplaceAll(r.ConfigMaps[0].Data["nats.conf"], "/etc/tandem/tls", certificates(t))
	file := filepath.Join(t.TempDir(), "nats.conf")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	options, err := server.ProcessConfigFile(file)
	require.NoError(t, err)
	return options
}

// certificates are a folder as cert-manager's secrets have it.
func certificates(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"tandem-nats"}}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	folder := t.TempDir()
	for name, block := range map[string]*pem.Block{
		"tls.crt": {Type: "CERTIFICATE", Bytes: certificate}, "ca.crt": {Type: "CERTIFICATE", Bytes: certificate}, "tls.key": {Type: "PRIVATE KEY", Bytes: private},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(block), 0o600))
	}
	return folder
}

func TestNATSUnderstandsItsConfiguration(t *testing.T) {
	for _, password := range []string{"plain", "123456", "3e5", "5k", "true", "0012ab", "7b1e", "2026-11-22"} {
		o := natsOptions(t, cluster(t, one(3, "nats", "replicas")), "tandem-nats-0", "tandem", password)
		require.Equal(t, []string{"tandem", password, "tandem", password}, []string{o.Username, o.Password, o.Cluster.Username, o.Cluster.Password})
	}
	alone := natsOptions(t, cluster(t, nil), "tandem-nats-0", "tandem", "word")
	require.Equal(t, "tandem-nats-0", alone.ServerName)
	require.True(t, alone.JetStream && alone.SyncAlways)
	require.Equal(t, []int{4222, 8222, 0}, []int{alone.Port, alone.HTTPPort, alone.Cluster.Port})
	require.Less(t, alone.LameDuckDuration, 60*time.Second, "the pod's grace period")
	safe := natsOptions(t, cluster(t, map[string]any{"tls": map[string]any{"enabled": true}, "nats": map[string]any{"replicas": 3}}), "tandem-nats-0", "tandem", "word")
	require.NotNil(t, safe.TLSConfig)
	require.NotNil(t, safe.Cluster.TLSConfig)
}

// running is a cluster in which NATS runs with some replicas, for the chart's look at it.
type running struct {
	dynamic.NamespaceableResourceInterface
	replicas int64
}

func (r running) GetClientFor(_, kind string) (dynamic.NamespaceableResourceInterface, bool, error) {
	if kind != "StatefulSet" {
		return nil, false, fmt.Errorf("the chart looks at %s", kind)
	}
	return r, true, nil
}

func (r running) Namespace(string) dynamic.ResourceInterface { return r }

func (r running) Get(_ context.Context, name string, _ metav1.GetOptions, _ ...string) (*unstructured.Unstructured, error) {
	if name != "tandem-nats" {
		return nil, fmt.Errorf("the chart looks at %s", name)
	}
	return &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"replicas": r.replicas}}}, nil
}

// Streams of a server alone are orphans in a cluster, which NATS cleans up.
func TestNATSDoesNotLoseItsStreamsByAnUpgrade(t *testing.T) {
	chart, err := loader.Load(chartFolder)
	require.NoError(t, err)
	for change, refused := range map[[2]int]bool{{1, 1}: false, {1, 3}: true, {3, 1}: true, {5, 3}: true, {3, 3}: false, {3, 5}: false, {0, 3}: false, {0, 1}: false} {
		values, err := chartutil.ToRenderValues(chart, clusterWith(t, one(change[1], "nats", "replicas")),
			chartutil.ReleaseOptions{Name: Release, Namespace: Namespace, Revision: 2, IsUpgrade: true}, chartutil.DefaultCapabilities)
		require.NoError(t, err)
		_, err = engine.RenderWithClientProvider(chart, values, running{replicas: int64(change[0])})
		if refused {
			require.ErrorContains(t, err, fmt.Sprintf("nats.replicas %d: %d runs here", change[1], change[0]))
		} else {
			require.NoError(t, err, change)
		}
	}
}

// TestThreeServersBecomeOneCluster starts what the chart configures, on ports of
// this machine, with the routes of the chart's command line.
func TestThreeServersBecomeOneCluster(t *testing.T) {
	r := cluster(t, one(3, "nats", "replicas"))
	ports := []int{freePort(t), freePort(t), freePort(t)}
	routes := r.Of("nats").Container().Args[3]
	for i, port := range ports {
		routes = strings.ReplaceAll(routes, fmt.Sprintf("tandem-nats-%d.tandem-nats-headless:6222", i), fmt.Sprintf("127.0.0.1:%d", port))
	}
	routes = strings.NewReplacer("$(NATS_USER)", "tandem", "$(NATS_PASSWORD)", "word").Replace(routes)
	var servers []*server.Server
	for i, port := range ports {
		o := natsOptions(t, r, fmt.Sprintf("tandem-nats-%d", i), "tandem", "word")
		o.Host, o.Port, o.HTTPPort, o.PidFile, o.StoreDir = "127.0.0.1", server.RANDOM_PORT, 0, "", t.TempDir()
		o.Cluster.Host, o.Cluster.Port, o.NoSigs = "127.0.0.1", port, true
		for route := range strings.SplitSeq(routes, ",") {
			u, err := url.Parse(route)
			require.NoError(t, err)
			o.Routes = append(o.Routes, u)
		}
		s, err := server.NewServer(o)
		require.NoError(t, err)
		t.Cleanup(s.WaitForShutdown)
		t.Cleanup(s.Shutdown)
		go s.Start()
		servers = append(servers, s)
	}
	require.Eventually(t, func() bool {
		leaders := 0
		for _, s := range servers {
			if s.JetStreamIsLeader() && len(s.JetStreamClusterPeers()) == len(servers) {
				leaders++
			}
		}
		return leaders == 1
	}, time.Minute, 50*time.Millisecond)
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}
