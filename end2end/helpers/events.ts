// Events as a client would send them.

export type Event = { type: string; [field: string]: unknown };

/** A good call, changed by `fields`. */
export function call(fields: Record<string, unknown> = {}): Event {
  return {
    type: "call",
    provider: "openai",
    model: "gpt-5",
    outcome: "ok",
    duration_ms: 800,
    ttft_ms: 220,
    input_tokens: 900,
    output_tokens: 150,
    ...fields,
  };
}

/** A transition of a breaker, on instance `api-1` unless told otherwise. */
export function transition(breaker: string, to: string, fields: Record<string, unknown> = {}): Event {
  return { type: "breaker", breaker, to, provider: "openai", instance: "api-1", ...fields };
}

/** Four providers, eight breakers: two open, one half-open, one forced; and calls behind them. */
export function busyBoard(): Event[] {
  const breakers: [string, string, string][] = [
    ["gpt-5", "openai", "closed"],
    ["gpt-5-mini", "openai", "closed"],
    ["claude-sonnet", "anthropic", "open"],
    ["claude-haiku", "anthropic", "half_open"],
    ["gemini-pro", "google", "open"],
    ["gemini-flash", "google", "closed"],
    ["vertex-eu", "google", "forced_open"],
    ["vllm-a", "self-hosted", "closed"],
  ];
  const events: Event[] = [];
  for (const [breaker, provider, to] of breakers) {
    for (let n = 0; n < 12; n += 1) {
      const failed = to === "open" && n % 2 === 0;
      events.push(
        call({
          provider,
          model: breaker,
          breaker,
          instance: "api-1",
          duration_ms: 300 + n * 90,
          ...(failed ? { outcome: "overloaded", status: 529, ttft_ms: undefined, error: "overloaded_error" } : {}),
        }),
      );
    }
    events.push(transition(breaker, "closed", { provider }));
    if (to !== "closed") {
      events.push(
        transition(breaker, to, {
          provider,
          failure_rate: 0.62,
          failure_threshold: 0.5,
          causes: { overloaded: 24, timeout: 5 },
          window_calls: 50,
        }),
      );
    }
  }
  return events;
}
