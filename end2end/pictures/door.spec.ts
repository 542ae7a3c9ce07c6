// Where people come in, as a new owner sees it: the link, the form, the first page; then signing in.
import path from "node:path";
import { type Page, expect, test as base } from "@playwright/test";
import { OWNER, Server } from "../helpers/server.ts";

const OUT = process.env.PICTURES ?? "test-results/pictures";

const test = base.extend<{ fresh: Server }>({
  fresh: async ({}, use) => {
    const server = await Server.startNew();
    await use(server);
    await server.stop();
  },
});

const shot = (page: Page, name: string) => page.screenshot({ path: path.join(OUT, `${name}.png`) });

test("the first run", async ({ page, fresh }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(fresh.setupLink());
  await page.getByLabel("Email").fill(OWNER.email);
  await page.getByLabel("Your name").fill("Ada");
  await page.getByLabel("Password").fill(OWNER.password);
  await shot(page, "first-run-1-owner");
  await page.getByRole("button").click();
  await expect(page).toHaveURL(/\/connect$/);
  await expect(page.locator("body")).toHaveAttribute("data-hydrated", /.*/);
  await page.getByPlaceholder("Name of the service").fill("checkout");
  await page.getByRole("button", { name: "Make a key" }).click();
  await expect(page.locator("[data-making]")).toHaveAttribute("data-making", "made");
  await shot(page, "first-run-2-connect");
  await fresh.push(
    { type: "call", provider: "openai", model: "gpt-5", outcome: "ok", duration_ms: 812 },
    { type: "breaker", breaker: "gpt-5", provider: "openai", to: "open", reason: "6 of 10 failed", instance: "pod-1" },
  );
  await page.getByRole("link", { name: "Board" }).click();
  await expect(page.locator('[data-breaker="gpt-5"]')).toBeVisible();
  await page.waitForTimeout(2_000);
  await shot(page, "first-run-3-board");
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("link", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/login$/);
  await shot(page, "sign-in-light");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.getByLabel("Email").fill(OWNER.email);
  await page.getByLabel("Password").fill("not my password");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toBeVisible();
  await shot(page, "sign-in-dark-phone");
});

test("the second factor", async ({ page }) => {
  const server = await Server.start();
  await page.setViewportSize({ width: 1440, height: 900 });
  const signIn = async () => {
    await page.goto(`${server.url}/login`);
    await page.getByLabel("Email").fill(OWNER.email);
    await page.getByLabel("Password").fill(OWNER.password);
    await page.keyboard.press("Enter");
  };
  await signIn();
  await expect(page).toHaveURL(`${server.url}/`);
  const cookies = await page.context().cookies();
  await server.secondFactor(cookies.map(({ name, value }) => `${name}=${value}`).join("; "));
  await page.context().clearCookies();
  await signIn();
  await expect(page.getByLabel("Code")).toBeFocused();
  await shot(page, "sign-in-code-light");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.getByLabel("Code").fill("000000");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toBeVisible();
  await shot(page, "sign-in-code-dark-phone");
  await server.stop();
});
