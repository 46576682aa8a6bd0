package mail_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"net/url"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/mail"
	"github.com/tandem-badges/tandem/services/assessments/internal/mail/mailtest"
	"github.com/tandem-badges/tandem/services/assessments/internal/wording"
)

const link = "https://surveys.example.org/s/abcdefghijklmnopqrstuvwxyz"

func values() mail.Values {
	return mail.Values{
		School: "Oak & Elm School", District: "Pine County Schools", Addressee: "Family of A. Example", Link: link, OptOut: link + "/opt-out",
		CloseDate: "Friday", Minutes: "8",
	}
}

func TestTheTextSomebodyGets(t *testing.T) {
	own := []campaign.Message{
		{Kind: campaign.Invitation, Language: "en", Subject: "ours", Body: "{{link}} {{opt_out}}"},
		{Kind: campaign.Invitation, Language: "so", Subject: "Somali", Body: "{{link}} {{opt_out}}"},
	}
	for name, tt := range map[string]struct {
		own            []campaign.Message
		kind           campaign.MessageKind
		tag            string
		language, says string
	}{
		"built in":                          {nil, campaign.Invitation, "es-MX", "es", "le pide su opinión"},
		"built in, of another kind":         {own, campaign.Reminder, "en", "en", "Reminder"},
		"from the right":                    {nil, campaign.Reminder, "ar", "ar", "تذكير"},
		"no language":                       {nil, campaign.Invitation, "", "en", "asks for your view"},
		"an own one":                        {own, campaign.Invitation, "en-US", "en", "ours"},
		"an own one in another language":    {own, campaign.Invitation, "so", "so", "Somali"},
		"built in rather than not readable": {own, campaign.Invitation, "es", "es", "le pide su opinión"},
		"the first for a language of none":  {own, campaign.Invitation, "ko", "en", "ours"},
	} {
		t.Run(name, func(t *testing.T) {
			got := mail.Text(tt.own, tt.kind, tt.tag)
			require.Equal(t, tt.language, got.Language)
			require.Contains(t, got.Subject, tt.says)
		})
	}
}

// Built-in texts are held to the rules that campaigns' own ones are.
func TestBuiltInTextsKeepTheRules(t *testing.T) {
	known, needed := campaign.Placeholders()
	for _, kind := range []campaign.MessageKind{campaign.Invitation, campaign.Reminder} {
		for _, language := range []string{wording.English, wording.Spanish, wording.Arabic} {
			text := mail.Text(nil, kind, language)
			marks := map[string]string{}
			for _, k := range known {
				marks[k] = "<" + k + ">"
			}
			filled := campaign.Fill(text.Subject+text.Body, marks)
			require.NotContains(t, filled, "{{")
			for _, n := range needed {
				require.Contains(t, campaign.Fill(text.Body, marks), "<"+n+">")
				require.NotContains(t, campaign.Fill(text.Subject, marks), "<"+n+">")
			}
		}
	}
}

func TestComposing(t *testing.T) {
	m := mail.Compose(mail.Text(nil, campaign.Invitation, "ar"), values())
	require.Contains(t, m.HTML, `lang="ar" dir="rtl"`)
	require.Contains(t, m.HTML, "Oak &amp; Elm School")
	require.Contains(t, m.HTML, `<a href="`+link+`" dir="ltr">`)
	require.Contains(t, m.Text, "Oak & Elm School")
	require.Contains(t, m.Text, link+"/opt-out")

	v := values()
	v.CloseDate, v.Minutes = "", ""
	m = mail.Compose(mail.Text(nil, campaign.Invitation, "en"), v)
	require.NotContains(t, m.Text, "until")
	require.NotContains(t, m.Text, "minutes")
	require.NotContains(t, m.Text, "{{")

	v.Addressee = `<script>alert("x")</script>`
	m = mail.Compose(campaign.Message{Language: "en", Subject: "S", Body: "<b>{{addressee}}</b> {{link}} {{opt_out}}"}, v)
	require.NotContains(t, m.HTML, "<script>")
	require.NotContains(t, m.HTML, "<b>")
}

func open(t *testing.T, s *mailtest.Server, user string, dev bool) *mail.Connection {
	t.Helper()
	settings := mail.Settings{URL: "smtp://" + user + s.Addr + "?rate=60000", From: "Surveys <surveys@example.org>", Dev: dev}
	if s.Roots != nil {
		settings.TLS = &tls.Config{RootCAs: s.Roots, MinVersion: tls.VersionTLS12}
	}
	server, err := mail.Open(settings)
	require.NoError(t, err)
	c, err := server.Connect(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func message(kind campaign.MessageKind) mail.Message {
	m := mail.Compose(mail.Text(nil, kind, "es"), values())
	m.To, m.ReplyTo = "family@example.org", "office@example.org"
	return m
}

func account() string { return mailtest.User + ":" + url.QueryEscape(mailtest.Password) + "@" }

func TestAMailOverStartTLS(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{TLS: true, Auth: true})
	require.NoError(t, open(t, s, account(), false).Send(t.Context(), message(campaign.Invitation)))
	mails := s.Mails()
	require.Len(t, mails, 1)
	require.Equal(t, "surveys@example.org", mails[0].From)
	require.Equal(t, "family@example.org", mails[0].To)
	got, err := netmail.ReadMessage(strings.NewReader(mails[0].Data))
	require.NoError(t, err)
	subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
	require.NoError(t, err)
	require.Equal(t, "Oak & Elm School le pide su opinión", subject)
	require.Equal(t, "<"+link+"/opt-out>", got.Header.Get("List-Unsubscribe"))
	require.Equal(t, "List-Unsubscribe=One-Click", got.Header.Get("List-Unsubscribe-Post"))
	require.Equal(t, "auto-generated", got.Header.Get("Auto-Submitted"))
	require.Equal(t, "es", got.Header.Get("Content-Language"))
	require.Equal(t, "<office@example.org>", got.Header.Get("Reply-To"))
	require.NotEmpty(t, got.Header.Get("Message-Id"))
	kinds := parts(t, got)
	require.Contains(t, kinds["text/plain"], "Participar es decisión suya")
	require.Contains(t, kinds["text/html"], `lang="es" dir="ltr"`)
}

func parts(t *testing.T, m *netmail.Message) map[string]string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/alternative", kind)
	out := map[string]string{}
	r := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		kind, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		require.NoError(t, err)
		text, err := io.ReadAll(quotedprintable.NewReader(p))
		require.NoError(t, err)
		out[kind] = string(text)
	}
}

func TestWhatTheServersAnswerMeans(t *testing.T) {
	for name, tt := range map[string]struct {
		answer error
		want   error
	}{
		"no such person": {&smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no"}, mail.ErrRefused},
		"later":          {&smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted"}, mail.ErrPutOff},
		"going away":     {&smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "bye"}, mail.ErrUnavailable},
		"taken":          {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := mailtest.Start(t, mailtest.Options{TLS: true})
			s.Answer = func(string) error { return tt.answer }
			err := open(t, s, "", false).Send(t.Context(), message(campaign.Reminder))
			require.ErrorIs(t, err, tt.want)
			if err != nil {
				require.NotContains(t, err.Error(), "family@", "no address leaves in an error")
			}
		})
	}
}

func TestAnAnswerAfterAFailureGoesOnWithTheNext(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{TLS: true})
	s.Answer = func(to string) error {
		if to == "gone@example.org" {
			return &smtp.SMTPError{Code: 550, Message: "no"}
		}
		return nil
	}
	c := open(t, s, "", false)
	gone := message(campaign.Invitation)
	gone.To = "gone@example.org"
	require.ErrorIs(t, c.Send(t.Context(), gone), mail.ErrRefused)
	require.NoError(t, c.Send(t.Context(), message(campaign.Invitation)))
	require.Len(t, s.Mails(), 1)
}

// Nothing goes over a network in the open, passwords least of all.
func TestWithoutEncryptionNothingIsSent(t *testing.T) {
	plain := mailtest.Start(t, mailtest.Options{})
	for name, tt := range map[string]struct {
		user string
		dev  bool
		ok   bool
	}{
		"in production":                  {"", false, false},
		"in development":                 {"", true, true},
		"with a password in development": {account(), true, false},
	} {
		t.Run(name, func(t *testing.T) {
			server, err := mail.Open(mail.Settings{URL: "smtp://" + tt.user + plain.Addr, From: "surveys@example.org", Dev: tt.dev})
			require.NoError(t, err)
			c, err := server.Connect(t.Context())
			if !tt.ok {
				require.ErrorIs(t, err, mail.ErrUnavailable)
				return
			}
			require.NoError(t, err)
			c.Close()
		})
	}
	t.Run("a certificate of nobody", func(t *testing.T) {
		s := mailtest.Start(t, mailtest.Options{TLS: true})
		server, err := mail.Open(mail.Settings{URL: "smtp://" + s.Addr, From: "surveys@example.org"})
		require.NoError(t, err)
		_, err = server.Connect(t.Context())
		require.ErrorIs(t, err, mail.ErrUnavailable)
	})
	t.Run("a wrong password", func(t *testing.T) {
		s := mailtest.Start(t, mailtest.Options{TLS: true, Auth: true})
		server, err := mail.Open(mail.Settings{
			URL: "smtp://tandem:wrong@" + s.Addr, From: "surveys@example.org", TLS: &tls.Config{RootCAs: s.Roots, MinVersion: tls.VersionTLS12},
		})
		require.NoError(t, err)
		_, err = server.Connect(t.Context())
		require.ErrorIs(t, err, mail.ErrUnavailable)
	})
}

func TestSettingsThatCannotBe(t *testing.T) {
	for name, s := range map[string]mail.Settings{
		"no sender":         {URL: "smtp://mail.example.org"},
		"a sender of none":  {URL: "smtp://mail.example.org", From: "surveys"},
		"no host":           {URL: "smtp://", From: "surveys@example.org"},
		"another protocol":  {URL: "https://mail.example.org", From: "surveys@example.org"},
		"no rate":           {URL: "smtp://mail.example.org?rate=0", From: "surveys@example.org"},
		"another parameter": {URL: "smtp://mail.example.org?tls=none", From: "surveys@example.org"},
		"no address at all": {URL: "smtp://user:pass%zz@mail.example.org", From: "surveys@example.org"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := mail.Open(s)
			require.Error(t, err)
			require.NotContains(t, err.Error(), "pass%zz", "no password leaves in an error")
		})
	}
	none, err := mail.Open(mail.Settings{})
	require.NoError(t, err)
	require.Nil(t, none)
}

// Whatever a roster or a text holds: the head of a mail has the fields that it is
// to have, and one recipient.
func TestNobodyWritesIntoTheHead(t *testing.T) {
	s := mailtest.Start(t, mailtest.Options{TLS: true})
	c := open(t, s, "", false)
	rapid.Check(t, func(rt *rapid.T) {
		tail := rapid.SampledFrom([]string{"\r\nBcc: evil@example.org", "\nX-Evil: 1", "\r\n\r\nevil body", "\x00", "=?utf-8?q?=0ABcc:_evil?=", "\u2028Bcc: x", "ü\r"})
		v := values()
		v.School += tail.Draw(rt, "school")
		v.Addressee += tail.Draw(rt, "addressee")
		m := mail.Compose(campaign.Message{Language: "en", Subject: "S {{school}}" + tail.Draw(rt, "subject"), Body: "{{link}} {{opt_out}}"}, v)
		m.To = "family@example.org"
		before := len(s.Mails())
		require.NoError(rt, c.Send(t.Context(), m))
		mails := s.Mails()
		require.Len(rt, mails, before+1)
		got, err := netmail.ReadMessage(strings.NewReader(mails[before].Data))
		require.NoError(rt, err)
		for field := range got.Header {
			require.NotContains(rt, []string{"Bcc", "X-Evil", "Cc"}, field)
		}
		require.Equal(rt, "family@example.org", mails[before].To)
		list, err := got.Header.AddressList("To")
		require.NoError(rt, err, fmt.Sprintf("%q", got.Header.Get("To")))
		require.Len(rt, list, 1)
	})
}
