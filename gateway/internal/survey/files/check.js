// Checks: what is wrong with the answers, said before they are sent. An answer that waits for a
// connection would else be refused when nobody is there any more. The server checks again.

// fault is the name of the text that says what is wrong with a question, "" for nothing.
function fault(q, values) {
  const d = q.dataset;
  const answer = readAnswer(q);
  if (answer?.wrong) return answer.wrong;
  if (d.kind === "matrix") {
    const missing = fields(q, "[data-row]").some((r) => ("required" in d || "required" in r.dataset) && !checkedValue(r));
    return missing ? "line" : "";
  }
  if (!answer) return "required" in d ? "required" : "";
  return bounds(q, answer) || (d.constraint && judge(d.constraint, values, valueOf(q, values)) === false ? "constraint" : "");
}

function bounds(q, answer) {
  const d = q.dataset;
  if (answer.options) return choices(q, answer.options.length);
  if (answer.number !== undefined) {
    if ("whole" in d && !Number.isInteger(answer.number)) return "whole";
    if (d.min !== undefined && answer.number < Number(d.min)) return "small";
    if (d.max !== undefined && answer.number > Number(d.max)) return "large";
  }
  if (answer.date && d.early && answer.date < d.early) return "early";
  if (answer.date && d.late && answer.date > d.late) return "late";
  if (answer.text && d.long && [...answer.text].length > Number(d.long)) return "long";
  return "";
}

function choices(q, count) {
  if (q.querySelector("input[data-exclusive]:checked")) return count > 1 ? "exclusive" : "";
  if (q.dataset.few && count < Number(q.dataset.few)) return "few";
  return q.dataset.many && count > Number(q.dataset.many) ? "many" : "";
}

// mark says at a question what is wrong with it, or that nothing is.
function mark(q, text) {
  q.classList.toggle("wrong", Boolean(text));
  document.getElementById(`e-${q.dataset.item}`).textContent = text;
  for (const field of fields(q, "input[type=text], textarea")) {
    if (text) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

// complain marks all that is wrong, lists it with links above the form, and tells whether there was anything.
function complain(form, say) {
  const values = follow(form);
  const wrong = [];
  for (const q of questionsOf(form)) {
    const name = q.hidden ? "" : fault(q, values);
    const text = name === "constraint" ? q.dataset.message || say.unfit : say[name] || "";
    mark(q, text);
    if (text) wrong.push([q, text]);
  }
  if (!wrong.length && answersOf(form).length) {
    document.getElementById("messages").replaceChildren();
    return false;
  }
  const box = element("div", { class: "box bad", role: "alert", tabindex: "-1", id: "alarm" }, element("p", {}, wrong.length ? say.look : say.nothing));
  if (wrong.length) {
    box.append(element("ul", {}, ...wrong.map(([q, text]) => element("li", {}, element("a", { href: `#${q.id}` },
      `${q.querySelector("legend").firstChild.textContent.trim()} — ${text}`)))));
  }
  document.getElementById("messages").replaceChildren(box);
  box.focus();
  return true;
}

// element makes an element of a page.
function element(name, attributes, ...inside) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.append(...inside);
  return e;
}
