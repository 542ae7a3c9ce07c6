// An outage as two people live through it: one looks at the board, one is woken and opens a link on a phone. Whatever
// happens is on both screens within a second.
import { type Page, test as plain } from "@playwright/test";
import { call, transition } from "../helpers/events.ts";
import { join } from "../helpers/people.ts";
import { expect, test } from "../helpers/test.ts";

const SOON_MS = 1_000;

/** How long after `since` a page shows a text somewhere in `place`; asked every few milliseconds of a real clock. */
async function shows(page: Page, what: string, since: number, place: string, text: RegExp): Promise<number> {
  let at = 0;
  await expect
    .poll(
      async () => {
        const found = await page.evaluate((place) => document.querySelector<HTMLElement>(place)?.innerText ?? "", place);
        at = Date.now();
        return found.replace(/\s+/g, " ");
      },
      { message: what, timeout: 30_000, intervals: [15] },
    )
    .toMatch(text);
  const took = at - since;
  plain.info().annotations.push({ type: "latency", description: `${what}: ${took} ms` });
  console.log(`      ${what}: ${took} ms`);
  return took;
}

const failing = (n: number) => call({ provider: "anthropic", model: "claude-sonnet", breaker: "claude-sonnet", outcome: "overloaded", status: 529, ttft_ms: undefined, duration_ms: 200 + n });

test("an outage is one incident, seen, taken and over on two screens", async ({ board, browser, guard, page, server }) => {
  test.setTimeout(120_000);
  // Besides the defaults, a rule that looks at a minute only, so that the symptom comes while the test looks.
  const { name, value } = await server.signIn();
  const headers = { origin: server.url, cookie: `${name}=${value}`, "content-type": "application/json" };
  const condition = { threshold: { metric: "attempt_success", group_by: ["provider"], window_ms: 60_000, side: "below", limit: 0.9, clear: 0.95 } };
  const rule = { name: "Attempts failing now", condition, min_samples: 5, severity: "warning" };
  const made = await fetch(`${server.url}/api/v1/rules`, { method: "POST", headers, body: JSON.stringify(rule) });
  expect(made.status, await made.text()).toBe(201);
  await server.push(transition("claude-sonnet", "closed", { provider: "anthropic" }), ...Array.from({ length: 20 }, () => call()));

  const pocket = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await guard.watch(pocket);
  await join(server, pocket, "Grace", "operator");
  const phone = await pocket.newPage();
  await phone.goto(`${server.url}/alerts`);
  await expect(phone.locator("[data-watch]")).toHaveAttribute("data-live", "live");
  await board.open();
  await board.live();
  await expect(page.locator("alert-rail")).toContainText("Nothing needs anybody.");
  await expect(page.locator("[data-needs]")).toBeEmpty();

  // It breaks.
  await server.push(
    ...Array.from({ length: 24 }, (_, n) => failing(n)),
    transition("claude-sonnet", "open", { provider: "anthropic", failure_rate: 0.62, failure_threshold: 0.5, causes: { overloaded: 24 }, window_calls: 50 }),
  );
  const accepted = Date.now();
  const seen = await Promise.all([
    shows(page, "the alert on the board", accepted, "alert-rail", /Breaker open: claude-sonnet.* Ack/),
    shows(phone, "the alert on the phone", accepted, "[data-swap=list]", /Breaker open: claude-sonnet/),
  ]);
  for (const took of seen) expect(took).toBeLessThan(SOON_MS);
  await expect(page).toHaveTitle(/^\(1\) /);
  await expect(page.locator("link[rel=icon]")).toHaveAttribute("href", "/favicon-alert.svg");
  await expect(page.locator("[data-needs]")).toHaveText("1 needs somebody");

  // The calls that fail are a symptom: inside the same incident, and nobody is called for it.
  await shows(page, "the symptom inside (after the ten seconds of its bucket)", accepted, "alert-rail", /1 other alert inside/);
  await expect(page.locator("alert-rail [data-alert]")).toHaveCount(1);
  await expect(page).toHaveTitle(/^\(1\) /);

  // Woken: the link of the alert, and one button.
  await phone.locator("[data-alert]", { hasText: "Breaker open" }).getByRole("link").tap();
  await expect(phone.getByRole("heading", { name: "Breaker open: claude-sonnet" })).toBeVisible();
  await expect(phone.getByText("The same incident")).toBeVisible();
  await phone.getByRole("button", { name: "Acknowledge" }).tap();
  const pressed = Date.now();
  const taken = await Promise.all([
    shows(page, "the owner on the board", pressed, "alert-rail [data-alert]", /Grace, now/),
    shows(phone, "the owner on the phone", pressed, "[data-swap=detail]", /You have it since/),
  ]);
  for (const took of taken) expect(took).toBeLessThan(SOON_MS);
  await expect(page).not.toHaveTitle(/^\(/);
  await expect(page.locator("link[rel=icon]")).toHaveAttribute("href", "/favicon.svg");
  await expect(page.locator("alert-rail button")).toHaveCount(0);

  // It recovers.
  await server.push(transition("claude-sonnet", "closed", { provider: "anthropic" }));
  const closed = Date.now();
  const over = await Promise.all([
    shows(page, "the recovery on the board", closed, "alert-rail", /Recovered: Breaker open: claude-sonnet after .* · ack’d by Grace in/),
    shows(phone, "the recovery on the phone", closed, "[data-swap=detail]", /Resolved/),
  ]);
  for (const took of over) expect(took).toBeLessThan(SOON_MS);

  // What happened is told in order.
  await page.locator("alert-rail").getByRole("link", { name: /Recovered: Breaker open/ }).click();
  const story = page.locator("[data-kind]");
  await expect(story.first()).toContainText("Resolved");
  const kinds = await story.evaluateAll((lines) => lines.map((line) => line.getAttribute("data-kind")).reverse());
  expect(kinds.filter((kind) => kind !== "joined")).toEqual(["fired", "acknowledged", "resolved"]);
  await pocket.close();
});

test("of two who acknowledge at once one has it, and the other is told who and when", async ({ board, browser, guard, page, server }) => {
  guard.allow(/status of 422/);
  await server.push(transition("gpt-5", "closed"), transition("gpt-5", "open"), transition("gpt-5-mini", "closed"));
  const theirs = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await guard.watch(theirs);
  await join(server, theirs, "Grace", "operator");
  const other = await theirs.newPage();
  const row = (of: Page) => of.locator("alert-rail [data-alert]");
  await board.open();
  await other.goto(server.url);
  // Without the script yet, a press would be a form that leads back to the board.
  await expect(other.locator("body")).toHaveAttribute("data-hydrated", /.*/);
  for (const of of [page, other]) await expect(row(of)).toHaveCount(1);
  // Both answers are held back until both have pressed: neither can have known.
  let pressed = 0;
  let release = (): void => undefined;
  const both = new Promise<void>((resolve) => {
    release = resolve;
  });
  for (const context of [page.context(), theirs])
    await context.route("**/alerts/*", async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      pressed += 1;
      if (pressed === 2) release();
      await both;
      await route.continue();
    });
  await page.keyboard.press("a");
  await expect(row(page), "shown as done at once").toContainText("You, now");
  await row(other).getByRole("button").click();
  await expect(row(other)).toContainText(/You|ada/);
  const words = async (of: Page) => (await row(of).innerText()).replace(/\s+/g, " ");
  await expect.poll(async () => [await words(page), await words(other)].filter((text) => text.includes("Already acknowledged by")).length).toBe(1);
  const [mine, hers] = [await words(page), await words(other)];
  const [winner, loser, name] = hers.includes("Already") ? [mine, hers, "ada"] : [hers, mine, "Grace"];
  expect(winner).toMatch(/You, (now|\d+ s)/);
  expect(loser).toMatch(new RegExp(`${name}, (now|\\d+ s)`));
  expect(loser).toContain(`Already acknowledged by ${name}.`);

  // The reason stays while other things change.
  const losing = hers.includes("Already") ? other : page;
  await server.push(transition("gpt-5-mini", "open"));
  await expect(row(losing)).toHaveCount(2);
  await expect(losing.locator("alert-rail")).toContainText(`Already acknowledged by ${name}.`);
  await theirs.close();
});
