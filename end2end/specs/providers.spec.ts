import type { Page } from "@playwright/test";
import { type Event, busyBoard, call, transition } from "../helpers/events.ts";
import type { Server } from "../helpers/server.ts";
import { expect, test } from "../helpers/test.ts";

type Row = {
  name: string;
  said: { level: string; words: string };
  attempts: number;
  success: number | null;
  p95_ms: number | null;
  breakers: number;
  breakers_open: number;
  strip: string;
};
type Answer = { asked_from: string; rows: Row[]; lines: { lines: { name: string }[]; left_out: number } };

/** Calls that ended so long ago. */
function calls(count: number, minutesAgo: number, fields: Record<string, unknown>): Event[] {
  return Array.from({ length: count }, (_, n) => call({ time: Date.now() - minutesAgo * 60_000 - n * 100, ...fields }));
}

/** One failing provider, one slow, one well, one that was only called three hours ago. */
async function fill(server: Server): Promise<void> {
  await server.push(
    ...calls(60, 1, { provider: "openai", cost_usd: 0.002 }),
    ...calls(40, 1, { provider: "anthropic", duration_ms: 6800, outcome: "overloaded", ttft_ms: undefined }),
    ...calls(25, 1, { provider: "anthropic", duration_ms: 2400, ttft_ms: 900 }),
    ...calls(50, 120, { provider: "google", ttft_ms: 300 }),
    ...calls(50, 1, { provider: "google", ttft_ms: 900, duration_ms: 2900 }),
    ...calls(90, 180, { provider: "anthropic" }),
    ...calls(30, 180, { provider: "mistral" }),
    transition("claude-sonnet", "open", { provider: "anthropic" }),
    transition("gpt-5", "closed", { provider: "openai" }),
  );
}

async function ask(server: Server, query: string): Promise<Answer> {
  const answer = await server.ask(`/api/v1/providers${query}`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Answer;
}

const names = (page: Page) =>
  page.locator("tr[data-provider]").evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset.provider ?? ""));
const cell = (page: Page, name: string, column: string) => page.locator(`tr[data-provider="${name}"] [data-cell="${column}"]`);

/** As the page writes it. */
function success(fraction: number | null): string {
  if (fraction === null) return "—";
  if (fraction >= 1) return "100%";
  return fraction >= 0.99 ? `${(fraction * 100).toFixed(2)}%` : `${(Math.floor(fraction * 1000 + 1e-6) / 10).toFixed(1)}%`;
}

async function sameAsAnswer(page: Page, answer: Answer): Promise<void> {
  for (const row of answer.rows) {
    await expect(cell(page, row.name, "said"), row.name).toHaveText(row.said.words);
    await expect(cell(page, row.name, "said")).toHaveAttribute("data-level", row.said.level);
    await expect(cell(page, row.name, "success")).toHaveText(success(row.success));
    const open = row.breakers_open > 0 ? `${row.breakers_open} of ${row.breakers} open` : row.breakers > 0 ? `${row.breakers}` : "—";
    await expect(cell(page, row.name, "breakers")).toHaveText(open);
  }
}

test("numbers are those of the REST answer, the worst first", async ({ board, page, server }) => {
  await fill(server);
  await board.open("/providers");
  await board.live();
  const answer = await ask(server, "");
  expect(answer.rows.map((row) => row.name)).toEqual(["anthropic", "google", "mistral", "openai"]);
  expect(answer.rows[0]?.said).toEqual({ level: "act", words: "38% ok" });
  expect(answer.rows[1]?.said.words).toBe("slow");
  expect(await names(page)).toEqual(answer.rows.map((row) => row.name));
  await sameAsAnswer(page, answer);
  await expect(cell(page, "anthropic", "p95")).toHaveText("2.4 s");
  await expect(cell(page, "openai", "cost")).toHaveText("$2.00");
  await expect(cell(page, "anthropic", "cost")).toHaveText("—");
  await expect(board.verdict).toContainText("anthropic is failing. google is slow.");
  // Before it may stand how many alerts need somebody.
  await expect(page).toHaveTitle(/^(\(\d+\) )?anthropic is failing · Fuseboard$/);
  for (const chart of ["success", "first_token"]) {
    await board.chart(chart).scrollIntoViewIfNeeded();
    await expect(board.chart(chart).locator("canvas").first()).toBeVisible();
  }
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the first paint has the numbers", async ({ page, server }) => {
    await fill(server);
    await page.goto(`${server.url}/t/default/providers?from=now-6h&to=now`);
    await sameAsAnswer(page, await ask(server, "?from=now-6h"));
    await expect(page.locator("[data-span]")).toHaveAttribute("data-span", "now-6h/now");
  });
});

test("a range is chosen, told in the address, kept over a reload, and changes the numbers", async ({ board, page, server }) => {
  await fill(server);
  await board.open("/providers");
  const day = await ask(server, "?from=now-24h");
  await sameAsAnswer(page, day);
  await page.keyboard.press("t");
  await page.getByRole("menuitemradio", { name: "Last hour" }).click();
  await expect(page).toHaveURL(/\/providers\?from=now-1h&to=now/);
  const hour = await ask(server, "?from=now-1h&to=now");
  expect(hour.rows[0]?.success).not.toBe(day.rows[0]?.success);
  await sameAsAnswer(page, hour);
  await expect(cell(page, "mistral", "success")).toHaveText("—");
  await page.reload();
  await board.hydrated();
  await expect(page.locator("[data-span]")).toHaveAttribute("data-span", "now-1h/now");
  await sameAsAnswer(page, hour);
});

test("it is reached from the board, by click and by key, and refreshes itself", async ({ board, page, server }) => {
  await fill(server);
  await board.open();
  await board.live();
  await page.getByRole("navigation").getByRole("link", { name: "Providers" }).click();
  await expect(board.main).toHaveAttribute("data-page", "providers");
  await sameAsAnswer(page, await ask(server, ""));
  await page.keyboard.press("g");
  await page.keyboard.press("b");
  await expect(board.main).toHaveAttribute("data-page", "board");
  await page.keyboard.press("g");
  await page.keyboard.press("p");
  await expect(board.main).toHaveAttribute("data-page", "providers");
  await expect(page.getByRole("link", { name: "Providers" })).toHaveAttribute("aria-current", "page");

  await server.push(...calls(1000, 0, { provider: "anthropic" }));
  await expect(cell(page, "anthropic", "said")).toHaveText(/96% ok/, { timeout: 15_000 });
  expect(await names(page), "rows do not move while somebody looks").toEqual(["anthropic", "google", "mistral", "openai"]);
});

test("columns sort on demand, and the worst comes first again", async ({ board, page, server }) => {
  await fill(server);
  await board.open("/providers");
  const head = (key: string) => page.locator(`th[data-column="${key}"]`);
  await head("name").getByRole("button").click();
  await head("name").getByRole("button").click();
  await expect(head("name")).toHaveAttribute("aria-sort", "descending");
  expect(await names(page)).toEqual(["openai", "mistral", "google", "anthropic"]);
  await head("success").getByRole("button").focus();
  await page.keyboard.press("Enter");
  await expect(head("success")).toHaveAttribute("aria-sort", "ascending");
  await expect(head("name")).not.toHaveAttribute("aria-sort", /.*/);
  expect((await names(page))[0]).toBe("anthropic");
  await page.getByRole("button", { name: "Worst first" }).click();
  await expect(head("success")).not.toHaveAttribute("aria-sort", /.*/);
  expect(await names(page)).toEqual(["anthropic", "google", "mistral", "openai"]);
  await expect(page.getByRole("button", { name: "Worst first" })).toHaveCount(0);
});

test("what goes wrong is said in place, the old numbers stay, and Retry helps", async ({ board, guard, page, server }) => {
  guard.allow(/503|ERR_FAILED|Failed to load resource/);
  await fill(server);
  await board.open("/providers");
  const day = await ask(server, "");
  const problem = { status: 503, contentType: "application/problem+json", body: '{"detail":"The store cannot be read right now."}' };
  await page.route("**/api/v1/providers*", (route) => route.fulfill(problem));
  const note = page.getByRole("alert");
  await expect(note).toContainText("The store cannot be read right now.", { timeout: 15_000 });
  await expect(board.main).toHaveAttribute("data-old", "");
  await expect(board.verdict).toContainText("out of date");
  await sameAsAnswer(page, day);
  await page.unroute("**/api/v1/providers*");
  await note.getByRole("button", { name: "Retry" }).click();
  await expect(note).toHaveCount(0);
  await expect(board.verdict).toContainText("anthropic is failing");
});

test("a range that is none is told so, and a page of another build may reload", async ({ board, guard, page, server }) => {
  guard.allow(/status of 4(00|09)/);
  await fill(server);
  await board.open("/providers?from=soon");
  await expect(page.getByRole("alert")).toContainText("`soon`: it is not a time");
  await page.locator('[data-menu="range"]').click();
  await page.getByRole("menuitemradio", { name: "Last 24 hours" }).click();
  await expect(page.getByRole("alert")).toHaveCount(0);
  await sameAsAnswer(page, await ask(server, ""));

  const headers = { accept: "application/vnd.fuseboard.postcard" };
  const other = await server.ask("/api/v1/providers?build=other", headers);
  expect(other.status).toBe(409);
  await page.route("**/api/v1/providers*", (route) => route.continue({ url: route.request().url().replace(/build=[^&]*/, "build=other") }));
  await page.locator('[data-menu="range"]').click();
  await page.getByRole("menuitemradio", { name: "Last hour" }).click();
  await expect(page.getByRole("button", { name: "Reload" })).toBeVisible();
});

test("before the first call it says so", async ({ board, page }) => {
  await board.open("/providers");
  await expect(page.locator("[data-providers-empty]")).toBeVisible();
});

test("a provider's lines can be marked from its row", async ({ board, page, server }) => {
  await server.push(...busyBoard());
  await board.open("/providers");
  const mark = page.getByRole("button", { name: "Make the lines of openai stand out" });
  await mark.click();
  await expect(mark).toHaveAttribute("aria-pressed", "true");
  await mark.click();
  await expect(mark).toHaveAttribute("aria-pressed", "false");
});

test("a row leads to the page of its provider, and Back returns", async ({ board, guard, page, server }) => {
  guard.allow(/status of 404/);
  await fill(server);
  await board.open("/providers?from=now-6h&to=now");
  await page.locator("h1").click();
  await page.keyboard.press("j");
  await expect(page.locator('tr[data-provider="anthropic"] a')).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/providers\/p_[0-9a-f]{16}\?from=now-6h&to=now/);
  await expect(board.main).toHaveAttribute("data-page", "provider");
  await expect(page.locator("[data-provider-head] h2")).toHaveText("anthropic");
  const answer = await ask(server, "?from=now-6h");
  const row = answer.rows.find((one) => one.name === "anthropic");
  await expect(page.locator('[data-fact="success"] dd')).toHaveText(`${((row?.success ?? 0) * 100).toFixed(2)}%`);
  await expect(page.locator("h1")).toHaveText("Providers / anthropic");
  await expect(page.locator('[data-part="gpt-5"] td').first()).toHaveText(`${row?.attempts}`);
  await expect(page.locator('[data-guard="claude-sonnet"]')).toContainText("open");
  for (const chart of ["success", "outcomes", "latency", "first_token", "tokens", "cost"]) {
    await board.chart(chart).scrollIntoViewIfNeeded();
    await expect(board.chart(chart).locator("canvas").first()).toBeVisible();
  }
  await page.reload();
  await board.hydrated();
  await expect(page.locator("[data-provider-head] h2")).toHaveText("anthropic");
  await page.goBack();
  await expect(board.main).toHaveAttribute("data-page", "providers");

  await board.open("/providers/p_0000000000000000");
  await expect(page.locator("[data-nobody]")).toContainText("There is no such provider.");
  await page.getByRole("link", { name: "All providers" }).click();
  await expect(board.main).toHaveAttribute("data-page", "providers");
});

test("limits are those of the REST answer", async ({ board, page, server }) => {
  await fill(server);
  await board.open();
  await page.getByRole("navigation").getByRole("link", { name: "Limits" }).click();
  await expect(board.main).toHaveAttribute("data-page", "limits");
  const limits = (await (await server.ask("/api/v1/limits")).json()) as { items: { name: string; used: number; cap: number }[] };
  const series = limits.items.find((one) => one.name === "series");
  await expect(page.locator('[data-cap="series"] [data-cell="use"]')).toContainText(`${series?.used} of `);
  await expect(page.locator('[data-cap="series"] meter')).toHaveAttribute("value", /^0/);
  await expect(page.locator("[data-cap]")).toHaveCount(limits.items.length);
  await expect(board.verdict).toContainText("Nothing is near its cap.");
});
