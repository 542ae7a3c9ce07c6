import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "@playwright/test";
import { accessible } from "../helpers/axe.ts";
import { call, transition } from "../helpers/events.ts";
import type { Server } from "../helpers/server.ts";
import { expect, test } from "../helpers/test.ts";

/** A breaker that trips and recovers; the moments between. */
async function history(server: Server): Promise<{ open: number; end: number }> {
  await server.push(call(), transition("gpt-5", "closed"));
  await sleep(1500);
  await server.push(
    ...Array.from({ length: 5 }, () => call({ outcome: "overloaded", status: 529, ttft_ms: undefined, breaker: "gpt-5" })),
    transition("gpt-5", "open", { causes: { overloaded: 5 }, failure_rate: 0.6, failure_threshold: 0.5 }),
  );
  await sleep(1200);
  const open = Date.now();
  await sleep(2500);
  await server.push(transition("gpt-5", "half_open"), transition("gpt-5", "closed"));
  await sleep(3500);
  return { open, end: Date.now() };
}

const bar = (page: Page) => page.locator("[data-replay]");
const note = (page: Page) => page.locator("[data-replay-note]");
const at = (page: Page) => Number(new URL(page.url()).searchParams.get("at"));

/** The moment in the address, which follows the one on screen in the next frame. */
async function told(page: Page): Promise<number> {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  return at(page);
}

test("a link to a moment shows it, plays into the present and turns live", async ({ board, page, server }) => {
  const { open } = await history(server);
  await board.open(`/?at=${open}`);
  await expect(board.pill).toHaveAttribute("data-live", "replay");
  await expect(board.pill).toContainText("Replay");
  await expect(note(page)).toContainText(/You are looking at \d\d:\d\d, (today|yesterday)/);
  await expect(board.breaker("gpt-5")).toHaveAttribute("data-state", "open");
  await expect(board.feedItems).toHaveCount(1);
  await expect(board.main).not.toHaveAttribute("data-stale");

  // A reload shows the same moment, and it stays one while time passes.
  await page.reload();
  await board.hydrated();
  await sleep(1500);
  await expect(board.breaker("gpt-5")).toHaveAttribute("data-state", "open");
  expect(at(page)).toBe(open);

  // Space plays, through the recovery, into the present.
  await page.keyboard.press("Space");
  await expect(page.getByRole("button", { name: "Pause", exact: true })).toBeVisible();
  await expect(board.breaker("gpt-5")).toHaveAttribute("data-state", "closed");
  await page.getByRole("button", { name: "60×" }).click();
  await expect(board.pill).toHaveAttribute("data-live", "live", { timeout: 15_000 });
  await expect(note(page)).toHaveCount(0);
  await expect.poll(() => new URL(page.url()).searchParams.has("at")).toBe(false);
  await server.push(transition("gpt-5", "forced_open"));
  await expect(board.breaker("gpt-5")).toHaveAttribute("data-state", "forced_open");
});

test("keys, trips and the track move through time; Back and the button come back", async ({ board, page, server }) => {
  const { open } = await history(server);
  await board.open();
  await board.live();
  await expect(board.breaker("gpt-5")).toHaveAttribute("data-state", "closed");

  // `r` begins, as far back as there is anything; a trip is one click away.
  await page.keyboard.press("r");
  await expect(board.pill).toHaveAttribute("data-live", "replay");
  await expect(board.feedItems).toHaveCount(0);
  await page.locator('[data-replay-trip="next"]').click();
  await expect.poll(() => Math.abs(at(page) - open)).toBeLessThan(5000);
  // There is no trip after it, so the button lets go of the focus; before that, Space would be the button's.
  await expect(page.locator('[data-replay-trip="next"]')).toBeDisabled();
  await expect(page.locator(":focus")).toHaveCount(0);
  await page.keyboard.press("Space");
  await expect(board.breaker("gpt-5")).toHaveAttribute("data-state", "open");
  await page.keyboard.press("Space");
  await expect(page.getByRole("button", { name: "Play", exact: true })).toBeVisible();

  // The detail follows the moment, and a link to it keeps the moment.
  const held = await told(page);
  await board.breaker("gpt-5").click();
  await expect(board.detail("gpt-5").locator("[data-transition]")).toHaveCount(2);
  await expect(board.detail("gpt-5").locator("[data-call]")).toHaveCount(5);
  await expect.poll(() => at(page)).toBe(held);
  await page.keyboard.press("Escape");
  await expect(board.detail("gpt-5")).toHaveCount(0);
  await expect(board.pill).toHaveAttribute("data-live", "replay");
  // The replay, and the selection that the panel left.
  await told(page);
  await page.keyboard.press("Escape");
  await told(page);
  await page.keyboard.press("Escape");
  await board.live();
  await expect(board.breaker("gpt-5")).toHaveAttribute("data-state", "closed");

  // The slider by key: the earliest moment, then the present.
  const slider = page.getByRole("slider", { name: "Moment" });
  await slider.focus();
  await page.keyboard.press("Home");
  await expect(board.pill).toHaveAttribute("data-live", "replay");
  await expect(slider).toHaveAttribute("aria-valuetext", /^\d\d:\d\d, /);
  await told(page);
  await page.goBack();
  await board.live();
  await told(page);
  await page.goForward();
  await expect(board.pill).toHaveAttribute("data-live", "replay");
  await note(page).getByRole("button", { name: "Back to live" }).click();
  await board.live();

  // And by pointer: down at the left is the earliest moment, let go at the right end is live.
  const box = await slider.boundingBox();
  if (!box) throw new Error("the track has no box");
  await page.mouse.move(box.x + 5, box.y + 20);
  await page.mouse.down();
  await expect(board.pill).toHaveAttribute("data-live", "replay");
  for (let x = 0; x < box.width; x += box.width / 12) await page.mouse.move(box.x + x, box.y + 20);
  await page.mouse.move(box.x + box.width, box.y + 20);
  await page.mouse.up();
  await board.live();
});

test("a moment that is not kept is told so, and the page is live", async ({ board, page, server }) => {
  await server.push(call(), transition("gpt-5", "closed"));
  await page.addInitScript(() => {
    const seen = window as unknown as { __refusedShifts: number };
    seen.__refusedShifts = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { sources: { node: Element | null }[] })[]) {
        if (entry.sources.some(({ node }) => node instanceof Element && node.closest("section.replay, .replay-note, .kpis"))) seen.__refusedShifts += 1;
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  await board.open("/?at=1700000000000");
  await expect(page.locator("[data-replay-refused]")).toContainText("replay reaches back to");
  await board.live();
  await expect.poll(() => new URL(page.url()).searchParams.has("at")).toBe(false);
  // Painted with the page, so that nothing moves for it; closed by key or button.
  const shifts = await page.evaluate(() => (window as unknown as { __refusedShifts: number }).__refusedShifts);
  expect(shifts).toBe(0);
  await page.keyboard.press("Escape");
  await expect(page.locator("[data-replay-refused]")).toHaveCount(0);
});

test("Esc closes the panel of a replay, then the replay, however fast it is pressed", async ({ board, page, server }) => {
  const { open } = await history(server);
  const client = await page.context().newCDPSession(page);
  for (let turn = 0; turn < 3; turn += 1) {
    await board.open(`/?at=${open}`);
    await expect(board.pill).toHaveAttribute("data-live", "replay");
    await client.send("Emulation.setCPUThrottlingRate", { rate: 6 });
    await board.breaker("gpt-5").click();
    await expect(board.detail("gpt-5")).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(board.detail("gpt-5")).toHaveCount(0);
    await page.keyboard.press("Escape");
    await board.live();
    await expect.poll(() => new URL(page.url()).searchParams.has("at")).toBe(false);
    await client.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  }
});

test("letting go of the thumb after Esc begins nothing", async ({ board, page, server }) => {
  await history(server);
  await board.open();
  await board.live();
  const box = await page.getByRole("slider", { name: "Moment" }).boundingBox();
  if (!box) throw new Error("the track has no box");
  await page.mouse.move(box.x + box.width * 0.2, box.y + 20);
  await page.mouse.down();
  await expect(board.pill).toHaveAttribute("data-live", "replay");
  await page.keyboard.press("Escape");
  await board.live();
  await page.mouse.up();
  await sleep(500);
  await board.live();
  await expect.poll(() => new URL(page.url()).searchParams.has("at")).toBe(false);
});

test("`r` begins though the day cannot be had", async ({ board, guard, page, server }) => {
  guard.allow(/ERR_FAILED/);
  await history(server);
  await page.route("**/api/v1/activity*", (route) => route.abort());
  // The first page of a visit brings the day along; the board must not be the first.
  await board.open("/connect");
  await page.getByRole("navigation").getByRole("link", { name: "Board" }).click();
  await expect(page.locator("[data-replay-begin]")).toBeVisible();
  await board.live();
  await page.keyboard.press("r");
  await expect(page.locator("[data-replay-note], [data-replay-refused]")).toBeVisible();
});

for (const theme of ["light", "dark"]) {
  test(`a replay is accessible (${theme})`, async ({ board, context, page, server }) => {
    const { open } = await history(server);
    await context.addCookies([{ name: "fb_theme", value: theme, url: server.url }]);
    await board.open(`/?at=${open}`);
    await expect(board.pill).toHaveAttribute("data-live", "replay");
    await expect(bar(page)).toBeVisible();
    await accessible(page, `a replay, ${theme}`);
  });
}

test("on a phone nothing lies over the board, and the way back is on top", async ({ board, page, server }) => {
  const { open } = await history(server);
  await page.setViewportSize({ width: 390, height: 844 });
  await board.open(`/?at=${open}`);
  await expect(note(page).getByRole("button", { name: "Back to live" })).toBeInViewport();
  await expect(bar(page)).not.toBeInViewport();
  await bar(page).scrollIntoViewIfNeeded();
  await expect(page.getByRole("slider", { name: "Moment" })).toBeInViewport();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide).toBeLessThanOrEqual(390);
});
