// Answers surveys in a browser. Usage: node browser.mjs ORIGIN CHROMIUM, in a folder with playwright-core
// and axe-core. It prints "ok NAME" or "not ok NAME: why" for each scenario. SHOTS names a folder for
// pictures of the pages, to be looked at.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [origin, executablePath] = process.argv.slice(2);
const require = createRequire(`${process.cwd()}/package.json`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const code = "abcdefghijklmnopqrstuvwxyz";
const survey = `${origin}/s/${code}`;
const shots = process.env.SHOTS;

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const control = async (what) => (await fetch(`${origin}/control/${what}`, { method: "POST" })).json();
const sent = () => control("sent");

// accessible holds a page to WCAG 2.2 AA as far as a program can tell. The page's own policy forbids
// scripts that are put into it, so the checker comes by the debugger.
async function accessible(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run({
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  }));
  assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`), [], name);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0, `${name} scrolls sideways`);
}

async function picture(page, name) {
  if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
}

async function fill(page) {
  await page.check('input[name="a/welcome"][value=high]');
  await page.check('input[name="a/ways"][value=mail]');
}

const press = (page, value) => page.click(`.send button[value="${value}"]`);
const heading = (page) => page.textContent("h1");
const arrives = (page, selector) => page.waitForSelector(selector, { timeout: 15000 });

const scenarios = {
  async "a form is answered"(page) {
    await page.goto(survey);
    await accessible(page, "the form");
    await picture(page, "form-en");
    assert.ok(await page.isHidden("#q-times"));
    await page.check('input[name="a/visited"][value=yes]');
    assert.ok(await page.isVisible("#q-times"), "a question follows at once");
    await page.fill('input[name="a/times"]', "12");
    assert.ok(await page.isVisible("#q-often"));
    await page.check('input[name="a/visited"][value=no]');
    assert.ok(await page.isHidden("#q-often"), "what is hidden counts as not answered");
    await press(page, "send");
    await arrives(page, "#alarm");
    assert.equal(await page.evaluate(() => document.activeElement.id), "alarm", "what is wrong gets the focus");
    await accessible(page, "the form with what is wrong");
    await picture(page, "form-en-wrong");
    assert.match(await page.textContent("#e-welcome"), /Please answer/);
    await page.click('#alarm a[href="#q-welcome"]');
    assert.equal(await page.evaluate(() => document.activeElement.name), "a/welcome", "a link leads to the field");
    await fill(page);
    await page.check('input[name="a/ways"][value=none]');
    assert.equal(await page.isChecked('input[name="a/ways"][value=mail]'), false, "one that excludes others stands alone");
    await press(page, "send");
    await arrives(page, "#thanks");
    await accessible(page, "the thanks");
    await picture(page, "thanks-en");
    const all = await sent();
    assert.equal(all.length, 1);
    assert.deepEqual(all[0].answers.map((a) => a.item), ["welcome", "visited", "ways"]);
    assert.equal(page.url(), survey, "nothing stands in the address");
    assert.deepEqual(await page.context().cookies(), []);
  },

  async "Spanish and Arabic keep the answers"(page) {
    await page.goto(survey);
    await fill(page);
    await page.fill('textarea[name="a/words"]', "kept");
    const id = await page.inputValue('input[name=response_id]');
    for (const [lang, dir] of [["es", "ltr"], ["ar", "rtl"]]) {
      await page.click(`button[value="language:${lang}"]`);
      await arrives(page, `html[lang=${lang}]`);
      assert.equal(await page.getAttribute("html", "dir"), dir);
      assert.ok(await page.isChecked('input[name="a/welcome"][value=high]'));
      assert.equal(await page.inputValue('textarea[name="a/words"]'), "kept");
      assert.equal(await page.inputValue("input[name=response_id]"), id);
      await accessible(page, `the form in ${lang}`);
      await picture(page, `form-${lang}`);
    }
    await press(page, "send");
    await arrives(page, "#thanks");
    assert.equal((await sent())[0].language, "ar");
    assert.equal((await sent())[0].responseId, id);
    await picture(page, "thanks-ar");
  },

  async "saved answers are resumed on another device"(page, fresh) {
    await page.goto(survey);
    await fill(page);
    await page.check('input[name="a/visited"][value=yes]');
    await page.fill('input[name="a/times"]', "3");
    await press(page, "save");
    await arrives(page, "#saved");
    await accessible(page, "the saved page");
    await picture(page, "saved-en");
    const link = await page.getAttribute("#link", "href");
    const other = await fresh();
    await other.goto(origin + link);
    await arrives(other, "#message");
    assert.ok(!other.url().includes("resume"), "the key leaves the address");
    assert.equal(await other.inputValue('input[name="a/times"]'), "3");
    await other.check('fieldset[data-row=office] input[value=high]');
    await press(other, "send");
    await arrives(other, "#thanks");
    assert.equal((await sent())[0].resumeKey, "key-to-come-back");
  },

  async "an answer waits for a connection"(page) {
    await page.goto(survey);
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => new Promise((done) => { setTimeout(done, 500); })));
    await control("down");
    await page.reload();
    assert.match(await heading(page), /Family survey/, "the device kept the form");
    await fill(page);
    await press(page, "send");
    await arrives(page, "#thanks");
    assert.match(await heading(page), /kept on this device/);
    assert.match(await page.textContent("#queue"), /wait on this device: 1/);
    await accessible(page, "the page of an answer that waits");
    await picture(page, "waits-en");
    await control("portal");
    const asked = page.waitForResponse((answer) => answer.url().endsWith(":submitQueued"));
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await (await asked).finished();
    await page.waitForTimeout(200);
    assert.match(await page.evaluate(() => localStorage.getItem("tandem-survey-queue")), /high/, "a login of the network takes no answer away");
    assert.equal((await control("up")).length, 0);
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await page.waitForFunction(() => !localStorage.getItem("tandem-survey-queue"), null, { timeout: 15000 });
    assert.match(await page.textContent("#queue"), /is stored/);
    const all = await sent();
    assert.equal(all.length, 1);
    assert.equal(all[0].answers[0].option, "high");
  },

  async "an answer that arrived unknown to the device is stored once"(page) {
    await page.goto(survey);
    await fill(page);
    const id = await page.inputValue("input[name=response_id]");
    await control("deaf"); // it stores, and the connection breaks before the answer
    await press(page, "send");
    await arrives(page, "#queue:not([hidden])");
    await control("up");
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await page.waitForFunction(() => !localStorage.getItem("tandem-survey-queue"), null, { timeout: 15000 });
    const all = await sent();
    assert.deepEqual(all.map((one) => one.responseId), [id]);
  },

  async "a kiosk begins anew"(page) {
    await control("kiosk");
    await page.clock.install();
    await page.goto(`${survey}?idle=60&reset=15`);
    await accessible(page, "the kiosk");
    await picture(page, "kiosk-en");
    assert.equal(await page.locator("button[value=save]").count(), 0);
    const first = await page.inputValue("input[name=response_id]");
    await fill(page);
    await press(page, "send");
    await arrives(page, "#thanks");
    await accessible(page, "the thanks of a kiosk");
    await picture(page, "kiosk-thanks-en");
    await page.clock.runFor(16000);
    await arrives(page, "#answers");
    assert.equal(await page.isChecked('input[name="a/welcome"][value=high]'), false, "nothing of the one before");
    assert.notEqual(await page.inputValue("input[name=response_id]"), first);

    await fill(page);
    await page.clock.runFor(61000);
    await arrives(page, "dialog");
    await accessible(page, "the warning of a kiosk");
    await picture(page, "kiosk-warning-en");
    await page.click("dialog button >> nth=0");
    assert.equal(await page.locator("dialog").count(), 0);
    assert.ok(await page.isChecked('input[name="a/welcome"][value=high]'), "who says that they are there loses nothing");
    await page.clock.runFor(61000);
    await arrives(page, "dialog");
    await page.clock.runFor(31000);
    await page.waitForFunction(() => !document.querySelector('input[name="a/welcome"]:checked') && !document.querySelector("dialog"));
    assert.equal((await sent()).length, 1);
  },

  async "without a script"(_, fresh) {
    const page = await fresh({ javaScriptEnabled: false });
    await page.goto(survey);
    await picture(page, "plain-en");
    await page.check('input[name="a/welcome"][value=high]');
    await page.check('input[name="a/visited"][value=yes]');
    await page.click(".send button[value=send]");
    assert.match(await page.textContent("#message"), /more questions/);
    await page.fill('input[name="a/times"]', "3");
    await page.check('fieldset[data-row=office] input[value=high]');
    await page.click('button[value="language:es"]');
    assert.equal(await page.inputValue('input[name="a/times"]'), "3");
    await page.press('input[name="a/times"]', "Enter"); // sends, and does not switch the language
    assert.match(await heading(page), /Gracias/);
    assert.equal((await sent())[0].answers.length, 4);
  },

  async "pages beside the form"(page) {
    for (const [name, path] of [["code", "/s"], ["unknown", "/s/zzzzzzzzzzzzzzzzzzzzzzzzzz"], ["opt-out", `/s/${code}/opt-out`]]) {
      await page.goto(origin + path);
      await accessible(page, name);
      await picture(page, `${name}-en`);
    }
    await page.click("button[value=this]");
    await accessible(page, "opted out");
    await control("closed");
    await page.goto(survey);
    await accessible(page, "closed");
    await picture(page, "closed-en");
  },

  async "a small telephone, and a page at 400 percent"(page) {
    await page.setViewportSize({ width: 320, height: 640 });
    for (const lang of ["en", "es", "ar"]) {
      await page.goto(`${survey}?lang=${lang}`);
      await page.check('input[name="a/visited"][value=yes]');
      await page.fill('input[name="a/times"]', "12");
      await accessible(page, `a telephone in ${lang}`);
      await picture(page, `phone-${lang}`);
      const small = await page.evaluate(() => [...document.querySelectorAll("button, select, summary, label.option, input[type=text]")]
        .filter((e) => e.checkVisibility() && !e.matches(".first") && Math.min(e.getBoundingClientRect().height, e.getBoundingClientRect().width) < 43.9)
        .map((e) => e.outerHTML));
      assert.deepEqual(small, [], "targets for fingers");
    }
  },

  async "by keyboard alone"(page) {
    await page.goto(survey);
    await page.focus('input[name="a/welcome"][value=low]');
    await page.keyboard.press("ArrowDown");
    assert.ok(await page.isChecked('input[name="a/welcome"][value=high]'));
    await page.focus('select[name="a/order/play"]');
    await page.keyboard.press("ArrowDown");
    assert.equal(await page.inputValue('select[name="a/order/play"]'), "1");
    await page.focus('.send button[value="send"]');
    assert.notEqual(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), "none");
    await page.keyboard.press("Enter");
    await arrives(page, "#thanks");
    assert.deepEqual((await sent())[0].answers.at(-1).options, ["play"]);
  },
};

for (const [name, play] of Object.entries(scenarios)) {
  const contexts = [];
  const problems = [];
  const fresh = async (options = {}) => {
    const context = await browser.newContext({ locale: "en-US", viewport: { width: 1100, height: 800 }, ...options });
    contexts.push(context);
    const page = await context.newPage();
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => { if (/Content Security Policy/.test(message.text())) problems.push(message.text()); });
    page.setDefaultTimeout(15000);
    return page;
  };
  try {
    await control("reset");
    await play(await fresh(), fresh);
    assert.deepEqual(problems, [], "errors of the page");
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`not ok ${name}: ${JSON.stringify(String(error.stack || error))}`);
  }
  await Promise.all(contexts.map((c) => c.close()));
}
await browser.close();
