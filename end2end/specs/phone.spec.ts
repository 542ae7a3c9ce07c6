import { busyBoard } from "../helpers/events.ts";
import { expect, test } from "../helpers/test.ts";

for (const width of [390, 320]) {
  test.describe(`${width} px`, () => {
    test.use({ viewport: { width, height: 844 }, hasTouch: true, isMobile: true });

    test("nothing sticks out, fuses stand two per row, targets are large enough", async ({ board, page, server }) => {
      await server.push(...busyBoard());
      await board.open();
      await board.live();
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow).toBeLessThanOrEqual(0);

      if (width === 390) {
        const boxes = await board.provider("google").locator("[data-breaker]").all();
        const places = await Promise.all(boxes.map((box) => box.boundingBox()));
        const rows = new Map<number, number>();
        for (const place of places) rows.set(Math.round(place?.y ?? 0), (rows.get(Math.round(place?.y ?? 0)) ?? 0) + 1);
        expect([...rows.values()]).toEqual([2, 1]);
      }

      const small = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>("a[href], button")]
          .filter((element) => element.checkVisibility({ visibilityProperty: true }))
          .map((element) => ({ box: element.getBoundingClientRect(), what: element.outerHTML.slice(0, 80) }))
          .filter(({ box }) => box.width > 1 && (box.width < 24 || box.height < 24))
          .map(({ what }) => what),
      );
      expect(small).toEqual([]);
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
