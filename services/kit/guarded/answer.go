package guarded

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

const mostBody = 4 << 10

// refuse says what is wrong and how to do it right.
func refuse(w http.ResponseWriter, code int, text string) {
	answer(w, code, map[string]string{"error": text})
}

func answer(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(value) // who has gone needs no answer
}

// read reads a body of one object with known fields only: a misspelt one would be
// without effect, as would what follows.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostBody))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil && decoder.More() {
		err = errors.New("something follows the first object")
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("The body is not the JSON that is wanted: %v.", err))
		return false
	}
	return true
}
