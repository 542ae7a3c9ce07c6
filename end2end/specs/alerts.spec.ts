// From a trip to "I have it" to resolved, by two people: one at a desk, one with a phone.
import type { Page } from "@playwright/test";
import { transition } from "../helpers/events.ts";
import { expect, test } from "../helpers/test.ts";

const row = (page: Page) => page.locator("[data-alert]");
const watching = (page: Page) => expect(page.locator("[data-watch]")).toHaveAttribute("data-live", "live");

test("a trip is seen by two, taken by one with two taps, and over when the breaker closes", async ({ browser, context, page, server }) => {
  await page.goto(`${server.url}/alerts`);
  await watching(page);
  await expect(page.locator("[data-verdict]")).toHaveText("Nothing needs anybody.");
  const phone = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await phone.addCookies(await context.cookies());
  const hand = await phone.newPage();
  await hand.goto(`${server.url}/alerts`);

  await server.push(transition("claude-sonnet", "closed", { provider: "anthropic" }));
  await server.push(transition("claude-sonnet", "open", { provider: "anthropic", failure_rate: 0.62, causes: { overloaded: 24 } }));
  await expect(row(page), "at the desk").toContainText("Breaker open: claude-sonnet", { timeout: 1_000 });
  await expect(page).toHaveTitle(/^\(1\) /);
  await expect(row(hand), "on the phone").toContainText("Breaker open: claude-sonnet", { timeout: 1_000 });

  await row(hand).getByRole("link").tap();
  await expect(hand.getByRole("heading", { name: "Breaker open: claude-sonnet" })).toBeVisible();
  await hand.getByRole("button", { name: "Acknowledge" }).tap();
  await expect(hand.getByText(/^You have it since/)).toBeVisible();
  await expect(row(page), "the other sees who has it").toContainText("You have it", { timeout: 1_000 });
  await expect(page).toHaveTitle("Alerts · Fuseboard");

  await server.push(transition("claude-sonnet", "closed", { provider: "anthropic" }));
  await expect(page.getByText("No alert is open.")).toBeVisible({ timeout: 20_000 });
  await page.getByRole("link", { name: "Resolved" }).click();
  await row(page).getByRole("link").click();
  const story = page.locator("[data-kind]");
  await expect(story.first()).toContainText("Resolved");
  expect(await story.evaluateAll((lines) => lines.map((line) => line.getAttribute("data-kind")).reverse())).toEqual(
    expect.arrayContaining(["fired", "acknowledged", "resolved"]),
  );
  await phone.close();
});

test("an alert is put off, assigned, spoken about and resolved, by keyboard and by hand", async ({ page, server }) => {
  await server.push(transition("gpt-5", "closed"), transition("gpt-5", "open"));
  await page.goto(`${server.url}/alerts`);
  await expect(row(page)).toHaveCount(1);
  await watching(page);
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/alerts\/\d+$/);
  // A key is heard once the page's script is there.
  await watching(page);
  await page.keyboard.press("a");
  await expect(page.getByText(/^You have it since/)).toBeVisible();
  await expect(row(page)).toContainText("You have it");
  await page.getByRole("button", { name: "Give back" }).click();
  await expect(page.getByRole("button", { name: "Acknowledge" })).toBeVisible();

  await page.getByText("Snooze…").click();
  await page.getByLabel("For").selectOption("15");
  await page.getByRole("button", { name: "Put off" }).click();
  await expect(page.getByText(/^Put off for another 1[45] min/)).toBeVisible();
  await page.getByRole("button", { name: "Take up again" }).click();
  await page.getByText("Assign…").click();
  await page.getByRole("button", { name: "Assign", exact: true }).click();
  await expect(page.getByText("Assigned to ada.")).toBeVisible();

  const note = "Called the provider.\n<b>They</b> know.";
  await page.getByLabel("A note").fill(note);
  await page.getByRole("button", { name: "Post" }).click();
  await expect(page.locator("[data-kind=commented]")).toContainText("<b>They</b> know.");

  await page.getByText("Resolve…").click();
  await page.getByLabel("Why").fill("A drill.");
  await page.getByRole("button", { name: "Resolve", exact: true }).click();
  await expect(page.locator("[data-kind=resolved]")).toContainText("ada resolved it");
});

test("a silence shows what it hides before it is made, and ends", async ({ guard, page, server }) => {
  guard.allow(/status of 422 .*\/alerts\/silences/);
  await server.push(transition("gpt-5", "closed"), transition("gpt-5", "open"));
  await page.goto(`${server.url}/alerts`);
  await row(page).getByRole("link").click();
  await page.getByRole("link", { name: "Silence…" }).click();
  await expect(page.getByText("It would hide one alert that is open now:")).toBeVisible();
  await page.getByLabel("Why").fill("Known since noon.");
  await page.getByRole("button", { name: "Silence", exact: true }).click();
  await expect(page.locator("[data-silence]")).toContainText("hides 1 alert");
  await page.goto(`${server.url}/alerts`);
  await expect(row(page)).toContainText("held back");
  await page.getByRole("link", { name: /^Silences/ }).click();
  await page.getByRole("button", { name: "End it" }).click();
  await expect(page.getByText("Nothing is silenced.")).toBeVisible();

  await page.getByLabel("Labels").fill('provider~"openai"');
  await page.getByLabel("Why").fill("A typing error.");
  await page.getByRole("button", { name: "Silence", exact: true }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByLabel("Labels"), "what was written is still there").toHaveValue('provider~"openai"');
});

test("a silence can be a maintenance window that comes back", async ({ guard, page, server }) => {
  guard.allow(/status of 422 .*\/alerts\/silences/);
  await page.goto(`${server.url}/alerts/silences?match=${encodeURIComponent('provider="openai"')}`);
  await page.getByLabel("Why").fill("Their nightly work.");
  await page.getByLabel("For").selectOption("90 days");
  await page.getByText("Only at certain hours", { exact: false }).click();
  await expect(page.getByLabel("By the clock of"), "of whoever makes it").toHaveValue(/^(UTC|\w+\/\w+)/);
  for (const day of ["Mon", "Tue", "Wed"]) await page.getByLabel(day, { exact: true }).check();
  await page.getByLabel("By the clock of").fill("Europe/Atlantis");
  await page.getByRole("button", { name: "Silence", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("repeat.zone: must be a time zone");
  await expect(page.getByLabel("Tue", { exact: true }), "what was chosen is still chosen").toBeChecked();
  await page.getByLabel("By the clock of").fill("Europe/Berlin");
  await page.getByRole("button", { name: "Silence", exact: true }).click();
  const made = page.locator("[data-silence]");
  await expect(made).toContainText("Mon to Wed, 22:00 to 06:00, Europe/Berlin, until");
  await expect(made).toContainText(/begins in|hides until/);
});

test("a rule is told as a sentence, and switched off and on", async ({ page, server }) => {
  await page.goto(`${server.url}/alerts/rules`);
  await expect(page.locator("[data-rule]")).toHaveCount(8);
  const rule = page.locator('[data-rule="Breaker open"]');
  await expect(rule).toContainText("When a breaker is open on half of the instances.");
  await rule.getByRole("button", { name: "Switch off" }).click();
  await expect(rule).toHaveAttribute("data-enabled", "false");
  await server.push(transition("gpt-5", "closed"), transition("gpt-5", "open"));
  await rule.getByRole("button", { name: "Switch on" }).click();
  await expect(rule).toHaveAttribute("data-enabled", "true");
});
