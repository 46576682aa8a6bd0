package artwork_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tandem-badges/tandem/services/badges/credential/artwork"
	"github.com/tandem-badges/tandem/services/badges/credential/bake"
)

const office = "State Office of Family-School Partnerships"

func badges() []artwork.Badge {
	titles := []string{
		"Welcoming All Families", "Communicating Effectively", "Supporting Student Success", "Speaking Up for Every Child",
		"Sharing Power", "Collaborating with Community", "Partnership School",
	}
	var all []artwork.Badge
	for i, kind := range artwork.Kinds() {
		all = append(all, artwork.Badge{Kind: kind, Title: titles[i], Issuer: office})
	}
	return append(all, artwork.Badge{Kind: "a-state-of-its-own", Title: "Reading <Together> & Aloud", Issuer: office})
}

// save keeps a picture where somebody can look at it, when TANDEM_PICTURES names a folder.
func save(t *testing.T, name string, data []byte) {
	t.Helper()
	if folder := os.Getenv("TANDEM_PICTURES"); folder != "" {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), data, 0o600))
	}
}

func TestEveryBadgeIsDrawn(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range badges() {
		t.Run(b.Kind, func(t *testing.T) {
			drawing, err := b.SVG()
			require.NoError(t, err)
			require.NoError(t, bake.SafeSVG(drawing))
			require.Equal(t, b.Title, text(t, drawing, "title"))
			require.Contains(t, text(t, drawing, "desc"), b.Issuer)
			require.NotContains(t, string(drawing), "<text", "letters are outlines")
			picture, err := b.PNG(artwork.Size)
			require.NoError(t, err)
			save(t, b.Kind+".svg", drawing)
			save(t, b.Kind+".png", picture)
			img, err := png.Decode(bytes.NewReader(picture))
			require.NoError(t, err)
			require.Equal(t, artwork.Size, img.Bounds().Dx())
			_, _, _, corner := img.At(0, 0).RGBA()
			require.Zero(t, corner, "a badge is round")
			_, err = bake.PNG(picture, []byte(`{"a":1}`))
			require.NoError(t, err)
			require.False(t, seen[string(picture)], "badges differ")
			seen[string(picture)] = true
		})
	}
}

func TestTheSamePictureEachTime(t *testing.T) {
	one, err := badges()[0].PNG(256)
	require.NoError(t, err)
	other, err := badges()[0].PNG(256)
	require.NoError(t, err)
	require.Equal(t, one, other)
	for _, size := range []int{0, 15, 5000} {
		_, err = badges()[0].PNG(size)
		require.Error(t, err)
	}
}

// The colors hold the contrast of WCAG 2.2 AA: 4.5 to 1 for text, 3 to 1 for what a symbol is known by.
func TestColorsCanBeTold(t *testing.T) {
	for _, kind := range append(artwork.Kinds(), "other") {
		l := artwork.LookOf(kind)
		require.GreaterOrEqual(t, contrast(t, l.Deep, l.Ground), 4.5, kind)
		require.GreaterOrEqual(t, contrast(t, l.Deep, "#ffffff"), 4.5, kind)
		require.GreaterOrEqual(t, contrast(t, artwork.Ink, l.Ground), 4.5, kind)
		require.GreaterOrEqual(t, contrast(t, artwork.Soft, l.Ground), 4.5, kind)
	}
}

func TestTitlesOfAnyLengthAndScript(t *testing.T) {
	for name, title := range map[string]string{
		"long":    strings.Repeat("Welcoming All Families and Friends ", 3),
		"endless": strings.Repeat("families", 400), "Chinese": "欢迎所有家庭", "Arabic": "الترحيب بجميع العائلات", "not to be drawn": "สวัสดี", "none": "",
	} {
		t.Run(name, func(t *testing.T) {
			b := artwork.Badge{Kind: "share-power", Title: title, Issuer: office}
			drawing, err := b.SVG()
			require.NoError(t, err)
			require.Equal(t, title, text(t, drawing, "title"))
			picture, err := b.PNG(artwork.Size)
			require.NoError(t, err)
			save(t, "title-"+name+".png", picture)
		})
	}
}

func TestThePictureToShare(t *testing.T) {
	for name, school := range map[string]string{
		"latin": "Cottonwood Elementary School of Science and the Arts", "arabic": "مدرسة الأمل الابتدائية", "chinese": "希望小学", "not-to-be-drawn": "โรงเรียน",
	} {
		picture, err := artwork.Share{Badge: badges()[3], School: school, Line: "Awarded on 20 May 2026"}.PNG()
		require.NoError(t, err)
		save(t, "share-"+name+".png", picture)
		img, err := png.Decode(bytes.NewReader(picture))
		require.NoError(t, err)
		require.Equal(t, "1200x630", fmt.Sprintf("%dx%d", img.Bounds().Dx(), img.Bounds().Dy()))
	}
}

// text is that of the first element of the name.
func text(t *testing.T, drawing []byte, name string) string {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(drawing))
	for {
		next, err := d.Token()
		require.NotErrorIs(t, err, io.EOF)
		require.NoError(t, err)
		if e, ok := next.(xml.StartElement); ok && e.Name.Local == name {
			var s string
			require.NoError(t, d.DecodeElement(&s, &e))
			return s
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	one, other := luminance(t, a), luminance(t, b)
	return (max(one, other) + 0.05) / (min(one, other) + 0.05)
}

func luminance(t *testing.T, color string) float64 {
	t.Helper()
	v, err := strconv.ParseUint(strings.TrimPrefix(color, "#"), 16, 32)
	require.NoError(t, err)
	sum := 0.0
	for i, weight := range []float64{0.0722, 0.7152, 0.2126} {
		c := float64(v>>(8*i)&0xff) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
