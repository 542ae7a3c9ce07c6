import { busyBoard } from "../helpers/events.ts";
import { expect, test } from "../helpers/test.ts";

test.beforeEach(async ({ board, server }) => {
  await server.push(...busyBoard());
  await board.open();
  await board.live();
});

test("? opens the help and Esc closes it", async ({ board, page }) => {
  await expect(board.help).toBeHidden();
  await page.keyboard.press("?");
  await expect(board.help).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(board.help).toBeHidden();
});

test(". goes from one breaker that is not closed to the next", async ({ page }) => {
  const focused = page.locator("[data-breaker]:focus");
  const seen = new Set<string>();
  let last = "";
  for (let press = 0; press < 8; press += 1) {
    await page.keyboard.press(".");
    await expect(focused).not.toHaveAttribute("data-state", "closed");
    await expect(focused).not.toHaveAttribute("data-breaker", last);
    last = (await focused.getAttribute("data-breaker")) ?? "";
    seen.add(last);
  }
  expect([...seen].sort()).toEqual(["claude-haiku", "claude-sonnet", "gemini-pro", "vertex-eu"]);
});

test("j and k move between breakers, Enter opens one, Esc goes back", async ({ board, page }) => {
  const focused = page.locator("[data-breaker]:focus");
  const name = async () => (await focused.getAttribute("data-breaker")) ?? "";
  await page.keyboard.press("j");
  const first = await name();
  await page.keyboard.press("j");
  await expect.poll(name).not.toBe(first);
  await page.keyboard.press("k");
  await expect.poll(name).toBe(first);

  await page.keyboard.press("Enter");
  await expect(board.detail(first)).toBeVisible();
  await expect(page).toHaveURL(/breaker=b_[0-9a-f]{16}/);
  await page.keyboard.press("Escape");
  await expect(board.detail(first)).toHaveCount(0);
  await expect(page).not.toHaveURL(/breaker=/);
});

test("t opens the ranges; arrows choose; Esc closes", async ({ board, page }) => {
  await expect(board.menu("range")).toHaveAttribute("aria-expanded", "false");
  await page.keyboard.press("t");
  await expect(board.menu("range")).toHaveAttribute("aria-expanded", "true");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(board.menu("range")).toHaveAttribute("aria-expanded", "false");
  await expect(page.locator("[data-range]")).toHaveAttribute("data-range", "1h");
  await page.keyboard.press("t");
  await page.keyboard.press("Escape");
  await expect(board.menu("range")).toHaveAttribute("aria-expanded", "false");
});

test("keys with a modifier belong to the browser", async ({ board, page }) => {
  await page.keyboard.press("Control+j");
  await page.keyboard.press("Alt+t");
  await expect(page.locator("[data-breaker]:focus")).toHaveCount(0);
  await expect(board.menu("range")).toHaveAttribute("aria-expanded", "false");
});

test("everything can be reached with Tab, and focus can be seen", async ({ page }) => {
  const reached = new Set<string>();
  for (let press = 0; press < 60; press += 1) {
    await page.keyboard.press("Tab");
    const here = await page.evaluate(() => {
      const element = document.activeElement;
      if (!(element instanceof HTMLElement) || element === document.body) return null;
      const style = getComputedStyle(element);
      return {
        name: element.dataset.breaker ?? element.dataset.menu ?? element.getAttribute("href") ?? element.tagName,
        outlined: style.outlineStyle !== "none" || style.boxShadow !== "none",
      };
    });
    if (!here) continue;
    reached.add(here.name);
    expect(here.outlined, `focus on ${here.name} can be seen`).toBe(true);
  }
  for (const name of ["claude-sonnet", "vllm-a", "range", "theme"]) expect([...reached]).toContain(name);
});
