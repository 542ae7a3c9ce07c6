import { accessible } from "../helpers/axe.ts";
import { busyBoard } from "../helpers/events.ts";
import { guarded, week } from "../helpers/history.ts";
import { expect, test } from "../helpers/test.ts";

for (const theme of ["light", "dark"] as const) {
  test(`no violation in any state of the pages, ${theme}`, async ({ board, context, page, server }) => {
    await context.addCookies([{ name: "fb_theme", value: theme, url: server.url }]);
    await board.open();
    await accessible(page, "nothing connected");

    await server.push(...busyBoard());
    await board.open();
    await board.live();
    await board.chart("latency").scrollIntoViewIfNeeded();
    await expect(board.chart("latency").locator("canvas").first()).toBeVisible();
    await expect(page.locator("alert-rail button").first()).toBeVisible();
    await accessible(page, "board");

    await page.keyboard.press("?");
    await expect(board.help).toBeVisible();
    await accessible(page, "help");
    await page.keyboard.press("Escape");

    await page.keyboard.press("t");
    await expect(board.menu("range")).toHaveAttribute("aria-expanded", "true");
    await accessible(page, "ranges");
    await page.keyboard.press("Escape");

    await board.breaker("claude-sonnet").click();
    await expect(board.detail("claude-sonnet").locator("[data-instance]")).toHaveCount(1);
    await accessible(page, "detail");

    await board.open("/providers");
    await board.live();
    await board.chart("first_token").scrollIntoViewIfNeeded();
    await expect(board.chart("first_token").locator("canvas").first()).toBeVisible();
    await accessible(page, "providers");

    await page.locator('tr[data-provider="anthropic"] a').click();
    await board.chart("cost").scrollIntoViewIfNeeded();
    await expect(board.chart("cost").locator("canvas").first()).toBeVisible();
    await accessible(page, "provider");

    await board.open("/limits");
    await accessible(page, "limits");

    await board.open("/explore");
    await board.live();
    await expect(board.chart("explore").locator("canvas").first()).toBeVisible();
    await page.locator("[data-filter]").focus();
    await expect(page.locator(".offer").first()).toBeVisible();
    await accessible(page, "explore");
    await board.open("/explore?metric=answered&group_by=provider&as=table");
    await accessible(page, "explore as a table");
    await server.push(...week());
    await server.push(...guarded());
    await board.open("/breakers");
    await board.live();
    await accessible(page, "breakers");
    await page.getByRole("link", { name: "claude-sonnet" }).first().click();
    await expect(page.getByRole("slider")).toBeVisible();
    await page.locator("[data-trip]").first().click();
    await expect(page.locator("[data-around] p")).not.toContainText("looked for");
    await accessible(page, "breaker");

    await board.open("/connect");
    await accessible(page, "connect");

    await board.open();
    await page.keyboard.press("a");
    await expect(page.locator("alert-rail .rail-who").first()).toBeVisible();
    await accessible(page, "board with somebody on it");
    await page.locator("alert-rail .alert-title").first().click();
    await expect(page.locator("[data-watch]")).toHaveAttribute("data-live", "live");
    await accessible(page, "alert");
    for (const path of ["/alerts", "/alerts/rules", "/alerts/silences"]) {
      await page.goto(server.url + path);
      await expect(page.locator("[data-watch]")).toHaveAttribute("data-live", "live");
      await accessible(page, path);
    }
  });
}

test("the phone's pages have none either", async ({ board, page, server }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await server.push(...busyBoard());
  await board.open();
  await board.live();
  await accessible(page, "board at 390 px");
  await board.open("/providers");
  await accessible(page, "providers at 390 px");
  await page.locator('tr[data-provider="anthropic"] a').click();
  await expect(board.main).toHaveAttribute("data-page", "provider");
  await expect(page.locator("[data-provider-head]")).toBeVisible();
  await accessible(page, "provider at 390 px");
  await board.open("/limits");
  await accessible(page, "limits at 390 px");
  await board.open("/explore");
  await accessible(page, "explore at 390 px");
  await server.push(...week());
  await board.open("/breakers");
  await accessible(page, "breakers at 390 px");
  await page.getByRole("link", { name: "claude-sonnet" }).first().click();
  await expect(board.main).toHaveAttribute("data-page", "breaker");
  await accessible(page, "breaker at 390 px");
});
