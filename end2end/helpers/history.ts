// A week of breakers, sent late: a breaker that opened several times and is open on two of three instances, and calm ones.
import { type Event, call, transition } from "./events.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type Step = [age: number, to: string, fields?: Record<string, unknown>];

function story(breaker: string, instance: string, provider: string, steps: Step[]): Event[] {
  const now = Date.now();
  return steps.map(([age, to, fields]) =>
    transition(breaker, to, { time: now - age, provider, service: "checkout", environment: "prod", instance, model: breaker, ...fields }),
  );
}

const overloaded = { causes: { overloaded: 24, timeout: 5 }, window_calls: 50, window_failures: 31, failure_rate: 0.62, failure_threshold: 0.5 };
const limited = { causes: { rate_limited: 28 }, window_calls: 50, window_failures: 28, failure_rate: 0.56, failure_threshold: 0.5 };

/** Opens, and recovers after so long. */
function opening(age: number, lasted: number, why: Record<string, unknown>): Step[] {
  return [
    [age, "open", why],
    [age - lasted, "half_open", { reason: "waited 30 s" }],
    [age - lasted - 22_000, "closed", { reason: "5 of 5 trial calls ok" }],
  ];
}

/** `claude-sonnet` opened five times in the last days and is open on two of three instances. */
export function week(): Event[] {
  const born: Step = [6.9 * DAY, "closed"];
  return [
    ...story("claude-sonnet", "api-3", "anthropic", [
      born,
      ...opening(4.4 * DAY, 28 * MINUTE, limited),
      ...opening(2.1 * DAY, 12 * MINUTE, limited),
      [246_000, "open", { ...overloaded, retry_at: Date.now() + 60_000, not_permitted: 1204 }],
    ]),
    ...story("claude-sonnet", "api-5", "anthropic", [
      born,
      ...opening(2.05 * DAY, 8 * MINUTE, limited),
      ...opening(5 * HOUR, 30_000, limited),
      [238_000, "open", { ...overloaded, failure_rate: 0.6, not_permitted: 88 }],
    ]),
    ...story("claude-sonnet", "api-7", "anthropic", [born, [3.4 * DAY, "forced_open", { reason: "by ops-2: vendor maintenance" }], [3.3 * DAY, "closed", { reason: "released by ops-2" }]]),
    ...story("claude-haiku", "api-3", "anthropic", [born, ...opening(1.2 * DAY, 3 * MINUTE, overloaded), [70_000, "open", overloaded], [20_000, "half_open", { trials_done: 3, trials_needed: 5 }]]),
    ...story("gpt-5", "api-3", "openai", [born]),
    ...story("gpt-5", "api-5", "openai", [born]),
    ...story("gpt-5-mini", "api-3", "openai", [born, ...opening(6 * DAY, 2 * MINUTE, limited)]),
    ...story("gemini-pro", "batch-1", "google", [born, [2 * HOUR, "forced_open", { reason: "by ops-2: quota" }]]),
    ...story("vllm-a", "batch-1", "self-hosted", [born]),
  ];
}

/** Calls that `claude-sonnet` guarded over the last hours, up to its trip: 40% fail in the second half, some are refused. */
export function guarded(count = 600): Event[] {
  const now = Date.now();
  return Array.from({ length: count }, (_, n) => {
    const bad = n % 5 < 2 && n > count / 2;
    const refused = bad && n % 25 === 0;
    return call({
      time: now - 250_000 - (count - 1 - n) * 15_000,
      provider: "anthropic",
      model: "claude-sonnet",
      breaker: "claude-sonnet",
      service: "checkout",
      environment: "prod",
      instance: n % 2 === 0 ? "api-3" : "api-5",
      ...(bad ? { outcome: refused ? "rejected" : "overloaded", status: refused ? undefined : 529, ttft_ms: undefined } : {}),
    });
  });
}

/** How a provider answers: its models, a usual duration, what a call costs. */
const PROVIDERS: [provider: string, models: string[], ms: number, usd: number | undefined][] = [
  ["openai", ["gpt-5", "gpt-5-mini"], 700, 0.0021],
  ["anthropic", ["claude-sonnet", "claude-haiku"], 1500, 0.0034],
  ["google", ["gemini-pro", "gemini-flash"], 1100, 0.0012],
  ["self-hosted", ["vllm-a"], 400, undefined],
];

/** Six and a half days of calls, more by day than by night; `anthropic` fails over the last forty minutes. The same each time. */
export function days(): Event[] {
  const now = Date.now();
  let state = 7;
  const random = () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
  const events: Event[] = [];
  for (let age = 6.5 * DAY; age > MINUTE; age -= 6 * MINUTE) {
    const hour = ((now - age) % DAY) / HOUR;
    const busy = 3 + Math.round(4 * Math.max(0, Math.sin(((hour - 6) / 24) * 2 * Math.PI)));
    for (const [provider, models, ms, usd] of PROVIDERS) {
      for (let n = 0; n < busy; n += 1) {
        const failing = provider === "anthropic" && age < 40 * MINUTE;
        const bad = random() < (failing ? 0.4 : 0.006);
        const slow = Math.exp((random() + random()) * 0.7) * (failing ? 1.6 : 1);
        const model = models[Math.floor(random() * models.length)] ?? "";
        const outcome = bad ? (random() < 0.7 ? "overloaded" : "timeout") : "ok";
        events.push(
          call({
            time: Math.round(now - age + random() * 5 * MINUTE),
            provider,
            model,
            outcome,
            duration_ms: Math.round(ms * slow),
            ttft_ms: bad ? undefined : Math.round(ms * slow * 0.3),
            input_tokens: bad ? undefined : 400 + Math.floor(random() * 1600),
            output_tokens: bad ? undefined : 60 + Math.floor(random() * 500),
            cost_usd: bad || usd === undefined ? undefined : usd * (0.5 + random()),
            deployment: provider === "google" ? (random() < 0.5 ? "eu" : "us") : undefined,
            service: "checkout",
            environment: "prod",
            instance: "api-3",
          }),
        );
      }
    }
  }
  return events;
}
