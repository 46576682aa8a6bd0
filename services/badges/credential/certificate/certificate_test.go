package certificate_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/artwork"
	"github.com/tandem-badges/tandem/services/badges/credential/bake"
	"github.com/tandem-badges/tandem/services/badges/credential/certificate"
)

const pageURL = "https://badges.example.org/badges/01hf00000000000000000badge"

func sample() certificate.Certificate {
	return certificate.Certificate{
		Badge:       artwork.Badge{Kind: "welcome-all-families", Title: "Welcoming All Families", Issuer: "State Office of Family-School Partnerships"},
		School:      "Cottonwood Elementary School",
		Description: "The school is a place where every family belongs, is greeted as a partner and meets others.",
		Awarded:     time.Date(2026, 5, 20, 10, 0, 0, 0, time.UTC), ValidUntil: time.Date(2029, 5, 20, 10, 0, 0, 0, time.UTC),
		PageURL: pageURL, WebURL: pageURL + "/certificate", Credential: []byte(`{"@context":["x"],"name":"Grüße"}`),
		Printed: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC),
	}
}

func printed(t *testing.T, name string, c certificate.Certificate) string {
	t.Helper()
	data, err := c.PDF()
	require.NoError(t, err)
	folder := os.Getenv("TANDEM_PICTURES") // to look at them
	if folder == "" {
		folder = t.TempDir()
	}
	file := filepath.Join(folder, name+".pdf")
	require.NoError(t, os.WriteFile(file, data, 0o600))
	return file
}

// run runs a program of the machine, and skips the test where there is none.
func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not installed", program)
	}
	out, err := exec.Command(program, args...).CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

func TestTheCredentialIsAttached(t *testing.T) {
	for name, credential := range map[string]string{"JSON": `{"a":"]]> ü"}`, "token": "YQ.Yg.Yw"} {
		t.Run(name, func(t *testing.T) {
			c := sample()
			c.Credential = []byte(credential)
			data, err := c.PDF()
			require.NoError(t, err)
			out, err := bake.Unbake(data)
			require.NoError(t, err)
			require.Equal(t, credential, string(out))
			_, err = bake.Unbake(data[:len(data)/2])
			require.Error(t, err)
		})
	}
}

func TestTheSameCertificateIsTheSameFile(t *testing.T) {
	one, err := sample().PDF()
	require.NoError(t, err)
	other, err := sample().PDF()
	require.NoError(t, err)
	require.Equal(t, one, other)
	_, err = certificate.Certificate{}.PDF()
	require.Error(t, err)
}

func TestWhatACertificateSays(t *testing.T) {
	for name, c := range map[string]struct {
		change func(c *certificate.Certificate)
		says   []string
	}{
		"english": {func(*certificate.Certificate) {}, []string{
			"This certifies that", "Cottonwood Elementary School", "has earned the badge", "Welcoming All Families",
			"Awarded on 20 May 2026 · valid until 20 May 2029", "Issued by State Office of Family-School Partnerships", "A print proves nothing",
		}},
		"spanish": {func(c *certificate.Certificate) { c.Language, c.Paper = "es", certificate.A4 }, []string{
			"Se certifica que", "ha obtenido la insignia", "Otorgada el 20 de mayo de 2026 · válida hasta el 20 de mayo de 2029", "Emitida por",
		}},
		"cyrillic": {func(c *certificate.Certificate) { c.School = "Школа № 5 «Дружба»" }, []string{"Школа № 5 «Дружба»"}},
		"chinese":  {func(c *certificate.Certificate) { c.School = "希望小学" }, []string{"希望小学"}},
		"thai":     {func(c *certificate.Certificate) { c.School = "โรงเรียน" }, []string{"The school whose name is shown at"}},
		"revoked":  {func(c *certificate.Certificate) { c.Notice = "This badge was taken back and is no longer valid." }, []string{"no longer valid"}},
		"long": {func(c *certificate.Certificate) {
			c.School, c.Description = strings.Repeat("Long Name ", 30), strings.Repeat("Words and words. ", 90)
		}, []string{"Long Name", "…"}},
		"unlimited": {func(c *certificate.Certificate) { c.ValidUntil = time.Time{} }, []string{"Awarded on 20 May 2026"}},
	} {
		t.Run(name, func(t *testing.T) {
			cert := sample()
			c.change(&cert)
			file := printed(t, name, cert)
			text := strings.Join(strings.Fields(run(t, "pdftotext", "-layout", file, "-")), " ")
			for _, word := range c.says {
				require.Contains(t, text, word)
			}
			require.Contains(t, run(t, "pdfinfo", file), "Pages:           1")
		})
	}
}

// Readers of text differ in how they turn a line from the right; what counts is what the file tells them.
func TestArabicIsWrittenInTheOrderItIsRead(t *testing.T) {
	c := sample()
	c.School = "مدرسة الأمل"
	plain := filepath.Join(t.TempDir(), "plain.pdf")
	run(t, "qpdf", "--qdf", printed(t, "arabic", c), plain)
	raw, err := os.ReadFile(plain)
	require.NoError(t, err)
	require.True(t, bytes.Contains(bytes.ToUpper(raw), []byte("/ACTUALTEXT <FEFF0645062F063106330629002006270644062306450644>")))
}

func TestOthersFindTheFileInOrder(t *testing.T) {
	file := printed(t, "checked", sample())
	t.Run("its structure", func(t *testing.T) {
		require.Contains(t, run(t, "qpdf", "--check", file), "No syntax or stream encoding errors")
	})
	t.Run("its attachment", func(t *testing.T) {
		require.Contains(t, run(t, "qpdf", "--list-attachments", file), "Attachement1")
		require.Contains(t, run(t, "pdfdetach", "-list", file), "credential.json")
	})
	t.Run("its code", func(t *testing.T) {
		run(t, "pdftoppm", "-r", "150", "-png", "-singlefile", file, strings.TrimSuffix(file, ".pdf"))
		require.Contains(t, run(t, "zbarimg", "-q", strings.TrimSuffix(file, ".pdf")+".png"), "QR-Code:"+pageURL)
	})
	t.Run("its description", func(t *testing.T) {
		info := run(t, "pdfinfo", file)
		require.Contains(t, info, "Certificate: Welcoming All Families – Cottonwood Elementary School")
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		require.True(t, bytes.Contains(raw, []byte("/Lang (en-US)")))
	})
	t.Run("packed anew by another program", func(t *testing.T) {
		packed := strings.TrimSuffix(file, ".pdf") + "-packed.pdf"
		run(t, "qpdf", "--object-streams=generate", "--compress-streams=y", "--recompress-flate", file, packed)
		raw, err := os.ReadFile(packed)
		require.NoError(t, err)
		out, err := bake.Unbake(raw)
		require.NoError(t, err)
		require.Equal(t, string(sample().Credential), string(out))
	})
}
