"""A real pybreaker in front of a real server that fails for a while; every call and transition goes to Fuseboard."""

import json, os, socket, sys, threading, time, uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib import error, request

import pybreaker

URL, KEY = os.environ.get("FUSEBOARD_URL", "http://127.0.0.1:3000"), os.environ.get("FUSEBOARD_KEY")
TRIP_AFTER, DOWN = (int(os.environ.get(name, ms)) / 1000 for name, ms in (("TRIP_AFTER_MS", 1000), ("DOWN_MS", 3000)))
if not KEY:
    print("FUSEBOARD_KEY is not set. Make one: fuseboard keys create --name example --scope ingest:write", file=sys.stderr)
    sys.exit(64)

# The breaker's identity, and the process that holds it.
WHO = {"service": "example-python", "breaker": "claude-sonnet (pybreaker)", "provider": "anthropic",
       "model": "claude-sonnet", "instance": f"{socket.gethostname()}:{os.getpid()}"}
BEGUN = time.monotonic()


def report(**event):
    """To Fuseboard: one event, at once."""
    body = json.dumps({**WHO, "time": int(time.time() * 1000), "id": str(uuid.uuid4()), **event}).encode()
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    request.urlopen(request.Request(f"{URL}/api/v1/events", body, headers), timeout=5).close()


class Provider(BaseHTTPRequestHandler):  # Healthy for TRIP_AFTER seconds, then 529 for DOWN seconds, then healthy again.
    def do_POST(self):
        self.send_response(529 if TRIP_AFTER <= time.monotonic() - BEGUN < TRIP_AFTER + DOWN else 200)
        self.end_headers()

    def log_message(self, *_): ...


class Reporter(pybreaker.CircuitBreakerListener):
    seq = 0

    def state_change(self, cb, old_state, new_state):
        now, came, to = int(time.time() * 1000), *(state.name.replace("-", "_") for state in (old_state, new_state))
        self.seq += 1
        why = {"causes": {"overloaded": cb.fail_counter}, "retry_at": now + int(DOWN * 1000)} if to == "open" else {}
        report(type="breaker", **{"from": came}, to=to, time=now, seq=self.seq, kind="consecutive", **why)
        print(to, now, flush=True)


provider = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
threading.Thread(target=provider.serve_forever, daemon=True).start()
# On the trip the caller gets the provider's own error: that call was made, it was not rejected.
breaker = pybreaker.CircuitBreaker(fail_max=5, reset_timeout=DOWN, listeners=[Reporter()], throw_new_error_on_trip=False)


def call():
    """One call through the breaker; returns how it ended."""
    start = time.perf_counter()
    try:
        breaker.call(lambda: request.urlopen(f"http://127.0.0.1:{provider.server_port}", b"{}", timeout=1).close())
        ended = {"outcome": "ok", "status": 200}
    except pybreaker.CircuitBreakerError as refused:
        return {"outcome": "rejected", "error": str(refused)}
    except error.HTTPError as failed:
        outcome = {429: "rate_limited", 503: "overloaded", 529: "overloaded"}.get(failed.code, "server_error")
        ended = {"outcome": outcome, "status": failed.code, "error": str(failed)}
    return {"duration_ms": (time.perf_counter() - start) * 1000, **ended}


try:
    report(type="breaker_stats", state="closed")
    tripped, after = False, 0
    while after < 10:  # Ten more calls once it has closed again.
        report(type="call", operation="chat", **call())
        tripped = tripped or breaker.current_state == "open"
        after += tripped and breaker.current_state == "closed"
        time.sleep(0.05)
except OSError as failed:
    sys.exit(f"a report to {URL} failed: {failed}")
