package app

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/gateway"
)

func TestSettingsThatWouldHaveNoEffectAreRefusedByName(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s *ServeSettings)
		want   string
	}{
		"nothing is wrong":       {func(*ServeSettings) {}, ""},
		"origins of pages":       {func(s *ServeSettings) { s.CORSOrigins = []string{"https://a.example.org", "http://localhost:3000/"} }, ""},
		"a collector":            {func(s *ServeSettings) { s.OTLPEndpoint = "http://127.0.0.1:4317" }, ""},
		"all origins at once":    {func(s *ServeSettings) { s.CORSOrigins = []string{"*"} }, "--cors-origins \"*\""},
		"an origin with no host": {func(s *ServeSettings) { s.CORSOrigins = []string{"a.example.org"} }, "--cors-origins \"a.example.org\""},
		"an origin with a path":  {func(s *ServeSettings) { s.CORSOrigins = []string{"https://a.example.org/app"} }, "--cors-origins"},
		"a collector's name":     {func(s *ServeSettings) { s.OTLPEndpoint = "collector:4317" }, "--otlp-endpoint \"collector:4317\""},
		"a secret to guess":      {func(s *ServeSettings) { s.OpsToken = "operator" }, "--ops-token"},
		"no time to stop":        {func(s *ServeSettings) { s.Drain = -time.Second }, "--drain -1s"},
		"less than no requests":  {func(s *ServeSettings) { s.RateSignIn = -1 }, "--rate-sign-in"},
		"sessions without end":   {func(s *ServeSettings) { s.SessionLifetime = time.Second }, "--session-lifetime 1s"},
		"no time to think":       {func(s *ServeSettings) { s.SessionIdle = 0 }, "--session-idle 0s"},
		"a page without a host":  {func(s *ServeSettings) { s.PublicURL = "badges" }, "--public-url \"badges\""},
	} {
		t.Run(name, func(t *testing.T) {
			s := ServeSettings{HTTPAddr: "127.0.0.1:8080", Drain: time.Second, SessionIdle: time.Minute, SessionLifetime: time.Hour}
			c.change(&s)
			err := s.complete([]string{Schools, Assessments, Evidence, Badges, Gateway})
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestDevelopmentModeAllowsTenTimesAsMuch(t *testing.T) {
	s := ServeSettings{RateAnonymous: 600, RateIdentity: 6000, RateSignIn: 0}
	require.Equal(t, gateway.Limits{Anonymous: 600, Identity: 6000}, s.limits())
	s.Dev = true
	require.Equal(t, gateway.Limits{Anonymous: 6000, Identity: 60000}, s.limits())
}
