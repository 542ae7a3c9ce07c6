// Sharing in a browser: a link and a status page, made by somebody who is signed in, seen by strangers.
import type { Page } from "@playwright/test";
import { accessible } from "../helpers/axe.ts";
import { OWNER, type Server } from "../helpers/server.ts";
import { expect, test } from "../helpers/stranger.ts";

async function open(page: Page, server: Server, path: string): Promise<void> {
  await page.goto(`${server.url}/login?next=${encodeURIComponent(path)}`);
  await page.getByLabel("Email").fill(OWNER.email);
  await page.getByLabel("Password").fill(OWNER.password);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(`${server.url}${path}`);
}

test("a link is made, seen by a stranger and revoked", async ({ browser, guard, page, server }) => {
  await open(page, server, "/kpis/sharing");
  await accessible(page, "sharing");
  const form = page.locator("[data-form=share]");
  await form.getByLabel("Name", { exact: true }).fill("For the board");
  await form.getByRole("button", { name: "Make the link" }).click();
  const link = (await page.locator("[data-once]").innerText()).trim();
  const theirs = await browser.newContext();
  await guard.watch(theirs);
  const other = await theirs.newPage();
  for (const theme of ["light", "dark"]) {
    await other.goto(`${link}?theme=${theme}`);
    await expect(other.getByRole("heading", { name: "For the board" })).toBeVisible();
    await expect(other.getByText("Shared by")).toBeVisible();
    await accessible(other, `a shared page, ${theme}`);
  }
  await other.setViewportSize({ width: 390, height: 844 });
  const wide = await other.evaluate(() => document.documentElement.scrollWidth);
  expect(wide, "nothing scrolls sideways on a phone").toBeLessThanOrEqual(390);
  expect(await theirs.cookies(), "strangers get no cookie").toEqual([]);
  await page.goto(`${server.url}/kpis/sharing`);
  const row = page.getByRole("row", { name: /For the board/ });
  await row.getByText("Revoke…").click();
  await row.getByRole("button", { name: "Revoke For the board" }).click();
  await expect(page.getByRole("status")).toHaveText("The link is revoked.");
  guard.allow(/404/);
  await other.goto(link);
  await expect(other.getByRole("heading", { name: "Nothing is shared here" })).toBeVisible();
  await theirs.close();
});

test("a status page is published with an incident", async ({ browser, guard, page, server }) => {
  await open(page, server, "/kpis/sharing");
  const form = page.locator("[data-form=status]");
  await form.getByLabel("Title").fill("Chat");
  await form.getByLabel("Address").fill("chat");
  await form.getByRole("button", { name: "Make the page" }).click();
  const edit = page.locator("[data-form=page]");
  await edit.getByLabel("Name").first().fill("Answers");
  await edit.getByLabel("Published").check();
  await edit.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("status")).toHaveText("Saved.");
  await accessible(page, "a status page as its authors see it");
  const incident = page.locator("[data-form=incident]");
  await incident.getByLabel("Title").fill("Slow answers");
  await incident.getByLabel("Impact").selectOption("minor");
  await incident.getByLabel("What is known").fill("We look into it.");
  await incident.getByRole("button", { name: "Tell it" }).click();
  const theirs = await browser.newContext();
  await guard.watch(theirs);
  const other = await theirs.newPage();
  for (const theme of ["light", "dark"]) {
    await other.goto(`${server.url}/status/chat?theme=${theme}`);
    await expect(other.getByText("We look into it.")).toBeVisible();
    await expect(other.locator("[data-component=Answers]"), "no data is never good").toHaveAttribute(
      "data-standing",
      "unknown",
    );
    await accessible(other, `a status page, ${theme}`);
  }
  await theirs.close();
});
