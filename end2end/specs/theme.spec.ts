import { type Page } from "@playwright/test";
import { busyBoard } from "../helpers/events.ts";
import { expect, test } from "../helpers/test.ts";

/** How bright the page's ground is, 0 to 255. */
async function ground(page: Page): Promise<number> {
  const colour = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const [red = 0, green = 0, blue = 0] = (colour.match(/\d+/g) ?? []).map(Number);
  return (red + green + blue) / 3;
}

test("the choice is kept in a cookie and painted by the server", async ({ board, page, server }) => {
  await server.push(...busyBoard());
  await board.open();
  expect(await ground(page)).toBeGreaterThan(200);
  await board.menu("theme").click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect.poll(() => ground(page)).toBeLessThan(60);

  const cookie = (await page.context().cookies()).find((one) => one.name === "fb_theme");
  expect(cookie).toMatchObject({ value: "dark", sameSite: "Lax", path: "/" });
  for (const path of ["/", "/providers", "/connect"]) {
    const html = await (await server.ask(path, { cookie: "fb_theme=dark" })).text();
    expect(/<html[^>]*>/.exec(html)?.[0], path).toContain('data-theme="dark"');
  }
});

test("no flash: the very first paint has the chosen theme", async ({ context, guard, page, server }) => {
  guard.allow(/ERR_FAILED|Failed to (fetch|load)|dynamically imported module/);
  await server.push(...busyBoard());
  await context.addCookies([{ name: "fb_theme", value: "dark", url: server.url }]);
  // The scripts never arrive, so what is seen is the first paint alone.
  await context.route("**/pkg/*.{js,wasm}", (route) => route.abort());
  await page.goto(server.url, { waitUntil: "commit" });
  await page.locator("[data-verdict]").waitFor();
  expect(await ground(page)).toBeLessThan(60);
});

test.describe("as the system", () => {
  test.use({ colorScheme: "dark" });

  test("without a choice the system decides, before any script", async ({ board, page, server }) => {
    await server.push(...busyBoard());
    await board.open();
    expect(await ground(page)).toBeLessThan(60);
    await page.emulateMedia({ colorScheme: "light" });
    await expect.poll(() => ground(page)).toBeGreaterThan(200);
  });
});

test("an invented theme in the cookie is ignored", async ({ server }) => {
  const html = await (await server.ask("/", { cookie: 'fb_theme="><script>x</script>' })).text();
  expect(html).not.toContain("<script>x");
});
