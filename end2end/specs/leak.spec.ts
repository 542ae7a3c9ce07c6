// Nothing of a page that was left may stay: on the page over two minutes under traffic, in the program's own memory over
// many quick changes of page.
import { setTimeout as sleep } from "node:timers/promises";
import { busyBoard } from "../helpers/events.ts";
import { debuggerOf, holding, instrument } from "../helpers/memory.ts";
import { expect, test } from "../helpers/test.ts";
import { traffic } from "../helpers/traffic.ts";

const CHANGES = 20;
const EACH_MS = 6_000;
const QUICK_VISITS = 60;
// The memory grows by 64 KiB at a time; a visit of the board that left a fifth of its notes would need more than this.
const WASM_SPARE = 4 * 65_536;
// The first minutes of traffic fill the feed and the charts, and the last parts of the program come.
const WASM_SETTLES = 7 * 65_536;

test("20 changes of page leave no node, listener or chart behind", async ({ board, context, page, server }) => {
  test.setTimeout(4 * 60_000);
  await instrument(context);
  await server.push(...busyBoard());
  const stop = new AbortController();
  const running = traffic(server, stop.signal, { perSecond: 5 });

  await board.open();
  await board.live();
  const session = await debuggerOf(page);
  const to = async (href: string, name: string) => {
    await page.locator(`nav a[href="${href}"]`).first().click();
    await expect(board.main).toHaveAttribute("data-page", name);
  };
  const visitBoard = async () => {
    await to("/", "board");
    for (const name of ["latency", "outcomes", "heat"]) {
      await board.chart(name).scrollIntoViewIfNeeded();
      await expect(board.chart(name).locator("canvas").first()).toBeVisible();
    }
    await board.breaker("claude-sonnet").click();
    await expect(board.detail("claude-sonnet").locator("[data-instance]").first()).toBeVisible();
    await page.keyboard.press("Escape");
  };

  // The first round fills caches and loads the library; what it leaves is what may be left.
  await visitBoard();
  await to("/connect", "connect");
  const before = await holding(page, session);
  for (let change = 0; change < CHANGES; change += 2) {
    await visitBoard();
    await sleep(EACH_MS);
    await to("/connect", "connect");
    await sleep(EACH_MS);
  }
  stop.abort();
  await running;
  await sleep(1500);
  const after = await holding(page, session);
  console.log(`      before ${JSON.stringify(before)}\n      after  ${JSON.stringify(after)}`);

  expect(after.chartsEver, "charts were made at every visit").toBeGreaterThanOrEqual((CHANGES / 2) * 3);
  expect(after.charts, "charts that are not disposed").toBe(0);
  expect(after.detached, "detached nodes").toBe(0);
  // One that a visit leaves would be ten by now; a part of the program that came late may have brought one.
  expect(after.listeners, "listeners").toBeLessThanOrEqual(before.listeners + 2);
  // The list of sources on the page may have grown by a row.
  expect(after.nodes, "nodes").toBeLessThanOrEqual(before.nodes * 1.05 + 50);
  expect(after.heap, "heap").toBeLessThan(before.heap * 1.3 + 2e6);
  expect(after.wasm - before.wasm, "the program's memory").toBeLessThanOrEqual(WASM_SETTLES);
});

test("quick changes of page leave nothing in the program's memory", async ({ board, context, page, server }) => {
  test.setTimeout(3 * 60_000);
  await instrument(context);
  await server.push(...busyBoard());
  await board.open();
  await board.live();
  const session = await debuggerOf(page);
  const visits = async (count: number) => {
    for (let visit = 0; visit < count; visit += 1) {
      for (const [href, name] of [["/", "board"], ["/limits", "limits"]] as const) {
        await page.locator(`nav a[href="${href}"]`).first().click();
        await expect(board.main).toHaveAttribute("data-page", name);
      }
    }
  };
  await visits(10);
  const before = await holding(page, session);
  await visits(QUICK_VISITS);
  const after = await holding(page, session);
  console.log(`      before ${JSON.stringify(before)}\n      after  ${JSON.stringify(after)}`);
  expect(after.wasm - before.wasm, "the program's memory").toBeLessThanOrEqual(WASM_SPARE);
});
