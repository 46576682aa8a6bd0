package response

import "strings"

// Anonymity says in plain words what is kept and who sees it, in the base language
// of the one given, or in English. It is said before anybody answers, so it must be
// what packages store and result really do.
func (d Door) Anonymity(language string) string {
	base, _, _ := strings.Cut(strings.ToLower(language), "-")
	texts, ok := anonymity[base]
	if !ok {
		texts = anonymity["en"]
	}
	switch {
	case d.Recipient:
		return texts.everybody + " " + texts.recipient
	case d.Invitation:
		return texts.everybody + " " + texts.single
	default:
		return texts.everybody + " " + texts.link
	}
}

// promise is what is said to everybody, and what depends on the way in.
type promise struct{ everybody, recipient, single, link string }

var anonymity = map[string]promise{
	"en": {
		everybody: "We keep your answers and the day, and not your name or your address on the internet. The school sees counts only, and none that are so small that they could point to you. What you write in your own words is read by a few people who work on the results; please name nobody.",
		recipient: "We mark that your household has answered, so that we stop reminding you. The mark is not connected to your answers. Groups such as the grade are counted with your answers.",
		single:    "Your code works once. We mark it as used; the mark is not connected to your answers.",
		link:      "The link is the same for all families of the school, so nobody can tell who used it.",
	},
	"es": {
		everybody: "Guardamos sus respuestas y el día, y no su nombre ni su dirección en internet. La escuela solo ve conteos, y ninguno tan pequeño que pueda señalarle a usted. Lo que escriba con sus propias palabras lo leen pocas personas que trabajan con los resultados; por favor, no nombre a nadie.",
		recipient: "Anotamos que su hogar ya respondió, para no enviarle más recordatorios. Esa nota no está unida a sus respuestas. Los grupos, como el grado escolar, se cuentan con sus respuestas.",
		single:    "Su código sirve una sola vez. Anotamos que se usó; esa nota no está unida a sus respuestas.",
		link:      "El enlace es el mismo para todas las familias de la escuela, así que nadie puede saber quién lo usó.",
	},
	"ar": {
		everybody: "نحتفظ بإجاباتك وباليوم فقط، ولا نحتفظ باسمك ولا بعنوانك على الإنترنت. ترى المدرسة أعدادًا فقط، ولا ترى عددًا صغيرًا يمكن أن يدل عليك. ما تكتبه بكلماتك يقرؤه عدد قليل ممن يعملون على النتائج؛ نرجو ألا تذكر اسم أحد.",
		recipient: "نسجل أن أسرتك أجابت حتى لا نرسل إليك تذكيرًا آخر. هذه العلامة غير مرتبطة بإجاباتك. وتُحسب المجموعات، مثل الصف الدراسي، مع إجاباتك.",
		single:    "يُستعمل رمزك مرة واحدة. نسجل أنه استُعمل، وهذه العلامة غير مرتبطة بإجاباتك.",
		link:      "الرابط واحد لجميع أسر المدرسة، فلا يمكن لأحد أن يعرف من استعمله.",
	},
}
