// Below a path of a host that others share, behind proxies that people use (docs/adr/0036): nothing is asked of the rest of
// the host, and everything works as at a host of its own.
import { call, transition } from "../helpers/events.ts";
import { BELOW, type Kind, Proxy } from "../helpers/proxy.ts";
import { OWNER } from "../helpers/server.ts";
import { expect, test } from "../helpers/stranger.ts";

const KINDS: Kind[] = [
  { name: "nginx", tls: true, takesOff: false },
  { name: "nginx", tls: false, takesOff: true },
  { name: "caddy", tls: false, takesOff: false },
  { name: "caddy", tls: false, takesOff: true },
];

test.use({ ignoreHTTPSErrors: true });

for (const kind of KINDS) {
  const what = kind.takesOff ? "takes the path off" : "passes the path on";
  test(`${kind.name} ${what}${kind.tls ? ", over TLS" : ""}`, async ({ context, page, playwright, server }) => {
    const proxy = await Proxy.before(server, kind);
    const elsewhere: string[] = [];
    const keep = (url: string) => {
      const { host, pathname } = new URL(url);
      if (host !== new URL(proxy.origin).host || !`${pathname}/`.startsWith(`${BELOW}/`)) elsewhere.push(url);
    };
    page.on("request", (request) => request.url().startsWith("http") && keep(request.url()));
    page.on("websocket", (socket) => keep(socket.url()));

    await page.goto(proxy.url);
    await expect(page).toHaveURL(`${proxy.url}/login`);
    await page.getByLabel("Email").fill(OWNER.email);
    await page.getByLabel("Password").fill(OWNER.password);
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(`${proxy.url}/`);
    const cookies = (await context.cookies()).filter((cookie) => cookie.httpOnly);
    expect(cookies.map(({ name, path, secure }) => [name.replace(/_[0-9a-f]+$/, ""), path, secure])).toEqual(
      ["fb_sid", "fb_known"].map((name) => [(kind.tls ? "__Host-" : "") + name, "/", kind.tls]),
    );

    // Live, and with the parts of the program that come later.
    await expect(page.locator("body")).toHaveAttribute("data-hydrated", /.*/);
    await expect(page.locator("[data-live]").first()).toHaveAttribute("data-live", "live");
    await server.push(call(), transition("gpt-5", "closed"), transition("gpt-5", "open"));
    await expect(page.locator('[data-breaker="gpt-5"]')).toBeVisible();
    await expect(page.locator('[data-chart="latency"] canvas').first()).toBeVisible();
    await page.getByRole("link", { name: "Providers" }).click();
    await expect(page).toHaveURL(`${proxy.url}/providers`);
    await expect(page.locator('[data-provider="openai"]').first()).toBeVisible();
    await page.reload();
    await expect(page.locator("main")).toHaveAttribute("data-page", "providers");
    await expect(page.locator("body")).toHaveAttribute("data-hydrated", /.*/);

    // What is beside the program.
    await expect(page.locator("link[rel=icon]")).toHaveAttribute("href", `${BELOW}/favicon-alert.svg`);
    await page.keyboard.press("g");
    await page.keyboard.press("b");
    const row = page.locator("alert-rail [data-alert]");
    await expect(row).toContainText("Breaker open: gpt-5");
    await row.getByRole("button").click();
    await expect(row).toContainText("You");
    await row.locator(".alert-title").click();
    await expect(page).toHaveURL(new RegExp(`${BELOW}/alerts/\\d+$`));
    await expect(page.locator("[data-watch]")).toHaveAttribute("data-live", "live");
    await expect(page.locator("[data-swap=detail]")).toContainText(/ada/i);

    await page.getByRole("link", { name: "Connect" }).click();
    await expect(page.locator("#snippet")).toContainText(`${proxy.url}/api/v1/events`);
    // A service has no cookies.
    const service = await playwright.request.newContext({ ignoreHTTPSErrors: true });
    const sent = await service.post(`${proxy.url}/api/v1/events`, { headers: { authorization: `Bearer ${await server.key()}` }, data: [call()] });
    expect(sent.status()).toBe(200);
    await service.dispose();

    await page.getByRole("link", { name: "Settings" }).click();
    await expect(page).toHaveURL(`${proxy.url}/settings`);
    await page.getByRole("link", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page).toHaveURL(`${proxy.url}/login`);
    await page.goto(`${proxy.url}/breakers`);
    await expect(page).toHaveURL(`${proxy.url}/login?next=%2Ffuseboard%2Fbreakers`);
    expect(elsewhere, "asked of the rest of the host").toEqual([]);
    await proxy.stop();
  });
}
