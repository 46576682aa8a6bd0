package gateway_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func typed(w *world, text string, headers ...string) answer {
	return w.do("POST", "/verify", url.Values{"credential": {text}}.Encode(), append(headers, "Content-Type: application/x-www-form-urlencoded")...)
}

// uploaded is the form as a browser sends it, with a file, a text, or both fields empty.
func uploaded(t *testing.T, w *world, file []byte, text string, headers ...string) answer {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "badge.png")
	require.NoError(t, err)
	_, err = part.Write(file)
	require.NoError(t, err)
	require.NoError(t, form.WriteField("credential", text))
	require.NoError(t, form.Close())
	return w.do("POST", "/verify", body.String(), append(headers, "Content-Type: "+form.FormDataContentType())...)
}

func TestTheFormVerifiesWhatIsPasted(t *testing.T) {
	w := start(t)
	form := w.do("GET", "/verify", "").page(t)
	require.Equal(t, "post", attr(form.all("form")[0], "method"))
	require.Equal(t, "multipart/form-data", attr(form.all("form")[0], "enctype"))
	for _, field := range append(form.all("textarea"), form.all("input")...) {
		labelled := false
		for _, label := range form.all("label") {
			labelled = labelled || attr(label, "for") == attr(field, "id")
		}
		require.True(t, labelled, "%s has a label", attr(field, "id"))
	}
	t.Run("a credential", func(t *testing.T) {
		a := typed(w, "\n"+credential+"\n")
		require.Equal(t, http.StatusOK, a.status)
		d := a.page(t)
		require.Contains(t, d.text("main"), "This badge is genuine and in force")
		require.Contains(t, d.text("main"), "tandem verify --online FILE")
		require.Equal(t, credential, string(w.badges.handed.GetDocument()), "byte for byte: a key that is there twice is still there twice")
	})
	t.Run("a signed token", func(t *testing.T) {
		require.Equal(t, http.StatusOK, typed(w, "eyJhbGciOiJFZERTQSJ9.eyJpZCI6IngifQ.AA").status)
		require.Equal(t, "eyJhbGciOiJFZERTQSJ9.eyJpZCI6IngifQ.AA", string(w.badges.handed.GetDocument()))
	})
	for name, text := range map[string]string{
		"the number of a badge":         credentialID,
		"the address of its page":       "https://badges.example.org" + badgePath + "/",
		"the address of the credential": "https://badges.example.org/v1/credentials/" + credentialID + "?x=1#top",
	} {
		t.Run(name, func(t *testing.T) {
			for _, a := range []answer{typed(w, text), uploaded(t, w, nil, text)} {
				require.Equal(t, http.StatusSeeOther, a.status)
				require.Equal(t, badgePath, a.header.Get("Location"), "it never leads away")
			}
		})
	}
	for name, c := range map[string]struct{ text, says string }{
		"nothing":                        {"  ", "Choose a file, paste a credential"},
		"any text":                       {"Guten Tag!", "neither a credential nor"},
		"a text made to be shown":        {`<script>alert(1)</script>`, "neither a credential nor"},
		"an address with no badge":       {"https://badges.example.org/", "neither a credential nor"},
		"an address of somewhere else":   {"https://evil.example" + badgePath, "an address of another website"},
		"an address without its scheme":  {"//evil.example" + badgePath, "an address of another website"},
		"one that only begins like ours": {"https://badges.example.org.evil.example" + badgePath, "an address of another website"},
	} {
		t.Run(name, func(t *testing.T) {
			a := typed(w, c.text)
			require.Equal(t, http.StatusBadRequest, a.status)
			d := a.page(t)
			require.Contains(t, d.text("div"), c.says)
			require.Equal(t, strings.TrimSpace(c.text), d.text("textarea"), "what was typed is not lost")
			require.Equal(t, "true", attr(d.all("textarea")[0], "aria-invalid"))
		})
	}
	require.Equal(t, http.StatusRequestEntityTooLarge, typed(w, strings.Repeat("x", 5<<20)).status)
}

func TestTheFormVerifiesAFile(t *testing.T) {
	w := start(t)
	file := []byte("\x89PNG\r\n\x1a\n\x00\xff any bytes")
	a := uploaded(t, w, file, "")
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.Contains(t, a.page(t).text("main"), "This badge is genuine and in force")
	require.Equal(t, file, w.badges.handed.GetDocument())
	require.Equal(t, http.StatusOK, uploaded(t, w, bytes.Repeat([]byte("x"), 4<<20), "").status, "4 MB are let in")
	require.Equal(t, http.StatusRequestEntityTooLarge, uploaded(t, w, bytes.Repeat([]byte("x"), 4<<20+1), "").status)
	require.Equal(t, http.StatusBadRequest, uploaded(t, w, nil, "").status, "an empty form")
	broken := w.do("POST", "/verify", "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nhalf", "Content-Type: multipart/form-data; boundary=x")
	require.Equal(t, http.StatusBadRequest, broken.status)
	require.Contains(t, broken.page(t).text("div"), "did not arrive whole")
}

func TestTheFormSpeaksSpanish(t *testing.T) {
	w := start(t)
	form := w.do("GET", "/verify", "", "Accept-Language: es-MX").pageIn(t, "es")
	require.Equal(t, "Verificar una insignia", form.text("h1"))
	require.Contains(t, form.text("nav"), "Registro público")
	a := uploaded(t, w, []byte("x"), "", "Accept-Language: es")
	require.Contains(t, a.pageIn(t, "es").text("main"), "Qué se comprobó")
	require.Equal(t, "es", w.badges.handed.GetLanguage())
	require.Contains(t, typed(w, "¿?", "Accept-Language: es").pageIn(t, "es").text("div"), "ni una credencial")
}

func TestAResultShowsWhatABadgeContains(t *testing.T) {
	w := start(t)
	w.badges.parts = true
	d := uploaded(t, w, []byte("x"), "").page(t)
	require.Len(t, d.all("details"), 1)
	require.Contains(t, d.text("summary"), "A badge inside")
}

// TestTheFormAnswersProgramsInJSON also takes a document as the body itself.
func TestTheFormAnswersProgramsInJSON(t *testing.T) {
	w := start(t)
	for name, a := range map[string]answer{
		"a form":     typed(w, credential, "Accept: application/json"),
		"a file":     uploaded(t, w, []byte(credential), "", "Accept: application/json"),
		"a document": w.do("POST", "/verify", credential, "Accept: application/json", "Content-Type: application/vc+ld+json"),
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, http.StatusOK, a.status, a.body)
			require.Equal(t, "application/json", a.header.Get("Content-Type"))
			var got struct {
				Valid bool
				Steps []struct{ ID, Title string }
			}
			require.NoError(t, json.Unmarshal([]byte(a.body), &got))
			require.True(t, got.Valid)
			require.Len(t, got.Steps, 4)
		})
	}
	require.Equal(t, "FIELD_INVALID", typed(w, "Guten Tag!", "Accept: application/json").problem(t).Reason)
	require.Equal(t, "FIELD_INVALID", typed(w, "", "Accept: application/json").problem(t).Reason)
}

// TestTheAPITakesInWholeFiles sends a document of 4 MB in base64, where other bodies end at one.
func TestTheAPITakesInWholeFiles(t *testing.T) {
	w := start(t)
	body, err := json.Marshal(map[string][]byte{"document": bytes.Repeat([]byte("x"), 4<<20)})
	require.NoError(t, err)
	a := w.do("POST", "/v1/credentials:verify", string(body), "Content-Type: application/json")
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.Len(t, w.badges.handed.GetDocument(), 4<<20)
	body = append(bytes.Repeat([]byte(" "), 8<<20), body...)
	require.Equal(t, http.StatusRequestEntityTooLarge, w.do("POST", "/v1/credentials:verify", string(body), "Content-Type: application/json").status)
}
