import { busyBoard, call, transition } from "../helpers/events.ts";
import { expect, test } from "../helpers/test.ts";

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the first paint has real numbers and levers", async ({ board, page, server }) => {
    await server.push(...busyBoard());
    await expect
      .poll(async () => (await (await server.ask("/")).text()).includes('data-breaker="claude-sonnet"'))
      .toBe(true);
    await page.goto(server.url);

    await expect(board.main).toHaveAttribute("data-page", "board");
    await expect(board.breaker("claude-sonnet")).toHaveAttribute("data-state", "open");
    await expect(board.breaker("claude-haiku")).toHaveAttribute("data-state", "half_open");
    await expect(board.breaker("vertex-eu")).toHaveAttribute("data-state", "forced_open");
    await expect(board.breaker("gpt-5")).toHaveAttribute("data-state", "closed");
    for (const name of ["requests", "success", "latency_p95", "ttft_p95", "tokens_out"]) {
      await expect(board.kpi(name), name).toHaveText(/\d/);
    }
    for (const name of ["openai", "anthropic", "google", "self-hosted"]) {
      await expect(board.provider(name)).toBeVisible();
    }
    await expect(board.verdict).toContainText(/open/);
    await expect(board.feedItems.first()).toBeVisible();
  });
});

test("hydration takes over what the server painted, and goes live", async ({ board, server }) => {
  await server.push(...busyBoard());
  await board.open();
  await board.live();
  await expect(board.breaker("claude-sonnet")).toHaveAttribute("data-state", "open");
  await expect(board.breakers).toHaveCount(8);
});

test("levers, verdict and feed follow transitions without a reload", async ({ board, server }) => {
  await server.push(transition("claude-sonnet", "closed", { provider: "anthropic" }), call());
  await board.open();
  await board.live();
  const lever = board.breaker("claude-sonnet");
  await expect(lever).toHaveAttribute("data-state", "closed");
  await expect(board.verdict).not.toContainText(/\bopen\b/);
  const before = await board.feedItems.count();

  await server.push(transition("claude-sonnet", "open", { provider: "anthropic", causes: { overloaded: 24 } }));
  await expect(lever).toHaveAttribute("data-state", "open", { timeout: 1000 });
  await expect(board.verdict).toContainText(/\bopen\b/);
  await expect(board.feedItems).toHaveCount(before + 1);
  await expect(board.feedItems.first()).toContainText("claude-sonnet");
  await expect(board.feedItems.first()).toContainText("24 × overloaded");

  await server.push(transition("claude-sonnet", "half_open", { provider: "anthropic" }));
  await expect(lever).toHaveAttribute("data-state", "half_open", { timeout: 1000 });
  await server.push(transition("claude-sonnet", "closed", { provider: "anthropic" }));
  await expect(lever).toHaveAttribute("data-state", "closed", { timeout: 1000 });
});

test("figures follow calls without a reload", async ({ board, server }) => {
  await server.push(call());
  await board.open();
  await board.live();
  await expect(board.kpi("success")).toContainText("100");
  await server.push(...Array.from({ length: 50 }, (_, n) => call({ outcome: n % 2 ? "ok" : "server_error" })));
  await expect(board.kpi("success")).not.toContainText("100");
  await expect(board.kpi("success")).toContainText(/5\d/);
});

test("a new breaker and a new provider appear by themselves", async ({ board, server }) => {
  await server.push(transition("gpt-5", "closed"));
  await board.open();
  await board.live();
  await expect(board.breakers).toHaveCount(1);
  await server.push(transition("mistral-large", "open", { provider: "mistral" }));
  await expect(board.breaker("mistral-large")).toHaveAttribute("data-state", "open", { timeout: 1000 });
  await expect(board.provider("mistral")).toBeVisible();
});

test("charts are drawn, and their library comes after the first paint", async ({ board, page, server }) => {
  await server.push(...busyBoard());
  await board.open();
  await board.live();
  for (const name of ["latency", "outcomes", "heat"]) {
    const chart = board.chart(name);
    await chart.scrollIntoViewIfNeeded();
    await expect(chart.locator("canvas").first(), name).toBeVisible();
  }
  const times = await page.evaluate(() => {
    const library = performance.getEntriesByType("resource").find((entry) => entry.name.includes("echarts.js"));
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    return { library: library?.startTime, paint: paint?.startTime };
  });
  expect(times.library).toBeGreaterThan(times.paint ?? Infinity);
});

test("the range is chosen, kept over a reload, and told in the address", async ({ board, page, server }) => {
  await server.push(...busyBoard());
  await board.open("/?range=1h");
  await board.live();
  await expect(page.locator("[data-range]")).toHaveAttribute("data-range", "1h");
  await board.menu("range").click();
  await page.getByRole("menuitemradio", { name: "Last 5 min" }).click();
  await expect(page.locator("[data-range]")).toHaveAttribute("data-range", "5m");
  await expect(page).toHaveURL(/range=5m/);
  await page.reload();
  await board.hydrated();
  await expect(page.locator("[data-range]")).toHaveAttribute("data-range", "5m");
});
