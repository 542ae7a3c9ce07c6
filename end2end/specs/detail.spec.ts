import { call, transition } from "../helpers/events.ts";
import { expect, test } from "../helpers/test.ts";

test("instances side by side, with their disagreement, transitions with cause, calls behind the trip", async ({
  board,
  page,
  server,
}) => {
  const at = { provider: "anthropic", model: "claude-sonnet" };
  await server.push(
    ...["api-1", "api-2", "api-3"].map((instance) => transition("claude-sonnet", "closed", { ...at, instance })),
  );
  await server.push(
    ...Array.from({ length: 6 }, () =>
      call({ ...at, breaker: "claude-sonnet", instance: "api-2", outcome: "overloaded", status: 529, ttft_ms: undefined }),
    ),
  );
  await server.push(
    transition("claude-sonnet", "open", {
      ...at,
      instance: "api-2",
      failure_rate: 0.62,
      failure_threshold: 0.5,
      causes: { overloaded: 24, timeout: 5 },
      window_calls: 50,
      window_failures: 31,
    }),
  );
  await board.open();
  await board.live();
  await expect(board.breaker("claude-sonnet")).toHaveAttribute("data-state", "open");
  await board.breaker("claude-sonnet").click();

  const panel = board.detail("claude-sonnet");
  await expect(panel.locator("[data-instance]")).toHaveCount(3);
  await expect(panel).toContainText(/open on 1 of 3/i);
  await expect(panel).toContainText(/disagree/);
  await expect(panel.locator("[data-transition]").first()).toContainText("24 × overloaded");
  await expect(panel.locator("[data-call]")).toHaveCount(6);
  await expect(panel.locator("[data-call]").first()).toContainText("529");

  // It is live: the third instance follows the second.
  await server.push(transition("claude-sonnet", "open", { ...at, instance: "api-3" }));
  await expect(panel).toContainText(/open on 2 of 3/i);
  await expect(panel.locator("[data-transition]")).toHaveCount(5);

  // It is in the address: a reload shows it again, Back closes it.
  await page.reload();
  await board.hydrated();
  await expect(panel.locator("[data-instance]")).toHaveCount(3);
  await page.goBack();
  await expect(panel).toHaveCount(0);
  await expect(board.main).toHaveAttribute("data-page", "board");
});

test("a breaker that nobody knows is told so", async ({ board, page, server }) => {
  await server.push(call());
  await board.open("/?breaker=b_00000000000000ff");
  await board.live();
  await expect(page.locator("[data-detail-gone]")).toBeVisible();
});
