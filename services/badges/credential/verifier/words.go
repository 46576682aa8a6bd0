package verifier

import (
	"maps"
	"sync"
)

// sentences is the table of all reasons by their key. The keys of what did not pass are the stable
// codes that programs read; a test holds that every code of the packages below is in it.
var sentences = sync.OnceValue(func() map[string]phrase {
	all := map[string]phrase{}
	for _, table := range []map[string]phrase{generalWords(), readWords(), proofWords(), issuerWords(), statusWords(), partWords(), logWords()} {
		maps.Copy(all, table)
	}
	return all
})

func titles() map[string]phrase {
	return map[string]phrase{
		StepRead:         {"The file can be read", "El archivo se puede leer"},
		StepSchema:       {"It is complete and well formed", "Está completa y bien formada"},
		StepProof:        {"The signature holds", "La firma es válida"},
		StepIssuer:       {"The issuer is known", "El emisor es conocido"},
		StepStatus:       {"It was not withdrawn", "No fue retirada"},
		StepDates:        {"It is in force", "Está vigente"},
		StepRecipient:    {"It is about the right school", "Trata de la escuela correcta"},
		StepContents:     {"What it contains holds as well", "Lo que contiene también es válido"},
		StepEndorsements: {"What others say about it", "Lo que otros dicen de ella"},
		StepLog:          {"It stands in the public log", "Consta en el registro público"},
		StepRefresh:      {"A newer version", "Una versión más reciente"},
	}
}

func generalWords() map[string]phrase {
	return map[string]phrase{
		"not_reached":    {"This step was not reached.", "No se llegó a este paso."},
		"earlier_failed": {"Not checked, because an earlier step failed.", "No se comprobó, porque falló un paso anterior."},
		"in_parts":       {"Told for each credential that it contains.", "Se indica para cada credencial que contiene."},
		"error":          {"The check ended with an error: %v.", "La comprobación terminó con un error: %v."},
		"budget": {
			"The check took longer than is allowed for one document and was ended.",
			"La comprobación duró más de lo permitido para un documento y fue terminada.",
		},

		"dates_open": {"It is valid since %s and has no end.", "Es válida desde el %s y no tiene fin."},
		"dates_none": {"It does not say from when or until when it is valid.", "No dice desde cuándo ni hasta cuándo es válida."},
		"dates_end":  {"It is valid until %s.", "Es válida hasta el %s."},
		"dates_both": {"It is valid from %s until %s.", "Es válida desde el %s hasta el %s."},
		"date_time": {
			"Its beginning or its end is not a date and time with a zone.",
			"Su comienzo o su fin no es una fecha y hora con zona horaria.",
		},
		"not_yet_valid": {"It is not valid before %s.", "No es válida antes del %s."},
		"expired":       {"It ended on %s.", "Terminó el %s."},

		"recipient_none": {"Nobody asked whom it is about.", "Nadie preguntó de quién trata."},
		"recipient_ok":   {"It is about the school that you named.", "Trata de la escuela que usted indicó."},
		"recipient_wrong": {
			"It is not about the school that you named.",
			"No trata de la escuela que usted indicó.",
		},

		"refresh_none":      {"It names no place for a newer version.", "No indica dónde habría una versión más reciente."},
		"refresh_at":        {"When there is a newer version, its issuer has it at %s.", "Si hay una versión más reciente, el emisor la tiene en %s."},
		"refresh_newer":     {"Its issuer signed a newer version of it, at %s.", "Su emisor firmó una versión más reciente, en %s."},
		"refresh_available": {"It ended; its issuer may have a newer version at %s.", "Terminó; el emisor puede tener una versión más reciente en %s."},
	}
}

func readWords() map[string]phrase {
	return map[string]phrase{
		"read_ok":        {"It was read as %s, within the limits of size and depth.", "Se leyó como %s, dentro de los límites de tamaño y profundidad."},
		"too_large":      {"The credential is larger than 1 MB.", "La credencial ocupa más de 1 MB."},
		"file_too_large": {"The file is larger than 4 MB.", "El archivo ocupa más de 4 MB."},
		"file_empty":     {"There is nothing in the file.", "El archivo está vacío."},
		"form_unknown": {
			"The text is neither a JSON document nor a signed token.",
			"El texto no es ni un documento JSON ni un token firmado.",
		},
		"envelope_malformed":   {"The envelope has no signed token in it, or another than it says.", "El sobre no contiene un token firmado, o contiene otro del que dice."},
		"token_malformed":      {"The signed token cannot be taken apart.", "No se puede descomponer el token firmado."},
		"token_header_refused": {"The token's header has something that is not accepted, or does not name its key.", "La cabecera del token tiene algo que no se acepta, o no nombra su clave."},
		"token_algorithm":      {"The kind of signature of the token is not supported.", "No se admite el tipo de firma del token."},
		"token_type":           {"The token is of another kind than a credential or presentation.", "El token no es de una credencial ni de una presentación."},
		"not_a_presentation":   {"It is not a presentation, or not formed as one.", "No es una presentación, o no tiene su forma."},
		"unknown_format": {
			"This is none of the forms of a credential: JSON, a signed token, a PNG or SVG picture, a PDF certificate.",
			"No es ninguna de las formas de una credencial: JSON, un token firmado, una imagen PNG o SVG, un certificado PDF.",
		},
		"damaged":        {"The file is damaged, or not formed as such files are.", "El archivo está dañado o no tiene la forma debida."},
		"baked_twice":    {"There is more than one credential in the file, so nobody can tell which one counts.", "Hay más de una credencial en el archivo, y no se sabe cuál cuenta."},
		"already_baked":  {"The picture has a credential already.", "La imagen ya tiene una credencial."},
		"compressed":     {"The credential in the file is packed, which the rules for such files forbid.", "La credencial del archivo está comprimida, lo que prohíben las reglas de estos archivos."},
		"old_version":    {"The file has a badge of Open Badges 1 or 2, which are not signed in a way that is checked here.", "El archivo tiene una insignia de Open Badges 1 o 2, cuya firma no se comprueba aquí."},
		"no_credential":  {"There is no credential in the file.", "No hay ninguna credencial en el archivo."},
		"active_content": {"The drawing can run, load or hide something.", "El dibujo puede ejecutar, cargar u ocultar algo."},
		"unsupported":    {"The file is of a kind that cannot be read here, such as an encrypted PDF.", "El archivo es de un tipo que aquí no se puede leer, como un PDF cifrado."},
		"not_credential": {"What is inside the file is neither a JSON document nor a signed token.", "Lo que hay en el archivo no es ni un documento JSON ni un token firmado."},
		"invalid_json":   {"The text is not one whole JSON document in valid Unicode.", "El texto no es un documento JSON completo en Unicode válido."},
		"too_deep":       {"Objects and lists are nested more than 64 deep.", "Los objetos y listas están anidados a más de 64 niveles."},
		"duplicate_key":  {"An object has the key %q twice, so it could be read in two ways.", "Un objeto tiene dos veces la clave %q, de modo que podría leerse de dos maneras."},
		"inexact_number": {
			"The number %q cannot be kept exactly, so its signature would be uncertain.",
			"El número %q no se puede conservar con exactitud, y su firma sería incierta.",
		},

		"not_a_badge": {"It is a well-formed credential, but not an Open Badge.", "Es una credencial bien formada, pero no una Open Badge."},
		"schema_ok":   {"All parts that it must have are there.", "Contiene todas las partes que debe tener."},
		"schema_unknown": {
			"All parts that it must have are there, but the schema that it names at %s is not known here and was not applied.",
			"Contiene todas las partes que debe tener, pero el esquema que nombra en %s no se conoce aquí y no se aplicó.",
		},
		"schema_wrong": {
			"It is incomplete or wrong at %[1]s. %[2]s",
			"Está incompleta o es incorrecta en %[1]s (regla %[3]s).",
		},
	}
}

func proofWords() map[string]phrase {
	return map[string]phrase{
		"proof_ok":    {"Nothing was changed since it was signed.", "Nada ha cambiado desde que se firmó."},
		"proof_ok_at": {"Nothing was changed since it was signed on %s.", "Nada ha cambiado desde que se firmó el %s."},
		"proof_set":   {"Nothing was changed since it was signed; all %d signatures hold.", "Nada ha cambiado desde que se firmó; las %d firmas son válidas."},
		"proof_holder": {
			"It has no signature of its own: whoever presents it says it of themselves, and signed the presentation.",
			"No tiene firma propia: quien la presenta lo dice de sí mismo, y firmó la presentación.",
		},
		"proof_missing": {"It is not signed: there is no proof.", "No está firmada: no hay ninguna prueba."},
		"proof_malformed": {
			"The proof is not formed as it must be.",
			"La prueba no tiene la forma que debe tener.",
		},
		"cryptosuite_unknown": {"The kind of signature is not supported.", "No se admite este tipo de firma."},
		"purpose_wrong":       {"The signature was made for another purpose.", "La firma se hizo con otro fin."},
		"created_wrong":       {"The time at which it was signed is missing, unreadable or in the future.", "La hora de la firma falta, no se entiende o está en el futuro."},
		"proof_expired":       {"The signature has expired.", "La firma ha caducado."},
		"domain_wrong":        {"The signature was made for another domain.", "La firma se hizo para otro dominio."},
		"challenge_wrong":     {"The signature does not answer the challenge.", "La firma no responde al reto."},
		"method_unknown": {
			"The key that the signature names cannot be found: it is not in the list of known issuers, or was not looked up.",
			"No se encuentra la clave que nombra la firma: no está en la lista de emisores conocidos o no se buscó.",
		},
		"method_foreign": {"The key of the signature does not belong to the issuer.", "La clave de la firma no pertenece al emisor."},
		"key_compromised": {
			"The key was no longer in good hands when this was signed, or it is not known when it was signed.",
			"La clave ya no estaba en buenas manos cuando se firmó, o no se sabe cuándo se firmó.",
		},
		"purpose_not_allowed": {"The owner of the key does not allow it to be used for this.", "El dueño de la clave no permite usarla para esto."},
		"proof_id_twice":      {"Two signatures have the same id.", "Dos firmas tienen el mismo identificador."},
		"proof_chain_circular": {
			"The signatures follow each other in a circle.",
			"Las firmas se siguen unas a otras en círculo.",
		},
		"previous_proof_refused": {
			"The signature follows another one that does not hold.",
			"La firma sigue a otra que no es válida.",
		},
		"previous_proof_missing": {"The proof follows another proof that is not there.", "La prueba sigue a otra que no está."},
		"document_refused":       {"The signed text cannot be formed: %s.", "No se puede formar el texto firmado: %s."},
		"signature_wrong":        {"The signature does not match: something was changed after signing.", "La firma no coincide: algo se cambió después de firmar."},
		"issuer_missing":         {"It names no issuer whose signature could be checked.", "No nombra ningún emisor cuya firma se pueda comprobar."},
		"token_claims_differ":    {"The token says something else than the document in it.", "El token dice algo distinto que el documento que contiene."},
		"token_time":             {"The token is not yet, or no longer, valid, or from the future.", "El token aún no es válido, ya no lo es o viene del futuro."},
		"holder_missing":         {"The presentation names nobody as its holder.", "La presentación no nombra a ningún titular."},

		"unknown_context":    {"It names the context %q, which is not known here and is never fetched, or writes one of its own.", "Nombra el contexto %q, que aquí no se conoce y nunca se descarga, o define uno propio."},
		"keyword_refused":    {"It uses %q in a way that could hide or redefine something.", "Usa %q de un modo que podría ocultar o redefinir algo."},
		"invalid_context":    {"The word %q is defined by the document itself in a way that is not accepted.", "El propio documento define la palabra %q de una manera que no se acepta."},
		"protected_term":     {"A context gives a protected word another meaning: %q.", "Un contexto da otro significado a una palabra protegida: %q."},
		"direction_unsigned": {"The direction of a text (%q) is not covered by this kind of signature.", "La dirección de un texto (%q) no queda cubierta por esta clase de firma."},
		"undefined_term":     {"The word %q has no defined meaning, so the signature would not cover it.", "La palabra %q no tiene significado definido, y la firma no la cubriría."},
		"dropped_value":      {"The value at %q says nothing in JSON-LD, so the signature would not cover it.", "El valor en %q no dice nada en JSON-LD, y la firma no lo cubriría."},
		"relative_iri":       {"The address %q is not a whole one, so the signature would not cover it.", "La dirección %q no está completa, y la firma no la cubriría."},
		"invalid_iri":        {"The address %q has signs that no address may have.", "La dirección %q tiene signos que una dirección no puede tener."},
		"iri_too_long":       {"The address %q is longer than 2,000 characters.", "La dirección %q tiene más de 2.000 caracteres."},
		"invalid_language":   {"The language tag %q is none.", "La etiqueta de idioma %q no es válida."},
		"expansion_failed":   {"The document cannot be read as JSON-LD: %q.", "El documento no se puede leer como JSON-LD: %q."},
	}
}
