package rendering

import (
	"fmt"
	"time"

	"github.com/tandem-badges/tandem/services/badges/credential/artwork"
	"github.com/tandem-badges/tandem/services/badges/internal/award"
	"github.com/tandem-badges/tandem/services/badges/internal/status"
)

// facts are what a picture or certificate shows of a credential.
type facts struct {
	badge               artwork.Badge
	school, description string
	awarded, until      time.Time
}

// factsOf reads a credential that was signed here; what it does not say stays empty.
func factsOf(doc map[string]any, c award.Credential) facts {
	subject, _ := doc["credentialSubject"].(map[string]any)
	achievement := one(subject["achievement"])
	alignment := one(achievement["alignment"])
	issuer, _ := doc["issuer"].(map[string]any)
	f := facts{
		badge:  artwork.Badge{Title: c.Title, Issuer: text(issuer["name"]), Kind: text(alignment["targetCode"])},
		school: text(subject["name"]), description: text(achievement["description"]),
		awarded: first(moment(doc["awardedDate"]), moment(doc["validFrom"])), until: moment(doc["validUntil"]),
	}
	if c.Kind == award.KindPartnership {
		f.badge.Kind = artwork.PartnershipSchool
	}
	if f.badge.Title == "" {
		f.badge.Title = text(doc["name"])
	}
	if f.description == "" {
		f.description = text(doc["description"])
	}
	return f
}

// one is an object, or the first of a list of them.
func one(value any) map[string]any {
	if list, ok := value.([]any); ok && len(list) > 0 {
		value = list[0]
	}
	object, _ := value.(map[string]any)
	return object
}

func text(value any) string {
	s, _ := value.(string)
	return s
}

func moment(value any) time.Time {
	at, _ := time.Parse(time.RFC3339, text(value)) // zero for what is none
	return at
}

func first(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// words are those of one language that stand around a credential.
type words struct {
	language                           string
	revoked, suspended, ended, awarded string
	date                               func(time.Time) string
}

func wordsOf(language string) words {
	if language == "es" {
		return words{
			language: "es", revoked: "Esta insignia fue retirada y ya no es válida.", suspended: "Esta insignia está suspendida por el momento.",
			ended: "Esta insignia ya venció.", awarded: "Otorgada el %s", date: func(t time.Time) string { return t.UTC().Format("02/01/2006") },
		}
	}
	return words{
		language: "en", revoked: "This badge was taken back and is no longer valid.", suspended: "This badge is suspended at present.",
		ended: "This badge has ended.", awarded: "Awarded on %s", date: func(t time.Time) string { return t.UTC().Format("2 January 2006") },
	}
}

// notice tells what became of the credential, empty when it stands.
func (w words) notice(s status.State, until, now time.Time) string {
	switch {
	case s.Revoked:
		return w.revoked
	case s.Suspended:
		return w.suspended
	case !until.IsZero() && !now.Before(until):
		return w.ended
	}
	return ""
}

// line is what a picture to share says below the title.
func (w words) line(f facts, notice string) string {
	if notice != "" {
		return notice
	}
	if f.awarded.IsZero() {
		return ""
	}
	return fmt.Sprintf(w.awarded, w.date(f.awarded))
}
