package mail

import (
	"github.com/tandem-badges/tandem/services/assessments/internal/campaign"
	"github.com/tandem-badges/tandem/services/assessments/internal/wording"
)

// builtIn is the product's own text.
func builtIn(kind campaign.MessageKind, language string) campaign.Message {
	texts := invitations()
	if kind == campaign.Reminder {
		texts = reminders()
	}
	m := texts[language]
	m.Kind, m.Language = kind, language
	return m
}

func invitations() map[string]campaign.Message {
	return map[string]campaign.Message{
		wording.English: {Subject: "{{school}} asks for your view", Body: `Hello {{addressee}},

{{school}} would like to know how school and families work together, and what could be better. Please answer a few questions:

{{link}}

It takes about {{minutes}} minutes.
You can answer until {{close_date}}.

This link is yours alone and good for one answer: please do not pass it on. The school can see whether you have answered, and never what you said. Taking part is your own choice.

If you want no more mails about this survey, or none about any survey of the district: {{opt_out}}
`},
		wording.Spanish: {Subject: "{{school}} le pide su opinión", Body: `Hola, {{addressee}}:

{{school}} quisiera saber cómo trabajan juntas la escuela y las familias, y qué se podría mejorar. Le pedimos que responda unas preguntas:

{{link}}

Toma unos {{minutes}} minutos.
Puede responder hasta el {{close_date}}.

Este enlace es solo suyo y sirve para una respuesta: por favor, no lo comparta. La escuela puede ver si usted ya respondió, pero nunca qué dijo. Participar es decisión suya.

Si no desea más correos sobre esta encuesta, o sobre ninguna encuesta del distrito: {{opt_out}}
`},
		wording.Arabic: {Subject: "{{school}} تود معرفة رأيكم", Body: `مرحبًا {{addressee}}،

تود {{school}} أن تعرف كيف تعمل المدرسة والأسر معًا، وما الذي يمكن تحسينه. نرجو منكم الإجابة عن بعض الأسئلة:

{{link}}

يستغرق ذلك نحو {{minutes}} دقيقة.
يمكنكم الإجابة حتى {{close_date}}.

هذا الرابط خاص بكم وحدكم ويصلح لإجابة واحدة، فنرجو ألا تعطوه لأحد. تستطيع المدرسة أن تعرف هل أجبتم، لكنها لا تعرف أبدًا بماذا أجبتم. المشاركة اختيارية.

إذا كنتم لا ترغبون في مزيد من الرسائل عن هذا الاستبيان، أو عن أي استبيان للمنطقة التعليمية: {{opt_out}}
`},
	}
}

func reminders() map[string]campaign.Message {
	return map[string]campaign.Message{
		wording.English: {Subject: "Reminder: {{school}} asks for your view", Body: `Hello {{addressee}},

some time ago we asked you about school and families at {{school}}. We have no answer from you yet, and we would still like to have it:

{{link}}

It takes about {{minutes}} minutes.
You can answer until {{close_date}}.

The school can see whether you have answered, and never what you said. Taking part is your own choice.

If you want no more mails about this survey, or none about any survey of the district: {{opt_out}}
`},
		wording.Spanish: {Subject: "Recordatorio: {{school}} le pide su opinión", Body: `Hola, {{addressee}}:

Hace unos días le preguntamos sobre la escuela y las familias en {{school}}. Aún no tenemos su respuesta y nos gustaría recibirla:

{{link}}

Toma unos {{minutes}} minutos.
Puede responder hasta el {{close_date}}.

La escuela puede ver si usted ya respondió, pero nunca qué dijo. Participar es decisión suya.

Si no desea más correos sobre esta encuesta, o sobre ninguna encuesta del distrito: {{opt_out}}
`},
		wording.Arabic: {Subject: "تذكير: {{school}} تود معرفة رأيكم", Body: `مرحبًا {{addressee}}،

سألناكم قبل أيام عن المدرسة والأسر في {{school}}، ولم تصلنا إجابتكم بعد. ما زلنا نود معرفتها:

{{link}}

يستغرق ذلك نحو {{minutes}} دقيقة.
يمكنكم الإجابة حتى {{close_date}}.

تستطيع المدرسة أن تعرف هل أجبتم، لكنها لا تعرف أبدًا بماذا أجبتم. المشاركة اختيارية.

إذا كنتم لا ترغبون في مزيد من الرسائل عن هذا الاستبيان، أو عن أي استبيان للمنطقة التعليمية: {{opt_out}}
`},
	}
}
