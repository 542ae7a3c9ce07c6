//! Addresses of the page: everything that is looked at is in them.

/// What the page was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `month`, `last-month`, `week` and so on, or a range.
    pub period: String,
    /// In the filter grammar; empty for all calls.
    pub filter: String,
    /// In the address; empty when the visitor's own was taken.
    pub zone: String,
    /// It is shown on a wall.
    pub kiosk: bool,
    /// Where a wall goes next, as in the address; empty for nowhere.
    pub rotate: String,
    /// After how many seconds.
    pub every: u32,
}

/// The periods of the menu: their names in addresses and on screen.
pub(in crate::kpis) const PERIODS: [(&str, &str); 5] = [
    ("week", "This week"),
    ("month", "This month"),
    ("last-month", "Last month"),
    ("quarter", "This quarter"),
    ("year", "This year"),
];

impl Asked {
    /// The parameters that say of what the figures are, with others beside them.
    pub(in crate::kpis) fn with(&self, others: &[(&str, &str)]) -> String {
        let own = [
            ("period", self.period.as_str()),
            ("filter", self.filter.as_str()),
            ("zone", self.zone.as_str()),
        ];
        let replaced = |name: &str| others.iter().any(|(other, _)| *other == name);
        let kept = own.iter().filter(|(name, _)| !replaced(name));
        let all = kept.chain(others).filter(|(_, value)| !value.is_empty());
        let pairs: Vec<String> = all
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        pairs.join("&")
    }
}

/// A value of a parameter.
pub(in crate::kpis) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b',' | b':' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_what_is_looked_at() {
        let asked = Asked {
            period: "month".into(),
            filter: "provider=openai & \"é\"".into(),
            zone: String::new(),
            kiosk: true,
            rotate: String::new(),
            every: 30,
        };
        assert_eq!(
            asked.with(&[("kiosk", "1")]),
            "period=month&filter=provider%3Dopenai%20%26%20%22%C3%A9%22&kiosk=1"
        );
        assert_eq!(
            asked.with(&[("period", "year"), ("filter", "")]),
            "period=year",
            "what is named anew is not there twice"
        );
    }
}
