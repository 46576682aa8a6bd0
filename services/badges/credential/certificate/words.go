package certificate

import (
	"fmt"
	"time"
)

// words are those of one language.
type words struct {
	tag                                                                  string
	title                                                                string // with badge and school
	heading, certifies, earned, awarded, until, issuedBy, scan, attached string
	proves                                                               string
	web                                                                  string // before the address of the web certificate
	schoolElsewhere, badgeElsewhere                                      string // with the address of the web certificate
	date                                                                 func(time.Time) string
}

func wordsOf(language string) words {
	if language == "es" {
		return spanish()
	}
	return english()
}

func english() words {
	return words{
		tag: "en-US", title: "Certificate: %s – %s", heading: "Certificate", certifies: "This certifies that", earned: "has earned the badge",
		awarded: "Awarded on", until: "valid until", issuedBy: "Issued by", scan: "Scan to verify this badge, or go to",
		attached:        "The signed credential, for verification",
		proves:          "The signed credential is attached to this file. A print proves nothing by itself: scan the code to see whether the badge is genuine and still in force.",
		web:             "This certificate on the web, readable by screen readers:",
		schoolElsewhere: "The school whose name is shown at %s",
		badgeElsewhere:  "The badge whose name is shown at %s",
		date:            func(t time.Time) string { return t.UTC().Format("2 January 2006") },
	}
}

func spanish() words {
	return words{
		tag: "es-US", title: "Certificado: %s – %s", heading: "Certificado", certifies: "Se certifica que", earned: "ha obtenido la insignia",
		awarded: "Otorgada el", until: "válida hasta el", issuedBy: "Emitida por", scan: "Escanee para verificar esta insignia, o visite",
		attached:        "La credencial firmada, para su verificación",
		proves:          "La credencial firmada está adjunta a este archivo. Una copia impresa no prueba nada por sí sola: escanee el código para ver si la insignia es auténtica y sigue vigente.",
		web:             "Este certificado en la web, legible con lectores de pantalla:",
		schoolElsewhere: "La escuela cuyo nombre se muestra en %s",
		badgeElsewhere:  "La insignia cuyo nombre se muestra en %s",
		date:            spanishDate,
	}
}

func spanishDate(t time.Time) string {
	months := []string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"}
	t = t.UTC()
	return fmt.Sprintf("%d de %s de %d", t.Day(), months[t.Month()-1], t.Year())
}
