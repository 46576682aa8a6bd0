package webhook

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/tandem-badges/tandem/gateway/internal/seal"
)

const (
	secretPrefix = "whsec_"
	secretSize   = 32
)

// newSecret makes a signing secret.
func newSecret() string {
	key := make([]byte, secretSize)
	_, _ = rand.Read(key) // never fails
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}

// secrets are those that sign at the time, the newest first.
func secrets(box seal.Box, e Endpoint, now time.Time) ([]string, error) {
	current, err := box.Open(e.Name, e.Secret)
	if err != nil {
		return nil, err
	}
	all := []string{current}
	if len(e.OldSecret) > 0 && now.Before(e.OldSecretEnd) {
		old, err := box.Open(e.Name, e.OldSecret)
		if err != nil {
			return nil, err
		}
		all = append(all, old)
	}
	return all, nil
}

// sign adds the headers of Standard Webhooks, with a signature by each secret.
func sign(to http.Header, keys []string, id string, at time.Time, body []byte) error {
	var signatures []string
	for _, key := range keys {
		w, err := standardwebhooks.NewWebhook(key)
		if err != nil {
			return err
		}
		signature, err := w.Sign(id, at, body)
		if err != nil {
			return err
		}
		signatures = append(signatures, signature)
	}
	to.Set(standardwebhooks.HeaderWebhookID, id)
	to.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	to.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return nil
}
