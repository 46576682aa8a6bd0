// Conditions: the part of CEL in which a questionnaire says what to ask next and what a good answer is.
// A condition is true, false, or undefined where it cannot be decided.

const tokens = /\s*(\|\||&&|==|!=|<=|>=|[<>!()[\],]|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[a-z]+)/y;

function tokenize(text) {
  const out = [];
  tokens.lastIndex = 0;
  while (tokens.lastIndex < text.trimEnd().length) {
    const m = tokens.exec(text);
    if (!m) throw new SyntaxError("condition");
    out.push(m[1]);
  }
  return out;
}

// compile makes of a condition a function of the answers and of the value that is judged.
function compile(text) {
  const list = tokenize(text);
  let at = 0;
  const next = (token) => list[at] === token && ++at > 0;
  const need = (token) => { if (!next(token)) throw new SyntaxError("condition"); };

  function either() {
    const parts = [both()];
    while (next("||")) parts.push(both());
    return parts.length === 1 ? parts[0] : (s) => decide(parts, s, true);
  }
  function both() {
    const parts = [one()];
    while (next("&&")) parts.push(one());
    return parts.length === 1 ? parts[0] : (s) => decide(parts, s, false);
  }
  function one() {
    if (next("!")) {
      need("(");
      const inner = either();
      need(")");
      return (s) => { const v = inner(s); return v === undefined ? v : !v; };
    }
    if (next("(")) {
      const inner = either();
      need(")");
      return inner;
    }
    const left = operand();
    const op = list[at++];
    if (op === "in" && next("[")) {
      const all = [];
      do all.push(operand()); while (next(","));
      need("]");
      return (s) => all.some((x) => x(s) === left(s));
    }
    const right = operand();
    if (!relations[op]) throw new SyntaxError("condition");
    return (s) => relations[op](left(s), right(s));
  }
  function operand() {
    const token = list[at++];
    if (token === undefined) throw new SyntaxError("condition");
    if (token === "value") return (s) => s.value;
    if (token === "null") return () => null;
    if (token === "size") {
      need("(");
      const of = operand();
      need(")");
      return (s) => { const v = of(s); return typeof v === "string" ? [...v].length : v.length; };
    }
    if (token === "answers") {
      need("[");
      const id = JSON.parse(list[at++]);
      need("]");
      return (s) => s.answers[id];
    }
    if (token[0] !== '"' && !/^-?\d/.test(token)) throw new SyntaxError("condition");
    const fixed = JSON.parse(token);
    return () => fixed;
  }

  const whole = either();
  if (at !== list.length) throw new SyntaxError("condition");
  return whole;
}

// decide joins parts: one that is `wins` settles it, and else one that is undecided leaves it so.
function decide(parts, scope, wins) {
  let result = !wins;
  for (const part of parts) {
    const v = part(scope);
    if (v === wins) return wins;
    if (v === undefined) result = undefined;
  }
  return result;
}

// ordered compares numbers, or days; anything else has no order.
const ordered = (test) => (a, b) => (typeof a === typeof b && (typeof a === "number" || typeof a === "string") ? test(a, b) : undefined);

const relations = {
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": ordered((a, b) => a < b),
  "<=": ordered((a, b) => a <= b),
  ">": ordered((a, b) => a > b),
  ">=": ordered((a, b) => a >= b),
  "in": (a, b) => (Array.isArray(b) ? b.includes(a) : undefined),
};

const compiled = new Map();

// judge evaluates a condition. One that this script cannot read is undecided: the server decides.
function judge(text, answers, value) {
  if (!compiled.has(text)) {
    try {
      compiled.set(text, compile(text));
    } catch {
      compiled.set(text, () => undefined);
    }
  }
  return compiled.get(text)({ answers, value });
}
