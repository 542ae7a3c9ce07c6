// Figures for the closing note: how soon a page shows real numbers, and how soon it is live.
import { busyBoard } from "../helpers/events.ts";
import { expect, test } from "../helpers/test.ts";

test("first paint with real numbers, and time to live", async ({ board, context, page, server }) => {
  await server.push(...busyBoard());
  await context.addInitScript(() => {
    const times = window as unknown as { __live?: number };
    const look = () => {
      if (document.querySelector('[data-live="live"]')) times.__live ??= performance.now();
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  const paints: number[] = [];
  const lives: number[] = [];
  for (let visit = 0; visit < 5; visit += 1) {
    await board.open();
    await board.live();
    await expect(board.kpi("latency_p95")).toHaveText(/\d/);
    const times = await page.evaluate(() => ({
      paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
      live: (window as unknown as { __live?: number }).__live,
    }));
    paints.push(times.paint ?? Infinity);
    lives.push(times.live ?? Infinity);
  }
  const told = (name: string, values: number[]) => `${name}: first ${values[0]?.toFixed(0)} ms, median ${median(values).toFixed(0)} ms`;
  console.log(`      ${told("first contentful paint", paints)}; ${told("live", lives)}`);
  expect(median(paints)).toBeLessThan(1000);
  expect(median(lives)).toBeLessThan(2000);
});

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Infinity;
}
