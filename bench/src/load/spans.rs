//! Calls as OpenTelemetry spans, for tools that take those: `ExportTraceServiceRequest` in protobuf, one span a call, with
//! the names of OpenInference for provider, model and tokens.

use super::proto::{bytes, fixed64, int, text};
use super::{SERIES, series};

/// One sender's spans.
pub struct Spans {
    size: usize,
    sent: u64,
    sender: u64,
}

impl Spans {
    /// `size` spans a request.
    pub fn new(sender: u64, size: usize) -> Spans {
        Spans {
            size,
            sent: 0,
            sender,
        }
    }

    /// Spans in each request.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The next request's body; all calls ended `now`.
    pub fn next(&mut self, now: i64) -> Vec<u8> {
        let mut scope = Vec::new();
        for _ in 0..self.size {
            bytes(&mut scope, 2, &self.span(now));
        }
        let mut resource = Vec::new();
        bytes(
            &mut resource,
            1,
            &attribute("service.name", Value::Text("checkout")),
        );
        let mut spans = Vec::new();
        bytes(&mut spans, 1, &resource);
        bytes(&mut spans, 2, &scope);
        let mut request = Vec::new();
        bytes(&mut request, 1, &spans);
        request
    }

    fn span(&mut self, now: i64) -> Vec<u8> {
        self.sent += 1;
        let (provider, model, _) = series(self.sent as usize % SERIES);
        let id = (self.sender << 40 | self.sent).to_be_bytes();
        let duration = 200 + self.sent % 3_000;
        let end = now as u64 * 1_000_000;
        let mut span = Vec::new();
        // Trace and span ids must not be zero.
        bytes(&mut span, 1, &[&1_u64.to_be_bytes()[..], &id].concat());
        bytes(&mut span, 2, &id);
        text(&mut span, 5, "chat");
        int(&mut span, 6, 3);
        fixed64(&mut span, 7, end - duration * 1_000_000);
        fixed64(&mut span, 8, end);
        for (name, value) in [
            ("openinference.span.kind", Value::Text("LLM")),
            ("llm.provider", Value::Text(provider)),
            ("llm.model_name", Value::Text(model)),
            ("llm.token_count.prompt", Value::Int(800)),
            ("llm.token_count.completion", Value::Int(self.sent % 600)),
        ] {
            bytes(&mut span, 9, &attribute(name, value));
        }
        let mut status = Vec::new();
        int(&mut status, 3, 1);
        bytes(&mut span, 15, &status);
        span
    }
}

enum Value<'a> {
    Text(&'a str),
    Int(u64),
}

/// A `KeyValue`.
fn attribute(name: &str, value: Value<'_>) -> Vec<u8> {
    let mut any = Vec::new();
    match value {
        Value::Text(value) => text(&mut any, 1, value),
        Value::Int(value) => int(&mut any, 3, value),
    }
    let mut out = Vec::new();
    text(&mut out, 1, name);
    bytes(&mut out, 2, &any);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_is_what_the_format_says() {
        assert_eq!(
            attribute("a", Value::Int(300)),
            [0x0a, 1, b'a', 0x12, 3, 0x18, 0xac, 0x02]
        );
        assert_eq!(
            attribute("a", Value::Text("b")),
            [0x0a, 1, b'a', 0x12, 3, 0x0a, 1, b'b']
        );
    }

    #[test]
    fn every_span_has_an_id_of_its_own() {
        let (mut one, mut other) = (Spans::new(1, 2), Spans::new(2, 2));
        let all = [one.next(1), one.next(1), other.next(1)];
        assert!(all[0] != all[1] && all[0] != all[2] && all[1] != all[2]);
    }
}
