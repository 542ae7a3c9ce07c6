// `cargo xtask prove heap`: as many frames as a wall display gets in a day at one a second, at the densest rate the
// server sends: the board and an open panel, up to 40 times a second each. The heap must be flat, and nothing may pile up.
import { setTimeout as sleep } from "node:timers/promises";
import { debuggerOf, type Holding, holding, instrument } from "../helpers/memory.ts";
import { busyBoard } from "../helpers/events.ts";
import { expect, test } from "../helpers/test.ts";
import { traffic } from "../helpers/traffic.ts";

const FRAMES = Number(process.env.HEAP_FRAMES ?? "86400");
/** A machine that is busy gets fewer frames out; one this slow is no place for a proof. */
const PATIENCE_MS = 58 * 60_000;
const SAMPLES = 30;
const SENDERS = 8;

test(`${FRAMES} frames leave the heap flat`, async ({ board, context, page, server }) => {
  test.setTimeout(PATIENCE_MS);
  await instrument(context);
  await server.push(...busyBoard());
  const session = await debuggerOf(page);
  await session.send("Network.enable");
  let frames = 0;
  session.on("Network.webSocketFrameReceived", () => (frames += 1));
  await board.open();
  await board.live();
  for (const name of ["latency", "outcomes", "heat"]) {
    await board.chart(name).scrollIntoViewIfNeeded();
    await expect(board.chart(name).locator("canvas").first()).toBeVisible();
  }

  const stop = new AbortController();
  // A panel that is open gets its own frames, so each turn of the hub brings two.
  await board.breaker("gpt-5").click();
  await expect(board.detail("gpt-5")).toBeVisible();
  // Evenly, and more than the 40 turns a second that the hub takes at most for transitions.
  const running = Promise.all(
    Array.from({ length: SENDERS }, async (_, n) => {
      await sleep((n * 100) / SENDERS);
      await traffic(server, stop.signal, { perSecond: 10, instance: `api-${n + 1}`, breakers: [["gpt-5", "openai"]] });
    }),
  );
  const samples: Holding[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    while (frames < ((sample + 1) * FRAMES) / SAMPLES) await sleep(500);
    samples.push(await holding(page, session));
    console.log(`      ${frames} frames: ${JSON.stringify(samples.at(-1))}`);
  }
  stop.abort();
  await running;

  // The first third is for warming up; then the last third against the middle one.
  const third = SAMPLES / 3;
  const mean = (of: keyof Holding, from: number) =>
    samples.slice(from, from + third).reduce((sum, sample) => sum + sample[of], 0) / third;
  console.log(`      ${frames} frames; heap ${(mean("heap", third) / 1e6).toFixed(1)} → ${(mean("heap", 2 * third) / 1e6).toFixed(1)} MB`);
  expect(mean("heap", 2 * third), "heap").toBeLessThan(mean("heap", third) * 1.05 + 0.5e6);
  expect(mean("wasm", 2 * third), "WASM memory").toBeLessThanOrEqual(mean("wasm", third) + 0.2e6);
  expect(mean("nodes", 2 * third), "nodes").toBeLessThan(mean("nodes", third) * 1.05 + 50);
  expect(mean("listeners", 2 * third), "listeners").toBeLessThan(mean("listeners", third) * 1.05 + 20);
  expect(samples.at(-1)?.charts, "charts").toBe(3);
  expect(frames, "frames").toBeGreaterThanOrEqual(FRAMES);
});
