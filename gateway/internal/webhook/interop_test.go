package webhook_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/kit/kittest"

	"github.com/tandem-badges/tandem/gateway/internal/webhook"
)

// The vector that the libraries of Standard Webhooks share.
func TestSignaturesAreThoseOfTheStandard(t *testing.T) {
	const (
		secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
		id     = "msg_p5jXN8AQM9LWM0D4loKWxJek"
		want   = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	)
	header := http.Header{}
	body := []byte(`{"test": 2432232314}`)
	require.NoError(t, webhook.Sign(header, []string{secret}, id, time.Unix(1614265330, 0), body))
	require.Equal(t, want, header.Get("webhook-signature"))
	require.Equal(t, id, header.Get("webhook-id"))
	require.Equal(t, "1614265330", header.Get("webhook-timestamp"))

	require.NoError(t, webhook.Sign(header, []string{"whsec_" + strings.Repeat("A", 44), secret}, id, time.Unix(1614265330, 0), body))
	signatures := strings.Fields(header.Get("webhook-signature"))
	require.Len(t, signatures, 2)
	require.Equal(t, want, signatures[1])
	require.Error(t, webhook.Sign(header, []string{"whsec_*"}, id, time.Now(), body))
}

// The npm library is an independent implementation. The folder in
// TANDEM_NPM_VERIFY needs standardwebhooks installed.
func TestTheNPMLibraryAgrees(t *testing.T) {
	dir := npmFolder(t)
	r := sqlite(t)
	r.clock.Advance(-time.Until(r.clock.Now())) // the library compares with real time
	to := receive(t, status(200))
	e, secret := r.register(aspen, "hook", to.URL)
	kittest.Go(t, r.sender(nil).Run)
	r.tried(e, r.queue(e), 1)
	_, second, err := r.hooks.Rotate(r.ctx, e.Name, nil)
	require.NoError(t, err)
	r.tried(e, r.queue(e), 1)

	single, double := to.all()[0], to.all()[1]
	changed := single
	changed.body = []byte(`{"type":"BadgeRevoked"}`)
	old := single
	old.header = single.header.Clone()
	old.header.Set("webhook-timestamp", "1614265330")
	for name, c := range map[string]struct {
		message received
		secret  string
		wrong   string
	}{
		"as sent":                     {single, secret, ""},
		"another secret":              {single, second, "No matching signature found"},
		"two secrets, the old one":    {double, secret, ""},
		"two secrets, the new one":    {double, second, ""},
		"another body":                {changed, secret, "No matching signature found"},
		"an hour that is long passed": {old, secret, "Message timestamp too old"},
	} {
		t.Run(name, func(t *testing.T) {
			wrong, signature := npm(t, dir, c.message, c.secret)
			require.Equal(t, c.wrong, wrong)
			// And the other way round: what that library signs, ours verifies.
			signed := received{c.message.header.Clone(), c.message.body}
			signed.header.Set("webhook-signature", signature)
			require.NoError(t, signed.verify(c.secret))
		})
	}
}

func npmFolder(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("TANDEM_NPM_VERIFY")
	if dir == "" {
		t.Skipf("skip: TANDEM_NPM_VERIFY names no folder with the npm library: cross-check not run")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skipf("skip: node is not installed: cross-check with the npm library not run")
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "standardwebhooks")); err != nil {
		t.Skipf("skip: standardwebhooks is not installed in TANDEM_NPM_VERIFY: cross-check not run")
	}
	return dir
}

// npm has the library verify a message, and sign its body.
func npm(t *testing.T, dir string, m received, secret string) (wrong, signature string) {
	t.Helper()
	var at int64
	require.NoError(t, json.Unmarshal([]byte(m.header.Get(standardwebhooks.HeaderWebhookTimestamp)), &at))
	headers := map[string]string{}
	for name := range m.header {
		headers[strings.ToLower(name)] = m.header.Get(name)
	}
	message, err := json.Marshal(map[string]any{"secret": secret, "id": m.id(), "timestamp": at, "body": string(m.body), "headers": headers})
	require.NoError(t, err)
	script, err := filepath.Abs(filepath.Join("testdata", "receiver.mjs"))
	require.NoError(t, err)
	node := exec.CommandContext(t.Context(), "node", script)
	node.Dir, node.Env = dir, append(os.Environ(), "MESSAGE="+string(message))
	out, err := node.Output()
	require.NoError(t, err, string(out))
	var answer struct{ Error, Signature string }
	require.NoError(t, json.Unmarshal(out, &answer))
	return answer.Error, answer.Signature
}
