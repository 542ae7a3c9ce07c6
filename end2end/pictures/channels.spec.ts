// Channels and deliveries, with some that went well and some that did not.
import path from "node:path";
import { type Page, test as base } from "@playwright/test";
import { transition } from "../helpers/events.ts";
import { Receiver } from "../helpers/receiver.ts";
import { Server } from "../helpers/server.ts";

const OUT = process.env.PICTURES ?? "test-results/pictures";

const test = base.extend<{ receiver: Receiver; server: Server }>({
  receiver: async ({}, use) => {
    const receiver = await Receiver.start();
    await use(receiver);
    await receiver.stop();
  },
  server: async ({ context, receiver }, use) => {
    const server = await Server.start();
    await server.restartWith({ FUSEBOARD__OUTBOUND__ALLOW: receiver.address });
    await context.addCookies([await server.signIn()]);
    await use(server);
    for (const page of context.pages()) await page.close();
    await server.stop();
  },
});

async function shot(page: Page, name: string): Promise<void> {
  await page.locator('[data-watch][data-live="live"]').waitFor();
  await page.screenshot({ path: path.join(OUT, `${name}.png`) });
}

test("channels", async ({ context, page, receiver, server }) => {
  test.setTimeout(120_000);
  await page.setViewportSize({ width: 1440, height: 900 });
  const theme = (value: string) => context.addCookies([{ name: "fb_theme", value, url: server.url }]);
  for (const name of ["#llm-ops", "night shift", "pager"]) {
    await page.goto(`${server.url}/alerts/channels?kind=webhook`);
    await page.getByLabel("Name").fill(name);
    await page.locator('[name="set.url"]').fill(receiver.url("hook"));
    if (name === "pager") await page.locator("[name=least]").selectOption("critical");
    await page.getByRole("button", { name: "Save" }).click();
    await page.locator(`[data-channel='${name}']`).waitFor();
  }
  receiver.say.push(200, 503, 410);
  await server.push(transition("claude-sonnet", "closed", { provider: "anthropic" }), transition("claude-sonnet", "open", { provider: "anthropic" }));
  while (receiver.got.length < 4) await page.waitForTimeout(100);
  await page.waitForTimeout(1_000);
  await page.goto(`${server.url}/alerts/channels`);
  await shot(page, "channels-light");
  await page.goto(`${server.url}/alerts/deliveries`);
  await shot(page, "deliveries-light");
  await page.locator("[data-delivery] h3 a").first().click();
  await shot(page, "delivery-light");
  await page.goto(`${server.url}/alerts/channels?kind=slack`);
  await shot(page, "channel-form-light");
  await theme("dark");
  await page.reload();
  await shot(page, "channel-form-dark");
  await page.goto(`${server.url}/alerts/channels`);
  await shot(page, "channels-dark");
  await page.goto(`${server.url}/alerts/1`);
  await shot(page, "alert-told-dark");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${server.url}/alerts/channels`);
  await shot(page, "channels-phone-dark");
  await theme("light");
  await page.goto(`${server.url}/alerts/channels?kind=slack`);
  await shot(page, "channel-form-phone-light");
  await page.goto(`${server.url}/alerts/deliveries`);
  await shot(page, "deliveries-phone-light");
  const body = receiver.got[0]?.body ?? "";
  const link = /http:[^"\\]+\/ack#t=[^"\\]+/.exec(body)?.[0] ?? "";
  await page.goto(link);
  await page.getByRole("button", { name: "Acknowledge" }).waitFor();
  await page.screenshot({ path: path.join(OUT, "ack-phone-light.png") });
});
