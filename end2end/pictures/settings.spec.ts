// The settings, with a few members, keys and entries.
import path from "node:path";
import { type Page, test as base } from "@playwright/test";
import { OWNER, Server } from "../helpers/server.ts";

const OUT = process.env.PICTURES ?? "test-results/pictures";

const test = base.extend<{ server: Server }>({
  server: async ({}, use) => {
    const server = await Server.start();
    await use(server);
    await server.stop();
  },
});

const shot = (page: Page, name: string, fullPage = true) => page.screenshot({ path: path.join(OUT, `${name}.png`), fullPage });

test("the settings", async ({ page, server }) => {
  test.setTimeout(120_000);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${server.url}/login?next=/settings`);
  await page.getByLabel("Email").fill(OWNER.email);
  await page.getByLabel("Password").fill(OWNER.password);
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Keys" }).click();
  for (const [name, from] of [["checkout", "10.0.0.0/8"], ["search", ""], ["nightly report", "192.0.2.7"]] as const) {
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("Only from").fill(from);
    await page.getByRole("button", { name: "Make the key" }).click();
  }
  await shot(page, "settings-key-made-light");
  await page.getByRole("link", { name: "Keys" }).click();
  await page.getByRole("row", { name: /search/ }).getByText("Revoke…").click();
  await shot(page, "settings-keys-light", false);
  await page.getByRole("button", { name: "Revoke search" }).click();
  await page.getByRole("link", { name: "Members" }).click();
  for (const [email, role] of [["bo@example.com", "operator"], ["cleo@example.com", "admin"]] as const) {
    await page.getByLabel("Email").fill(email);
    await page.locator("[data-form=invite]").getByLabel("Role").selectOption(role);
    await page.getByRole("button", { name: "Make a link" }).click();
  }
  await shot(page, "settings-members-light");
  await page.getByRole("link", { name: "Tenants" }).click();
  await page.getByLabel("In addresses").fill("research");
  await page.getByLabel("Name").fill("Research");
  await page.getByRole("button", { name: "Make the tenant" }).click();
  await shot(page, "settings-tenants-light", false);
  await page.getByRole("link", { name: "Audit log" }).click();
  await shot(page, "settings-audit-light");
  await page.getByRole("link", { name: "You" }).click();
  await shot(page, "settings-light", false);
  await page.getByRole("button", { name: "Set it up" }).click();
  await shot(page, "settings-second-factor-light", false);
  await page.getByRole("link", { name: "You" }).click();
  await page.emulateMedia({ colorScheme: "dark" });
  await shot(page, "settings-dark", false);
  await page.goto(`${server.url}/settings/keys`);
  await shot(page, "settings-keys-dark", false);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${server.url}/settings`);
  await shot(page, "settings-phone-dark");
  await page.emulateMedia({ colorScheme: "light" });
  for (const name of ["keys", "members", "audit", "tenants"]) {
    await page.goto(`${server.url}/settings/${name}`);
    await shot(page, `settings-${name}-phone`);
  }
});
