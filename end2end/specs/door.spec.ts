// How people come in, in a browser: the link of a new server, signing in and out, and a session that ends meanwhile.
import type { Page } from "@playwright/test";
import { OWNER } from "../helpers/server.ts";
import { expect, test } from "../helpers/stranger.ts";
import { code } from "../helpers/totp.ts";

async function signIn(page: Page, password = OWNER.password): Promise<void> {
  await page.getByLabel("Email").fill(OWNER.email);
  await page.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");
}

test("from the link to the first event", async ({ page, fresh }) => {
  await page.goto(`${fresh.url}/providers`);
  await expect(page, "a stranger sees nothing").toHaveURL(/\/setup$/);
  await page.goto(fresh.setupLink());
  await expect(page.getByLabel("Setup token")).toBeHidden();
  expect(page.url(), "the token is out of the address").not.toContain("#");
  await page.getByLabel("Email").fill(OWNER.email);
  await page.getByLabel("Password").fill(OWNER.password);
  await page.getByRole("button", { name: "Create the owner" }).click();
  await expect(page).toHaveURL(/\/connect$/);
  await expect(page.locator("body")).toHaveAttribute("data-hydrated", /.*/);
  const pasted = () => page.locator("#snippet mark").innerText();
  const before = await pasted();
  await page.getByPlaceholder("Name of the service").fill("checkout");
  await page.getByRole("button", { name: "Make a key" }).click();
  await expect(page.locator("[data-making]")).toHaveAttribute("data-making", "made");
  const key = await pasted();
  expect(key).toMatch(/^fb_default_/);
  expect(key, "it is the new one").not.toBe(before);
  await page.getByRole("tab", { name: "Python" }).click();
  expect(await pasted(), "in every snippet").toBe(key);
  const sent = await fetch(`${fresh.url}/api/v1/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify([{ type: "call", provider: "openai", model: "gpt-5", outcome: "ok", duration_ms: 812 }]),
  });
  expect(sent.status).toBe(200);
  await page.getByRole("link", { name: "Board" }).click();
  await expect(page.locator('[data-provider="openai"]')).toBeVisible();
  expect((await fetch(`${fresh.url}/setup`, { redirect: "manual" })).headers.get("location"), "the setup is over").toBe("/login");
});

test("signing in leads to the page that was asked for, and out again", async ({ guard, page, server }) => {
  guard.allow(/422 .*\/login/);
  await page.goto(`${server.url}/breakers?from=now-7d&to=now`);
  await expect(page).toHaveURL(/\/login\?next=/);
  await signIn(page, "another umbrella");
  await expect(page.getByRole("alert")).toHaveText("The address or the password is wrong.");
  await expect(page.getByLabel("Email")).toHaveValue(OWNER.email);
  await expect(page.getByLabel("Password")).toHaveValue("");
  await signIn(page);
  await expect(page).toHaveURL(/\/breakers\?from=now-7d&to=now$/);
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("link", { name: "Sign out" }).click();
  await expect(page.getByText(OWNER.email)).toBeVisible();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/login$/);
  await page.goBack();
  await page.reload();
  await expect(page, "nothing is left to look at").toHaveURL(/\/login/);
});

test("a page whose session ends elsewhere goes to the door and comes back", async ({ page, server }) => {
  await page.goto(`${server.url}/login`);
  await signIn(page);
  await expect(page.locator("[data-live]").first()).toHaveAttribute("data-live", "live");
  const cookies = await page.context().cookies();
  const other = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const out = await fetch(`${server.url}/logout`, { method: "POST", redirect: "manual", headers: { origin: server.url, cookie: other } });
  expect(out.status).toBe(303);
  await expect(page).toHaveURL(/\/login/, { timeout: 8_000 });
  await signIn(page);
  await expect(page.locator("[data-live]").first()).toHaveAttribute("data-live", "live");
});

test("an account with a second factor is asked for a code, and a recovery code does too", async ({ guard, page, server }) => {
  guard.allow(/422 .*\/login\/code/);
  const cookie = async () => (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const out = async () => {
    await page.goto(`${server.url}/logout`);
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page).toHaveURL(/\/login$/);
  };
  await page.goto(`${server.url}/login`);
  await signIn(page);
  await expect(page.locator("[data-live]").first()).toHaveAttribute("data-live", "live");
  const { secret, recoveryCodes } = await server.secondFactor(await cookie());
  await out();

  await page.goto(`${server.url}/login?next=/providers`);
  await signIn(page);
  await expect(page.getByRole("heading", { name: "One more step" })).toBeVisible();
  await expect(page.getByLabel("Code")).toBeFocused();
  const names = (await page.context().cookies()).map(({ name }) => name);
  expect(names, "nothing to come in with yet, but this browser is known").toEqual([expect.stringMatching(/^fb_known/)]);
  await page.getByLabel("Code").fill("000000");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("This code is wrong");
  // The next code: the one of now has shown that the app works.
  await page.getByLabel("Code").fill(code(secret, 1));
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/providers$/);
  await out();

  await signIn(page);
  await page.getByLabel("Code").fill(recoveryCodes[0] ?? "");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.locator("[data-live]").first()).toHaveAttribute("data-live", "live");
  await page.goto(`${server.url}/login/code`);
  await expect(page, "nobody is half in by an address").toHaveURL(`${server.url}/`);
});
