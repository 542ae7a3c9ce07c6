// Whoever has a key for pushing events decides what admins see, and members see each other's names: no string of theirs
// may ever run.
import type { Page } from "@playwright/test";
import { call, type Event, transition } from "../helpers/events.ts";
import { PAYLOADS } from "../helpers/payloads.ts";
import type { Server } from "../helpers/server.ts";
import { expect, test } from "../helpers/test.ts";

/** What is refused is no fault of the page. */
const REFUSED = /status of (400|404|422|429)/;

/** Neither ran anything, nor became part of the page: no element, no attribute, no address of theirs. */
async function harmless(page: Page, where: string): Promise<void> {
  const found = await page.evaluate(() => {
    const told = [];
    if ((window as unknown as { __xss?: number }).__xss !== undefined) told.push("it ran");
    for (const element of document.querySelectorAll("*")) {
      const name = element.tagName.toLowerCase();
      if (/^(iframe|object|embed|base|marquee|video|audio|math|image|template)$/.test(name)) told.push(name);
      if (name === "script" && !element.hasAttribute("src") && !(element as HTMLScriptElement).nonce) told.push("a script");
      if (name === "meta" && element.getAttribute("http-equiv")) told.push("a meta");
      for (const { name: attribute, value } of element.attributes) {
        if (attribute.startsWith("on") || attribute === "style" || attribute === "srcdoc") told.push(`${name} ${attribute}`);
        if (/^(href|src|action|formaction|data)$/.test(attribute) && /^\s*(javascript|data):/i.test(value)) told.push(value);
      }
    }
    return told;
  });
  // ECharts sets the size of its own canvas by attribute.
  const ours = /^(div|canvas|svg) style$/;
  expect(found.filter((told) => !ours.test(told)), where).toEqual([]);
}

function everywhere(payload: string, n: number): Event[] {
  const at = {
    provider: `${payload} ${n}`,
    model: payload,
    deployment: payload,
    service: payload,
    environment: payload,
    instance: payload,
    labels: { team: payload, [payload]: payload },
  };
  return [
    transition(`${payload} ${n}`, "open", {
      ...at,
      reason: payload,
      kind: "failure_rate",
      causes: { overloaded: 3 },
      failure_rate: 0.6,
    }),
    call({ ...at, breaker: `${payload} ${n}`, outcome: "server_error", ttft_ms: undefined, error: payload, trace_id: payload }),
    call({ ...at }),
    { type: "headroom", provider: payload, key: payload, requests_limit: 10 },
    { type: "marker", title: payload, kind: "deploy", service: payload },
  ];
}

test.beforeEach(({ page }) => {
  page.on("dialog", (dialog) => {
    throw new Error(`a dialog: ${dialog.message()}`);
  });
});

test("payloads in every string of events are shown as text and never run", async ({ board, guard, page, server }) => {
  test.slow();
  guard.allow(REFUSED);
  expect(new Set(PAYLOADS).size).toBe(60);
  for (const [n, payload] of PAYLOADS.entries()) {
    // Some of a payload's places may be refused, which is fine too; the rest must get through to be worth a test.
    const answer = await server.pushRaw(JSON.stringify({ events: everywhere(payload, n) }));
    const body = (await answer.json()) as { accepted?: number };
    expect(body.accepted, JSON.stringify(body)).toBeGreaterThanOrEqual(3);
  }
  // Refusals repeat what was sent.
  for (const payload of PAYLOADS) {
    await server.pushRaw(
      JSON.stringify([call({ outcome: payload, [payload]: 1 }), { type: payload }, call({ url: payload, [`${payload}2`]: payload })]),
    );
  }

  await board.open();
  await board.live();
  await expect(board.breakers).toHaveCount(PAYLOADS.length);
  for (const n of PAYLOADS.keys()) {
    const fuse = page.locator("[data-breaker]").nth(n);
    await fuse.hover();
    await fuse.click();
    await expect(page.locator("[data-instance]").first(), PAYLOADS[n]).toBeVisible();
    await page.keyboard.press("Escape");
  }
  expect(await board.breakers.evaluateAll((fuses) => fuses.map((fuse) => fuse.getAttribute("data-breaker")).sort())).toEqual(
    PAYLOADS.map((payload, n) => `${payload} ${n}`).sort(),
  );
  await harmless(page, "the board");
  for (const name of ["latency", "outcomes", "heat"]) {
    await board.chart(name).scrollIntoViewIfNeeded();
    await board.chart(name).hover();
  }
  await harmless(page, "the board's charts");

  const first = async (list: string, id: (row: { id: string; breaker?: { id: string } }) => string | undefined) => {
    const { rows } = (await (await server.ask(`/api/v1/${list}?from=now-1h&to=now`)).json()) as { rows: [{ id: string }] };
    return id(rows[0]);
  };
  const pages = [
    "/providers?from=now-1h&to=now",
    `/providers/${await first("providers", (row) => row.id)}?from=now-1h&to=now`,
    "/breakers?from=now-1h&to=now",
    `/breakers/${await first("breakers", (row) => row.breaker?.id)}?from=now-1h&to=now`,
    "/explore?metric=requests&group_by=provider,model&from=now-1h&to=now",
    "/explore?metric=requests&group_by=label.team&as=table&from=now-1h&to=now",
    "/limits",
    "/connect",
  ];
  for (const path of pages) {
    await board.open(path);
    // The Limits page repeats nothing that was sent.
    if (path !== "/limits") await expect(page.getByText("window.__xss").first(), path).toBeAttached();
    await harmless(page, path);
  }
  for (const path of ["/kpis?period=day", "/kpis/prices"]) {
    await page.goto(server.url + path);
    await expect(page.getByText("window.__xss").first(), path).toBeAttached();
    await harmless(page, path);
  }
  for (const [n, payload] of PAYLOADS.entries()) {
    const said = encodeURIComponent(payload);
    const path = [`/?range=${said}&breaker=${said}`, `/explore?metric=${said}&group_by=${said}&as=${said}`, `/providers/${said}`][n % 3] ?? "/";
    await page.goto(server.url + path);
    await harmless(page, path);
  }
});

async function change(server: Server, cookie: string, verb: string, path: string, body: object): Promise<number> {
  const headers = { origin: server.url, cookie, "content-type": "application/json" };
  return (await fetch(server.url + path, { method: verb, headers, body: JSON.stringify(body) })).status;
}

test("payloads in names, keys, tenants and forms are shown as text and never run", async ({ guard, page, server }) => {
  test.slow();
  guard.allow(REFUSED);
  const { name, value } = await server.signIn();
  const cookie = `${name}=${value}`;
  for (const [n, payload] of PAYLOADS.entries()) {
    expect(await change(server, cookie, "PATCH", "/api/v1/me", { name: payload }), payload).toBe(204);
    expect(await change(server, cookie, "POST", "/api/v1/keys", { name: payload, scopes: ["ingest:write"] }), payload).toBe(201);
    expect(await change(server, cookie, "POST", "/api/v1/tenants", { slug: `x${n}`, name: payload }), payload).toBe(201);
    // Whether or not this is an address: the audit log and the list of invitations may show it.
    await change(server, cookie, "POST", "/api/v1/invitations", { email: `${payload}@example.com`, role: "viewer" });
    // The list of sessions shows what browsers call themselves.
    await fetch(`${server.url}/api/v1/me`, { headers: { cookie, "user-agent": payload.replaceAll(/[^\x20-\x7e]/g, "") } });
  }
  for (const path of ["/settings", "/settings/members", "/settings/keys", "/settings/tenants", "/settings/audit", "/logout"]) {
    await page.goto(server.url + path);
    await expect(page.getByText("window.__xss").first(), path).toBeAttached();
    await harmless(page, path);
  }
  // A form that is refused shows again what was sent.
  for (const payload of PAYLOADS) {
    await page.goto(`${server.url}/settings/keys`);
    await page.getByLabel("Name").fill(payload);
    await page.getByLabel("Only from").fill(payload);
    await page.getByRole("button", { name: "Make the key" }).click();
    await expect(page.getByRole("alert").first()).toBeVisible();
    await harmless(page, `the form of keys with ${payload}`);
    await page.goto(`${server.url}/settings/audit?actor=${encodeURIComponent(payload)}&done=${encodeURIComponent(payload)}`);
    await harmless(page, `the audit log with ${payload}`);
  }
  await page.context().clearCookies();
  for (const payload of PAYLOADS) {
    await page.goto(`${server.url}/login?next=${encodeURIComponent(payload)}`);
    await page.getByLabel("Email").evaluate((field) => field.setAttribute("type", "text"));
    await page.getByLabel("Email").fill(payload);
    await page.getByLabel("Password").fill(payload);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.locator(".door-refused, [role=alert], .wrong").first()).toBeVisible();
    await harmless(page, `the door with ${payload}`);
  }
});
