// The KPI page in a browser: read, filtered, saved, printed, hung up on a wall.
import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { accessible } from "../helpers/axe.ts";
import { days, week } from "../helpers/history.ts";
import type { Server } from "../helpers/server.ts";
import { expect, test } from "../helpers/test.ts";

// The year holds all of the history, whatever the day on which this runs.
const YEAR = "/kpis?period=year";

async function fill(server: Server): Promise<void> {
  const all = days();
  // A body has room for so many.
  for (let at = 0; at < all.length; at += 5_000) await server.push(...all.slice(at, at + 5_000));
  await server.push(...week());
}

const overflow = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

/** The rows of a CSV with quotes, the head first. */
function parse(text: string): string[][] {
  const rows: string[][] = [[]];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (quoted && letter === '"' && text[at + 1] === '"') cell += text[(at += 1)];
    else if (letter === '"') quoted = !quoted;
    else if (!quoted && (letter === "," || letter === "\r")) {
      rows.at(-1)?.push(cell);
      cell = "";
      if (letter === "\r") {
        rows.push([]);
        at += 1;
      }
    } else cell += letter;
  }
  return rows.filter((row) => row.length > 0);
}

for (const theme of ["light", "dark"] as const) {
  test(`it is read and nothing is in the way, ${theme}`, async ({ context, page, server }) => {
    await context.addCookies([{ name: "fb_theme", value: theme, url: server.url }]);
    await page.goto(`${server.url}/kpis`);
    await expect(page.getByText("No provider was called in this period.")).toBeVisible();
    await accessible(page, "nothing yet");
    await fill(server);
    await page.goto(server.url + YEAR);
    await expect(page.locator('[data-figure="answered"] .kpis-value')).toContainText("%");
    await expect(page.locator('[data-provider="anthropic"]')).toBeVisible();
    await expect(page.locator('[data-chart="breakers"] .kc-cell').first()).toBeAttached();
    await accessible(page, "the year");
    for (const summary of await page.locator(".kpis-working > summary, .kpis-table > summary").all()) await summary.click();
    await accessible(page, "with everything open");
    await page.locator('[data-menu="export"] > summary').click();
    await accessible(page, "the export menu");
  });
}

test("it is reached from the navigation and by keys", async ({ board, page, server }) => {
  await server.push({ type: "call", provider: "openai", model: "gpt-5", outcome: "ok", duration_ms: 5 });
  await board.open();
  await board.live();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "KPIs" }).click();
  await expect(page).toHaveURL(`${server.url}/kpis`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("KPIs");
  await board.open();
  await board.live();
  await page.keyboard.press("g");
  await page.keyboard.press("k");
  await expect(page).toHaveURL(`${server.url}/kpis`);
});

test("periods and filters are in the address, and what cannot be asked is said", async ({ guard, page, server }) => {
  guard.allow(/422/);
  await fill(server);
  await page.goto(server.url + YEAR);
  await page.getByRole("searchbox").fill("provider:openai");
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page).toHaveURL(/filter=provider%3Aopenai/);
  await expect(page.locator("tr[data-provider]")).toHaveCount(1);
  await page.locator('[data-menu="period"] > summary').click();
  await page.getByRole("link", { name: "This week" }).click();
  await expect(page).toHaveURL(/period=week.*filter=provider(%3A|:)openai|filter=provider(%3A|:)openai.*period=week/);
  await page.getByLabel("Zone").fill("Mars/Olympus");
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page.getByRole("alert").first()).toContainText("zone");
});

test("tables and charts are saved", async ({ page, server }) => {
  await fill(server);
  await page.goto(server.url + YEAR);
  await page.locator('[data-menu="export"] > summary').click();
  const saved = async (name: string) => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name, exact: true }).click()]);
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
  };
  const providers = await saved("Providers as CSV");
  expect(providers.name).toBe("fuseboard-kpis-providers.csv");
  const rows = parse(providers.bytes.toString());
  expect(rows[0]?.slice(0, 3)).toEqual(["id", "provider", "answers"]);
  expect(rows.slice(1).map((row) => row[1]).sort()).toEqual(expect.arrayContaining(["anthropic", "google", "openai"]));
  expect(new Set(rows.map((row) => row.length)).size, "every row has every column").toBe(1);
  const figures = parse((await saved("Figures as CSV")).bytes.toString());
  expect(figures.some((row) => row[0] === "answered")).toBe(true);
  expect(JSON.parse((await saved("The whole page as JSON")).bytes.toString()).period.asked).toBe("year");
  const chart = await saved("What unreliability cost, chart as SVG");
  expect(chart.bytes.toString()).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  const picture = await saved("What unreliability cost, chart as PNG");
  expect(picture.name).toBe("fuseboard-unreliability.png");
  expect(picture.bytes.subarray(1, 4).toString()).toBe("PNG");
});

test("what is open stays open while figures are put anew", async ({ page, server }) => {
  await page.clock.install();
  await fill(server);
  await page.goto(server.url + YEAR);
  const details = page.locator('[data-figure="answered"] .kpis-working');
  await details.locator("summary").click();
  const before = await page.locator("[data-as-of]").getAttribute("data-as-of");
  const shown = await page.locator(".kpis-foot p").first().innerText();
  await server.push(...Array.from({ length: 500 }, () => ({ type: "call", provider: "openai", model: "gpt-5", outcome: "ok", duration_ms: 5 })));
  // The figures that are asked for anew may be a flush behind.
  await expect(async () => {
    await page.clock.fastForward(61_000);
    await expect(page.locator(".kpis-foot p").first()).not.toHaveText(shown, { timeout: 1_000 });
  }).toPass({ timeout: 40_000 });
  await expect(page.locator("[data-as-of]")).not.toHaveAttribute("data-as-of", before ?? "");
  await expect(details).toHaveAttribute("open", "");
});

test("a phone shows it without scrolling sideways", async ({ page, server }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await fill(server);
  await page.goto(server.url + YEAR);
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  const boxes = await page.locator('[data-swap="figures"] .kpis-figure').all();
  const places = await Promise.all(boxes.slice(0, 2).map((box) => box.boundingBox()));
  expect(places[0]?.y, "two in a row").toBe(places[1]?.y);
  const label = page.locator('[data-table="providers"] td').first();
  expect(await label.evaluate((cell) => getComputedStyle(cell, "::before").content)).toBe('"Answers"');
  await page.locator('[data-menu="export"] > summary').click();
  await expect(page.getByRole("link", { name: "Providers as CSV" })).toBeVisible();
  expect(await overflow(page), "with a menu").toBeLessThanOrEqual(0);
  await page.locator('[data-menu="export"] > summary').click();
  await accessible(page, "on a phone");
});

test("paper has no navigation and nothing to press", async ({ page, server }) => {
  await fill(server);
  await page.goto(server.url + YEAR);
  await page.emulateMedia({ media: "print" });
  await expect(page.getByRole("navigation", { name: "Main" })).toBeHidden();
  await expect(page.locator("[data-menu]").first()).toBeHidden();
  await expect(page.locator(".kpis-working").first()).toBeHidden();
  await expect(page.locator(".kpis-paper")).toBeVisible();
  await expect(page.locator('[data-chart="breakers"] svg.kc')).toBeVisible();
  const paper = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
  const pages = (paper.match(/\/Type\s*\/Page\b/g) ?? []).length;
  expect(pages, "pages were counted").toBeGreaterThanOrEqual(1);
  expect(pages, "two pages at most").toBeLessThanOrEqual(2);
});

test("a wall shows one page after the other, all of them ours", async ({ page, server }) => {
  await fill(server);
  await page.goto(`${server.url}${YEAR}&kiosk=1&rotate=/kpis,/alerts,https://evil.example/&every=5`);
  await expect(page.getByRole("navigation", { name: "Main" })).toBeHidden();
  await expect(page.locator(".kpis-value").first()).toBeVisible();
  await expect(page).toHaveURL(/\/alerts\?.*kiosk=1/, { timeout: 15_000 });
  await expect(page.getByRole("navigation", { name: "Main" })).toBeHidden();
  await expect(page, "and back").toHaveURL(/\/kpis\?.*kiosk=1/, { timeout: 15_000 });
  await page.keyboard.press("Escape");
  await expect(page).not.toHaveURL(/kiosk/);
  await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("everything works page by page", async ({ page, server }) => {
    await fill(server);
    await page.goto(server.url + YEAR);
    await page.locator('[data-menu="period"] > summary').click();
    await page.getByRole("link", { name: "This month" }).click();
    await expect(page).toHaveURL(/period=month/);
    await page.getByRole("searchbox").fill("provider=google");
    await page.getByRole("button", { name: "Show" }).click();
    await expect(page).toHaveURL(/filter=provider%3Dgoogle/);
    const chart = page.locator('[data-chart="unreliability"]');
    await chart.getByText("As a table").click();
    await expect(chart.getByRole("columnheader", { name: "US dollars" })).toBeVisible();
    await expect(chart.getByText("PNG")).toBeHidden();
    const [download] = await Promise.all([page.waitForEvent("download"), chart.getByRole("link", { name: "SVG" }).click()]);
    expect((await readFile(await download.path())).toString()).toContain("<svg xmlns=");
  });
});
