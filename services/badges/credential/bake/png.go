package bake

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"unicode/utf8"
)

const (
	signature = "\x89PNG\r\n\x1a\n"
	// Keyword names the chunk that holds the credential.
	Keyword    = "openbadgecredential"
	oldKeyword = "openbadges" // of Open Badges 1 and 2
)

// chunk is one part of a PNG; start and end are where it lies in the file.
type chunk struct {
	kind       string
	data       []byte
	start, end int
}

// PNG bakes a credential into a PNG picture. A picture that already has one is refused: whoever shows a
// badge again begins with its plain picture.
func PNG(image, credential []byte) ([]byte, error) {
	text, err := payload(credential)
	if err != nil {
		return nil, err
	}
	chunks, err := readPNG(image)
	if err != nil {
		return nil, err
	}
	at := 0
	for _, c := range chunks {
		if word := keyword(c); word == Keyword || word == oldKeyword {
			return nil, refuse(CodeBaked, "The picture already has a credential.")
		}
		if c.kind == "IDAT" && at == 0 {
			at = c.start
		}
	}
	baked := slices.Concat(image[:at], internationalText(text), image[at:])
	if len(baked) > MaxFile {
		return nil, refuse(CodeTooLarge, "The picture with its credential is larger than 4 MB.")
	}
	return baked, nil
}

// internationalText writes the chunk: keyword, no compression, no language, no translated keyword, text.
func internationalText(text []byte) []byte {
	body := slices.Concat([]byte("iTXt"), []byte(Keyword), []byte{0, 0, 0, 0, 0}, text)
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)-4)) //nolint:gosec // payload is at most MaxCredential long
	out = append(out, body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(body))
}

func unbakePNG(image []byte) ([]byte, error) {
	chunks, err := readPNG(image)
	if err != nil {
		return nil, err
	}
	var found []byte
	count, old := 0, false
	for _, c := range chunks {
		switch keyword(c) {
		case Keyword:
			count++
			if found, err = chunkText(c); err != nil {
				return nil, err
			}
		case oldKeyword:
			old = true
		}
	}
	switch {
	case count > 1:
		return nil, refuse(CodeTwice, "The picture has %d credentials; which one counts cannot be told.", count)
	case count == 1:
		return payload(found)
	case old:
		return nil, refuse(CodeOldVersion, "The picture has a badge of Open Badges 1 or 2, which are not verified here.")
	}
	return nil, refuse(CodeNone, "The picture has no credential. Copies that were resized or sent as a photo lose it.")
}

// keyword of a text chunk, empty for others.
func keyword(c chunk) string {
	if c.kind != "iTXt" && c.kind != "tEXt" && c.kind != "zTXt" {
		return ""
	}
	word, _, _ := bytes.Cut(c.data, []byte{0})
	return string(word)
}

// chunkText takes the credential out of the chunk.
func chunkText(c chunk) ([]byte, error) {
	rest := c.data[min(len(Keyword)+1, len(c.data)):]
	if c.kind == "zTXt" || c.kind == "iTXt" && len(rest) > 0 && rest[0] != 0 {
		return nil, refuse(CodeCompressed, "The credential in the picture is compressed, which the baking rules forbid.")
	}
	if c.kind != "iTXt" || len(rest) < 2 || rest[1] != 0 {
		return nil, refuse(CodeDamaged, "The credential in the picture is not in an international text chunk.")
	}
	_, rest, ok := bytes.Cut(rest[2:], []byte{0}) // language
	if ok {
		_, rest, ok = bytes.Cut(rest, []byte{0}) // translated keyword
	}
	if !ok || !utf8.Valid(rest) {
		return nil, refuse(CodeDamaged, "The text chunk with the credential is damaged.")
	}
	return rest, nil
}

// readPNG takes a PNG apart and holds it to the rules that matter for trust: every checksum right, the
// order of chunks as prescribed, nothing after the end.
func readPNG(file []byte) ([]chunk, error) {
	if len(file) > MaxFile {
		return nil, refuse(CodeTooLarge, "The picture is larger than 4 MB.")
	}
	if !IsPNG(file) {
		return nil, refuse(CodeUnknown, "The picture is not a PNG.")
	}
	var chunks []chunk
	for at := len(signature); at < len(file); {
		c, err := readChunk(file, at)
		if err != nil {
			return nil, err
		}
		chunks, at = append(chunks, c), c.end
		if c.kind == "IEND" && at != len(file) {
			return nil, refuse(CodeDamaged, "The picture has data after its end.")
		}
	}
	return chunks, checkOrder(chunks)
}

func readChunk(file []byte, at int) (chunk, error) {
	const frame = 12 // length, type, checksum
	if len(file)-at < frame {
		return chunk{}, refuse(CodeDamaged, "The picture is cut off.")
	}
	size := binary.BigEndian.Uint32(file[at:])
	if int64(size) > int64(len(file)-at-frame) {
		return chunk{}, refuse(CodeDamaged, "The picture is cut off, or a chunk states a wrong length.")
	}
	end := at + frame + int(size)
	body := file[at+4 : end-4]
	c := chunk{kind: string(body[:4]), data: body[4:], start: at, end: end}
	if !slices.ContainsFunc(body[:4], notLetter) && crc32.ChecksumIEEE(body) == binary.BigEndian.Uint32(file[end-4:]) {
		return c, nil
	}
	return chunk{}, refuse(CodeDamaged, "A checksum in the picture is wrong: it was damaged or changed.")
}

func notLetter(b byte) bool { return (b < 'A' || b > 'Z') && (b < 'a' || b > 'z') }

// checkOrder holds the critical chunks to their places.
func checkOrder(chunks []chunk) error {
	if len(chunks) < 3 || chunks[0].kind != "IHDR" || !validHeader(chunks[0].data) {
		return refuse(CodeDamaged, "The picture does not begin with a valid header.")
	}
	last := chunks[len(chunks)-1]
	if last.kind != "IEND" || len(last.data) > 0 {
		return refuse(CodeDamaged, "The picture has no end.")
	}
	seen := map[string]int{}
	for i, c := range chunks {
		critical := c.kind[0] >= 'A' && c.kind[0] <= 'Z'
		known := slices.Contains([]string{"IHDR", "PLTE", "IDAT", "IEND"}, c.kind)
		switch {
		case critical && !known:
			return refuse(CodeDamaged, "The picture has a part that no program knows.")
		case c.kind == "IDAT" && seen["IDAT"] > 0 && chunks[i-1].kind != "IDAT",
			c.kind == "PLTE" && seen["IDAT"] > 0,
			critical && c.kind != "IDAT" && seen[c.kind] > 0:
			return refuse(CodeDamaged, "The parts of the picture are in a wrong order.")
		}
		seen[c.kind]++
	}
	if seen["IDAT"] == 0 || chunks[0].data[9] == 3 && seen["PLTE"] == 0 {
		return refuse(CodeDamaged, "The picture has no pixels.")
	}
	return nil
}

// validHeader checks size, depth by color type, and methods.
func validHeader(h []byte) bool {
	depths := map[byte][]byte{0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
	if len(h) != 13 {
		return false
	}
	width, height := binary.BigEndian.Uint32(h), binary.BigEndian.Uint32(h[4:])
	return width > 0 && height > 0 && width < 1<<31 && height < 1<<31 &&
		slices.Contains(depths[h[9]], h[8]) && h[10] == 0 && h[11] == 0 && h[12] <= 1
}
