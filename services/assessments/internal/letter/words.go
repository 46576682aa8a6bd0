package letter

import "github.com/tandem-badges/tandem/services/assessments/internal/wording"

// words are those of one language.
type words struct {
	heading, ask   string // ask with the school
	minutes, until string // with a number, with a moment
	scan, typeAt   string
	keptHeading    string
	kept           map[Promise][]string
}

func wordsOf(language string) words {
	switch language {
	case wording.Spanish:
		return spanish()
	case wording.Arabic:
		return arabic()
	default:
		return english()
	}
}

func english() words {
	const see = "Results are published only as figures of many answers together. What you write in your own words is read by few people and never published."
	const free = "Taking part is your own choice, and you may leave out questions."
	return words{
		heading: "Your view counts", ask: "%s would like to know how school and families work together, and what could be better. Please answer a few questions.",
		minutes: "It takes about %s minutes.", until: "Please answer by %s.",
		scan: "Scan this code with the camera of your telephone,", typeAt: "or go to this page and type the code below:",
		keptHeading: "What is kept, and who sees it",
		kept: map[Promise][]string{
			Open:         {"Your answers are kept without your name. Anybody with this address may answer: please do so once.", see, free},
			OneAnswer:    {"Your answers are kept without your name. The code is good for one answer, and nobody keeps who got which.", see, free},
			Confidential: {"The code is yours alone and good for one answer. The school can see whether you have answered, and never what you said: nothing leads from you to your answers.", see, free},
		},
	}
}

func spanish() words {
	const see = "Los resultados se publican solo como cifras de muchas respuestas juntas. Lo que escriba con sus propias palabras lo leen pocas personas y nunca se publica."
	const free = "Participar es decisión suya, y puede dejar preguntas sin responder."
	return words{
		heading: "Su opinión cuenta", ask: "%s quisiera saber cómo trabajan juntas la escuela y las familias, y qué se podría mejorar. Le pedimos que responda unas preguntas.",
		minutes: "Toma unos %s minutos.", until: "Por favor, responda hasta el %s.",
		scan: "Escanee este código con la cámara de su teléfono,", typeAt: "o visite esta página y escriba el código de abajo:",
		keptHeading: "Qué se guarda y quién lo ve",
		kept: map[Promise][]string{
			Open:         {"Sus respuestas se guardan sin su nombre. Cualquiera que tenga esta dirección puede responder: por favor, hágalo una sola vez.", see, free},
			OneAnswer:    {"Sus respuestas se guardan sin su nombre. El código sirve para una respuesta, y nadie guarda quién recibió cuál.", see, free},
			Confidential: {"El código es solo suyo y sirve para una respuesta. La escuela puede ver si usted ya respondió, pero nunca qué dijo: nada lleva de usted a sus respuestas.", see, free},
		},
	}
}

func arabic() words {
	const see = "تُنشر النتائج أرقامًا تجمع إجابات كثيرة معًا فقط. وما تكتبونه بكلماتكم يقرؤه عدد قليل من الأشخاص ولا يُنشر أبدًا."
	const free = "المشاركة اختيارية، ويمكنكم ترك أسئلة دون إجابة."
	return words{
		heading: "رأيكم يهمنا", ask: "تود %s أن تعرف كيف تعمل المدرسة والأسر معًا، وما الذي يمكن تحسينه. نرجو منكم الإجابة عن بعض الأسئلة.",
		minutes: "يستغرق ذلك نحو %s دقيقة.", until: "نرجو الإجابة قبل %s.",
		scan: "امسحوا هذا الرمز بكاميرا هاتفكم،", typeAt: "أو افتحوا هذه الصفحة واكتبوا الرمز أدناه:",
		keptHeading: "ما الذي يُحفظ ومن يراه",
		kept: map[Promise][]string{
			Open:         {"تُحفظ إجاباتكم دون أسمائكم. كل من لديه هذا العنوان يستطيع الإجابة، فنرجو أن تجيبوا مرة واحدة.", see, free},
			OneAnswer:    {"تُحفظ إجاباتكم دون أسمائكم. يصلح الرمز لإجابة واحدة، ولا يُسجَّل من حصل على أي رمز.", see, free},
			Confidential: {"الرمز خاص بكم وحدكم ويصلح لإجابة واحدة. تستطيع المدرسة أن تعرف هل أجبتم، لكنها لا تعرف أبدًا بماذا أجبتم: لا شيء يربط بينكم وبين إجاباتكم.", see, free},
		},
	}
}
