// Signing in with an OpenID Connect provider that is not ours, in a browser: linking, signing in, an account of one's own,
// and a server that lets nobody in by any other way.
import type { Page } from "@playwright/test";
import { Provider } from "../helpers/provider.ts";
import { OWNER, type Server } from "../helpers/server.ts";
import { expect, test as base } from "../helpers/stranger.ts";

const test = base.extend<{ provider: Provider }>({
  provider: async ({ server }, use) => {
    const provider = await Provider.start(server.url);
    await use(provider);
    await provider.stop();
  },
});

/** At the provider: somebody is chosen. */
async function choose(page: Page, who: string): Promise<void> {
  await expect(page.getByRole("heading", { name: "Acme ID" })).toBeVisible();
  await page.getByRole("button", { name: who, exact: true }).click();
}

async function toProvider(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Continue with Acme ID" }).click();
}

/** Whoever is known to the provider is known no more. */
async function forgotten(page: Page): Promise<void> {
  await page.context().clearCookies();
}

async function signOut(page: Page, server: Server): Promise<void> {
  await page.goto(`${server.url}/logout`);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/login$/);
}

test("an account is linked, signs in with it, and is unlinked", async ({ guard, page, provider, server }) => {
  guard.allow(/403 .*\/login\/oidc\/callback/);
  await server.restartWith(provider.settings());
  await page.goto(`${server.url}/login`);
  await toProvider(page);
  await choose(page, "Ada");
  await expect(page.getByRole("alert")).toContainText(`${OWNER.email} has an account here that Acme ID is not linked to`);
  await page.getByLabel("Email").fill(OWNER.email);
  await page.getByLabel("Password").fill(OWNER.password);
  await page.keyboard.press("Enter");
  await expect(page.locator("body")).toHaveAttribute("data-hydrated", /.*/);

  await page.goto(`${server.url}/settings`);
  await page.getByRole("button", { name: "Link Acme ID" }).click();
  // The provider knows Ada by now and asks nothing.
  await expect(page.getByRole("status")).toHaveText("Linked. It lets you in from now on.");
  await expect(page.locator(".identities")).toContainText("Acme ID as ada@example.com");

  await signOut(page, server);
  await page.goto(`${server.url}/breakers?from=now-7d&to=now`);
  await toProvider(page);
  await expect(page, "to where they were going").toHaveURL(/\/breakers\?from=now-7d&to=now$/);
  expect(page.url(), "nothing of the way is left").not.toContain("code=");
  await page.goto(`${server.url}/settings`);
  await expect(page.locator('[data-table="sessions"]')).toContainText("via Acme ID");

  // What lets others in asks for the provider, because that is where this session's password was shown.
  await page.goto(`${server.url}/settings/keys`);
  await toProvider(page);
  await choose(page, "Ada");
  await expect(page).toHaveURL(/\/settings\/keys\?done=confirm$/);
  await expect(page.getByRole("status")).toHaveText("Unlocked for 15 minutes.");
  await page.goto(`${server.url}/settings`);
  await page.getByText("Unlink…").click();
  await page.getByRole("button", { name: "Unlink", exact: true }).click();
  await expect(page.getByRole("status")).toHaveText("No longer linked. Every other session has ended.");
  await signOut(page, server);
  await toProvider(page);
  await expect(page.getByRole("alert")).toContainText("is not linked to");
});

test("a role at the provider makes an account, and nothing else does", async ({ guard, page, provider, server }) => {
  guard.allow(/403 .*\/login\/oidc\/callback/);
  const signUp = { FUSEBOARD__OIDC__SIGN_UP: "true", FUSEBOARD__OIDC__ROLES_CLAIM: "groups", FUSEBOARD__OIDC__ROLES: "ops=operator" };
  await server.restartWith(provider.settings(signUp));
  await page.goto(`${server.url}/login`);
  for (const [who, why] of [
    ["Cancel", "Acme ID did not sign you in. It says: access_denied: Nobody <b>signed in</b>."],
    ["Mal", "does not say that your email address has been verified"],
    ["Bob", "gives you no role here"],
  ] as const) {
    await toProvider(page);
    await choose(page, who);
    await expect(page.getByRole("alert")).toContainText(why);
    await forgotten(page);
  }
  await toProvider(page);
  await choose(page, "Eve");
  await expect(page.locator("body")).toHaveAttribute("data-hydrated", /.*/);
  await page.goto(`${server.url}/settings`);
  await expect(page.locator(".verdict")).toContainText("Eve is operator of default");
  await expect(page.locator(".identities")).toContainText("your only way in");
});

test("where only the provider lets people in, no password is asked for", async ({ page, provider, server }) => {
  const made = await server.invite("bob@example.com", "viewer");
  await server.restartWith(provider.settings({ FUSEBOARD__OIDC__ONLY: "true" }));
  await page.goto(`${server.url}/login`);
  await expect(page.getByRole("button", { name: "Continue with Acme ID" })).toBeVisible();
  await expect(page.locator('input[type="password"], input[type="email"]')).toHaveCount(0);
  await page.goto(made);
  await toProvider(page);
  await choose(page, "Bob");
  await expect(page.locator("body")).toHaveAttribute("data-hydrated", /.*/);
  await signOut(page, server);
  await toProvider(page);
  await expect(page.locator("body"), "the provider still knows Bob").toHaveAttribute("data-hydrated", /.*/);
  await page.goto(`${server.url}/settings`);
  await expect(page.locator(".verdict")).toContainText("Bob is viewer of default");
});

for (const theme of ["light", "dark"] as const) {
  test(`the way to the provider is calm, ${theme}`, async ({ page, provider, server }, info) => {
    await server.restartWith(provider.settings());
    await page.emulateMedia({ colorScheme: theme });
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 780 });
      await page.goto(`${server.url}/login`);
      const [go, other] = [page.locator(".door-go"), page.locator(".door-other button")];
      const boxes = [await go.boundingBox(), await other.boundingBox()];
      expect(boxes[1]!.width, "as wide as the other way").toBeCloseTo(boxes[0]!.width, 0);
      expect(boxes[1]!.y, "below it").toBeGreaterThan(boxes[0]!.y + boxes[0]!.height);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      expect(wide, "nothing is cut off").toBe(false);
      await info.attach(`login-${theme}-${width}`, { body: await page.screenshot(), contentType: "image/png" });
    }
  });
}
