import { readFile } from "node:fs/promises";
import type { Locator, Page } from "@playwright/test";
import { type Event, call, transition } from "../helpers/events.ts";
import type { Server } from "../helpers/server.ts";
import { expect, test } from "../helpers/test.ts";

type Series = { group: Record<string, string>; points: [number, number | null][] };

/** Calls that ended so long ago. */
function calls(count: number, minutesAgo: number, fields: Record<string, unknown>): Event[] {
  return Array.from({ length: count }, (_, n) => call({ time: Date.now() - minutesAgo * 60_000 - n * 100, ...fields }));
}

/** Three providers over three hours, one breaker, one deploy. */
async function fill(server: Server): Promise<void> {
  const hours = [5, 30, 60, 90, 120, 150];
  await server.push(
    ...hours.flatMap((ago) => [
      ...calls(40, ago, { provider: "openai", cost_usd: 0.002 }),
      ...calls(20, ago, { provider: "anthropic", model: "claude", duration_ms: 2400 }),
      ...calls(10, ago, { provider: "google", model: "gemini", service: "batch job" }),
    ]),
    transition("claude-sonnet", "open", { provider: "anthropic" }),
    { type: "marker", time: Date.now() - 60 * 60_000, title: "checkout 4.12", kind: "deploy" },
  );
}

const row = (page: Page, name: string): Locator => page.locator(`tr[data-series="${name}"]`);
const total = (page: Page, name: string): Locator => row(page, name).locator('[data-cell="whole"]');
const series = (page: Page) =>
  page.locator("tr[data-series]").evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset.series ?? ""));

async function drawn(page: Page): Promise<Locator> {
  const canvas = page.locator('[data-chart="explore"] canvas').first();
  await expect(canvas).toBeVisible();
  return canvas;
}

/** Drags over a part of the chart, given from 0 to 1. */
async function drag(page: Page, from: number, to: number, release = true): Promise<void> {
  const box = await page.locator(".plot-over").boundingBox();
  if (!box) throw new Error("no chart");
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * from, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * ((from + to) / 2), y);
  await page.mouse.move(box.x + box.width * to, y);
  if (release) await page.mouse.up();
}

function range(page: Page): { from: string; to: string } {
  const params = new URL(page.url()).searchParams;
  return { from: params.get("from") ?? "", to: params.get("to") ?? "" };
}

test("metric, group and filter are chosen, are in the address, and survive a reload", async ({ board, page, server }) => {
  await fill(server);
  await board.open("/explore");
  await expect(total(page, "openai")).toHaveText("240");
  expect(await series(page)).toEqual(["openai", "anthropic", "google"]);
  await drawn(page);

  await page.getByLabel("Metric", { exact: true }).selectOption("latency_p95");
  await expect(page).toHaveURL(/metric=latency_p95&group_by=provider/);
  await expect(total(page, "anthropic")).toHaveText(/2\.4\d s/);
  await expect(page.locator('[data-look="stacked"]')).toBeHidden();

  await page.locator('[data-group="1"]').selectOption("model");
  await expect(page).toHaveURL(/group_by=provider,model/);
  await expect(row(page, "google · gemini")).toBeVisible();

  const filter = page.locator("[data-filter]");
  await page.keyboard.press("Escape");
  await page.locator("h1").click();
  await page.keyboard.press("/");
  await expect(filter).toBeFocused();
  await filter.pressSequentially("pro");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(filter).toHaveValue("provider:");
  await page.locator(".offer", { hasText: "google" }).click();
  await expect(page).toHaveURL(/filter=provider:google/);
  await expect(page.locator("tr[data-series]")).toHaveCount(1);

  const address = page.url();
  await page.reload();
  await board.hydrated();
  expect(page.url()).toBe(address);
  await expect(filter).toHaveValue("provider:google");
  await expect(page.getByLabel("Metric", { exact: true })).toHaveValue("latency_p95");
  await expect(page.locator('[data-group="1"]')).toHaveValue("model");
  expect(await series(page)).toEqual(["google · gemini"]);

  await page.goBack();
  await page.goBack();
  await expect(page).toHaveURL(/group_by=provider&/);
});

test("a kept label groups and filters, any other is refused with words", async ({ board, guard, page, server }) => {
  guard.allow(/status of 400/);
  await server.push(
    ...calls(30, 5, { provider: "openai", labels: { team: "payments", user: "u1" } }),
    ...calls(20, 5, { provider: "openai", labels: { team: "search" } }),
    ...calls(10, 5, { provider: "openai" }),
  );
  await board.open("/explore");
  await expect(total(page, "openai")).toHaveText("60");
  await page.locator('[data-group="0"]').selectOption("label.team");
  await expect(page).toHaveURL(/group_by=label\.team/);
  await expect(total(page, "payments")).toHaveText("30");
  await expect(total(page, "search")).toHaveText("20");
  await expect(page.locator("tr[data-series]")).toHaveCount(3);
  await drawn(page);

  const filter = page.locator("[data-filter]");
  await filter.click();
  await filter.pressSequentially("lab");
  await page.locator(".offer", { hasText: "label.team:" }).click();
  await page.locator(".offer", { hasText: "search" }).click();
  await expect(page).toHaveURL(/filter=label\.team:search/);
  await expect(page.locator("tr[data-series]")).toHaveCount(1);

  await page.reload();
  await board.hydrated();
  await expect(page.locator('[data-group="0"]')).toHaveValue("label.team");
  expect(await series(page)).toEqual(["search"]);

  await page.getByLabel("Metric", { exact: true }).selectOption("latency_p95");
  await expect(page).toHaveURL(/metric=latency_p95&group_by=label\.team/);
  await page.getByLabel("Metric", { exact: true }).selectOption("openings");
  await expect(page).not.toHaveURL(/group_by=label/);

  await board.open("/explore?metric=requests&group_by=provider&filter=label.user:u1");
  await expect(page.locator("[data-fault]")).toContainText("filter: the label `user` is not kept; those are team");
});

test("what is wrong is told at the question and nothing is lost", async ({ board, guard, page, server }) => {
  guard.allow(/status of 400/);
  await fill(server);
  await board.open("/explore");
  await expect(total(page, "openai")).toHaveText("240");
  await page.locator("[data-filter]").fill("colour:red");
  await page.keyboard.press("Enter");
  await expect(page.locator("[data-fault]")).toContainText("filter: `colour:red` at byte 0: unknown key");
  await expect(page.locator("[data-filter]")).toHaveAttribute("aria-invalid", "true");
  await expect(total(page, "openai")).toHaveText("240");
  await page.locator("[data-filter]").fill("provider:nobody");
  await page.keyboard.press("Enter");
  await expect(page.locator("[data-fault]")).toHaveCount(0);
  await page.getByRole("link", { name: "Clear the filter" }).click();
  await expect(total(page, "openai")).toHaveText("240");
});

test("it is looked at as lines, areas, cells and numbers", async ({ board, page, server }) => {
  await fill(server);
  await board.open("/explore?metric=requests&group_by=provider&from=now-3h&to=now");
  for (const look of ["Stacked", "Heat map", "Lines"]) {
    await page.getByRole("link", { name: look }).click();
    await expect(page.getByRole("link", { name: look })).toHaveAttribute("aria-current", "true");
    await drawn(page);
  }
  await page.getByRole("link", { name: "Table" }).click();
  await expect(page).toHaveURL(/as=table/);
  await expect(page.locator("[data-steps] tbody tr").first()).toBeVisible();
  await page.goBack();
  await drawn(page);
  await page.getByRole("button", { name: "anthropic" }).click();
  await expect(page).toHaveURL(/only=anthropic/);
  await expect(page.getByRole("button", { name: "anthropic" })).toHaveAttribute("aria-pressed", "true");
  await page.keyboard.press("j");
  await expect(page.getByRole("button", { name: "google" })).toBeFocused();
  await expect(page.locator("[data-marks]")).toContainText("deploy checkout 4.12");
});

test("dragging zooms in, a double click zooms out, Esc calls off, Back returns", async ({ board, page, server }) => {
  await fill(server);
  await board.open("/explore?metric=requests&group_by=provider&from=now-3h&to=now");
  await drawn(page);
  const before = page.url();
  await drag(page, 0.2, 0.6, false);
  await page.keyboard.press("Escape");
  await page.mouse.up();
  expect(page.url()).toBe(before);

  await drag(page, 0.25, 0.75);
  await expect(page).not.toHaveURL(before);
  const zoomed = range(page);
  const length = Number(zoomed.to) - Number(zoomed.from);
  expect(Math.abs(length - 90 * 60_000)).toBeLessThan(3 * 60_000);
  await expect(page.locator("[data-span]")).toHaveAttribute("data-span", `${zoomed.from}/${zoomed.to}`);
  const inside = page.locator('[data-menu="range"]');
  await expect(inside).toContainText(" to ");

  await page.locator('[data-chart="explore"]').dblclick();
  await expect.poll(() => range(page).from).not.toBe(zoomed.from);
  const wider = range(page);
  expect(Number(wider.to) - Number(wider.from)).toBe(length * 2);
  await page.goBack();
  await page.goBack();
  await expect(page).toHaveURL(before);
});

test("a range can be typed", async ({ board, page, server }) => {
  await fill(server);
  await board.open("/explore");
  await page.locator("h1").click();
  await page.keyboard.press("t");
  await page.locator('[data-end="From"]').fill("now-2h");
  await page.locator('[data-end="To"]').fill("now-1h");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/from=now-2h&to=now-1h/);
  await expect(total(page, "openai")).toHaveText(/^(80|120)$/);
});

test("the file has the numbers of the page", async ({ board, page, server }) => {
  await fill(server);
  await board.open("/explore?metric=requests&group_by=provider&from=now-3h&to=now");
  const started = page.waitForEvent("download");
  await page.getByRole("link", { name: "CSV" }).click();
  const file = await (await started).path();
  const lines = (await readFile(file, "utf8")).trim().split("\r\n");
  expect(lines[0]).toBe("time,provider,requests");
  const sums: Record<string, number> = {};
  for (const line of lines.slice(1)) {
    const [, name, value] = line.split(",");
    if (name) sums[name] = (sums[name] ?? 0) + Number(value);
  }
  for (const [name, sum] of Object.entries(sums)) {
    await expect(total(page, name)).toHaveText(String(sum));
  }
  expect(Object.keys(sums).sort()).toEqual(["anthropic", "google", "openai"]);

  const answer = await server.ask("/api/v1/query?metric=requests&group_by=provider&from=now-3h");
  const told = ((await answer.json()) as { series: Series[] }).series;
  expect(told.map((line) => line.group.provider)).toEqual(["anthropic", "google", "openai"]);
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the first paint has the numbers", async ({ page, server }) => {
    await fill(server);
    await page.goto(`${server.url}/t/default/explore?metric=cost&group_by=provider&from=now-3h&to=now`);
    await expect(total(page, "openai")).toHaveText("$0.48");
    await expect(page.locator("[data-source]")).toContainText("steps from");
  });
});

test("dragging zooms on the Providers page too", async ({ board, page, server }) => {
  await fill(server);
  await board.open("/providers?from=now-3h&to=now");
  await board.chart("success").scrollIntoViewIfNeeded();
  await expect(board.chart("success").locator("canvas").first()).toBeVisible();
  const box = await page.locator(".plot-over").first().boundingBox();
  if (!box) throw new Error("no chart");
  await page.mouse.move(box.x + 30, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + 90, box.y + 40);
  await page.mouse.move(box.x + 160, box.y + 40);
  await page.mouse.up();
  await expect(page).toHaveURL(/\/providers\?from=\d+&to=\d+/);
});
