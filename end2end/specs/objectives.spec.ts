// An objective from "would it have held?" to its rule: looked back over, kept, seen to burn, watched.
import { accessible } from "../helpers/axe.ts";
import { call } from "../helpers/events.ts";
import { expect, test } from "../helpers/test.ts";

test("a promise is looked back over, kept, seen to be overspent and watched", async ({ guard, page, server }) => {
  guard.allow(/status of 422 .*\/kpis\/objectives/);
  const now = Date.now();
  const events = Array.from({ length: 40 }, (_, n) => {
    const fields = { id: `slo-${n}`, time: now - n * 100, service: "chat" };
    return n < 4 ? call({ ...fields, outcome: "timeout", ttft_ms: undefined }) : call(fields);
  });
  await server.push(...events);

  await page.goto(`${server.url}/kpis/objectives`);
  await expect(page.locator("[data-verdict]")).toContainText("Nothing is promised yet.");
  await accessible(page, "no objective");
  await page.getByRole("link", { name: "New objective" }).click();
  const form = page.locator("form[data-form=objective]");
  await form.getByLabel("Name", { exact: true }).fill("Chat answers");
  await form.getByLabel("Of which calls").fill("service:chat");
  await form.getByLabel("Promised").fill("lots");
  await form.getByRole("button", { name: "Would it have held?" }).click();
  await expect(form.getByRole("alert")).toContainText("objective: must be a number");
  await expect(form.getByLabel("Promised")).toHaveAttribute("aria-invalid", "true");
  await expect(form.getByLabel("Name", { exact: true }), "what was written stays").toHaveValue("Chat answers");
  await form.getByLabel("Promised").fill("99.5%");
  await form.getByRole("button", { name: "Would it have held?" }).click();
  await expect(page.locator("[data-preview]")).toContainText("It would have held on 0 of 1 day");
  await accessible(page, "the form with what would have been");
  await form.getByRole("button", { name: "Save" }).click();

  await expect(page).toHaveURL(/\/kpis\/objectives\/\d+\?done=saved$/);
  await expect(page.locator("[data-verdict]")).toContainText("overspent by");
  await expect(page.locator(".slo-chart .slo-curve")).toHaveAttribute("d", /^M/);
  await page.getByText("As a table").click();
  await expect(page.locator("[data-table=burndown] tbody tr").first()).toContainText("−");
  await expect(page.locator("[data-provider=openai]")).toContainText("100%");
  await page.getByRole("button", { name: "Alert on its burn rate" }).click();
  const watch = page.locator("[data-rule-of]");
  await expect(watch.getByRole("link", { name: "Budget: Chat answers" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Alert on its burn rate" })).toHaveCount(0);
  await accessible(page, "one objective");

  await page.getByRole("link", { name: "All objectives" }).click();
  const row = page.locator("[data-objective='Chat answers']");
  await expect(row).toContainText("99.5%");
  await expect(row.locator("meter")).toHaveAttribute("aria-label", /^Budget of Chat answers: overspent by /);
  await accessible(page, "the list");

  // On a phone rows fold, and nothing scrolls sideways.
  await page.setViewportSize({ width: 390, height: 844 });
  const wider = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(await wider(), "the list").toBeLessThanOrEqual(0);
  await row.getByRole("link", { name: "Chat answers" }).click();
  await expect(page.locator(".slo-chart")).toBeVisible();
  expect(await wider(), "one objective").toBeLessThanOrEqual(0);
});
