// Keeps questionnaires on a device, so that they open without a connection. Only empty forms are kept,
// those that the page names, and never an answer; a form that is not to be had any more is dropped.
"use strict";

const shelf = "tandem-survey-1";
const patience = 4000; // milliseconds until a connection that gives nothing counts as none

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) {
    if (name.startsWith("tandem-survey-") && name !== shelf) await caches.delete(name);
  }
  await self.clients.claim();
})()));

self.addEventListener("message", (event) => {
  if (event.data.keep) event.waitUntil(keep(event.data.keep));
  if (event.data.forget) event.waitUntil(forget(event.data.forget));
});

async function keep(addresses) {
  const cache = await caches.open(shelf);
  await Promise.all(addresses.map(async (address) => {
    const answer = await fetch(address, { credentials: "omit" }).catch(() => null);
    if (answer?.ok && !answer.redirected) await cache.put(address, answer);
  }));
}

async function forget(path) {
  const cache = await caches.open(shelf);
  for (const request of await cache.keys()) {
    if (new URL(request.url).pathname === path) await cache.delete(request);
  }
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (/^\/s\/[^/.]+$/.test(url.pathname)) event.respondWith(form(event.request, url));
  else if (url.pathname.startsWith("/assets/survey.")) event.respondWith(asset(event.request));
});

// form asks the server first: a form that has closed must not open.
async function form(request, url) {
  const cache = await caches.open(shelf);
  const kept = await cache.match(request) || await cache.match(url.pathname, { ignoreSearch: true });
  try {
    const answer = await fetch(request, kept ? { signal: AbortSignal.timeout(patience) } : {});
    if (answer.status === 404 || answer.status === 410) await forget(url.pathname);
    return answer.status >= 500 && kept ? kept : answer;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

// asset takes what is kept: its address changes with its content.
async function asset(request) {
  const cache = await caches.open(shelf);
  return await cache.match(request) || fetch(request);
}
