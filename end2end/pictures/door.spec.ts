// Where people come in, as a new owner sees it: the link, the form, the first page; then signing in.
import path from "node:path";
import { expect, test as base } from "@playwright/test";
import { OWNER, Server } from "../helpers/server.ts";

const OUT = process.env.PICTURES ?? "test-results/pictures";

const test = base.extend<{ fresh: Server }>({
  fresh: async ({}, use) => {
    const server = await Server.startNew();
    await use(server);
    await server.stop();
  },
});

test("the first run", async ({ page, fresh }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(fresh.setupLink());
  await expect(page.getByLabel("Email")).toBeFocused();
  await page.screenshot({ path: path.join(OUT, "setup-light.png") });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.screenshot({ path: path.join(OUT, "setup-dark.png") });
  await page.emulateMedia({ colorScheme: "light" });
  await page.getByLabel("Email").fill(OWNER.email);
  await page.getByLabel("Password").fill("password1234");
  await page.getByRole("button").click();
  await expect(page.getByRole("alert")).toContainText("guessed");
  await page.screenshot({ path: path.join(OUT, "setup-wrong-light.png") });
  await page.getByLabel("Password").fill(OWNER.password);
  await page.getByRole("button").click();
  await expect(page).toHaveURL(/\/connect$/);
  await page.screenshot({ path: path.join(OUT, "connect-new-light.png") });
  await page.getByRole("link", { name: "Sign out" }).click();
  await page.screenshot({ path: path.join(OUT, "logout-light.png") });
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/login$/);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.screenshot({ path: path.join(OUT, "login-phone.png") });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.screenshot({ path: path.join(OUT, "login-phone-dark.png") });
  await page.getByLabel("Email").fill(OWNER.email);
  await page.getByLabel("Password").fill(OWNER.password);
  await page.keyboard.press("Enter");
  await expect(page.locator("body")).toHaveAttribute("data-hydrated", /.*/);
  await page.screenshot({ path: path.join(OUT, "board-phone.png") });
});
