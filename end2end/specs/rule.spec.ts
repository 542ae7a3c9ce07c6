// A rule as a sentence: what it would have done is seen while it is written, before it is kept.
import { accessible } from "../helpers/axe.ts";
import { call } from "../helpers/events.ts";
import type { Server } from "../helpers/server.ts";
import { expect, test } from "../helpers/test.ts";

const MINUTE = 60_000;

/** Two hours of a provider that answers in 200 ms, and for five minutes an hour ago in 3 s. */
async function slowHour(server: Server): Promise<void> {
  const now = Date.now();
  const events = Array.from({ length: 360 }, (_, n) => {
    const time = now - 2 * 60 * MINUTE + n * 20_000;
    const ago = now - time;
    const slow = ago < 60 * MINUTE && ago > 55 * MINUTE;
    return call({ id: `slow-${n}`, time, provider: "openai", model: "gpt-5", ttft_ms: slow ? 3_000 : 200, duration_ms: slow ? 4_000 : 900 });
  });
  for (let at = 0; at < events.length; at += 240) await server.push(...events.slice(at, at + 240));
}

test("the words of a rule say what it would have done, the line can be dragged, and it is kept", async ({ guard, page, server }) => {
  guard.allow(/status of 422 .*\/alerts\/rules/);
  await slowHour(server);
  await page.goto(`${server.url}/alerts/rules`);
  await page.getByRole("link", { name: "New rule" }).click();
  const told = page.locator("[data-fired-words]");
  await expect(told).toHaveText("It would not have fired in 14 days");
  // 15 calls are in each window; 30 are asked for until somebody says otherwise.
  await page.getByLabel("At least so many calls").fill("5");
  // What came late is a figure once it is stored.
  await expect(async () => {
    await page.getByLabel("At least so many calls").press("Enter");
    await expect(told).toHaveText("It would have fired once in 14 days", { timeout: 2_000 });
  }).toPass();
  await page.getByLabel("How far back").selectOption("1");
  await expect(told).toHaveText("It would have fired once in the last day");
  await expect(page).toHaveURL(/days=1/);
  await expect(page.getByRole("cell", { name: "gpt-5 · openai" })).toBeVisible();
  const times = page.locator(".rule-times");
  await expect(times).toContainText("3 s");
  const desk = page.viewportSize()!;
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await times.evaluate((box) => box.scrollWidth - box.clientWidth), "each time folds on a phone").toBeLessThanOrEqual(0);
  await page.setViewportSize(desk);

  // Above what ever was: the line goes to the top.
  const line = page.locator("[data-line=limit][data-drag] circle");
  const plot = await page.locator(".rule-plot").boundingBox();
  const from = await line.boundingBox();
  if (!plot || !from) throw new Error("there is no chart");
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
  await page.mouse.down();
  await page.mouse.move(from.x, plot.y + 2, { steps: 5 });
  await page.mouse.up();
  await expect(told).toHaveText("It would not have fired in the last day");
  const dragged = await page.getByLabel("The limit").inputValue();
  expect(Number.parseFloat(dragged)).toBeGreaterThan(2.9);
  expect(dragged).toMatch(/^[\d.]+ s$/);

  // What cannot be read is said where the answer was, and marked; what was written stays.
  await page.getByLabel("The limit").fill("quick");
  await expect(page.getByRole("alert")).toContainText("condition.limit: must be a length of time");
  await expect(page.getByLabel("The limit")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("The limit").fill("1500");
  await page.getByLabel("Clears at").fill("1200");
  await page.getByLabel("Clears at").press("Enter");
  await expect(told).toHaveText("It would have fired once in the last day");
  await expect(page.getByLabel("The limit")).toHaveValue("1.5 s");
  await expect(page.getByText("Nobody is told: no channel takes it.", { exact: false })).toBeVisible();

  // The address is all of it: whoever opens it sees the same.
  await page.reload();
  await expect(told).toHaveText("It would have fired once in the last day");
  await expect(page.getByLabel("The limit")).toHaveValue("1.5 s");
  await page.getByLabel("Name").fill("Slow first token");
  await page.getByRole("button", { name: "Save rule" }).click();
  const row = page.locator("[data-rule='Slow first token']");
  await expect(row).toContainText("above 1.5 s");
  await row.getByRole("link", { name: "Slow first token" }).click();
  await expect(page.getByLabel("Name")).toHaveValue("Slow first token");
  await page.getByText("Remove the rule…").click();
  await page.getByRole("button", { name: "Remove it" }).click();
  await expect(page).toHaveURL(/\/alerts\/rules$/);
  await expect(row).toHaveCount(0);
});

test("another metric begins with figures of its own, and another side turns them", async ({ page, server }) => {
  await page.goto(`${server.url}/alerts/rules/new`);
  await page.getByLabel("What is measured").selectOption("attempt_success");
  await expect(page.getByLabel("The limit")).toHaveValue("95%");
  await expect(page.getByLabel("On which side")).toHaveValue("below");
  await expect(page.locator("[data-fired-words]")).toHaveText("It would not have fired in 14 days");
  await page.getByLabel("On which side").selectOption("above");
  await expect(page.getByLabel("The limit")).toHaveValue("97%");
  await expect(page.getByLabel("Clears at")).toHaveValue("95%");
  await expect(page.getByRole("alert")).toHaveCount(0);
});

for (const theme of ["light", "dark"] as const) {
  test(`axe finds nothing in a rule of any kind, ${theme}`, async ({ context, page, server }) => {
    await slowHour(server);
    await context.addCookies([{ name: "fb_theme", value: theme, url: server.url }]);
    for (const kind of ["threshold", "change", "burn_rate", "absence", "breaker_state", "flapping"]) {
      await page.goto(`${server.url}/alerts/rules/new?kind=${kind}`);
      await accessible(page, kind);
    }
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${server.url}/alerts/rules/new`);
    await accessible(page, "a phone");
    const wide = await page.evaluate("document.documentElement.scrollWidth");
    expect(wide, "nothing is wider than the phone").toBeLessThanOrEqual(390);
  });
}

test("without scripts a button asks, and it is kept all the same", async ({ browser, server }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  await context.addCookies([await server.signIn()]);
  const page = await context.newPage();
  await page.goto(`${server.url}/alerts/rules/new?kind=flapping`);
  await page.getByLabel("So often").fill("7");
  await page.getByRole("button", { name: "See what it would have done" }).click();
  await expect(page.getByLabel("So often")).toHaveValue("7");
  await page.getByLabel("Name").fill("Restless");
  await page.getByRole("button", { name: "Save rule" }).click();
  await expect(page.locator("[data-rule='Restless']")).toContainText("opens 7 times");
  await context.close();
});
