//! The snippets: each sends real events to this server as it stands, without a library of ours unless it says so.
//!
//! `{ORIGIN}` is this server; `{KEY}` is the key as an expression of the language: written out where this machine has
//! the key `local`, else taken from the environment variable `FUSEBOARD_KEY`.

use crate::seed::Site;

/// One tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snippet {
    /// In ids.
    pub id: &'static str,
    /// On the tab.
    pub name: &'static str,
    /// How the key is written: before it, after it, and instead of all when it comes from the environment.
    key: (&'static str, &'static str, &'static str),
    template: &'static str,
}

/// A snippet ready to be shown: the key apart, so that it can be pointed at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Before the key.
    pub before: String,
    /// The key, or where it comes from.
    pub key: String,
    /// After the key.
    pub after: String,
}

impl Shown {
    /// What the copy button copies.
    pub fn text(&self) -> String {
        [self.before.as_str(), &self.key, &self.after].concat()
    }
}

impl Snippet {
    /// For this server, with the key that was made for it, or else the machine's own.
    pub fn shown(&self, site: &Site, made: Option<&str>) -> Shown {
        let (open, close, environment) = self.key;
        let text = self
            .template
            .replace("{ORIGIN}", &[&site.origin[..], &site.root].concat());
        let (before, after) = text.split_once("{KEY}").unwrap_or((&text, ""));
        let (before, key, after) = match made.or(site.local_key.as_deref()) {
            Some(key) => ([before, open].concat(), key.to_owned(), [close, after].concat()),
            None => (before.to_owned(), environment.to_owned(), after.to_owned()),
        };
        Shown { before, key, after }
    }
}

const JS_KEY: (&str, &str, &str) = ("\"", "\"", "process.env.FUSEBOARD_KEY");
const PY_KEY: (&str, &str, &str) = ("\"", "\"", "os.environ[\"FUSEBOARD_KEY\"]");

/// All of them, in the order of their tabs.
pub const SNIPPETS: [Snippet; 6] = [
    Snippet {
        id: "curl",
        name: "curl",
        key: ("", "", "$FUSEBOARD_KEY"),
        template: CURL,
    },
    Snippet {
        id: "python",
        name: "Python",
        key: PY_KEY,
        template: PYTHON,
    },
    Snippet {
        id: "typescript",
        name: "TypeScript",
        key: JS_KEY,
        template: TYPESCRIPT,
    },
    Snippet {
        id: "rust",
        name: "Rust",
        key: ("\"", "\"", "env!(\"FUSEBOARD_KEY\")"),
        template: RUST,
    },
    Snippet {
        id: "opossum",
        name: "opossum",
        key: JS_KEY,
        template: OPOSSUM,
    },
    Snippet {
        id: "pybreaker",
        name: "pybreaker",
        key: PY_KEY,
        template: PYBREAKER,
    },
];

const CURL: &str = r#"# one call and one trip
curl -s {ORIGIN}/api/v1/events \
  -H "authorization: Bearer {KEY}" \
  -H "content-type: application/json" \
  -d '{"events":[
    {"type":"call","provider":"openai","model":"gpt-5","outcome":"ok","duration_ms":812},
    {"type":"breaker","breaker":"gpt-5","provider":"openai","to":"open","reason":"6 of 10 failed"}]}'
"#;

const PYTHON: &str = r#"# standard library only; in a service, call report() from a background thread
import json, os, urllib.request

def report(*events):
    request = urllib.request.Request(
        "{ORIGIN}/api/v1/events",
        data=json.dumps({"events": events}).encode(),
        headers={"authorization": "Bearer " + {KEY}, "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)

print(report(
    {"type": "call", "provider": "openai", "model": "gpt-5", "outcome": "ok", "duration_ms": 812},
    {"type": "breaker", "breaker": "gpt-5", "provider": "openai", "to": "open", "reason": "6 of 10 failed"},
))
"#;

const TYPESCRIPT: &str = r#"// Node 18 or later, Deno, Bun: nothing to install
async function report(...events: object[]) {
  const answer = await fetch("{ORIGIN}/api/v1/events", {
    method: "POST",
    headers: { authorization: "Bearer " + {KEY}, "content-type": "application/json" },
    body: JSON.stringify({ events }),
  });
  return answer.json();
}

console.log(await report(
  { type: "call", provider: "openai", model: "gpt-5", outcome: "ok", duration_ms: 812 },
  { type: "breaker", breaker: "gpt-5", provider: "openai", to: "open", reason: "6 of 10 failed" },
));
"#;

const RUST: &str = r#"// fuseboard-client, in crates/client of this repository: batches, never blocks, counts what it drops
use std::time::Duration;
use fuseboard_client::{CallEvent, Client, Outcome, State, TransitionEvent};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::builder("{ORIGIN}", {KEY}).service("checkout").build()?;
    client.call(CallEvent::new("openai", "gpt-5", Outcome::Ok).duration(Duration::from_millis(812)));
    client.transition(TransitionEvent::new("gpt-5", State::Open).provider("openai").cause("overloaded", 6));
    client.shutdown(Duration::from_secs(5)).await?;
    Ok(())
}
"#;

const OPOSSUM: &str = r#"// three events of opossum are all it takes; the whole program is in examples/node-opossum
import CircuitBreaker from "opossum";

const report = (event) => fetch("{ORIGIN}/api/v1/events", {
  method: "POST",
  headers: { authorization: "Bearer " + {KEY}, "content-type": "application/json" },
  body: JSON.stringify({ type: "breaker", provider: "openai", instance: `node-${process.pid}`, ...event }),
}).catch(() => {});

const breaker = new CircuitBreaker(askTheModel, { name: "gpt-5", errorThresholdPercentage: 50, resetTimeout: 10_000 });
breaker.on("open", () => report({ breaker: breaker.name, to: "open", retry_at: Date.now() + 10_000 }));
breaker.on("halfOpen", () => report({ breaker: breaker.name, to: "half_open" }));
breaker.on("close", () => report({ breaker: breaker.name, to: "closed" }));
"#;

const PYBREAKER: &str = r#"# one listener is all it takes; the whole program is in examples/python-pybreaker
import json, os, urllib.request
import pybreaker

class Report(pybreaker.CircuitBreakerListener):
    def state_change(self, cb, old_state, new_state):
        event = {"type": "breaker", "breaker": cb.name, "provider": "openai",
                 "to": new_state.name.replace("-", "_"), "instance": f"python-{os.getpid()}"}
        request = urllib.request.Request(
            "{ORIGIN}/api/v1/events", data=json.dumps(event).encode(),
            headers={"authorization": "Bearer " + {KEY}, "content-type": "application/json"})
        urllib.request.urlopen(request, timeout=2).close()

breaker = pybreaker.CircuitBreaker(name="gpt-5", fail_max=5, reset_timeout=10, listeners=[Report()])
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn site(key: Option<&str>) -> Site {
        Site {
            build: "0".into(),
            root: String::new(),
            base: String::new(),
            origin: "http://127.0.0.1:3000".into(),
            local_key: key.map(str::to_owned),
            may_make_keys: true,
            theme: None,
            utc_offset_min: 0,
        }
    }

    #[test]
    fn the_key_and_the_server_are_in_place() {
        for snippet in SNIPPETS {
            let text = snippet.shown(&site(Some("fb_test_1")), None).text();
            assert!(text.contains("http://127.0.0.1:3000"), "{}", snippet.id);
            assert!(
                text.contains("fb_test_1") && !text.contains("{KEY}"),
                "{}",
                snippet.id
            );
        }
    }

    #[test]
    fn a_key_that_was_made_goes_first() {
        let shown = SNIPPETS[0].shown(&site(Some("fb_test_1")), Some("fb_test_2"));
        assert!(shown.text().contains("fb_test_2") && !shown.text().contains("fb_test_1"));
    }

    #[test]
    fn without_a_key_it_comes_from_the_environment() {
        for snippet in SNIPPETS {
            let shown = snippet.shown(&site(None), None);
            assert!(shown.key.contains("FUSEBOARD_KEY"), "{}", snippet.id);
            assert!(
                !shown.text().contains("\"\""),
                "no empty quotes are left: {}",
                snippet.id
            );
        }
    }

    #[test]
    fn the_curl_snippet_carries_json() {
        let text = SNIPPETS[0].shown(&site(Some("fb_test_1")), None).text();
        let body = text
            .split_once("-d '")
            .and_then(|(_, rest)| rest.rsplit_once('\''))
            .map(|(body, _)| body);
        let body: serde_json::Value = serde_json::from_str(body.expect("a body")).expect("JSON");
        assert_eq!(body["events"].as_array().map(Vec::len), Some(2));
    }
}
