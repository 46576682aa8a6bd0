package letter_test

import (
	"bytes"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/assessments/internal/letter"
	"github.com/tandem-badges/tandem/services/assessments/internal/wording"
)

const code = "abcdefghijklmnopqrstuvwxyz"

func sample(language string) letter.Letter {
	l := letter.Letter{
		Language: language, School: "Cottonwood Elementary School", District: "Pine County Schools", Addressee: "Family of A. Example",
		Link: "https://surveys.example.org/s/" + code, TypeAt: "https://surveys.example.org/s", Code: code, Minutes: "8", Promise: letter.Confidential,
		CloseDate: wording.Moment(time.Date(2026, 10, 24, 3, 59, 0, 0, time.UTC), "America/Denver", language),
	}
	if language == wording.Arabic {
		l.Addressee = "أسرة أ. مثال"
	}
	return l
}

// printed writes a file and turns its first page into a picture.
func printed(t *testing.T, name, paper string, letters ...letter.Letter) (pdf, picture string) {
	t.Helper()
	data, err := letter.Print(letters, paper, time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	folder := os.Getenv("TANDEM_PICTURES") // to look at them
	if folder == "" {
		folder = t.TempDir()
	}
	pdf = filepath.Join(folder, name+".pdf")
	require.NoError(t, os.WriteFile(pdf, data, 0o600))
	run(t, "pdftoppm", "-r", "110", "-png", "-singlefile", pdf, strings.TrimSuffix(pdf, ".pdf"))
	return pdf, strings.TrimSuffix(pdf, ".pdf") + ".png"
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

func decoded(t *testing.T, picture string) string {
	t.Helper()
	raw, err := os.ReadFile(picture)
	require.NoError(t, err)
	img, err := png.Decode(bytes.NewReader(raw))
	require.NoError(t, err)
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	require.NoError(t, err)
	found, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
	require.NoError(t, err)
	return found.GetText()
}

func TestTheCodeOfAPageLeadsToTheSurvey(t *testing.T) {
	for _, language := range []string{wording.English, wording.Spanish, wording.Arabic} {
		for _, paper := range []string{"Letter", "A4"} {
			t.Run(language+" on "+paper, func(t *testing.T) {
				l := sample(language)
				_, picture := printed(t, language+paper, paper, l)
				require.Equal(t, l.Link, decoded(t, picture))
			})
		}
	}
}

func TestWhatALetterSays(t *testing.T) {
	for language, says := range map[string][]string{
		wording.English: {
			"Cottonwood Elementary School", "Pine County Schools", "Family of A. Example", "about 8 minutes", "Friday, October 23, 2026, at 9:59 PM",
			"abcde fghij klmno pqrst uvwxy z", "https://surveys.example.org/s", "nothing leads from you to your answers",
		},
		wording.Spanish: {"unos 8 minutos", "viernes, 23 de octubre de 2026, a las 21:59", "nada lleva de usted a sus respuestas"},
	} {
		t.Run(language, func(t *testing.T) {
			pdf, _ := printed(t, "says-"+language, "Letter", sample(language))
			text := strings.Join(strings.Fields(run(t, "pdftotext", "-layout", pdf, "-")), " ")
			for _, words := range says {
				require.Contains(t, text, words)
			}
		})
	}
}

func TestALetterLeavesOutWhatIsNotKnown(t *testing.T) {
	l := sample(wording.English)
	l.Addressee, l.Minutes, l.CloseDate, l.District, l.Promise = "", "", "", "", letter.Open
	pdf, _ := printed(t, "bare", "A4", l)
	text := run(t, "pdftotext", "-layout", pdf, "-")
	require.NotContains(t, text, "minutes")
	require.NotContains(t, text, "answer by")
	require.Contains(t, strings.Join(strings.Fields(text), " "), "Anybody with this address may answer")
}

// A message between services carries 4 MiB.
func TestAsManyLettersAsACallPrintsStaySmall(t *testing.T) {
	for _, language := range []string{wording.English, wording.Arabic} {
		letters := make([]letter.Letter, 500)
		for i := range letters {
			letters[i] = sample(language)
		}
		data, err := letter.Print(letters, "Letter", time.Now())
		require.NoError(t, err)
		require.Less(t, len(data), 4<<20, language)
		t.Log(language, len(data))
	}
}

func TestPapers(t *testing.T) {
	require.Equal(t, "Letter", letter.PaperOf("America/Denver"))
	require.Equal(t, "Letter", letter.PaperOf(""))
	require.Equal(t, "A4", letter.PaperOf("Europe/Madrid"))
}
