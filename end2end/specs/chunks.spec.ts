// Parts of the program that come when they are wanted, and what happens when they cannot be had.
import { busyBoard } from "../helpers/events.ts";
import { expect, test } from "../helpers/test.ts";

/** The chunks that the page has asked for. */
async function chunks(page: import("@playwright/test").Page): Promise<string[]> {
  const names = await page.evaluate(() => performance.getEntriesByType("resource").map((entry) => entry.name));
  return names.filter((name) => name.includes("/pkg/chunk-")).map((name) => name.split("/").at(-1) ?? "");
}

/** The chunks of a lazy route or function, as the build wrote them down. */
async function needed(page: import("@playwright/test").Page, what: RegExp): Promise<string[]> {
  const manifest = (await (await page.request.get(new URL("/pkg/chunks.json", page.url()).href)).json()) as Record<string, string[]>;
  const key = Object.keys(manifest).find((name) => what.test(name));
  return manifest[key ?? ""] ?? [];
}

test("a page off the board comes when it is opened, and not before", async ({ board, page, server }) => {
  await server.push(...busyBoard());
  await board.open();
  await board.live();
  const providers = await needed(page, /fetch_pages/);
  expect(providers.length).toBeGreaterThan(0);
  const before = await chunks(page);
  expect(providers.some((chunk) => !before.includes(chunk)), "the board does without").toBe(true);
  await page.getByRole("link", { name: "Providers" }).first().click();
  await expect(page.locator('main[data-page="providers"]')).toBeVisible();
  const after = await chunks(page);
  for (const chunk of providers) expect(after).toContain(chunk);
});

test("a part that cannot be fetched leaves the page as it is, and is tried again", async ({ board, guard, page, server }) => {
  guard.allow(/ERR_FAILED|Failed to load resource|a part of the page could not be fetched/);
  await server.push(...busyBoard());
  await board.open();
  await board.live();
  const wanted = await needed(page, /fetch_pages/);
  let refused = 0;
  await page.route(/\/pkg\/chunk-/, (route) => {
    if (!wanted.some((chunk) => route.request().url().endsWith(chunk)) || refused >= wanted.length) return route.continue();
    refused += 1;
    return route.abort();
  });
  await page.getByRole("link", { name: "Providers" }).first().click();
  await expect.poll(() => refused).toBeGreaterThan(0);
  // Still the board, still alive.
  await server.push({ type: "breaker", breaker: "late", provider: "openai", to: "open", instance: "api-1" });
  await expect(page.locator('main[data-page="providers"]')).toBeVisible({ timeout: 15_000 });
});

test("a page whose server is of another build goes on in JSON", async ({ board, page, server }) => {
  await server.push(...busyBoard());
  // The server compares the builds; a page that names another one is answered in JSON.
  await page.addInitScript(() => {
    const Real = WebSocket;
    const spoken: string[] = [];
    Object.assign(window, { __spoken: spoken });
    window.WebSocket = class extends Real {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(String(url).replace(/build=[^&]*/, "build=another"), protocols);
        // The script beside the program has a socket of its own, which names no build.
        if (String(url).includes("build=")) this.addEventListener("open", () => spoken.push(this.protocol));
      }
    };
  });
  await board.open();
  await board.live();
  const spoken = await page.evaluate(() => (window as unknown as { __spoken: string[] }).__spoken);
  expect(spoken.at(-1)).toBe("fuseboard.v1.json");
  await server.push({ type: "breaker", breaker: "gpt-5", provider: "openai", to: "open", instance: "api-1" });
  await expect(board.breaker("gpt-5")).toHaveAttribute("data-state", "open");
});
