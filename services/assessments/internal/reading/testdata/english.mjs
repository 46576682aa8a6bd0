// Writes english.json: the syllables of the words of the built-in questionnaires by the
// package syllable, and the Flesch-Kincaid grade of their texts by text-readability
// 1.1.1, which counts with it. Words and texts come from standard input:
//
//   npm install text-readability@1.1.1
//   node english.mjs < {"words": [...], "texts": [...]} > english.json
import {readFileSync} from 'node:fs'
import {syllable} from 'syllable'
import readability from 'text-readability'

const given = JSON.parse(readFileSync(0, 'utf8'))
const words = Object.fromEntries(given.words.map((w) => [w, syllable(w.replace('’', "'"))]))
const texts = []
for (let i = 0; i + 8 <= given.texts.length; i += 8) {
  const text = given.texts.slice(i, i + 8).join(' ')
  texts.push({text, grade: readability.fleschKincaidGrade(text)})
}
process.stdout.write(JSON.stringify({words, texts}, null, 1) + '\n')
