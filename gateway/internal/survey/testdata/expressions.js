// Evaluates conditions as the page does: reads a list of {text, answers, value} and writes a list of
// true, false or null for undecided. Usage: node expressions.js EXPRESSION.JS < cases
const fs = require("node:fs");
const vm = require("node:vm");

const context = {};
vm.runInNewContext(fs.readFileSync(process.argv[2], "utf8") + "\nthis.judge = judge;", context);
const cases = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(cases.map((c) => context.judge(c.text, c.answers, c.value) ?? null)));
