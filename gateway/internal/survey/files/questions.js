// Questions: what has been answered, and which questions follow from it.

const digit = (c) => {
  const n = c.charCodeAt(0);
  if (n >= 0x660 && n <= 0x669) return String(n - 0x660);
  if (n >= 0x6f0 && n <= 0x6f9) return String(n - 0x6f0);
  return c === "," || c === "٫" ? "." : c;
};
const plainDigits = (text) => [...text.trim()].map(digit).join("");

const questionsOf = (form) => [...form.querySelectorAll("fieldset[data-item]")];
const fields = (q, selector) => [...q.querySelectorAll(selector)];
const checkedValue = (q) => q.querySelector("input:checked")?.value || "";

// readers read the answer of a question: an object as the API takes it, null for none. What cannot be
// read has the name of a text in `wrong`.
const readers = {
  choice: (q) => { const option = checkedValue(q); return option ? { option } : null; },
  boxes: (q) => {
    const options = fields(q, "input:checked").map((i) => i.value);
    return options.length ? { options } : null;
  },
  matrix: (q) => {
    const rows = {};
    for (const row of fields(q, "[data-row]")) {
      const option = checkedValue(row);
      if (option) rows[row.dataset.row] = option;
    }
    return Object.keys(rows).length ? { rows } : null;
  },
  ranking: (q) => {
    const placed = fields(q, "select").filter((s) => s.value).map((s) => [Number(s.value), s.dataset.option]);
    if (!placed.length) return null;
    placed.sort((a, b) => a[0] - b[0]);
    if (new Set(placed.map((p) => p[0])).size < placed.length) return { wrong: "places" };
    if (placed.some((p, i) => p[0] !== i + 1)) return { wrong: "gap" };
    return { options: placed.map((p) => p[1]) };
  },
  number: (q) => {
    const text = plainDigits(q.querySelector("input[type=text]").value);
    if (!text) return null;
    return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? { number: Number(text) } : { wrong: "number" };
  },
  date: (q) => {
    const [d, m, y] = fields(q, "input[type=text]").map((i) => plainDigits(i.value));
    if (!d && !m && !y) return null;
    const text = `${y.padStart(4, "0")}-${m.padStart(2, "0")}-${d.padStart(2, "0")}`;
    const at = new Date(`${text}T00:00:00Z`);
    const real = /^[1-9]\d{3}-\d\d-\d\d$/.test(text) && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
    return real ? { date: text } : { wrong: "day" };
  },
  line: (q) => { const text = q.querySelector("input[type=text]").value.trim(); return text ? { text } : null; },
  lines: (q) => { const text = q.querySelector("textarea").value.trim(); return text ? { text } : null; },
};

const readAnswer = (q) => readers[q.dataset.kind](q);

// enter notes what conditions see of an answer: of none too, as an empty one of its kind.
function enter(values, q, answer) {
  const id = q.dataset.item;
  switch (q.dataset.kind) {
    case "boxes":
    case "ranking":
      values[id] = answer?.options || [];
      break;
    case "matrix":
      for (const row of fields(q, "[data-row]")) values[`${id}/${row.dataset.row}`] = answer?.rows?.[row.dataset.row] || "";
      break;
    case "number":
      values[id] = answer?.number ?? null;
      break;
    case "date":
      values[id] = answer?.date ?? null;
      break;
    default:
      values[id] = answer?.option || answer?.text || "";
  }
}

const valueOf = (q, values) => (q.dataset.kind === "matrix" ? "" : values[q.dataset.item]);

// follow shows the questions that the answers lead to and hides the others, in their order: what is
// not asked counts as not answered. It returns what conditions see.
function follow(form) {
  const values = {};
  const all = questionsOf(form);
  for (const q of all) enter(values, q, null);
  for (const q of all) {
    const asked = !q.dataset.relevant || judge(q.dataset.relevant, values) === true;
    if (q.hidden === asked) q.hidden = q.disabled = !asked;
    if (asked) enter(values, q, readAnswer(q));
  }
  for (const part of form.querySelectorAll("section.part")) {
    part.hidden = !part.querySelector("fieldset[data-item]:not([hidden])");
  }
  return values;
}

// answersOf are the answers to the questions that are asked, as the API takes them.
function answersOf(form) {
  const out = [];
  for (const q of questionsOf(form)) {
    const answer = q.hidden ? null : readAnswer(q);
    if (answer && !answer.wrong) out.push({ item: q.dataset.item, ...answer });
  }
  return out;
}

// alone keeps an answer that excludes others by itself.
function alone(box) {
  const q = box.closest("fieldset[data-item]");
  if (!box.checked || q?.dataset.kind !== "boxes") return;
  const exclusive = "exclusive" in box.dataset;
  for (const other of fields(q, "input:checked")) {
    if (other !== box && (exclusive || "exclusive" in other.dataset)) other.checked = false;
  }
}
