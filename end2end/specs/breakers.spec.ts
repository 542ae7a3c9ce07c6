import type { Page } from "@playwright/test";
import { transition } from "../helpers/events.ts";
import { guarded, week } from "../helpers/history.ts";
import type { Server } from "../helpers/server.ts";
import { expect, test } from "../helpers/test.ts";

type Row = {
  breaker: { id: string; breaker: string; state: string };
  figures: { opened: number; open_ms: number; top_cause: string };
};
type Counts = { min: number; max: number };
type Replay = { limit: number; opened: Counts; failures_let_through: Counts; good_turned_away: Counts };

async function ask<T>(server: Server, path: string): Promise<T> {
  const answer = await server.ask(`/api/v1/${path}`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as T;
}

async function rows(server: Server): Promise<Row[]> {
  return (await ask<{ rows: Row[] }>(server, "breakers")).rows;
}

async function idOf(server: Server, name: string): Promise<string> {
  const found = (await rows(server)).find((row) => row.breaker.breaker === name);
  return found?.breaker.id ?? "";
}

const names = (page: Page) => page.locator("tr[data-row]").evaluateAll((found) => found.map((row) => (row as HTMLElement).dataset.row ?? ""));
const cell = (page: Page, name: string, column: string) => page.locator(`tr[data-row="${name}"] [data-cell="${column}"]`);
const between = (counts: Counts) => {
  const number = (value: number) => value.toLocaleString("en-US");
  return counts.min === counts.max ? number(counts.min) : `${number(counts.min)}–${number(counts.max)}`;
};

test("numbers are those of the REST answer, the worst first", async ({ board, page, server }) => {
  await server.push(...week());
  await board.open("/breakers");
  await board.live();
  const answer = await rows(server);
  expect(await names(page)).toEqual(answer.map((row) => row.breaker.breaker));
  expect(answer[0]?.breaker.breaker).toBe("claude-sonnet");
  expect(answer[0]?.figures.opened).toBeGreaterThan(2);
  for (const row of answer) {
    const opened = row.figures.opened === 0 ? "—" : `${row.figures.opened}×`;
    await expect(cell(page, row.breaker.breaker, "opened")).toHaveText(opened);
    await expect(cell(page, row.breaker.breaker, "cause")).toHaveText(row.figures.top_cause || "—");
  }
  await expect(cell(page, "claude-sonnet", "state")).toHaveText("open on 2 of 3");
  await expect(page.locator("[data-disagreeing]")).toHaveText("they disagree on 1 breaker");
  await expect(page.locator("[data-matrix-row]").first()).toHaveAttribute("data-matrix-row", "claude-sonnet");

  // It is live, and rows stay where they are.
  await server.push(transition("vllm-a", "open", { provider: "self-hosted", service: "checkout", environment: "prod", instance: "batch-1" }));
  await expect(cell(page, "vllm-a", "state")).toHaveText("open");
  await expect(cell(page, "vllm-a", "opened")).toHaveText("1×", { timeout: 8_000 });
  expect(await names(page)).toEqual(answer.map((row) => row.breaker.breaker));
  await page.getByRole("button", { name: "Worst first" }).click();
  expect((await names(page)).slice(0, 2)).toContain("vllm-a");
});

test("rows are filtered, by key too, and the filter is in the address", async ({ board, page, server }) => {
  await server.push(...week());
  await board.open("/breakers");
  await page.keyboard.press("/");
  await page.keyboard.type("anthropic");
  await expect(page.locator("tr[data-row]")).toHaveCount(2);
  await expect(page).toHaveURL(/q=anthropic/);
  await page.getByRole("combobox", { name: "State" }).selectOption("half_open");
  await expect(page.locator("tr[data-row]")).toHaveCount(1);
  await expect(page).toHaveURL(/state=half_open/);
  await page.reload();
  await board.hydrated();
  expect(await names(page)).toEqual(["claude-haiku"]);
  await page.getByRole("searchbox").fill("nothing like this");
  await page.getByRole("button", { name: "Clear the filter" }).click();
  await expect(page.locator("tr[data-row]")).toHaveCount(6);
});

test("keys go through the rows and open one; Back returns", async ({ board, page, server }) => {
  await server.push(...week());
  await board.open("/");
  await board.live();
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  await expect(board.main).toHaveAttribute("data-page", "breakers");
  // Reached by a click or a key the page asks for its rows.
  await expect(page.locator("tr[data-row]")).toHaveCount(6);
  const order = await names(page);
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await expect(page.locator("a.row-link:focus")).toHaveText(order[1] ?? "");
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await expect(board.main).toHaveAttribute("data-page", "breaker");
  await expect(page.locator("[data-page-of]")).toHaveText(order[0] ?? "");
  await expect(page.getByRole("navigation").getByRole("link", { name: "Breakers" })).toHaveAttribute("aria-current", "true");
  await page.keyboard.press("Escape");
  await expect(board.main, "there is nothing to close").toHaveAttribute("data-page", "breaker");
  await page.goBack();
  await expect(board.main).toHaveAttribute("data-page", "breakers");
});

test("a breaker's page: live head, strips, instances, transitions with the calls around a trip", async ({ board, page, server }) => {
  await server.push(...week());
  await server.push(...guarded());
  const id = await idOf(server, "claude-sonnet");
  await board.open(`/breakers/${id}`);
  await board.live();
  await expect(board.verdict).toContainText(/Open on 2 of 3 for 4 min/);
  await expect(page).toHaveTitle(/claude-sonnet open/);
  await expect(page.locator('[data-fact="opened"] b')).toHaveText(/^[4-9]×$/);
  await expect(page.locator('[data-fact="cause"] b')).toHaveText("rate limited");
  await expect(page.locator("[data-instance]")).toHaveCount(3);
  await expect(page.locator("[data-agreement]")).toHaveText("they disagree: 2 open, 1 closed");
  const { strips } = await ask<{ strips: { worst: unknown[] } }>(server, `breakers/${id}`);
  expect(strips.worst.length).toBeGreaterThan(6);
  await expect(page.locator(".day")).toHaveCount(strips.worst.length);
  await page.getByRole("button", { name: "Each instance" }).click();
  await expect(page.locator(".day")).toHaveCount(3 * strips.worst.length);

  const trip = page.locator("tr[data-transition]").filter({ hasText: "overloaded" }).first();
  await trip.getByRole("link").click();
  await expect(page).toHaveURL(/trip=\d+/);
  await expect(page.locator("[data-around] [data-call]").first()).toBeVisible();
  await page.reload();
  await board.hydrated();
  await expect(page.locator("[data-around] [data-call]").first()).toBeVisible();
  await page.goBack();
  await expect(page.locator("[data-around]")).toHaveCount(0);

  // It is live: the third instance follows, and its transition is listed at once.
  const before = await page.locator("tr[data-transition]").count();
  await server.push(transition("claude-sonnet", "open", { provider: "anthropic", service: "checkout", environment: "prod", instance: "api-7", reason: "and one more" }));
  await expect(page.locator("[data-agreement]")).toHaveText("all 3 open");
  await expect(page.locator("tr[data-transition]")).toHaveCount(before + 1, { timeout: 8_000 });
  await expect(page.locator("tr[data-transition]").first()).toContainText("and one more");

  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("[data-export]").click()]);
  expect(download.suggestedFilename()).toBe("fuseboard-transitions.csv");
});

test("if the limit were: the slider tells what the replays say, by mouse and by key", async ({ board, page, server }) => {
  await server.push(...week());
  await server.push(...guarded());
  const id = await idOf(server, "claude-sonnet");
  const { replays, unknown } = await ask<{ replays: Replay[]; unknown: number }>(server, `breakers/${id}/whatif`);
  expect(unknown).toBeGreaterThan(0);
  await board.open(`/breakers/${id}`);
  const slider = page.getByRole("slider");
  await expect(slider).toHaveValue("50");
  await expect(page.locator('[data-replay="words"]')).toContainText("50% is the limit in force.");
  const told = async (percent: number) => {
    const replay = replays.find((one) => Math.round(one.limit * 100) === percent);
    if (!replay) throw new Error(`no replay at ${percent}`);
    await expect(page.locator('[data-replay="limit"]')).toHaveText(`${percent}%`);
    await expect(page.locator('[data-replay="opened"] b')).toHaveText(`${between(replay.opened)}×`);
    await expect(page.locator('[data-replay="failures"] b')).toHaveText(between(replay.failures_let_through));
    await expect(page.locator('[data-replay="good"] b')).toHaveText(between(replay.good_turned_away));
  };
  await told(50);
  await slider.focus();
  for (const percent of [45, 40, 35]) {
    await page.keyboard.press("ArrowLeft");
    await told(percent);
  }
  await expect(page.locator('[data-replay="words"]')).toContainText("At 35% it would have opened");
  await expect(page).toHaveURL(/limit=35/);
  await page.keyboard.press("Home");
  await told(5);
  await page.reload();
  await board.hydrated();
  await expect(slider).toHaveValue("5");
  await told(5);
  await slider.fill("95");
  await told(95);
});

test("a range is chosen and changes the figures; the board leads to the page", async ({ board, page, server }) => {
  await server.push(...week());
  await board.open("/");
  await board.live();
  await board.breaker("claude-sonnet").click();
  await page.locator('[data-detail="name"] a').click();
  await expect(board.main).toHaveAttribute("data-page", "breaker");
  await expect(page.locator('[data-fact="opened"] b')).toHaveText(/^[4-9]×$/);
  await page.keyboard.press("t");
  await page.getByRole("menuitemradio", { name: "Last hour" }).click();
  await expect(page).toHaveURL(/from=now-1h&to=now/);
  await expect(page.locator('[data-fact="opened"] b')).toHaveText("1×");
  await expect(page.locator("[data-strips]")).toHaveAttribute("data-strips", "each");
  await expect(page.locator(".day")).toHaveCount(3);
});

test("an id of nobody and a range that is none are told in place", async ({ board, guard, page, server }) => {
  guard.allow(/status of 4(00|04)/);
  await server.push(...week());
  const answer = await page.goto(`${server.url}/breakers/b_00000000000000ff`);
  expect(answer?.status()).toBe(404);
  await board.hydrated();
  await expect(page.locator("[data-nobody]")).toContainText("There is no such breaker.");
  await expect(board.verdict).toContainText("No such breaker.");
  await page.getByRole("link", { name: "All breakers" }).click();
  await expect(board.main).toHaveAttribute("data-page", "breakers");
  await board.open("/breakers?from=soon");
  await expect(page.getByRole("alert")).toContainText("`soon`: it is not a time");
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the first paint has the numbers", async ({ page, server }) => {
    await server.push(...week());
    await page.goto(`${server.url}/t/default/breakers`);
    await expect(cell(page, "claude-sonnet", "opened")).toHaveText(/^[4-9]×$/);
    await page.goto(`${server.url}/t/default/breakers/${await idOf(server, "claude-sonnet")}`);
    await expect(page.locator('[data-fact="opened"] b')).toHaveText(/^[4-9]×$/);
    await expect(page.locator("[data-instance]")).toHaveCount(3);
  });
});

test("before the first breaker it says so", async ({ board, page }) => {
  await board.open("/breakers");
  await expect(page.locator("[data-breakers-empty]")).toBeVisible();
});
