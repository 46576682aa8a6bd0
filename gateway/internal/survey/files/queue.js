// The queue: answers that wait on this device for a connection. Each has the id that it was made with,
// so that one that did arrive, unknown to us, is stored once.

const queueKey = "tandem-survey-queue";
const refusedKey = "tandem-survey-refused";
const mostAtOnce = 50;

// stored reads a value that this device keeps.
function stored(key, empty) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? empty;
  } catch {
    return empty;
  }
}

// keep writes down a value, nothing for an empty one; it tells whether the device took it.
function keep(key, value) {
  try {
    if (value === 0 || value?.length === 0) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

const waiting = () => stored(queueKey, []);

// enqueue keeps an answer, once.
function enqueue(entry) {
  const queue = waiting().filter((one) => one.responseId !== entry.responseId);
  return keep(queueKey, [...queue, entry]);
}

// drop takes answers out that were stored or refused; the queue may have grown in the meantime.
function drop(ids) {
  keep(queueKey, waiting().filter((one) => !ids.has(one.responseId)));
}

// flush sends what waits, survey by survey. It returns how many were stored and how many refused.
async function flush() {
  const counts = { stored: 0, refused: 0 };
  const byCode = Map.groupBy ? Map.groupBy(waiting(), (one) => one.code) : grouped(waiting());
  for (const [code, all] of byCode) {
    for (let from = 0; from < all.length; from += mostAtOnce) {
      const outcomes = await sendQueued(code, all.slice(from, from + mostAtOnce));
      if (!outcomes) return counts; // no connection, or no room for us now: the next time
      const done = outcomes.filter((o) => !o.retry);
      drop(new Set(done.map((o) => o.responseId)));
      counts.stored += done.filter((o) => o.receipt).length;
      counts.refused += done.filter((o) => !o.receipt).length;
    }
  }
  if (counts.refused) keep(refusedKey, stored(refusedKey, 0) + counts.refused);
  return counts;
}

function grouped(list) {
  const out = new Map();
  for (const one of list) out.set(one.code, [...(out.get(one.code) || []), one]);
  return out;
}

async function sendQueued(code, list) {
  const responses = list.map(({ responseId, language, answers }) => ({ responseId, language, answers }));
  try {
    const answer = await fetch("/v1/responses:submitQueued", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ code, responses }), credentials: "omit",
    });
    if (answer.ok) return (await answer.json()).outcomes || [];
    // A code that is gone, and answers that cannot be read, will be neither later. Only the API itself says
    // so: networks that want a login answer anything.
    const final = (answer.status === 404 || answer.status === 400) && answer.headers.get("Content-Type")?.includes("problem+json");
    if (!final) return null;
    if (list.length === 1) return [{ responseId: list[0].responseId, retry: false }];
    const each = []; // one that cannot be read keeps no other back
    for (const one of list) each.push(...(await sendQueued(code, [one]) || [{ responseId: one.responseId, retry: true }]));
    return each;
  } catch {
    return null;
  }
}
