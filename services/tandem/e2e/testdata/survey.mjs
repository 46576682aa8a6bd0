// Answers the surveys of a running program in a browser, in three languages. Usage: node survey.mjs ORIGIN
// CHROMIUM CODES, in a folder with playwright-core and axe-core; CODES is JSON: web, kiosk and two tokens for
// each language. Exits with 1 and says why when something is not as it should be.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [origin, executablePath, codes] = process.argv.slice(2);
const { web, kiosk, tokens } = JSON.parse(codes);
const require = createRequire(`${process.cwd()}/package.json`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const thanks = { en: "Thank you", es: "Gracias", ar: "شكرًا لك" };

async function open(code, lang, options = {}) {
  const context = await browser.newContext({ locale: lang, viewport: { width: 390, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30000);
  page.on("pageerror", (error) => { throw error; });
  if (options.clock) await page.clock.install();
  await page.goto(`${origin}/s/${code}`);
  assert.equal(await page.getAttribute("html", "lang"), lang, "the browser's language");
  return page;
}

async function accessible(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
  assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`), [], name);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, `${name} scrolls sideways`);
}

// answer takes the first option of each question that is asked, of the first ones only when told how many.
async function answer(page, most = Infinity) {
  const names = await page.$$eval("fieldset[data-item]:not([hidden]) input[type=radio]", (all) => [...new Set(all.map((one) => one.name))]);
  assert.ok(names.length > 5);
  for (const name of names.slice(0, most)) await page.locator(`input[name="${name}"]`).first().check();
}

async function send(page, lang) {
  await page.click('.send button[value="send"]');
  await page.waitForSelector("#thanks");
  assert.equal(await page.textContent("h1"), thanks[lang]);
}

try {
  for (const lang of ["en", "es", "ar"]) {
    const [first, second] = tokens[lang];
    const link = await open(web, lang);
    assert.equal(await link.getAttribute("html", "dir"), lang === "ar" ? "rtl" : "ltr");
    await accessible(link, `the form in ${lang}`);
    if (process.env.SHOTS) await link.screenshot({ path: `${process.env.SHOTS}/real-${lang}.png`, fullPage: true });
    await answer(link);
    await send(link, lang);
    await accessible(link, `the thanks in ${lang}`);

    const token = await open(first, lang);
    await answer(token);
    await send(token, lang);
    await token.goto(`${origin}/s/${first}`);
    assert.equal(await token.locator("form").count(), 0, "a token takes one answer");

    const begun = await open(second, lang);
    await answer(begun, 3);
    await begun.click('.send button[value="save"]');
    await begun.waitForSelector("#saved");
    const back = await open(second, lang);
    await back.goto("about:blank");
    await back.goto(origin + await begun.getAttribute("#link", "href"));
    await back.waitForSelector("#message");
    assert.equal(await back.locator("fieldset[data-item] input:checked").count(), 3);
    await answer(back);
    await send(back, lang);

    const tablet = await open(kiosk, lang, { clock: true });
    await answer(tablet);
    await send(tablet, lang);
    await tablet.clock.runFor(25000);
    await tablet.waitForSelector("#answers");
    assert.equal(await tablet.locator("input:checked").count(), 0, "nothing of the one before");
  }
} catch (error) {
  console.log(error.stack || String(error));
  process.exitCode = 1;
}
await browser.close();
