// Prices: a file is looked at and imported, a call gets its cost, an invoice is held against it.
import { accessible } from "../helpers/axe.ts";
import { call } from "../helpers/events.ts";
import { expect, test } from "../helpers/test.ts";

const FILE = JSON.stringify({
  sample_spec: { litellm_provider: "one of …" },
  "gpt-5": { litellm_provider: "openai", mode: "chat", input_cost_per_token: 1.25e-6, output_cost_per_token: 1e-5 },
  "acme-picture": { litellm_provider: "openai", mode: "image_generation", input_cost_per_image: 0.04 },
});

test("a file is looked at, imported, and what comes has a cost", async ({ guard, page, server }) => {
  guard.allow(/status of 422 .*\/kpis\/prices/);
  await server.push(call());
  await page.goto(`${server.url}/kpis/prices`);
  await expect(page.getByText("The only model in use has no price.", { exact: false })).toBeVisible();
  await accessible(page, "prices without a list");

  const form = page.locator("[data-form=import]");
  await form.getByLabel("Name").fill("October");
  await form.getByLabel("Holds from").fill("soon");
  await form.getByLabel("Choose the file").setInputFiles({ name: "prices.json", mimeType: "application/json", buffer: Buffer.from(FILE) });
  await expect(form.getByLabel("The file’s text")).toHaveValue(FILE);
  await form.getByRole("button", { name: "See what changes" }).click();
  await expect(form.getByRole("alert")).toContainText("from: must be a day such as 2026-10-01");
  await form.getByLabel("Holds from").fill("2020-01-01");
  await form.getByRole("button", { name: "See what changes" }).click();
  await expect(form.locator(".prices-preview")).toContainText("1 price of 1 model, from 2020-01-01 00:00 UTC: 1 new, 0 changed");
  await expect(form.locator(".prices-preview")).toContainText("acme-picture");
  await accessible(page, "a look at a file");
  await form.getByRole("button", { name: "Import" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  const row = page.locator("[data-model='gpt-5']");
  await expect(row).toContainText("$1.25");
  await expect(row).toContainText("100%");

  await server.push(call());
  await page.reload();
  await expect(row).toContainText("50%");
});

test("invoices fold on a phone, and a list is removed", async ({ page, server }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await server.push(call({ cost_usd: 0.5 }));
  await page.goto(`${server.url}/kpis/prices`);
  const form = page.locator("[data-form=invoice]");
  await form.getByLabel("Number").fill("A-1");
  await form.getByLabel("Provider").fill("openai");
  await form.getByLabel("Amount, US dollars").fill("12.50");
  await form.getByLabel("First day").fill("2025-01-01");
  await form.getByLabel("Last day").fill("2025-01-31");
  await form.getByRole("button", { name: "Add" }).click();
  const row = page.locator("[data-invoice='A-1']");
  await expect(row).toContainText("$12.50");
  await expect(row).toContainText("nothing counted");
  await accessible(page, "prices on a phone");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide).toBe(0);
  await row.getByText("Remove…").click();
  await row.getByRole("button", { name: "Remove" }).click();
  await expect(page.getByText("No invoice yet.", { exact: false })).toBeVisible();
});
