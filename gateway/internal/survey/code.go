package survey

import (
	"net/http"
	"net/url"
	"strings"
)

// typeCode asks for the code of a letter.
func (h *Handler) typeCode(w http.ResponseWriter, r *http.Request) {
	h.codePage(w, r, http.StatusOK, "")
}

// codePage asks for a code, and says what is wrong with the last one.
func (h *Handler) codePage(w http.ResponseWriter, r *http.Request, code int, wrong string) {
	lang := ownLanguage(r)
	h.show(w, r, page{code: code, file: "code.html", title: translate(lang, "Answer a survey"), lang: lang, view: wrong})
}

// openCode goes to the form of a code that was typed.
func (h *Handler) openCode(w http.ResponseWriter, r *http.Request) {
	lang := ownLanguage(r)
	if err := r.ParseForm(); err != nil {
		h.sorry(w, r, http.StatusBadRequest, lang, unreadable())
		return
	}
	code := typed(r.PostForm.Get("code"))
	if code == "" || strings.ContainsAny(code, "./\\") {
		h.codePage(w, r, http.StatusUnprocessableEntity, translate(lang, "Type the code that stands in your letter."))
		return
	}
	http.Redirect(w, r, "/s/"+url.PathEscape(code), http.StatusSeeOther)
}

// typed is a code as it is kept: letters prints it in groups, and people type what they see.
func typed(code string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n', '-', '–', '\u00a0', '\u2011', '\u200e', '\u200f':
			return -1
		}
		return r
	}, code))
}
