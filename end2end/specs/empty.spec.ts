import { call, transition } from "../helpers/events.ts";
import { expect, test } from "../helpers/test.ts";

test("an empty board says what to paste and turns into the board by itself", async ({ board, page, server }) => {
  await board.open();
  await expect(page.locator("[data-waiting]")).toBeVisible();
  await expect(board.breakers).toHaveCount(0);
  await expect(board.verdict).toContainText("Waiting for the first event");
  await expect(page.getByText("/api/v1/events").first()).toBeVisible();
  await expect(page.getByText((await server.key()).slice(0, 12)).first(), "the key is in the snippet").toBeVisible();
  await board.live();

  await server.push(transition("gpt-5", "open"), call());
  await expect(board.breaker("gpt-5")).toHaveAttribute("data-state", "open", { timeout: 2000 });
  await expect(page.locator("[data-waiting]")).toHaveCount(0);
});

test("the snippet works as it stands", async ({ board, page, server }) => {
  await board.open("/connect");
  const snippet = await page.locator("pre").first().innerText();
  const body = /-d '([\s\S]*)'\s*$/.exec(snippet)?.[1];
  const key = /Bearer (\S+?)['"]/.exec(snippet)?.[1];
  const url = /https?:\/\/\S+\/api\/v1\/events/.exec(snippet)?.[0];
  expect(key).toBe(await server.key());
  expect(url).toBe(`${server.url}/api/v1/events`);
  const answer = await fetch(url ?? "", {
    method: "POST",
    // curl's -d sends this type when no other is named.
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": /content-type: ([^'"]+)/i.exec(snippet)?.[1] ?? "application/x-www-form-urlencoded",
    },
    body: body ?? "",
  });
  expect(answer.status, await answer.clone().text()).toBe(200);
  await page.goto(server.url);
  await expect(board.main).toHaveAttribute("data-page", "board");
});

test("the connect page tells what was refused", async ({ board, page, server }) => {
  await server.push(call({ service: "checkout" }));
  await board.open("/connect");
  await board.live();
  await expect(board.main).toHaveAttribute("data-page", "connect");
  await expect(page.getByText("checkout")).toBeVisible();
  await server.pushRaw(JSON.stringify([call({ service: "checkout", duration_ms: -1 }), call({ service: "checkout" })]));
  await expect(page.getByText(/duration_ms/)).toBeVisible();
});
