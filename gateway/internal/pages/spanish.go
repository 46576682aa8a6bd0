package pages

import (
	"encoding/json"
	"sync"
)

// inSpanish is what public pages say in Spanish, by the English text. A file that cannot be read would
// leave the pages in English; a test reads it.
var inSpanish = sync.OnceValue(func() map[string]string {
	said := map[string]string{}
	text, err := files.ReadFile("files/spanish.json")
	if err != nil || json.Unmarshal(text, &said) != nil {
		return nil
	}
	return said
})
