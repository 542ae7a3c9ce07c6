// Channels: made with a form, tried out, told of an alert, and taken with the link that they brought.
import { accessible } from "../helpers/axe.ts";
import { transition } from "../helpers/events.ts";
import { Receiver } from "../helpers/receiver.ts";
import { expect, test } from "../helpers/test.ts";

test("a channel is made, tried out, told of an alert, and its link takes it", async ({ browser, page, server }) => {
  const receiver = await Receiver.start();
  await server.restartWith({ FUSEBOARD__OUTBOUND__ALLOW: receiver.address });
  await page.goto(`${server.url}/alerts/channels`);
  await expect(page.getByText("Nobody is told of anything yet.", { exact: false })).toBeVisible();
  await page.getByRole("link", { name: /^Webhook/ }).click();
  await page.getByLabel("Name").fill("#llm-ops");
  await page.locator('[name="set.url"]').fill(receiver.url("hook?token=s3cret"));
  await expect(page.locator('[name="set.secret"]')).toHaveValue(/^whsec_/);
  await page.getByRole("button", { name: "Save" }).click();
  const row = page.locator("[data-channel='#llm-ops']");
  await expect(row).toContainText("nothing was told yet");
  expect(await page.content()).not.toContain("s3cret");

  await row.getByRole("button", { name: "Send a test" }).click();
  await expect(page.getByText("#llm-ops: delivered.")).toBeVisible({ timeout: 10_000 });
  await expect(page.getByText("Attempt 1")).toBeVisible();
  expect(receiver.got[0]?.path).toBe("/hook?token=s3cret");

  await server.push(transition("claude-sonnet", "closed", { provider: "anthropic" }));
  await server.push(transition("claude-sonnet", "open", { provider: "anthropic" }));
  await expect.poll(() => receiver.got.length, { timeout: 10_000 }).toBe(2);
  const link = /http:[^"\\]+\/ack#t=[^"\\]+/.exec(receiver.got[1]?.body ?? "")?.[0] ?? "";

  // Somebody who is not signed in, on a phone, with two taps: the link, the button.
  const phone = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const hand = await phone.newPage();
  await hand.goto(link);
  await expect(hand.getByText("Breaker open: claude-sonnet", { exact: false })).toBeVisible();
  await accessible(hand, "the page behind a link");
  await hand.getByRole("button", { name: "Acknowledge" }).tap();
  await expect(hand.getByText("Taken by somebody at #llm-ops.", { exact: false })).toBeVisible();
  await phone.close();

  await page.goto(`${server.url}/alerts/1`);
  await expect(page.getByText("somebody at #llm-ops has it", { exact: false }).first()).toBeVisible();
  await expect(page.getByRole("heading", { name: "Told" })).toBeVisible();
  await expect.poll(() => receiver.got.length, { timeout: 10_000 }).toBe(3);
  await receiver.stop();
});

test("a channel that is gone is switched off, said so everywhere, and comes back", async ({ page, server }) => {
  const receiver = await Receiver.start();
  await server.restartWith({ FUSEBOARD__OUTBOUND__ALLOW: receiver.address });
  receiver.say.push(410);
  await page.goto(`${server.url}/alerts/channels?kind=webhook`);
  await page.getByLabel("Name").fill("ops");
  await page.locator('[name="set.url"]').fill(receiver.url("hook"));
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect(page.getByText("ops: given up.")).toBeVisible({ timeout: 10_000 });
  await page.goto(`${server.url}/alerts`);
  await expect(page.getByRole("alert")).toContainText("A channel is off");
  await page.getByRole("link", { name: "Look after it" }).click();
  await page.getByRole("button", { name: "Switch on" }).click();
  await expect(page.getByRole("button", { name: "Switch off" })).toBeVisible();
  await page.goto(`${server.url}/alerts`);
  await expect(page.getByRole("alert")).toHaveCount(0);
  await page.goto(`${server.url}/alerts/deliveries?state=dead`);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect.poll(() => receiver.got.length, { timeout: 10_000 }).toBe(2);
  await page.goto(`${server.url}/alerts/deliveries`);
  await expect(page.locator("[data-delivery]")).toHaveAttribute("data-state", "delivered");
  await receiver.stop();
});

test("what is wrong with a form is named, secrets are typed anew, and axe finds nothing", async ({ guard, page, server }) => {
  guard.allow(/status of 422 .*\/alerts\/channels/);
  guard.allow(/status of 400 .*\/alerts\/channels/);
  for (const kind of ["webhook", "slack", "slack_bot", "discord", "teams", "pagerduty", "opsgenie", "telegram", "email", "twilio"]) {
    await page.goto(`${server.url}/alerts/channels?kind=${kind}`);
    await expect(page.getByRole("button", { name: "Save" })).toBeVisible();
    await expect(page.locator(".desk-told")).toContainText("claude-sonnet");
    await accessible(page, kind);
  }
  await page.goto(`${server.url}/alerts/channels?kind=webhook`);
  await page.getByLabel("Name").fill("ops");
  await page.locator('[name="set.url"]').fill("gopher://nowhere");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("alert")).toContainText("url");
  await expect(page.getByLabel("Name")).toHaveValue("ops");
  await expect(page.locator('[name="set.url"]')).toHaveValue("");
});
