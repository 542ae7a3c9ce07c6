// The page of a rule, over a week with five bad moments; and a maintenance window.
import path from "node:path";
import { type Page, test as base } from "@playwright/test";
import { type Event, call, transition } from "../helpers/events.ts";
import { Server } from "../helpers/server.ts";

const OUT = process.env.PICTURES ?? "test-results/pictures";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const test = base.extend<{ server: Server }>({
  server: async ({ context }, use) => {
    const server = await Server.start();
    await context.addCookies([await server.signIn()]);
    await use(server);
    for (const page of context.pages()) await page.close();
    await server.stop();
  },
});

/** Models that are slow for a while, hours ago: when, how long in minutes, how slow. */
const MODELS = [
  { provider: "openai", model: "gpt-5", usual: 620, bad: [[31, 9, 2_600], [140, 14, 2_900]] },
  { provider: "anthropic", model: "claude-sonnet", usual: 540, bad: [[80, 38, 3_400], [12, 8, 2_300]] },
  { provider: "google", model: "gemini-pro", usual: 410, bad: [[110, 8, 2_500]] },
] as const;

function week(): Event[] {
  const now = Date.now();
  const events: Event[] = [];
  for (const { provider, model, usual, bad } of MODELS) {
    for (let age = 160 * HOUR; age > 0; age -= 2 * MINUTE) {
      const trouble = bad.find(([hours, minutes]) => age <= hours * HOUR && age > hours * HOUR - minutes * MINUTE);
      const wave = 1 + 0.25 * Math.sin(((now - age) / (24 * HOUR)) * 2 * Math.PI) + 0.1 * Math.sin(age / 977);
      for (let n = 0; n < (trouble ? 4 : 1); n++) {
        const ttft = Math.round(trouble ? trouble[2] * (1 + n / 40) : usual * wave);
        events.push(call({ id: `${model}-${age}-${n}`, time: Math.round(now - age + n * 1_000), provider, model, ttft_ms: ttft, duration_ms: ttft + 900 }));
      }
    }
  }
  return events;
}

async function shot(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
  await page.screenshot({ path: path.join(OUT, `${name}.png`), fullPage: true });
}

test("rule", async ({ context, page, server }) => {
  test.setTimeout(180_000);
  const events = week();
  for (let at = 0; at < events.length; at += 1_000) await server.push(...events.slice(at, at + 1_000));
  const age = 80 * HOUR - 10 * MINUTE;
  await server.push(
    transition("claude-sonnet", "closed", { provider: "anthropic", time: Date.now() - 100 * HOUR }),
    transition("claude-sonnet", "open", { provider: "anthropic", time: Date.now() - age }),
    transition("claude-sonnet", "closed", { provider: "anthropic", time: Date.now() - age + 12 * MINUTE }),
  );
  const words = new URLSearchParams({
    kind: "threshold",
    name: "Slow first token",
    "condition.metric": "ttft_p95",
    "condition.group_by": "provider,model",
    "condition.side": "above",
    "condition.limit": "2 s",
    "condition.clear": "1.6 s",
    "condition.window_ms": "5 min",
    for_ms: "2 min",
    min_samples: "3",
    severity: "warning",
    days: "7",
  });
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${server.url}/alerts/rules/new?${words}`);
  await shot(page, "rule-light");
  await context.addCookies([{ name: "fb_theme", value: "dark", url: server.url }]);
  await page.reload();
  await shot(page, "rule-dark");
  await page.setViewportSize({ width: 390, height: 844 });
  await shot(page, "rule-phone-dark");
  await context.addCookies([{ name: "fb_theme", value: "light", url: server.url }]);
  await page.reload();
  await shot(page, "rule-phone");
  await page.setViewportSize({ width: 1440, height: 900 });
  for (const kind of ["change", "burn_rate", "absence", "breaker_state", "flapping"]) {
    await page.goto(`${server.url}/alerts/rules/new?kind=${kind}`);
    await shot(page, `rule-${kind}`);
  }
  await page.goto(`${server.url}/alerts/silences?match=${encodeURIComponent('provider="anthropic"')}`);
  await page.getByLabel("Why").fill("Their nightly work.");
  await page.getByText("Only at certain hours", { exact: false }).click();
  for (const day of ["Mon", "Tue", "Wed", "Thu", "Fri"]) await page.getByLabel(day, { exact: true }).check();
  await shot(page, "silence-window");
});
