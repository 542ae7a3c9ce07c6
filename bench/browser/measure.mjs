// P7, P13 and P20 as a browser has them: Chromium without a graphics card, driven by the Playwright of `end2end/`. Prints
// one line of JSON. What each figure is stands in bench/src/goals/browser.rs.
//
//   node measure.mjs URL VISITS CHANGES SECONDS
//
// FUSEBOARD_KEY may push events; FUSEBOARD_EMAIL and FUSEBOARD_PASSWORD are whose session the pages are seen in.
import { createRequire } from "node:module";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const [url, visits, changes, seconds] = process.argv.slice(2);
const require = createRequire(path.resolve(import.meta.dirname, "../../end2end/package.json"));
const { chromium } = require("@playwright/test");

const BREAKERS = 13;

async function push(...events) {
  const response = await fetch(`${url}/api/v1/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${process.env.FUSEBOARD_KEY}`, "content-type": "application/json" },
    body: JSON.stringify(events),
  });
  if (response.status !== 200) throw new Error(`the server answered ${response.status}: ${await response.text()}`);
}

const transition = (number, to) => ({
  type: "breaker",
  breaker: `breaker-${number}`,
  provider: ["openai", "anthropic", "google", "vllm"][number % 4],
  instance: "host-00",
  to,
});

function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

/** Signs in; the cookie, as a browser keeps it. */
async function signIn() {
  const { FUSEBOARD_EMAIL: email, FUSEBOARD_PASSWORD: password } = process.env;
  const answer = await fetch(`${url}/login`, {
    method: "POST",
    redirect: "manual",
    headers: { origin: url, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ email, password }).toString(),
  });
  const [name, value] = (answer.headers.get("set-cookie") ?? "").split(";")[0].split("=");
  if (answer.status !== 303 || !value) throw new Error(`not signed in: ${answer.status} ${await answer.text()}`);
  return { name, value, url, httpOnly: true, sameSite: "Lax" };
}

/** A fresh browser context with the session, so that nothing is cached. */
async function open(browser, session) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-GB", timezoneId: "UTC" });
  await context.addCookies([session]);
  await context.addInitScript(() => {
    const look = () => {
      if (document.querySelector('[data-live="live"]')) window.liveAt ??= performance.now();
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  const page = await context.newPage();
  return { context, page };
}

async function loads(browser, session) {
  const painted = [];
  const live = [];
  for (let visit = 0; visit < Number(visits); visit += 1) {
    const { context, page } = await open(browser, session);
    const answer = await page.goto(url);
    if (!/data-kpi="latency_p95"[^]*?class="v"[^>]*>[^<]*\d/.test(await answer.text())) {
      throw new Error("the page came without real numbers");
    }
    await page.waitForFunction(() => window.liveAt !== undefined);
    const times = await page.evaluate(() => ({
      painted: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
      live: window.liveAt,
    }));
    painted.push(times.painted);
    live.push(times.live);
    await context.close();
  }
  return { painted: quantile(painted, 0.5), live: quantile(live, 0.5) };
}

/** From the moment a transition is pushed to the frame after the one in which its lever changed. */
async function levers(page) {
  const times = [];
  for (let change = 0; change < Number(changes); change += 1) {
    const number = change % BREAKERS;
    const to = Math.floor(change / BREAKERS) % 2 === 0 ? "open" : "closed";
    await page.evaluate(
      ([name, state]) => {
        window.seen = new Promise((resolve) => {
          const look = () => {
            const lever = document.querySelector(`[data-breaker="${name}"]`);
            // Painted by the time the next frame begins.
            if (lever?.dataset.state === state) requestAnimationFrame(() => resolve(Date.now()));
            else requestAnimationFrame(look);
          };
          requestAnimationFrame(look);
        });
      },
      [`breaker-${number}`, to],
    );
    const sent = Date.now();
    await push(transition(number, to));
    times.push((await page.evaluate(() => window.seen)) - sent);
    await sleep(50 + Math.random() * 100);
  }
  return { pixel_p50: quantile(times, 0.5), pixel_p99: quantile(times, 0.99) };
}

/** What the main thread does for each frame that arrives, with every chart on the page drawn once. */
async function ticks(page, context) {
  for (const name of ["latency", "outcomes", "heat"]) {
    await page.locator(`[data-chart="${name}"]`).scrollIntoViewIfNeeded();
    await page.locator(`[data-chart="${name}"] canvas`).first().waitFor();
  }
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  let frames = 0;
  session.on("Network.webSocketFrameReceived", () => (frames += 1));
  const busy = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find((metric) => metric.name === "TaskDuration").value * 1000;
  };
  const before = await busy();
  await sleep(Number(seconds) * 1000);
  const after = await busy();
  return { tick: (after - before) / frames, frames_per_second: frames / Number(seconds) };
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
try {
  await push(...Array.from({ length: BREAKERS }, (_, number) => transition(number, "closed")));
  const session = await signIn();
  const loaded = await loads(browser, session);
  const { context, page } = await open(browser, session);
  await page.goto(url);
  await page.waitForFunction(() => window.liveAt !== undefined);
  const drawn = await levers(page);
  const ticked = await ticks(page, context);
  console.log(JSON.stringify({ ...loaded, ...drawn, ...ticked }));
} finally {
  await browser.close();
}
