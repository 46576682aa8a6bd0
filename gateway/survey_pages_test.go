package gateway_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// The code of a survey is the right to answer it: whoever reads logs must not come by one, nor learn when
// somebody answered with it.
func TestPagesOfSurveysLeaveNoCodeInTheLog(t *testing.T) {
	w := start(t)
	form := "Content-Type: application/x-www-form-urlencoded"
	for _, a := range []answer{
		w.do("GET", "/s/opensesame", ""),
		w.do("GET", "/s/opensesame?lang=es", ""),
		w.do("POST", "/s/opensesame", url.Values{"a/q": {"answered-so"}}.Encode(), form),
		w.do("POST", "/s/opensesame/resume", url.Values{"resume_key": {"keytomyanswers"}}.Encode(), form),
		w.do("GET", "/s/opensesame/opt-out", ""),
		w.do("POST", "/s", url.Values{"code": {"open-sesame"}}.Encode(), form),
		w.do("GET", "/s/shutsesame", ""),
	} {
		require.Contains(t, []int{http.StatusOK, http.StatusSeeOther, http.StatusGone, http.StatusNotFound}, a.status, a.body)
		require.Equal(t, "DENY", a.header.Get("X-Frame-Options"))
		require.Equal(t, "no-referrer", a.header.Get("Referrer-Policy"))
		require.Empty(t, a.header.Get("Set-Cookie"))
	}
	for _, secret := range []string{"sesame", "answered-so", "keytomyanswers"} {
		require.NotContains(t, w.log.String(), secret)
	}
	for _, route := range []string{`"/s/{code}"`, `"/s/{code}/resume"`, `"/s/{code}/opt-out"`, `"/s"`} {
		require.Contains(t, w.log.String(), `"route":`+route)
	}
}
