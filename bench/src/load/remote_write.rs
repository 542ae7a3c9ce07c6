//! Samples as Prometheus agents send them: `prometheus.WriteRequest` in protobuf, packed with snappy. Written by hand;
//! the message has three fields that matter.
//!
//! A sender owns its series (instances are divided among senders), so that each series' samples are in order.

use anyhow::Result;

use super::proto::{bytes, text, varint};
use super::{INSTANCES, SERIES, series};

/// Metrics that an exporter of calls would have; with series and instances they make the label sets.
const METRICS: [&str; 4] = [
    "llm_calls_total",
    "llm_output_tokens_total",
    "llm_duration_seconds_sum",
    "llm_cost_usd_total",
];

/// One sender's samples.
pub struct Samples {
    /// The labels of each series, encoded.
    labels: Vec<Vec<u8>>,
    size: usize,
    next: usize,
    value: f64,
    last: i64,
    message: Vec<u8>,
    packed: Vec<u8>,
    snappy: snap::raw::Encoder,
}

impl Samples {
    /// `size` samples a request, of the series that belong to `sender` of `senders`.
    pub fn new(sender: usize, senders: usize, size: usize) -> Samples {
        let mut labels = Vec::new();
        for instance in (0..INSTANCES).filter(|instance| instance % senders == sender) {
            for number in 0..SERIES {
                labels.extend(
                    METRICS
                        .iter()
                        .map(|metric| encode_labels(metric, number, instance)),
                );
            }
        }
        Samples {
            labels,
            size,
            next: 0,
            value: 0.0,
            last: 0,
            message: Vec::new(),
            packed: Vec::new(),
            snappy: snap::raw::Encoder::new(),
        }
    }

    /// Samples in each request.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The next request's body. Times never stand still within a series.
    pub fn next(&mut self, now: i64) -> Result<&[u8]> {
        self.message.clear();
        for _ in 0..self.size {
            if self.next == 0 {
                self.last = now.max(self.last + 1);
                self.value += 1.0;
            }
            if let Some(labels) = self.labels.get(self.next) {
                write_series(&mut self.message, labels, self.value, self.last);
            }
            self.next = (self.next + 1) % self.labels.len().max(1);
        }
        self.packed
            .resize(snap::raw::max_compress_len(self.message.len()), 0);
        let length = self.snappy.compress(&self.message, &mut self.packed)?;
        self.packed.truncate(length);
        Ok(&self.packed)
    }
}

/// `TimeSeries.labels`, by name, as the format wants it.
fn encode_labels(metric: &str, number: usize, instance: usize) -> Vec<u8> {
    let (provider, model, service) = series(number);
    let instance = format!("host-{instance:02}");
    let mut out = Vec::new();
    for (name, value) in [
        ("__name__", metric),
        ("instance", instance.as_str()),
        ("job", "calls"),
        ("model", model),
        ("provider", provider),
        ("service", service),
    ] {
        let mut label = Vec::new();
        text(&mut label, 1, name);
        text(&mut label, 2, value);
        bytes(&mut out, 1, &label);
    }
    out
}

/// `WriteRequest.timeseries` with one sample.
fn write_series(out: &mut Vec<u8>, labels: &[u8], value: f64, time: i64) {
    let mut sample = [0_u8; 24];
    let mut length = 0;
    let mut put = |byte: u8| {
        if let Some(place) = sample.get_mut(length) {
            *place = byte;
            length += 1;
        }
    };
    put(1 << 3 | 1);
    value.to_le_bytes().into_iter().for_each(&mut put);
    put(2 << 3);
    let mut rest = time as u64;
    while rest >= 0x80 {
        put(rest as u8 | 0x80);
        rest >>= 7;
    }
    put(rest as u8);
    let sample = sample.get(..length).unwrap_or_default();
    out.push(1 << 3 | 2);
    varint(out, (labels.len() + 2 + sample.len()) as u64);
    out.extend_from_slice(labels);
    bytes(out, 2, sample);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_what_the_format_says() {
        let mut out = Vec::new();
        let mut labels = Vec::new();
        bytes(&mut labels, 1, &{
            let mut label = Vec::new();
            text(&mut label, 1, "a");
            text(&mut label, 2, "b");
            label
        });
        write_series(&mut out, &labels, 1.0, 300);
        let wanted = [
            0x0a, 22, // timeseries
            0x0a, 6, 0x0a, 1, b'a', 0x12, 1, b'b', // labels
            0x12, 12, 0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x10, 0xac, 0x02, // samples
        ];
        assert_eq!(out, wanted);
    }

    #[test]
    fn senders_share_the_series() {
        let all = SERIES * INSTANCES * METRICS.len();
        let one = Samples::new(0, 2, 10);
        let other = Samples::new(1, 2, 10);
        assert_eq!(one.labels.len() + other.labels.len(), all);
        assert!(one.labels.iter().all(|labels| !other.labels.contains(labels)));
    }

    #[test]
    fn what_is_packed_can_be_unpacked() {
        let mut samples = Samples::new(0, 2, 2_000);
        let packed = samples.next(1_763_640_000_000).unwrap().to_vec();
        let plain = snap::raw::Decoder::new().decompress_vec(&packed).unwrap();
        assert_eq!(plain, samples.message);
        assert_eq!(plain.first(), Some(&0x0a));
    }
}
