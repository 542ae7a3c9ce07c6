// The pages about alerts: a bad quarter of an hour, taken by somebody.
import path from "node:path";
import { type Page, test as base } from "@playwright/test";
import { busyBoard, call, transition } from "../helpers/events.ts";
import { Server } from "../helpers/server.ts";

const OUT = process.env.PICTURES ?? "test-results/pictures";

const test = base.extend<{ server: Server }>({
  server: async ({ context }, use) => {
    const server = await Server.start();
    await context.addCookies([await server.signIn()]);
    await use(server);
    for (const page of context.pages()) await page.close();
    await server.stop();
  },
});

async function shot(page: Page, name: string): Promise<void> {
  await page.locator('[data-watch][data-live="live"]').waitFor();
  await page.screenshot({ path: path.join(OUT, `${name}.png`) });
}

test("alerts", async ({ context, page, server }) => {
  test.setTimeout(120_000);
  for (const [breaker, provider] of [
    ["claude-sonnet", "anthropic"],
    ["claude-haiku", "anthropic"],
    ["gemini-pro", "google"],
    ["mistral-large", "mistral"],
  ] as const) {
    await server.push(
      ...Array.from({ length: 20 }, (_, n) => call({ provider, model: breaker, breaker, outcome: n % 3 ? "ok" : "overloaded", ttft_ms: n % 3 ? 220 : undefined })),
      transition(breaker, "closed", { provider, instance: "api-1" }),
      transition(breaker, "closed", { provider, instance: "api-2" }),
      transition(breaker, "open", { provider, instance: "api-1", failure_rate: 0.62, causes: { overloaded: 24 } }),
    );
  }
  await server.push(transition("mistral-large", "closed", { provider: "mistral", instance: "api-1" }));
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${server.url}/alerts`);
  const row = (name: string) => page.locator("[data-alert]", { hasText: name });
  await row("gemini-pro").getByRole("button", { name: "Ack" }).click();
  await row("claude-sonnet").getByRole("link").click();
  await page.getByLabel("A note").fill("Overloaded since the deploy at noon; falling back to gpt-5.");
  await page.getByRole("button", { name: "Post" }).click();
  await page.locator("[data-kind=commented]").waitFor();
  await shot(page, "alerts-light");
  await context.addCookies([{ name: "fb_theme", value: "dark", url: server.url }]);
  await page.reload();
  await shot(page, "alerts-dark");
  await page.setViewportSize({ width: 390, height: 844 });
  await shot(page, "alert-phone-dark");
  await page.goto(`${server.url}/alerts`);
  await shot(page, "alerts-phone-dark");
  await context.addCookies([{ name: "fb_theme", value: "light", url: server.url }]);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${server.url}/alerts/rules`);
  await shot(page, "alert-rules-light");
  await page.goto(`${server.url}/alerts/silences?match=${encodeURIComponent('provider="anthropic"')}`);
  await page.getByLabel("Why").fill("Known, the provider is on it.");
  await shot(page, "alert-silence-light");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${server.url}/alerts/rules`);
  await shot(page, "alert-rules-phone");
});

// The board with alerts beside it, without a simulator: quick to take.
test("rail", async ({ context, page, server }) => {
  test.setTimeout(120_000);
  await server.push(...busyBoard());
  await server.push(transition("mistral-large", "closed", { provider: "mistral" }), transition("mistral-large", "open", { provider: "mistral" }));
  await page.setViewportSize({ width: 1440, height: 1130 });
  await page.goto(server.url);
  const rows = page.locator("alert-rail [data-alert]");
  const ready = async () => {
    await page.locator("body[data-hydrated]").waitFor();
    await page.locator('[data-live="live"]').first().waitFor();
    await page.evaluate(() => document.fonts.ready.then(() => undefined));
  };
  await rows.nth(2).waitFor();
  await page.keyboard.press("a");
  await page.locator("alert-rail .rail-who").waitFor();
  await server.push(transition("mistral-large", "closed", { provider: "mistral" }), transition("gemini-flash", "open", { provider: "google", failure_rate: 0.62 }));
  await page.locator("alert-rail [data-recovered]").waitFor();
  for (const theme of ["light", "dark"] as const) {
    await context.addCookies([{ name: "fb_theme", value: theme, url: server.url }]);
    for (const [name, width, height] of [["desk", 1440, 1130], ["laptop", 1280, 800], ["tablet", 1000, 1130], ["phone", 390, 844]] as const) {
      await page.setViewportSize({ width, height });
      await page.goto(server.url);
      await ready();
      await page.waitForTimeout(600);
      await page.screenshot({ path: path.join(OUT, `rail-${name}-${theme}.png`), animations: "disabled" });
    }
  }
  await page.screenshot({ path: path.join(OUT, "rail-phone-whole-dark.png"), fullPage: true, animations: "disabled" });
});
