// What axe finds at the door: every page on which somebody comes in, or is told why not.
import type { Page } from "@playwright/test";
import { accessible } from "../helpers/axe.ts";
import { Provider } from "../helpers/provider.ts";
import { OWNER } from "../helpers/server.ts";
import { expect, test } from "../helpers/stranger.ts";
import { code } from "../helpers/totp.ts";

async function signIn(page: Page, password = OWNER.password): Promise<void> {
  await page.getByLabel("Email").fill(OWNER.email);
  await page.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");
}

async function signOut(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/logout`);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/login$/);
}

for (const theme of ["light", "dark"] as const) {
  test(`no violation on a page of the door, ${theme}`, async ({ guard, page, server }) => {
    guard.allow(/4(03|10|22) /);
    await page.emulateMedia({ colorScheme: theme });
    await page.goto(`${server.url}/login`);
    await accessible(page, "signing in");
    await signIn(page, "another umbrella");
    await expect(page.getByRole("alert")).toBeVisible();
    await accessible(page, "a wrong password");

    await page.goto(await server.invite("bob@example.com", "viewer"));
    await expect(page.getByLabel("Your name")).toBeVisible();
    await accessible(page, "an invitation");
    await page.getByLabel("Password").fill("short");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("alert")).toBeVisible();
    await accessible(page, "an invitation with a password that is too short");
    await page.getByLabel("Password").fill("a harbour in november");
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(`${server.url}/`);
    await page.goto(`${server.url}/settings/keys`);
    await expect(page.getByRole("heading", { name: "Not for you" })).toBeVisible();
    await accessible(page, "a page that is not for a viewer");
    await page.goto(`${server.url}/logout`);
    await accessible(page, "signing out");
    await signOut(page, server.url);

    for (const [path, what] of [["/invite", "an invitation without its token"], ["/reset", "a new password"], ["/ack", "a link of a message"]] as const) {
      await page.goto(server.url + path);
      await accessible(page, what);
      await page.goto(`${server.url}${path}#t=nothing`);
      if (path === "/reset") {
        await page.getByLabel("New password").fill("a harbour in november");
        await page.keyboard.press("Enter");
      }
      await expect(page.getByRole("alert").or(page.getByRole("heading", { name: "This link is over" }))).toBeVisible();
      await accessible(page, `${what}, over`);
    }

    await page.goto(`${server.url}/login`);
    await signIn(page);
    await expect(page.locator("[data-live]").first()).toHaveAttribute("data-live", "live");
    const cookies = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`);
    const { secret } = await server.secondFactor(cookies.join("; "));
    await signOut(page, server.url);
    await signIn(page);
    await expect(page.getByLabel("Code")).toBeVisible();
    await accessible(page, "the second factor");
    await page.getByLabel("Code").fill(code(secret, 1) === "000000" ? "111111" : "000000");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("alert")).toBeVisible();
    await accessible(page, "a wrong code");
  });

  test(`nor on the way to a provider and back, ${theme}`, async ({ guard, page, server }) => {
    guard.allow(/403 .*\/(login\/oidc\/callback|reset)/);
    const provider = await Provider.start(server.url);
    await server.restartWith(provider.settings());
    await page.emulateMedia({ colorScheme: theme });
    await page.goto(`${server.url}/login`);
    await accessible(page, "two ways in");
    // A provider that answers nothing leaves the page that leads there.
    const there = (url: URL) => url.origin === provider.url;
    await page.route(there, (route) => route.fulfill({ status: 204 }));
    await page.getByRole("button", { name: "Continue with Acme ID" }).click();
    await expect(page.getByRole("heading", { name: "One moment" })).toBeVisible();
    await accessible(page, "being taken to the provider");
    await page.unroute(there);
    for (const [who, why] of [["Cancel", "did not sign you in"], ["Bob", "There is no account for you here"]] as const) {
      await page.goto(`${server.url}/login`);
      await page.getByRole("button", { name: "Continue with Acme ID" }).click();
      await page.getByRole("button", { name: who, exact: true }).click();
      await expect(page.getByRole("alert")).toContainText(why);
      await accessible(page, `back from the provider: ${why}`);
    }
    await server.restartWith(provider.settings({ FUSEBOARD__OIDC__ONLY: "true" }));
    await page.goto(`${server.url}/login`);
    await expect(page.locator('input[type="password"]')).toHaveCount(0);
    await accessible(page, "the provider alone");
    await page.goto(`${server.url}/reset`);
    await accessible(page, "no new password where the provider alone lets in");
    await provider.stop();
  });
}

test("nor while a server is set up, nor on a phone", async ({ guard, page, fresh }) => {
  guard.allow(/422 .*\/setup/);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${fresh.url}/setup`);
  await accessible(page, "the setup");
  await page.goto(fresh.setupLink());
  await page.getByLabel("Email").fill(OWNER.email);
  await page.getByLabel("Password").fill("short");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toBeVisible();
  await accessible(page, "the setup with a password that is too short");
});
