// A steady stream of events, so that a long test sees the page at work.
import { setTimeout as sleep } from "node:timers/promises";
import { call, transition } from "./events.ts";
import type { Server } from "./server.ts";

const BREAKERS: [string, string][] = [
  ["gpt-5", "openai"],
  ["gpt-5-mini", "openai"],
  ["claude-sonnet", "anthropic"],
  ["claude-haiku", "anthropic"],
  ["gemini-pro", "google"],
  ["gemini-flash", "google"],
];

/** Pushes batches of calls with one transition each, `perSecond` of them, until `stop` is aborted. */
export async function traffic(server: Server, perSecond: number, stop: AbortSignal): Promise<void> {
  const states = ["closed", "open", "half_open"];
  for (let turn = 0; !stop.aborted; turn += 1) {
    const [breaker = "", provider = ""] = BREAKERS[turn % BREAKERS.length] ?? [];
    const to = states[Math.floor(turn / BREAKERS.length) % states.length] ?? "closed";
    const started = performance.now();
    await server.push(
      transition(breaker, to, { provider, failure_rate: 0.4, failure_threshold: 0.5, causes: { timeout: 3 } }),
      ...Array.from({ length: 4 }, (_, n) => call({ provider, model: breaker, breaker, duration_ms: 300 + ((turn * 37 + n * 91) % 2000) })),
    );
    await sleep(Math.max(0, 1000 / perSecond - (performance.now() - started)));
  }
}
