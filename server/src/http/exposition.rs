//! Metrics as text: Prometheus text 0.0.4 and OpenMetrics 1.0.0.

use std::fmt::Write;

/// One metric family.
pub struct Sample<'a> {
    /// Without `_total`.
    pub name: &'a str,
    /// One sentence.
    pub help: &'a str,
    /// It only rises.
    pub counter: bool,
    /// Values, each with at most one label.
    pub values: Vec<(Option<(&'a str, &'a str)>, f64)>,
}

/// The content type and the text.
pub fn write(samples: &[Sample<'_>], open: bool) -> (&'static str, String) {
    let mut text = String::with_capacity(samples.len() * 160);
    for sample in samples {
        // Writing to a String cannot fail.
        let _ = sample.write(&mut text, open);
    }
    if open {
        text.push_str("# EOF\n");
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", text)
    } else {
        ("text/plain; version=0.0.4; charset=utf-8", text)
    }
}

impl Sample<'_> {
    fn write(&self, text: &mut String, open: bool) -> std::fmt::Result {
        let suffix = if self.counter { "_total" } else { "" };
        // OpenMetrics names the family without the suffix of its samples; the older form knows only samples.
        let family = if open { "" } else { suffix };
        let kind = if self.counter { "counter" } else { "gauge" };
        let Sample { name, help, .. } = self;
        writeln!(text, "# TYPE {name}{family} {kind}")?;
        writeln!(
            text,
            "# HELP {name}{family} {}",
            help.replace('\\', "\\\\").replace('\n', "\\n")
        )?;
        for (label, value) in &self.values {
            match label {
                Some((key, word)) => writeln!(text, "{name}{suffix}{{{key}=\"{word}\"}} {value}")?,
                None => writeln!(text, "{name}{suffix} {value}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<Sample<'static>> {
        vec![
            Sample {
                name: "a",
                help: "One\nline.",
                counter: true,
                values: vec![(Some(("class", "2xx")), 3.0)],
            },
            Sample {
                name: "b",
                help: "Two.",
                counter: false,
                values: vec![(None, 0.5)],
            },
        ]
    }

    #[test]
    fn open_metrics() {
        let (kind, text) = write(&samples(), true);
        assert!(kind.starts_with("application/openmetrics-text"));
        let expected = "# TYPE a counter\n# HELP a One\\nline.\na_total{class=\"2xx\"} 3\n\
                        # TYPE b gauge\n# HELP b Two.\nb 0.5\n# EOF\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_older_form() {
        let (kind, text) = write(&samples(), false);
        assert!(kind.starts_with("text/plain"));
        assert!(text.starts_with("# TYPE a_total counter\n"), "{text}");
        assert!(!text.contains("EOF"));
    }
}
