// People on call: schedules, ladders, and an alert that nobody has taken yet.
import path from "node:path";
import { type Page, test as base } from "@playwright/test";
import { transition } from "../helpers/events.ts";
import { Receiver } from "../helpers/receiver.ts";
import { Server } from "../helpers/server.ts";

const OUT = process.env.PICTURES ?? "test-results/pictures";
const SIGNING = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

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

async function shot(page: Page, name: string, fullPage = false): Promise<void> {
  await page.locator('[data-watch][data-live="live"]').waitFor();
  await page.screenshot({ path: path.join(OUT, `${name}.png`), fullPage });
}

test("duty", async ({ context, page, receiver, server }) => {
  test.setTimeout(180_000);
  await page.setViewportSize({ width: 1440, height: 1000 });
  const theme = (value: string) => context.addCookies([{ name: "fb_theme", value, url: server.url }]);
  const send = async (to: string, data: unknown) => {
    const answer = await page.request.post(`${server.url}/api/v1/${to}`, { data, headers: { origin: server.url } });
    if (!answer.ok()) throw new Error(`${to}: ${answer.status()} ${await answer.text()}`);
  };
  for (const name of ["#llm-ops", "Ada’s telephone", "Grace’s telephone"]) {
    const own = name !== "#llm-ops";
    await send("channels", { name, kind: "webhook", on_call_only: own, secrets: { url: receiver.url("hook"), secret: SIGNING } });
  }
  for (const [name, channels] of [["Ada Byron", [2]], ["Grace Hopper", [3]], ["Linus", []]] as const) {
    await send("responders", { name, channels });
  }
  const weekend = [{ days: ["sat", "sun"], from: "08:00", to: "20:00" }];
  await send("schedules", {
    name: "Primary",
    about: "Whoever is woken first.",
    zone: "Europe/Berlin",
    layers: [
      { name: "Weeks", people: [1, 2], starts: "2026-01-05T09:00", every: 3, unit: "days" },
      { name: "Weekends", people: [3], starts: "2026-01-05T09:00", every: 1, unit: "weeks", hours: weekend },
    ],
  });
  await send("schedules", {
    name: "Secondary",
    zone: "America/New_York",
    layers: [{ people: [2, 1], starts: "2026-01-05T09:00", every: 1, unit: "weeks" }],
  });
  const at = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  await send("schedules/1/overrides", { responder: 2, from: at + 30 * 3_600_000, to: at + 42 * 3_600_000 });
  await send("escalations", {
    name: "Nights",
    about: "For everything that cannot wait.",
    steps: [
      { after_ms: 300_000, tell: { schedules: [1] } },
      { after_ms: 600_000, tell: { schedules: [2], channels: [1] } },
    ],
    repeat: 2,
    again_after_ms: 1_200_000,
    default: true,
  });
  await server.push(transition("claude-sonnet", "closed", { provider: "anthropic" }), transition("claude-sonnet", "open", { provider: "anthropic" }));
  await page.goto(`${server.url}/alerts`);
  await page.locator("[data-alert]").first().waitFor();
  for (const look of ["light", "dark"]) {
    await theme(look);
    for (const [width, height, size] of [[1440, 1000, ""], [390, 844, "-phone"]] as const) {
      await page.setViewportSize({ width, height });
      for (const [name, to] of [
        ["alert-next", "/alerts/1"],
        ["schedules", "/alerts/schedules"],
        ["schedule", "/alerts/schedules/1"],
        ["escalations", "/alerts/escalations"],
        ["escalation-form", "/alerts/escalations?edit=1"],
        ["schedule-form", "/alerts/schedules?new=yes"],
      ] as const) {
        await page.goto(server.url + to);
        await shot(page, `${name}${size}-${look}`, name !== "alert-next");
      }
    }
  }
});
