// The settings in a browser: a key for a service, an invitation, and a session that ends elsewhere.
import type { Page } from "@playwright/test";
import { accessible } from "../helpers/axe.ts";
import { OWNER, type Server } from "../helpers/server.ts";
import { expect, test } from "../helpers/stranger.ts";
import { code } from "../helpers/totp.ts";

async function open(page: Page, server: Server, path: string): Promise<void> {
  await page.goto(`${server.url}/login?next=${encodeURIComponent(path)}`);
  await page.getByLabel("Email").fill(OWNER.email);
  await page.getByLabel("Password").fill(OWNER.password);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(`${server.url}${path}`);
}

test("a key is made, copied, used and revoked", async ({ context, page, server }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(page, server, "/");
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("link", { name: "Keys" }).click();
  await page.getByLabel("Name").fill("checkout");
  await page.getByLabel("Only from").fill("127.0.0.0/8, ::1");
  await page.getByRole("button", { name: "Make the key" }).click();
  await page.getByRole("button", { name: "Copy" }).click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  const key = await page.evaluate(() => navigator.clipboard.readText());
  const send = () =>
    fetch(`${server.url}/api/v1/events`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify([{ type: "call", provider: "openai", model: "gpt-5", outcome: "ok", duration_ms: 812 }]),
    }).then((answer) => answer.status);
  expect(await send()).toBe(200);
  await page.getByRole("link", { name: "Keys" }).click();
  const row = page.getByRole("row", { name: /checkout/ });
  await row.getByText("Revoke…").click();
  await page.keyboard.press("Escape");
  await expect(row.getByRole("button", { name: "Revoke checkout" })).toBeHidden();
  await row.getByText("Revoke…").click();
  await row.getByRole("button", { name: "Revoke checkout" }).click();
  await expect(page.getByRole("status")).toHaveText("The key is revoked.");
  await expect.poll(send, { timeout: 8_000 }).toBe(401);
});

test("somebody is invited and finds only what is theirs", async ({ browser, guard, page, server }) => {
  await open(page, server, "/settings/members");
  await page.getByLabel("Email").fill("bo@example.com");
  await page.locator("[data-form=invite]").getByLabel("Role").selectOption("viewer");
  await page.getByRole("button", { name: "Make a link" }).click();
  const link = await page.locator("[data-once]").innerText();
  const theirs = await browser.newContext();
  await guard.watch(theirs);
  const other = await theirs.newPage();
  await other.goto(link);
  await other.getByLabel("Your name").fill("Bo");
  await other.getByLabel("Password").fill("a harbour in november");
  await other.keyboard.press("Enter");
  await expect(other.locator("[data-live]").first()).toHaveAttribute("data-live", "live");
  await other.getByRole("link", { name: "Settings" }).click();
  await expect(other.getByText("Bo is viewer of default")).toBeVisible();
  await expect(other.getByRole("link", { name: "Keys" })).toHaveCount(0);
  await other.goto(`${server.url}/providers`);
  await expect(other.locator("[data-live]").first()).toHaveAttribute("data-live", "live");
  await page.goto(`${server.url}/settings/members`);
  const row = page.getByRole("row", { name: /bo@example.com/ });
  await row.getByText("Remove…").click();
  await row.getByRole("button", { name: "Remove Bo" }).click();
  await expect(page.getByRole("row", { name: /bo@example.com/ })).toHaveCount(0);
  await expect(other, "who was sent away sees nothing any more").toHaveURL(/\/login/, { timeout: 8_000 });
  await theirs.close();
});

test("a second factor is set up, asked for, and turned off", async ({ guard, page, server }) => {
  guard.allow(/422/);
  await open(page, server, "/settings");
  const card = page.locator(".second");
  await card.getByRole("button", { name: "Set it up" }).click();
  await expect(card.getByRole("img", { name: "QR code" })).toBeVisible();
  const seed = await card.locator("code").innerText();
  await card.getByLabel("The code that the app shows").fill("000000");
  await card.getByRole("button", { name: "Turn it on" }).click();
  await expect(card.getByRole("alert")).toBeVisible();
  await card.getByLabel("The code that the app shows").fill(code(seed));
  await card.getByRole("button", { name: "Turn it on" }).click();
  const codes = (await page.locator("[data-once]").innerText()).trim().split(/\s+/);
  expect(codes).toHaveLength(10);
  await expect(card).toContainText("10 recovery codes are left.");
  await page.getByRole("link", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Email").fill(OWNER.email);
  await page.getByLabel("Password").fill(OWNER.password);
  await page.keyboard.press("Enter");
  await page.getByLabel("Code").fill(codes[0] ?? "");
  await page.keyboard.press("Enter");
  await expect(page.locator("[data-live]").first()).toHaveAttribute("data-live", "live");
  await page.goto(`${server.url}/settings`);
  await expect(card).toContainText("9 recovery codes are left.");
  await card.getByText("Turn it off…").click();
  await card.getByRole("button", { name: "Turn it off" }).click();
  await expect(card).toContainText("the password alone opens the account");
});

test("pages fit a phone", async ({ page, server }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, server, "/settings");
  for (const path of ["", "/members", "/keys", "/tenants", "/audit"]) {
    await page.goto(`${server.url}/settings${path}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide, path).toBeLessThanOrEqual(390);
    const beyond = await page.evaluate(() => [...document.querySelectorAll("table")].map((table) => table.scrollWidth - table.parentElement!.clientWidth));
    expect(beyond.length, `${path} has a table`).toBeGreaterThan(0);
    expect(Math.max(...beyond), `no table of ${path} scrolls sideways`).toBeLessThanOrEqual(0);
    await accessible(page, `${path} on a phone`);
  }
  const label = page.locator('[data-table="audit"] td').first();
  expect(await label.evaluate((cell) => getComputedStyle(cell, "::before").content), "a cell says its column").toBe('"Who"');
});

test("the theme that is chosen here is the board's", async ({ page, server }) => {
  await open(page, server, "/settings");
  await page.getByLabel("Dark").check();
  await page.locator("[data-form=theme]").getByRole("button").click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("link", { name: "Board" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect(page.locator("[data-live]").first()).toHaveAttribute("data-live", "live");
  await page.close();
});

test("a time is marked as not counting and a model is renamed, after a look; both are undone", async ({ page, server }) => {
  await open(page, server, "/settings/record");
  const mark = page.locator("[data-form=uncount]");
  await mark.getByLabel("From").fill("now-1h");
  await mark.getByLabel("To").fill("now");
  await mark.getByLabel("Of what").fill("service:batch");
  await mark.getByLabel("Why").fill("load test");
  await mark.getByRole("button", { name: "Look what it concerns" }).click();
  await expect(page.getByRole("heading", { name: "What would not be counted" })).toBeVisible();
  await accessible(page, "the record");
  await page.getByRole("button", { name: "Do not count it" }).click();
  await expect(page.getByRole("status")).toHaveText("It does not count any more. Undo it below at any time.");

  const rename = page.locator("[data-form=rename]");
  await rename.getByLabel("What").selectOption("model");
  await rename.getByLabel("Called", { exact: true }).fill("gpt4-turbo");
  await rename.getByLabel("Is called").fill("gpt-4-turbo");
  await rename.getByRole("button", { name: "Look what it concerns" }).click();
  await expect(page.getByRole("heading", { name: "What would be renamed" })).toBeVisible();
  await page.getByRole("button", { name: "Rename", exact: true }).click();
  await expect(page.getByRole("status")).toHaveText("It is called otherwise from now on. Undo it below at any time.");
  await accessible(page, "the record");

  for (const words of [/Not counted: service:batch/, /Called otherwise: model gpt4-turbo → gpt-4-turbo/]) {
    await page.getByRole("row", { name: words }).getByRole("button", { name: "Undo" }).click();
    await expect(page.getByRole("status")).toHaveText("It is undone.");
  }
  await expect(page.getByRole("button", { name: "Undo" })).toHaveCount(0);
});
