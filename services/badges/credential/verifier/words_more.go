package verifier

func issuerWords() map[string]phrase {
	return map[string]phrase{
		"issuer_unasked": {"No list of known issuers was given.", "No se dio ninguna lista de emisores conocidos."},
		"issuer_ok":      {"The issuer is %q in the list of known issuers.", "El emisor es %q en la lista de emisores conocidos."},
		"issuer_former":  {"The issuer is %q in the list of known issuers, which signed with this identifier before.", "El emisor es %q en la lista de emisores conocidos, que antes firmaba con este identificador."},
		"issuer_unknown": {
			"The issuer is not in the list of known issuers: its name is its own claim.",
			"El emisor no está en la lista de emisores conocidos: su nombre es solo lo que él afirma.",
		},
		"issuer_imitates": {
			"The issuer calls itself %q as a known issuer does, but is not that issuer: do not trust the name.",
			"El emisor se llama %q como un emisor conocido, pero no es ese emisor: no confíe en el nombre.",
		},
		"issuer_name": {"The issuer is known as %q but calls itself %q.", "El emisor es conocido como %q, pero se llama a sí mismo %q."},
		"registry_expired": {
			"The issuer is %q in a list of known issuers that ended on %s: fetch a new list, which may know of lost keys.",
			"El emisor es %q en una lista de emisores conocidos que terminó el %s: consiga una nueva, que puede saber de claves perdidas.",
		},
		"issuer_whose": {"Who presents it is not an issuer; each credential tells its own.", "Quien la presenta no es un emisor; cada credencial indica el suyo."},
	}
}

func statusWords() map[string]phrase {
	return map[string]phrase{
		"status_none": {"It names no status list.", "No nombra ninguna lista de estado."},
		"status_ok":   {"Its issuer's list says that it stands.", "La lista de su emisor dice que sigue en pie."},
		"status_unchecked": {
			"It names a status list that was not looked up: ask the issuer whether it was withdrawn.",
			"Nombra una lista de estado que no se consultó: pregunte al emisor si fue retirada.",
		},
		"status_unreachable": {
			"Its status list could not be reached: ask the issuer whether it was withdrawn.",
			"No se pudo consultar su lista de estado: pregunte al emisor si fue retirada.",
		},
		"status_other": {
			"It names a kind of status that is not known here: ask the issuer whether it was withdrawn.",
			"Nombra un tipo de estado que aquí no se conoce: pregunte al emisor si fue retirada.",
		},
		"status_stands":            {"The issuer confirms that it stands.", "El emisor confirma que sigue en pie."},
		"status_unknown":           {"The issuer keeps no award for it.", "El emisor no tiene ningún reconocimiento para ella."},
		"status_lapsed":            {"It ended on %s and was not renewed.", "Terminó el %s y no fue renovada."},
		"status_grace":             {"It ended on %s; the school may renew it until %s.", "Terminó el %s; la escuela puede renovarla hasta el %s."},
		"status_renewed":           {"It was renewed: there is a newer one in its place.", "Fue renovada: hay una más reciente en su lugar."},
		"status_revoked_because":   {"The issuer took it away: %s", "El emisor la retiró: %s"},
		"status_suspended_because": {"The issuer has put it out of force for the time being: %s", "El emisor la ha dejado sin efecto por ahora: %s"},
		"status_revoked":           {"Its issuer took it away.", "Su emisor la retiró."},
		"status_suspended":         {"Its issuer has put it out of force for the time being.", "Su emisor la ha dejado sin efecto por ahora."},
		"status_refresh":           {"Its issuer says that there is a newer version of it.", "Su emisor dice que hay una versión más reciente."},
		"status_message":           {"Its issuer's list has a message about it: %s", "La lista de su emisor tiene un mensaje sobre ella: %s"},
		"status_lists_many":        {"It names more status lists than are looked up for one document.", "Nombra más listas de estado de las que se consultan para un documento."},
		"status_list_proof":        {"The signature of its status list does not hold: %s", "La firma de su lista de estado no es válida: %s"},
		"status_malformed":         {"What it says about its status list is not formed as it must be.", "Lo que dice de su lista de estado no tiene la forma debida."},
		"status_size_unsupported":  {"Its status list has more than one bit for each credential, which is not supported.", "Su lista de estado tiene más de un bit por credencial, lo que no se admite."},
		"status_range":             {"Its place is beyond the end of its status list.", "Su lugar está más allá del final de su lista de estado."},
		"status_list_malformed":    {"Its status list is not formed as it must be.", "Su lista de estado no tiene la forma debida."},
		"status_list_encoding":     {"The bits of its status list cannot be unpacked within the limits.", "Los bits de su lista de estado no se pueden descomprimir dentro de los límites."},
		"status_list_short":        {"Its status list is shorter than privacy asks for.", "Su lista de estado es más corta de lo que exige la privacidad."},
		"status_list_wrong":        {"At the address of its status list is another list.", "En la dirección de su lista de estado hay otra lista."},
		"status_purpose_wrong":     {"Its status list is about something else than it says.", "Su lista de estado trata de algo distinto de lo que dice."},
		"status_list_foreign":      {"Its status list is by somebody other than its issuer.", "Su lista de estado es de alguien que no es su emisor."},
		"status_list_not_yet_valid": {
			"Its status list is not valid yet, so it tells nothing.",
			"Su lista de estado aún no es válida, así que no dice nada.",
		},
		"status_list_expired":        {"Its status list is out of date, so it tells nothing.", "Su lista de estado está caducada, así que no dice nada."},
		"status_purpose_unsupported": {"Its status is for a purpose that nobody defined.", "Su estado tiene un fin que nadie definió."},
	}
}

func partWords() map[string]phrase {
	return map[string]phrase{
		"contents_none":    {"It contains no other credentials.", "No contiene otras credenciales."},
		"contents_ok":      {"All %d credentials that it contains were checked, and hold.", "Se comprobaron las %d credenciales que contiene, y son válidas."},
		"contents_invalid": {"The credential %q in it does not hold. %s", "La credencial %q que contiene no es válida. %s"},
		"contents_subject": {"The credential %q in it is about somebody else.", "La credencial %q que contiene trata de otra persona o escuela."},
		"contents_form":    {"Something that it contains is not a credential.", "Algo de lo que contiene no es una credencial."},
		"contents_warning": {"The credentials that it contains hold, with a remark on %q. %s", "Las credenciales que contiene son válidas, con una observación sobre %q. %s"},
		"association_unknown": {
			"It ties together %q, which it does not contain.",
			"Relaciona %q, que no contiene.",
		},
		"too_many_parts":       {"It contains more than 64 credentials.", "Contiene más de 64 credenciales."},
		"too_many_levels":      {"Credentials contain one another more than 4 levels deep.", "Las credenciales se contienen unas a otras en más de 4 niveles."},
		"endorsements_none":    {"It has no endorsements.", "No tiene respaldos."},
		"endorsements_ok":      {"All %d endorsements are signed and about this badge or its issuer.", "Los %d respaldos están firmados y tratan de esta insignia o de su emisor."},
		"endorsement_invalid":  {"An endorsement does not hold and must be left out of account. %s", "Un respaldo no es válido y no debe tenerse en cuenta. %s"},
		"endorsement_target":   {"An endorsement is about something else, and must be left out of account.", "Un respaldo trata de otra cosa, y no debe tenerse en cuenta."},
		"endorsement_no_proof": {"An endorsement is not signed by who makes it, and is the word of the badge's issuer only.", "Un respaldo no está firmado por quien lo hace, y es solo la palabra del emisor de la insignia."},
	}
}

// logWords has the codes of package translog, whose own reasons are shown in English.
func logWords() map[string]phrase {
	return map[string]phrase{
		"log_none":            {"No public log was given.", "No se dio ningún registro público."},
		"log_ok":              {"It is in the public log.", "Consta en el registro público, y el registro no fue reescrito."},
		"log_whole":           {"The log is asked about the document as a whole.", "Al registro se le pregunta por el documento entero."},
		"log_unsigned":        {"The checkpoint is not signed by the log's key.", "El punto de control no está firmado con la clave del registro."},
		"log_rewritten":       {"The log was rewritten.", "El registro fue reescrito: no empieza con lo que abarca el punto de control guardado. No confíe en nada de este registro y avise a otros."},
		"log_damaged":         {"Files of the log do not fit its signed checkpoint.", "Los archivos del registro no corresponden a su punto de control firmado: fueron cambiados o están dañados."},
		"log_unavailable":     {"The log could not be read.", "No se pudo leer el registro."},
		"log_missing":         {"The log does not have it.", "El registro no la tiene: su emisor nunca la dio a conocer."},
		"log_changed":         {"The log has another document under its address.", "El registro tiene otro documento con su dirección."},
		"log_other_issuer":    {"The log has it from another issuer.", "El registro la tiene de otro emisor."},
		"log_backdated":       {"It says to be older than its entry in the log.", "Dice ser anterior al punto de control guardado, pero entró en el registro después."},
		"log_key_compromised": {"It was signed with a key that was in wrong hands.", "Se firmó con una clave que ya estaba en malas manos, según el registro."},
		"log_revoked":         {"The issuer took it away, as the log says.", "El emisor la retiró, según el registro."},
		"log_suspended":       {"The issuer suspended it, as the log says.", "El emisor la suspendió, según el registro."},
		"log_superseded":      {"There is a newer version of it in the log.", "En el registro hay una versión más reciente."},
		"log_other_form":      {"The log has it in another form, which cannot be compared.", "El registro la tiene en otra forma, que no se puede comparar. Compruebe su forma JSON para estar seguro."},
	}
}
