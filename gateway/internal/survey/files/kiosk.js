// The kiosk: a device that many use one after the other. Nothing of one is left for the next.
// How long it waits stands in its address, so that a school can change it: ?idle=180&reset=20, in seconds.

const inAddress = (name, usual, least, most) => {
  const seconds = Number(new URLSearchParams(location.search).get(name));
  return seconds ? Math.min(most, Math.max(least, seconds)) : usual;
};
const idleAfter = inAddress("idle", 180, 30, 1800);
const resetAfter = inAddress("reset", 20, 10, 300);
const warnFor = 30;

let idle = 0;
let countdown = 0;

// anew begins again with an empty form.
function anew() {
  document.querySelector("form")?.reset();
  location.replace(location.pathname + location.search);
}

// count says a text with the seconds left, each second, and then does something.
function count(where, text, seconds, then) {
  clearInterval(countdown);
  let left = seconds;
  const tell = () => { where.textContent = text.replace("%d", left); };
  tell();
  countdown = setInterval(() => {
    left -= 1;
    if (left > 0) return tell();
    clearInterval(countdown);
    then();
  }, 1000);
}

// watch empties a form that somebody began and left; with a warning that is easy to answer.
function watch() {
  if (idle) return; // already, for a form in another language
  const touched = () => {
    clearTimeout(idle);
    idle = setTimeout(() => { if (begun()) warn(); }, idleAfter * 1000);
  };
  for (const event of ["pointerdown", "keydown", "input", "scroll"]) document.addEventListener(event, touched, { passive: true });
  touched();
}

function begun() {
  const form = document.getElementById("answers");
  return Boolean(form) && answersOf(form).length > 0;
}

function warn() {
  if (document.querySelector("dialog")) return;
  const left = element("p", { role: "timer", id: "left" });
  const stay = element("button", { type: "button" }, say.stay);
  const empty = element("button", { type: "button", class: "quiet" }, say.empty);
  const dialog = element("dialog", { "aria-labelledby": "still", "aria-describedby": "left" }, element("h2", { id: "still" }, say.still), left, element("div", { class: "send" }, stay, empty));
  document.body.append(dialog);
  const close = () => { clearInterval(countdown); dialog.remove(); };
  stay.addEventListener("click", close);
  dialog.addEventListener("cancel", close);
  empty.addEventListener("click", anew);
  dialog.showModal();
  count(left, say.empties, warnFor, anew);
}

// finish leads from the thanks to a new form, when the time is over or somebody asks.
function finish(place, say) {
  const left = element("p", { role: "timer" });
  const longer = element("button", { type: "button", class: "quiet" }, say.longer);
  longer.addEventListener("click", () => count(left, say.reset, resetAfter * 10, anew));
  const next = place.querySelector("a.button");
  next?.addEventListener("click", (event) => { event.preventDefault(); anew(); });
  next?.after(longer);
  place.append(left);
  count(left, say.reset, resetAfter, anew);
}

// fullScreen offers the whole screen, where the device can.
function fullScreen(form, say) {
  if (!document.fullscreenEnabled) return;
  const button = element("button", { type: "button", class: "quiet" }, say.full);
  button.addEventListener("click", () => { document.documentElement.requestFullscreen().catch(() => {}); button.remove(); });
  form.querySelector(".send").append(button);
}
