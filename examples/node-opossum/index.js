// A real opossum breaker in front of a real server that fails for a while; every call and transition goes to Fuseboard.
import http from 'node:http';
import os from 'node:os';
import CircuitBreaker from 'opossum';

const { FUSEBOARD_URL = 'http://127.0.0.1:3000', FUSEBOARD_KEY: key, TRIP_AFTER_MS = 1000, DOWN_MS = 3000 } = process.env;
if (!key) {
  console.error('FUSEBOARD_KEY is not set. Make one: fuseboard keys create --name example --scope ingest:write');
  process.exit(64);
}

// To Fuseboard: one event, at once. `who` is the breaker's identity and the process that holds it.
const who = { service: 'example-node', breaker: 'gpt-5 (opossum)', provider: 'openai', model: 'gpt-5', instance: `${os.hostname()}:${process.pid}` };
const sent = [], lost = [];
const report = (event) => sent.push(fetch(`${FUSEBOARD_URL}/api/v1/events`, {
  method: 'POST',
  headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
  body: JSON.stringify({ ...who, time: Date.now(), id: crypto.randomUUID(), ...event }),
}).then(async (answer) => answer.ok || lost.push(`${answer.status} ${await answer.text()}`), (error) => lost.push(error.cause ?? error)));

// The provider: healthy for TRIP_AFTER_MS, then 503 for DOWN_MS, then healthy again.
const begun = Date.now();
const isDown = () => Date.now() - begun >= +TRIP_AFTER_MS && Date.now() - begun < +TRIP_AFTER_MS + +DOWN_MS;
const provider = http.createServer((_, answer) => answer.writeHead(isDown() ? 503 : 200).end('{}')).listen(0, '127.0.0.1');
await new Promise((ready) => provider.once('listening', ready));

const breaker = new CircuitBreaker(async () => {
  const answer = await fetch(`http://127.0.0.1:${provider.address().port}/v1/chat/completions`, { method: 'POST' });
  if (!answer.ok) throw Object.assign(new Error(`HTTP ${answer.status}`), { status: answer.status });
}, { timeout: 1000, errorThresholdPercentage: 50, volumeThreshold: 5, rollingCountTimeout: 1000, resetTimeout: +DOWN_MS });

let state = 'closed', seq = 0, recovered = false;
const moved = (to, more) => {
  const { fires, failures } = breaker.stats;
  report({ type: 'breaker', from: state, to, seq: ++seq, kind: 'failure_rate', failure_threshold: 0.5, ...more,
    ...(to === 'open' && { failure_rate: failures / fires, window_calls: fires, window_failures: failures, causes: { overloaded: failures }, retry_at: Date.now() + +DOWN_MS }) });
  console.log(to, Date.now());
  recovered = to === 'closed';
  state = to;
};
breaker.on('open', () => moved('open'));
breaker.on('halfOpen', () => moved('half_open', { trials_done: 0, trials_needed: 1 }));
breaker.on('close', () => moved('closed', { trials_done: 1, trials_needed: 1 }));
report({ type: 'breaker_stats', state });

const outcomes = { EOPENBREAKER: 'rejected', ETIMEDOUT: 'timeout', 429: 'rate_limited', 503: 'overloaded' };
for (let after = 0; after < 10; after += recovered) { // Ten more calls once it has closed again.
  const start = performance.now();
  const error = await breaker.fire().then(() => null, (error) => error);
  const outcome = error ? outcomes[error.code] ?? outcomes[error.status] ?? 'network' : 'ok';
  report({ type: 'call', outcome, error: error?.message, status: error ? error.status : 200, operation: 'chat',
    ...(outcome !== 'rejected' && { duration_ms: performance.now() - start }) });
  await new Promise((wake) => setTimeout(wake, 50));
}
await Promise.all(sent);
if (lost.length > 0) console.error(`${lost.length} of ${sent.length} reports failed; the first: ${lost[0]}`);
process.exit(lost.length > 0 ? 1 : 0);
