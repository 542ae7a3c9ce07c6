// Figures of one's own: begun from a template, tried, saved, changed and removed; targets of built-in ones.
import { accessible } from "../helpers/axe.ts";
import { call } from "../helpers/events.ts";
import { expect, test } from "../helpers/test.ts";

test("a figure is tried before it is saved, and removed", async ({ guard, page, server }) => {
  guard.allow(/status of 422 .*\/kpis\/figures/);
  await server.push(...Array.from({ length: 20 }, (_, n) => call({ id: `answer-${n}`, cost_usd: 0.5 })));
  await page.goto(`${server.url}/kpis/figures`);
  await expect(page.getByText("No figure of your own yet.", { exact: false })).toBeVisible();
  await accessible(page, "figures");
  await page.getByRole("link", { name: "Cost per answer of one provider" }).click();
  await expect(page.getByLabel("Formula")).toHaveValue("cost{provider:openai} / answers{provider:openai}");

  await page.getByLabel("Formula").fill("cost / answrs");
  await page.getByRole("button", { name: "Try it" }).click();
  await expect(page.getByRole("alert")).toContainText("`answrs` at character 8 is no metric; did you mean `answers`?");
  await expect(page.getByLabel("Formula")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("Formula")).toHaveValue("cost / answrs");

  await page.getByLabel("Formula").fill("cost / answers");
  await page.getByLabel("Target").fill("$0.4");
  await page.getByLabel("Told apart by").selectOption("provider");
  await page.getByRole("button", { name: "Try it" }).click();
  const given = page.locator("[data-preview]");
  await expect(given).toContainText("$0.50");
  await expect(given).toContainText("misses its target of at most $0.40");
  await expect(given.getByRole("img")).toBeVisible();
  await expect(given.locator("[data-table='figure-groups']")).toContainText("openai");
  await expect(page.locator("[data-figure^='kpi:']"), "nothing is saved yet").toHaveCount(0);
  await accessible(page, "a figure that is tried");
  const desk = page.viewportSize()!;
  await page.setViewportSize({ width: 390, height: 844 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, "nothing scrolls sideways on a phone").toBeLessThanOrEqual(0);
  await accessible(page, "a figure that is tried, on a phone");
  await page.setViewportSize(desk);

  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
  const row = page.locator("[data-figure='kpi:1']");
  await expect(row).toContainText("at most $0.40");
  await accessible(page, "figures with one of one's own");
  await row.getByText("Remove…").click();
  await row.getByRole("button", { name: "Remove it" }).click();
  await expect(row).toHaveCount(0);
});

test("a built-in figure gets a target and an owner", async ({ page, server }) => {
  await page.goto(`${server.url}/kpis/figures`);
  const row = page.locator("[data-figure='ttft']");
  await expect(row).toContainText("at most 800 ms");
  await row.getByRole("link", { name: "Set First token p95" }).click();
  await page.getByLabel("Target").fill("0.6 s");
  await page.getByLabel("Owner").fill("Ada");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(row).toContainText("at most 600 ms");
  await expect(row).toContainText("Ada");
  await row.getByRole("link", { name: "History of First token p95" }).click();
  await expect(page).toHaveURL(/settings\/audit\?action=kpi&target=1/);
});
