import type { Page } from "@playwright/test";
import { busyBoard } from "../helpers/events.ts";
import { guarded, week } from "../helpers/history.ts";
import { expect, test } from "../helpers/test.ts";

/** What is too small for a finger: under 24 px. */
function small(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("a[href], button")]
      .filter((element) => element.checkVisibility({ visibilityProperty: true }))
      .map((element) => ({ box: element.getBoundingClientRect(), what: element.outerHTML.slice(0, 80) }))
      .filter(({ box }) => box.width > 1 && (box.width < 24 || box.height < 24))
      .map(({ what }) => what),
  );
}

function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}

for (const width of [390, 320]) {
  test.describe(`${width} px`, () => {
    test.use({ viewport: { width, height: 844 }, hasTouch: true, isMobile: true });

    test("nothing sticks out, fuses stand two per row, targets are large enough", async ({ board, page, server }) => {
      await server.push(...busyBoard());
      await board.open();
      await board.live();
      expect(await overflow(page)).toBeLessThanOrEqual(0);

      if (width === 390) {
        const boxes = await board.provider("google").locator("[data-breaker]").all();
        const places = await Promise.all(boxes.map((box) => box.boundingBox()));
        const rows = new Map<number, number>();
        for (const place of places) rows.set(Math.round(place?.y ?? 0), (rows.get(Math.round(place?.y ?? 0)) ?? 0) + 1);
        expect([...rows.values()]).toEqual([2, 1]);
      }

      expect(await small(page)).toEqual([]);
    });

    test("the providers scroll inside their card, with their names in sight", async ({ board, page, server }) => {
      await server.push(...busyBoard());
      await board.open("/providers");
      await board.live();
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      expect(await small(page)).toEqual([]);
      const name = page.locator("tr[data-provider] th").first();
      const before = await name.boundingBox();
      await page.locator("[data-providers] .scroll").evaluate((scroll) => scroll.scrollTo(10_000, 0));
      await expect(page.locator("tr[data-provider] td").last()).toBeInViewport();
      expect((await name.boundingBox())?.x).toBe(before?.x);
    });

    test("breakers and one breaker scroll inside their cards", async ({ board, page, server }) => {
      await server.push(...week());
      await server.push(...guarded());
      await board.open("/breakers");
      await board.live();
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      expect(await small(page)).toEqual([]);
      await page.getByRole("link", { name: "claude-sonnet" }).first().tap();
      await expect(page.getByRole("slider")).toBeVisible();
      await page.locator("[data-trip]").first().tap();
      await expect(page.locator("[data-around] [data-call]").first()).toBeAttached();
      await page.getByRole("button", { name: "Each instance" }).tap();
      expect(await overflow(page)).toBeLessThanOrEqual(0);
      expect(await small(page)).toEqual([]);
    });

    test("the detail panel covers the page and goes back", async ({ board, page, server }) => {
      await server.push(...busyBoard());
      await board.open();
      await board.live();
      await board.breaker("claude-sonnet").tap();
      const panel = board.detail("claude-sonnet");
      await expect(panel).toBeVisible();
      const box = await panel.boundingBox();
      expect(box?.width).toBeGreaterThan(width - 20);
      await page.goBack();
      await expect(panel).toHaveCount(0);
    });
  });
}
