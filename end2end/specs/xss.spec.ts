// Whoever has a key for pushing events decides what admins see: no string of theirs may ever run.
import { call, type Event, transition } from "../helpers/events.ts";
import { expect, test } from "../helpers/test.ts";

const PAYLOADS = [
  "<script>window.__xss=1</script>",
  "<img src=x onerror=window.__xss=1>",
  '"><svg onload=window.__xss=1>',
  "' onmouseover='window.__xss=1",
  "</title></style></textarea><script>window.__xss=1</script>",
  "</script><script>window.__xss=1</script>",
  "javascript:window.__xss=1",
  "{{constructor.constructor('window.__xss=1')()}}",
  "${window.__xss=1}",
  "<!--<img src=x onerror=window.__xss=1>-->",
  "<a href=javascript:window.__xss=1 autofocus onfocus=window.__xss=1>x</a>",
  "\u202e<iframe srcdoc='<script>parent.__xss=1</script>'>",
];

function everywhere(payload: string, n: number): Event[] {
  const at = {
    provider: `${payload} ${n}`,
    model: payload,
    deployment: payload,
    service: payload,
    environment: payload,
    instance: payload,
    labels: { [payload]: payload },
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

test("payloads in every string are shown as text and never run", async ({ board, page, server }) => {
  page.on("dialog", (dialog) => {
    throw new Error(`a dialog: ${dialog.message()}`);
  });
  const ran = () => page.evaluate(() => (window as unknown as { __xss?: number }).__xss);
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
  for (const [n, payload] of PAYLOADS.entries()) {
    const name = `${payload} ${n}`;
    const fuse = page.locator("[data-breaker]").nth(n);
    await fuse.hover();
    await fuse.click();
    await expect(page.locator("[data-instance]").first(), name).toBeVisible();
    await page.keyboard.press("Escape");
  }
  expect(await board.breakers.evaluateAll((fuses) => fuses.map((fuse) => fuse.getAttribute("data-breaker")).sort())).toEqual(
    PAYLOADS.map((payload, n) => `${payload} ${n}`).sort(),
  );
  expect(await ran()).toBeUndefined();

  for (const name of ["latency", "outcomes", "heat"]) {
    await board.chart(name).scrollIntoViewIfNeeded();
    await board.chart(name).hover();
  }
  await board.open("/connect");
  await expect(page.getByText("window.__xss").first()).toBeVisible();
  expect(await ran()).toBeUndefined();
  await page.goto(`${server.url}/?range=${encodeURIComponent(PAYLOADS[2] ?? "")}&breaker=${encodeURIComponent(PAYLOADS[5] ?? "")}`);
  await board.hydrated();
  expect(await ran()).toBeUndefined();
  expect(await page.locator("iframe, img[src=x], script:not([src]):not([nonce])").count()).toBe(0);
});
