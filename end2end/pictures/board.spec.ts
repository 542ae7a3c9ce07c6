// The pictures of the documentation. Traffic is the simulator's tour with a fixed seed: real breakers, real calls.
import { mkdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "@playwright/test";
import { end, ROOT } from "../helpers/server.ts";
import { expect, test } from "../helpers/test.ts";

const OUT = process.env.PICTURES ?? path.join(ROOT, "docs/img");
/** A full strip and a full range: a quarter of an hour of traffic. */
const WARM_UP_MS = Number(process.env.PICTURES_WARM_UP_S ?? "900") * 1000;
/** As tall as the drawing, so that the charts are in it. */
const DESK = { width: 1440, height: 1130 };

test.beforeAll(() => {
  mkdirSync(OUT, { recursive: true });
});

async function take(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
  await page.mouse.move(0, 0);
  await sleep(700);
  await page.screenshot({ path: path.join(OUT, `${name}.png`), animations: "disabled" });
}

test("empty", async ({ board, page }) => {
  await board.open();
  await board.live();
  await take(page, "connect-light");
});

test("board", async ({ board, context, guard, page, server }) => {
  guard.allow(/WebSocket connection to .* failed|ERR_CONNECTION_REFUSED/);
  const words = ["simulate", "--url", server.url, "--seed", "7", "--scenario", "tour"];
  const simulation = server.command(words, { FUSEBOARD_KEY: await server.key() });
  try {
    await expect.poll(async () => (await server.ask("/")).text(), { timeout: 30_000 }).toContain("data-breaker=");
    await sleep(WARM_UP_MS);
    // A tour has quiet stretches; the picture wants one in which something is open.
    await board.open();
    await board.live();
    await expect(page.locator('[data-breaker][data-state="open"]').first()).toBeVisible({ timeout: 90_000 });
    await page.setViewportSize(DESK);
    for (const theme of ["light", "dark"]) {
      await context.addCookies([{ name: "fb_theme", value: theme, url: server.url }]);
      await board.open();
      await board.live();
      for (const name of ["latency", "outcomes", "heat"]) {
        await board.chart(name).scrollIntoViewIfNeeded();
        await expect(board.chart(name).locator("canvas").first()).toBeVisible();
      }
      await page.evaluate(() => scrollTo(0, 0));
      await board.main.evaluate((main) => main.scrollTo(0, 0));
      await take(page, `board-${theme}`);
      const open = page.locator('[data-breaker][data-state="open"], [data-breaker][data-state="half_open"]').first();
      await ((await open.count()) > 0 ? open : board.breakers.first()).click();
      await expect(page.locator("[data-instance]").first()).toBeVisible();
      await take(page, `breaker-${theme}`);
      await page.keyboard.press("Escape");
    }
    await context.addCookies([{ name: "fb_theme", value: "light", url: server.url }]);
    await page.setViewportSize({ width: 390, height: 844 });
    await board.open();
    await board.live();
    await take(page, "board-phone");

    for (const [name, size, theme] of [
      ["replay-light", DESK, "light"],
      ["replay-dark", DESK, "dark"],
      ["replay-phone", { width: 390, height: 844 }, "light"],
    ] as const) {
      await context.addCookies([{ name: "fb_theme", value: theme, url: server.url }]);
      await page.setViewportSize(size);
      await board.open(`/?at=${Date.now() - 4 * 60_000}`);
      await expect(board.pill).toHaveAttribute("data-live", "replay");
      await expect(page.getByRole("slider", { name: "Moment" })).toBeVisible();
      await take(page, name);
    }
    await context.addCookies([{ name: "fb_theme", value: "light", url: server.url }]);

    await page.setViewportSize(DESK);
    await board.open();
    await board.live();
    await server.kill();
    await expect(board.pill).toHaveAttribute("data-live", "stale", { timeout: 20_000 });
    await sleep(12_000);
    await take(page, "board-stale");
  } finally {
    await end(simulation, "SIGTERM");
  }
});
