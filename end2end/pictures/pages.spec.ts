// The pictures of the pages of history, over a week that is sent late. One pixel per pixel: they are many.
import { mkdirSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "@playwright/test";
import { days, guarded, week } from "../helpers/history.ts";
import { ROOT, type Server } from "../helpers/server.ts";
import { type Board, expect, test } from "../helpers/test.ts";

const OUT = process.env.PICTURES ?? path.join(ROOT, "docs/img");
const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
/** Events that fit into one request. */
const BATCH = 500;

test.use({ deviceScaleFactor: 1 });

test.beforeAll(() => {
  mkdirSync(OUT, { recursive: true });
});

async function fill(server: Server): Promise<void> {
  const events = [...days(), ...guarded(), ...week()];
  for (let at = 0; at < events.length; at += BATCH) await server.push(...events.slice(at, at + BATCH));
  const hour = 3_600_000;
  await server.push(
    { type: "marker", kind: "deploy", title: "checkout 4.2", time: Date.now() - 5 * hour },
    { type: "marker", kind: "incident", title: "anthropic overloaded", time: Date.now() - 0.6 * hour },
  );
}

/** The first link of a page to what is called so. */
async function linkTo(board: Board, page: Page, list: string, name: string): Promise<string> {
  await board.open(list);
  const href = await page.locator(`main tbody a[href*="${list}/"]`, { hasText: name }).first().getAttribute("href");
  if (!href) throw new Error(`${list} has no ${name}`);
  return href.split("?")[0] ?? href;
}

async function take(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
  await page.mouse.move(0, 0);
  await sleep(700);
  await page.screenshot({ path: path.join(OUT, `${name}.png`), animations: "disabled" });
}

test("pages", async ({ board, context, page, server }) => {
  await fill(server);
  const provider = await linkTo(board, page, "/providers", "anthropic");
  const breaker = await linkTo(board, page, "/breakers", "claude-sonnet");
  const explore = "/explore?metric=latency_p95&group_by=model&from=now-24h&to=now";
  const pages: [name: string, address: string, looks: ("light" | "dark" | "phone")[]][] = [
    ["providers", "/providers", ["light", "dark", "phone"]],
    ["provider", provider, ["light", "dark", "phone"]],
    ["breakers", "/breakers", ["light", "dark", "phone"]],
    ["history", breaker, ["light", "dark", "phone"]],
    ["explore", explore, ["light", "dark", "phone"]],
    ["explore-heat", `${explore}&as=heat`, ["light", "dark"]],
    ["limits", "/limits", ["light", "phone"]],
    ["sources", "/connect", ["light", "dark"]],
  ];
  for (const [name, address, looks] of pages) {
    for (const look of looks) {
      const theme = look === "dark" ? "dark" : "light";
      await context.addCookies([{ name: "fb_theme", value: theme, url: server.url }]);
      await page.setViewportSize(look === "phone" ? PHONE : DESK);
      await board.open(address);
      await board.live();
      const charts = page.locator("[data-chart]");
      for (let n = 0; n < (await charts.count()); n += 1) {
        await charts.nth(n).scrollIntoViewIfNeeded();
        await expect(charts.nth(n).locator("canvas").first()).toBeVisible();
      }
      await page.evaluate(() => scrollTo(0, 0));
      await take(page, `${name}-${look}`);
    }
  }
});
