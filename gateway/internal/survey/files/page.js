// The page: it puts the parts together.

const sleep = (seconds) => new Promise((done) => { setTimeout(done, seconds * 1000); });
const fresh = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
const kiosk = () => document.body.classList.contains("kiosk");

let say = {};

// show puts an answer of the server in the place of the page, and what has to be read first into focus.
function show(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const main = page.querySelector("main[data-say]");
  if (!main) return false; // a network that wants a login has pages of its own
  document.documentElement.lang = page.documentElement.lang;
  document.documentElement.dir = page.documentElement.dir;
  document.title = page.title;
  document.body.className = page.body.className;
  document.querySelector("main").replaceWith(document.adoptNode(main));
  document.querySelector("footer").replaceWith(document.adoptNode(page.querySelector("footer")));
  start(false);
  const first = document.querySelector("#alarm, #message, h1");
  first?.setAttribute("tabindex", "-1");
  first?.focus();
  first?.scrollIntoView({ block: "start" });
  return true;
}

// ask sends a form and gets a page. No answer at all, and one that says "later", is null.
async function ask(path, body) {
  try {
    const answer = await fetch(path, { method: "POST", body, headers: { Accept: "text/html" }, credentials: "omit" });
    return answer.status === 429 || answer.status >= 500 ? null : await answer.text();
  } catch {
    return null;
  }
}

const bodyOf = (form, action) => {
  const body = new URLSearchParams(new FormData(form));
  body.set("do", action);
  return body;
};

// send hands the answer in, or keeps it on the device when that is not possible now.
async function send(form) {
  if (complain(form, say)) return;
  const entry = {
    code: form.dataset.path.replace("/s/", ""), language: form.dataset.language, responseId: form.elements.response_id.value, answers: answersOf(form),
  };
  busy(form, true);
  const text = await ask(form.dataset.path, bodyOf(form, "send"));
  busy(form, false);
  if (text !== null && show(text)) return;
  if (enqueue(entry)) later();
  else tell("line", say.needsLine);
}

// later says that the answer waits. For a kiosk that is as good as sent.
function later() {
  const main = document.querySelector("main");
  const path = main.querySelector("form").dataset.path;
  const place = element("div", { id: "thanks" }, element("h1", { tabindex: "-1" }, say.queued), element("p", {}, say.queuedWhy));
  if (kiosk()) place.append(element("p", { class: "send" }, element("a", { class: "button", href: path }, say.again)));
  main.replaceChildren(element("div", { id: "queue", class: "box warn", role: "status", hidden: "" }), place);
  place.querySelector("h1").focus();
  if (kiosk()) finish(place, say);
  report();
}

async function saveForLater(form) {
  busy(form, true);
  const text = await ask(form.dataset.path, bodyOf(form, "save"));
  busy(form, false);
  if (text === null || !show(text)) tell("line", say.needsLine);
}

// speak shows the form in another language, with all that was answered: the answers do not leave the page.
async function speak(form, language) {
  const kept = [...new FormData(form)].filter(([name]) => name !== "language" && name !== "shown");
  const query = new URLSearchParams(location.search);
  query.set("lang", language);
  try {
    const answer = await fetch(`${form.dataset.path}?${query}`, { headers: { Accept: "text/html" }, credentials: "omit" });
    if (!answer.ok || !show(await answer.text())) throw new Error("no form");
  } catch {
    tell("line", say.needsLine);
    return;
  }
  refill(document.getElementById("answers"), kept);
  document.querySelector(".languages [aria-pressed=true]")?.focus();
}

function refill(form, kept) {
  for (const [name, value] of kept) {
    for (const field of [...form.elements].filter((one) => one.name === name)) {
      if (field.type === "radio" || field.type === "checkbox") field.checked ||= field.value === value;
      else field.value = value;
    }
  }
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

function busy(form, on) {
  form.setAttribute("aria-busy", String(on));
  for (const button of form.querySelectorAll("button")) button.disabled = on;
  if (on) tell("line", say.sending);
  else tell("line", "");
}

// tell says a text in a place for it, or takes the place away.
function tell(id, text) {
  const place = document.getElementById(id);
  if (!place) return;
  place.hidden = !text;
  place.textContent = text;
}

// report says what waits on this device.
function report(arrived = 0) {
  const texts = [];
  const count = waiting().length;
  const refused = stored(refusedKey, 0);
  keep(refusedKey, 0); // said once
  if (arrived) texts.push(say.sent);
  if (count) texts.push(say.waiting.replace("%d", count));
  if (refused) texts.push(say.refused.replace("%d", refused));
  tell("queue", texts.join(" "));
}

let sending = null;

// drain sends what waits, one after the other also when asked twice.
function drain() {
  sending ||= flush().then((counts) => { report(counts.stored); return counts; }).finally(() => { sending = null; });
  return sending;
}

// listen follows the answers and the buttons of a form.
function listen(form) {
  form.addEventListener("change", (event) => { if (event.target.type === "checkbox") alone(event.target); clears(form); follow(form); });
  form.addEventListener("input", () => follow(form));
  form.addEventListener("submit", (event) => {
    const action = event.submitter?.value || "send";
    event.preventDefault();
    if (action.startsWith("language:")) speak(form, action.slice("language:".length));
    else if (action === "save") saveForLater(form);
    else send(form);
  });
  document.getElementById("messages").addEventListener("click", (event) => {
    const question = event.target.closest("a")?.hash && document.querySelector(event.target.closest("a").hash);
    if (!question) return;
    event.preventDefault(); // an address in the history would lead back into a form that was sent
    question.scrollIntoView({ block: "start" });
    (question.querySelector("input:not([type=hidden]), select, textarea") || question).focus({ preventScroll: true });
  });
  follow(form);
  clears(form);
}

// clears lets a choice be taken back, which radio buttons alone do not.
function clears(form) {
  for (const q of form.querySelectorAll("fieldset.choice:not([data-required]), fieldset.row:not([data-required])")) {
    if (q.matches(".row") && "required" in q.closest("[data-item]").dataset) continue;
    const there = q.querySelector("button.clear");
    if (!checkedValue(q)) there?.remove();
    else if (!there) {
      const button = element("button", { type: "button", class: "clear quiet", "aria-label": `${say.clear}: ${q.querySelector("legend").firstChild.textContent.trim()}` }, say.clear);
      button.addEventListener("click", () => {
        const chosen = q.querySelector("input:checked");
        chosen.checked = false;
        chosen.focus();
        form.dispatchEvent(new Event("change", { bubbles: true }));
      });
      q.append(button);
    }
  }
}

// install lets the device keep the form, so that it opens without a connection.
async function install(form) {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("/s/worker.js", { scope: "/s/" });
    const worker = (await navigator.serviceWorker.ready).active;
    const pages = [location.pathname + location.search];
    for (const button of kiosk() ? form.querySelectorAll(".languages button") : []) {
      const query = new URLSearchParams(location.search);
      query.set("lang", button.value.slice("language:".length));
      pages.push(`${form.dataset.path}?${query}`);
    }
    const files = [document.querySelector("link[rel=stylesheet]").href, document.querySelector("script[src]").href];
    worker.postMessage({ keep: [...pages, ...files] });
  } catch {
    // A device that keeps nothing still answers with a connection.
  }
}

// forget removes from the device the form of a code that is used up.
async function forget(path) {
  const registration = await navigator.serviceWorker?.getRegistration("/s/");
  registration?.active?.postMessage({ forget: path });
}

// closing says by the reader's own clock when the survey closes.
function closing() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    time.textContent = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" }).format(at);
  }
}

// saved offers to copy the link to come back.
function saved(place) {
  const link = place.querySelector("#link");
  link.textContent = link.href;
  if (!navigator.clipboard) return;
  const button = element("button", { type: "button", class: "quiet" }, say.copy);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(link.href);
    button.textContent = say.copied;
  });
  link.parentElement.after(element("p", {}, button));
}

// come back: the key stands behind the # of the link, which browsers send to nobody.
async function comeBack(form) {
  const key = new URLSearchParams(location.hash.slice(1)).get("resume");
  if (!key) return;
  history.replaceState(null, "", location.pathname + location.search);
  const text = await ask(`${form.dataset.path}/resume`, new URLSearchParams({ resume_key: key, language: new URLSearchParams(location.search).get("lang") || "" }));
  if (text === null || !show(text)) tell("line", say.needsLine);
}

// start makes a page work; whole is false for one that was put in the place of another.
function start(whole) {
  say = JSON.parse(document.querySelector("main").dataset.say);
  closing();
  const form = document.getElementById("answers");
  if (form) {
    if (whole) form.elements.response_id.value = fresh(); // a page that the device kept has the id of the first time
    listen(form);
    document.getElementById("resume")?.addEventListener("submit", async (event) => {
      event.preventDefault();
      const text = await ask(event.target.action, new URLSearchParams(new FormData(event.target)));
      if (text === null || !show(text)) tell("line", say.needsLine);
    });
    if ("kiosk" in form.dataset) { watch(); fullScreen(form, say); }
    if (whole) { install(form); comeBack(form); }
  }
  const thanks = document.getElementById("thanks");
  if (thanks) finished(thanks);
  const kept = document.getElementById("saved");
  if (kept) saved(kept);
  report();
}

function finished(thanks) {
  if ("kiosk" in thanks.dataset) finish(thanks, say);
  else {
    const print = element("button", { type: "button", class: "quiet" }, say.print);
    print.addEventListener("click", () => window.print());
    thanks.append(print);
    if (thanks.dataset.path && !thanks.querySelector(`a[href="${thanks.dataset.path}"]`)) forget(thanks.dataset.path);
  }
}

async function retry() {
  for (;;) {
    await sleep(30);
    if (waiting().length) await drain();
  }
}

addEventListener("online", () => { tell("line", ""); drain(); });
addEventListener("offline", () => tell("line", say.offline));
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); }); // nobody sees the form of somebody before
start(true);
if (!navigator.onLine) tell("line", say.offline);
drain();
retry();
