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

export type Traffic = {
  /** Batches a second. */
  perSecond: number;
  /** Whose transitions they are: a state that is reported once more is no transition. */
  instance?: string;
  /** Which breakers, in turn. */
  breakers?: [string, string][];
};

/** Pushes batches of calls with one transition each, until `stop` is aborted. */
export async function traffic(server: Server, stop: AbortSignal, what: Traffic): Promise<void> {
  const { perSecond, instance = "api-1", breakers = BREAKERS } = what;
  const states = ["closed", "open", "half_open"];
  for (let turn = 0; !stop.aborted; turn += 1) {
    const [breaker = "", provider = ""] = breakers[turn % breakers.length] ?? [];
    const to = states[Math.floor(turn / breakers.length) % states.length] ?? "closed";
    const started = performance.now();
    await server.push(
      transition(breaker, to, { provider, instance, failure_rate: 0.4, failure_threshold: 0.5, causes: { timeout: 3 } }),
      ...Array.from({ length: 4 }, (_, n) => call({ provider, model: breaker, breaker, duration_ms: 300 + ((turn * 37 + n * 91) % 2000) })),
    );
    await sleep(Math.max(0, 1000 / perSecond - (performance.now() - started)));
  }
}
