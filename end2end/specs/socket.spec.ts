// Who may open a page or a socket: this machine's names only, and pages of ours only.
import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { call } from "../helpers/events.ts";
import type { Server } from "../helpers/server.ts";
import { expect, test } from "../helpers/test.ts";

/** The status of a request with exactly these headers. */
function status(server: Server, path: string, headers: Record<string, string | string[]>): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port: server.port, path, headers, agent: false, setHost: false });
    asked.on("response", (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on("upgrade", (answer, socket) => {
      socket.destroy();
      resolve(answer.statusCode ?? 0);
    });
    asked.on("error", reject);
    asked.end();
  });
}

function upgrade(headers: Record<string, string | string[]>): Record<string, string | string[]> {
  return {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
    "Sec-WebSocket-Protocol": "fuseboard.v1.json",
    ...headers,
  };
}

test("pages answer to this machine's names only", async ({ server }) => {
  for (const host of [`127.0.0.1:${server.port}`, `localhost:${server.port}`, `[::1]:${server.port}`]) {
    // Nobody is signed in there: to the door.
    expect(await status(server, "/", { Host: host }), host).toBe(303);
  }
  for (const host of ["evil.example", `evil.example:${server.port}`, "127.0.0.1.evil.example", "localhost.evil.example", "2130706433", ""]) {
    expect([400, 403], host).toContain(await status(server, "/", { Host: host }));
  }
});

test("a socket without a key needs our own origin", async ({ server }) => {
  const Host = `127.0.0.1:${server.port}`;
  expect(await status(server, "/ws/v1", upgrade({ Host, Origin: `http://${Host}` }))).toBe(101);
  const strangers: (string | string[])[] = [
    "null",
    "http://evil.example",
    `http://evil.example:${server.port}`,
    `http://localhost:${server.port}`,
    `http://${Host}.evil.example`,
    `http://127.0.0.1:${server.port + 1}`,
    `https://${Host}`,
    "http://127.0.0.1",
    `http://user@${Host}`,
    `http://${Host}/`,
    `http://${Host}, http://evil.example`,
    [`http://${Host}`, "http://evil.example"],
  ];
  for (const Origin of strangers) {
    expect(await status(server, "/ws/v1", upgrade({ Host, Origin })), String(Origin)).toBe(403);
  }
  expect(await status(server, "/ws/v1", upgrade({ Host })), "no origin, no key").toBe(403);
  expect(await status(server, "/ws/v1", upgrade({ Host: "evil.example", Origin: "http://evil.example" }))).toBe(403);
  const forwarded = { Host, Origin: "http://evil.example", "X-Forwarded-Host": "evil.example" };
  expect(await status(server, "/ws/v1", upgrade(forwarded)), "forwarded headers are not believed").toBe(403);
});

test("a socket with a key needs no origin, but a good key", async ({ server }) => {
  const Host = `127.0.0.1:${server.port}`;
  const key = await server.key();
  expect(await status(server, "/ws/v1", upgrade({ Host, Authorization: `Bearer ${key}` }))).toBe(101);
  expect([401, 403]).toContain(await status(server, "/ws/v1", upgrade({ Host, Authorization: "Bearer fb_wrong" })));
});

test("another site in the same browser gets no data", async ({ guard, page, server }) => {
  guard.allow(/WebSocket connection to .* failed|CORS policy|ERR_FAILED|Failed to load resource/);
  await server.push(call());
  // A page of another origin: the same address under another name.
  await page.route("http://attacker.localhost/", (route) => route.fulfill({ contentType: "text/html", body: "<p>hello" }));
  await page.goto("http://attacker.localhost/");
  const outcome = await page.evaluate(
    (address) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(`ws://${address}/ws/v1`, "fuseboard.v1.json");
        socket.onopen = () => resolve("open");
        socket.onerror = () => resolve("refused");
      }),
    `127.0.0.1:${server.port}`,
  );
  expect(outcome).toBe("refused");
  const read = await page.evaluate(
    (address) => fetch(`http://${address}/`).then(() => "read", () => "refused"),
    `127.0.0.1:${server.port}`,
  );
  expect(read).toBe("refused");
});
