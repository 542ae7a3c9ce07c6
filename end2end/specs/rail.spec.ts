// The rail beside the board and what every page tells of alerts: pushed, without a program, over a bad line, for long.
import { setTimeout as sleep } from "node:timers/promises";
import { call, transition } from "../helpers/events.ts";
import { debuggerOf, holding, instrument } from "../helpers/memory.ts";
import { join } from "../helpers/people.ts";
import { expect, test } from "../helpers/test.ts";

const SWAPS = 1_000;

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the first paint has the rail, and its button works", async ({ page, server }) => {
    await server.push(transition("gpt-5", "closed"), transition("gpt-5", "open"), call());
    await expect.poll(async () => (await (await server.ask("/")).text()).includes("1 needs somebody")).toBe(true);
    await page.goto(server.url);
    const row = page.locator("alert-rail [data-alert]");
    await expect(row).toContainText("Breaker open: gpt-5");
    await row.getByRole("button").click();
    await expect(page).toHaveURL(`${server.url}/`);
    await expect(row).toContainText("You, now");
  });
});

test("the rail holds still while the board's program takes over", async ({ page, server }) => {
  await server.push(transition("gpt-5", "closed"), transition("gpt-5", "open"), call());
  await page.addInitScript(() => {
    const shifts: number[] = ((window as unknown as { __shifts: number[] }).__shifts = []);
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shifts.push((entry as unknown as { value: number }).value);
    }).observe({ type: "layout-shift", buffered: true });
  });
  await expect.poll(async () => (await (await server.ask("/")).text()).includes("1 needs somebody")).toBe(true);
  await page.goto(server.url);
  await expect(page.locator("body")).toHaveAttribute("data-hydrated", /.*/);
  await expect(page.locator("[data-live]").first()).toHaveAttribute("data-live", "live");
  await sleep(1_500);
  const shifts = await page.evaluate(() => (window as unknown as { __shifts: number[] }).__shifts);
  expect(shifts.reduce((sum, shift) => sum + shift, 0), "layout shift").toBeLessThan(0.02);
  await expect(page.locator("alert-rail [data-alert]")).toHaveCount(1);
});

test("it goes and comes with the board, and the count is on every page", async ({ board, page, server }) => {
  await server.push(transition("gpt-5", "closed"), transition("gpt-5", "open"), call());
  await board.open();
  const row = page.locator("alert-rail [data-alert]");
  await expect(row).toHaveCount(1);
  await page.locator('nav a[href="/providers"]').click();
  await expect(board.main).toHaveAttribute("data-page", "providers");
  await expect(page).toHaveTitle(/^\(1\) Providers/);
  await expect(page.locator("[data-needs]")).toHaveText("1 needs somebody");
  await page.locator('nav a[href="/"]').click();
  await expect(row, "made by the program, filled by the script").toHaveCount(1);
  await page.keyboard.press("a");
  await expect(row).toContainText("You");
  await expect(page).not.toHaveTitle(/^\(/);
  await server.push(transition("gpt-5-mini", "closed"), transition("gpt-5-mini", "open"));
  for (const path of ["/limits", "/alerts/rules", "/settings", "/settings/keys"]) {
    await page.goto(server.url + path);
    await expect(page.locator("[data-needs]"), path).toHaveText("1 needs somebody");
    await expect(page.locator("link[rel=icon]"), path).toHaveAttribute("href", "/favicon-alert.svg");
  }
});

test("who only looks has no button and no key", async ({ browser, guard, page: _page, server }) => {
  await server.push(transition("gpt-5", "closed"), transition("gpt-5", "open"), call());
  const context = await browser.newContext();
  await guard.watch(context);
  await join(server, context, "Vera", "viewer");
  const page = await context.newPage();
  await page.goto(server.url);
  const row = page.locator("alert-rail [data-alert]");
  await expect(row).toContainText("Breaker open: gpt-5");
  await expect(page.locator("alert-rail button")).toHaveCount(0);
  await page.keyboard.press("a");
  await sleep(300);
  await expect(row).toHaveAttribute("data-phase", "firing");
  await context.close();
});

test("beside a moment that has passed it says that it shows now", async ({ board, page, server }) => {
  await server.push(transition("gpt-5", "closed"), transition("gpt-5", "open"), call());
  await board.open();
  await expect(page.locator(".rail-now")).toBeHidden();
  await page.keyboard.press("r");
  await expect(board.pill).toHaveAttribute("data-live", "replay");
  await expect(page.locator(".rail-now")).toHaveText("now, not the moment shown");
});

test("without a socket pages ask, say that they are behind, and are live again by themselves", async ({ guard, page, server }) => {
  guard.allow(/WebSocket connection to .* failed/);
  let refuse = true;
  await page.routeWebSocket(/\/ws\/v1$/, (socket) => {
    if (refuse) void socket.close({ code: 4009 });
    else socket.connectToServer();
  });
  await server.push(transition("gpt-5", "closed"));
  await page.goto(`${server.url}/alerts`);
  const pill = page.locator("[data-watch]");
  await expect(pill).toHaveAttribute("data-live", "behind", { timeout: 8_000 });
  await server.push(transition("gpt-5", "open"));
  await expect(page.locator("[data-alert]")).toContainText("Breaker open: gpt-5", { timeout: 6_000 });
  await expect(pill).toHaveAttribute("data-live", "behind");
  await expect(page).toHaveTitle(/^\(1\) /);
  refuse = false;
  await page.reload();
  await expect(pill).toHaveAttribute("data-live", "live");
});

test("an acknowledgement that does not arrive leaves what was there, and says so", async ({ board, context, guard, page, server }) => {
  guard.allow(/net::ERR_(INTERNET_DISCONNECTED|FAILED)/);
  await server.push(transition("gpt-5", "closed"), transition("gpt-5", "open"), call());
  await board.open();
  const row = page.locator("alert-rail [data-alert]");
  await context.route("**/alerts/*", (route) => (route.request().method() === "POST" ? route.abort("internetdisconnected") : route.continue()));
  await row.getByRole("button").click();
  await expect(row).toContainText("Not sent: no connection. Press Ack again.");
  await expect(row.getByRole("button")).toBeVisible();
  await context.unroute("**/alerts/*");
  await row.getByRole("button").click();
  await expect(row).toContainText("You");
  await expect(row).not.toContainText("Not sent");
});

test("notes and sound are off, and remembered when they are wanted", async ({ context, page, server }) => {
  await context.grantPermissions(["notifications"]);
  await page.goto(`${server.url}/alerts`);
  const [note, sound] = [page.getByRole("button", { name: "Desktop note" }), page.getByRole("button", { name: "Sound" })];
  for (const button of [note, sound]) await expect(button).toHaveAttribute("aria-pressed", "false");
  await sound.click();
  await expect(sound).toHaveAttribute("aria-pressed", "true");
  await page.reload();
  await expect(sound).toHaveAttribute("aria-pressed", "true");
  await expect(note).toHaveAttribute("aria-pressed", "false");
  await sound.click();
  await expect(sound).toHaveAttribute("aria-pressed", "false");
});

test(`${SWAPS} fresh rails leave nothing behind`, async ({ board, context, page, server }) => {
  test.setTimeout(3 * 60_000);
  await instrument(context);
  await server.push(transition("gpt-5", "closed"), transition("gpt-5", "open"), transition("gpt-5-mini", "closed"), transition("gpt-5-mini", "open"), call());
  await board.open();
  await board.live();
  await expect(page.locator("alert-rail [data-alert]")).toHaveCount(2);
  const session = await debuggerOf(page);
  // As the script does when a version is told, with what the server answered once.
  const swap = (times: number) =>
    page.evaluate(async (times) => {
      const rail = document.querySelector("alert-rail") as HTMLElement;
      const fragment = await (await fetch("/alerts/rail")).text();
      const place = rail.parentElement as HTMLElement;
      const { parsed, annotate, tellAges } = (await import("/watch.js" as string)) as {
        parsed(text: string): Document;
        annotate(root: Element): void;
        tellAges(): void;
      };
      for (let n = 0; n < times; n += 1) {
        const section = parsed(fragment).querySelector(".alerts-rail") as Element;
        rail.replaceChildren(document.adoptNode(section));
        annotate(rail);
        tellAges();
        // Now and then the board itself goes and comes.
        if (n % 50 === 0) place.replaceChildren(rail);
        if (n % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }, times);
  await swap(50);
  await sleep(500);
  const before = await holding(page, session);
  await swap(SWAPS);
  await sleep(500);
  const after = await holding(page, session);
  console.log(`      before ${JSON.stringify(before)}\n      after  ${JSON.stringify(after)}`);
  expect(after.detached, "detached nodes").toBe(0);
  expect(after.listeners, "listeners").toBeLessThanOrEqual(before.listeners + 2);
  expect(after.nodes, "nodes").toBeLessThanOrEqual(before.nodes * 1.05 + 50);
  expect(after.heap, "heap").toBeLessThan(before.heap + 2e6);
});
