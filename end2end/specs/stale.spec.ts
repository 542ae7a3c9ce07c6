import { busyBoard, transition } from "../helpers/events.ts";
import { expect, test } from "../helpers/test.ts";

test("a dead server is told, numbers turn grey, and all comes back by itself", async ({ board, guard, server }) => {
  guard.allow(/WebSocket connection to .* failed/);
  guard.allow(/net::ERR_CONNECTION_REFUSED/);
  await server.push(...busyBoard());
  await board.open();
  await board.live();
  const colour = () => board.kpi("latency_p95").evaluate((element) => getComputedStyle(element).color);
  const fresh = await colour();
  const shown = await board.kpi("latency_p95").innerText();

  await server.kill();
  await expect(board.pill).toHaveAttribute("data-live", "stale", { timeout: 20_000 });
  await expect(board.pill).toContainText(/Stale/);
  await expect.poll(colour).not.toBe(fresh);
  expect(await board.kpi("latency_p95").innerText(), "the last numbers stay").toBe(shown);

  await server.restart();
  await expect(board.pill).toHaveAttribute("data-live", "live", { timeout: 40_000 });
  await expect.poll(colour).toBe(fresh);
  await server.push(transition("gpt-5", "open"));
  await expect(board.breaker("gpt-5")).toHaveAttribute("data-state", "open", { timeout: 1000 });
});

test("a restart loses nothing that was on the board", async ({ board, guard, server }) => {
  guard.allow(/WebSocket connection to .* failed/);
  guard.allow(/net::ERR_CONNECTION_(REFUSED|RESET)/);
  await server.push(...busyBoard());
  await board.open();
  await board.live();
  const feed = await board.feedItems.count();
  await server.kill();
  await server.restart();
  await board.open();
  await board.live();
  await expect(board.breaker("claude-sonnet")).toHaveAttribute("data-state", "open");
  await expect(board.breakers).toHaveCount(8);
  await expect(board.feedItems).toHaveCount(feed);
});
