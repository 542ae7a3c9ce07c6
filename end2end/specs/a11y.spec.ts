import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import type { AxeResults } from "axe-core";
import { busyBoard } from "../helpers/events.ts";
import { guarded, week } from "../helpers/history.ts";
import { expect, test } from "../helpers/test.ts";

// Evaluated from outside, as text: the page's content security policy lets no foreign script in.
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

async function check(page: Page, what: string): Promise<void> {
  await page.evaluate(axe);
  const results = (await page.evaluate(`axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
  })`)) as AxeResults;
  const told = results.violations.map(
    (violation) => `${violation.id}: ${violation.help}\n  ${violation.nodes.map((node) => node.html).join("\n  ")}`,
  );
  expect(told, what).toEqual([]);
  expect(results.passes.length, "axe looked at something").toBeGreaterThan(10);
}

for (const theme of ["light", "dark"] as const) {
  test(`no violation in any state of the pages, ${theme}`, async ({ board, context, page, server }) => {
    await context.addCookies([{ name: "fb_theme", value: theme, url: server.url }]);
    await board.open();
    await check(page, "nothing connected");

    await server.push(...busyBoard());
    await board.open();
    await board.live();
    await board.chart("latency").scrollIntoViewIfNeeded();
    await expect(board.chart("latency").locator("canvas").first()).toBeVisible();
    await expect(page.locator("alert-rail button").first()).toBeVisible();
    await check(page, "board");

    await page.keyboard.press("?");
    await expect(board.help).toBeVisible();
    await check(page, "help");
    await page.keyboard.press("Escape");

    await page.keyboard.press("t");
    await expect(board.menu("range")).toHaveAttribute("aria-expanded", "true");
    await check(page, "ranges");
    await page.keyboard.press("Escape");

    await board.breaker("claude-sonnet").click();
    await expect(board.detail("claude-sonnet").locator("[data-instance]")).toHaveCount(1);
    await check(page, "detail");

    await board.open("/providers");
    await board.live();
    await board.chart("first_token").scrollIntoViewIfNeeded();
    await expect(board.chart("first_token").locator("canvas").first()).toBeVisible();
    await check(page, "providers");

    await page.locator('tr[data-provider="anthropic"] a').click();
    await board.chart("cost").scrollIntoViewIfNeeded();
    await expect(board.chart("cost").locator("canvas").first()).toBeVisible();
    await check(page, "provider");

    await board.open("/limits");
    await check(page, "limits");

    await board.open("/explore");
    await board.live();
    await expect(board.chart("explore").locator("canvas").first()).toBeVisible();
    await page.locator("[data-filter]").focus();
    await expect(page.locator(".offer").first()).toBeVisible();
    await check(page, "explore");
    await board.open("/explore?metric=answered&group_by=provider&as=table");
    await check(page, "explore as a table");
    await server.push(...week());
    await server.push(...guarded());
    await board.open("/breakers");
    await board.live();
    await check(page, "breakers");
    await page.getByRole("link", { name: "claude-sonnet" }).first().click();
    await expect(page.getByRole("slider")).toBeVisible();
    await page.locator("[data-trip]").first().click();
    await expect(page.locator("[data-around] p")).not.toContainText("looked for");
    await check(page, "breaker");

    await board.open("/connect");
    await check(page, "connect");

    await board.open();
    await page.keyboard.press("a");
    await expect(page.locator("alert-rail .rail-who").first()).toBeVisible();
    await check(page, "board with somebody on it");
    await page.locator("alert-rail .alert-title").first().click();
    await expect(page.locator("[data-watch]")).toHaveAttribute("data-live", "live");
    await check(page, "alert");
    for (const path of ["/alerts", "/alerts/rules", "/alerts/silences"]) {
      await page.goto(server.url + path);
      await expect(page.locator("[data-watch]")).toHaveAttribute("data-live", "live");
      await check(page, path);
    }
  });
}

test("the phone's pages have none either", async ({ board, page, server }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await server.push(...busyBoard());
  await board.open();
  await board.live();
  await check(page, "board at 390 px");
  await board.open("/providers");
  await check(page, "providers at 390 px");
  await page.locator('tr[data-provider="anthropic"] a').click();
  await expect(board.main).toHaveAttribute("data-page", "provider");
  await expect(page.locator("[data-provider-head]")).toBeVisible();
  await check(page, "provider at 390 px");
  await board.open("/limits");
  await check(page, "limits at 390 px");
  await board.open("/explore");
  await check(page, "explore at 390 px");
  await server.push(...week());
  await board.open("/breakers");
  await check(page, "breakers at 390 px");
  await page.getByRole("link", { name: "claude-sonnet" }).first().click();
  await expect(board.main).toHaveAttribute("data-page", "breaker");
  await check(page, "breaker at 390 px");
});
