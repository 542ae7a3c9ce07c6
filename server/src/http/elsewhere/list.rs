//! A list of alerts as JSON. However many come, no more are kept than are taken: a body of many small things costs no
//! memory beyond its own. The rest is counted, so that whoever sent too many is told how many.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::Value;

/// The most alerts of one request.
pub(super) const MOST: usize = 2_000;

/// The first of what came.
#[derive(Debug, Default)]
pub(super) struct List {
    /// At most [`MOST`].
    pub items: Vec<Value>,
    /// How many came.
    pub count: usize,
}

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<List, D::Error> {
        deserializer.deserialize_seq(ListVisitor)
    }
}

struct ListVisitor;

impl<'de> Visitor<'de> for ListVisitor {
    type Value = List;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List, A::Error> {
        let mut list = List::default();
        loop {
            let came = match list.count < MOST {
                true => {
                    let item: Option<Value> = seq.next_element()?;
                    let came = item.is_some();
                    list.items.extend(item);
                    came
                }
                false => seq.next_element::<IgnoredAny>()?.is_some(),
            };
            if !came {
                return Ok(list);
            }
            list.count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_many_is_counted_and_not_kept() {
        for count in [0, 1, MOST, MOST + 3] {
            let text = format!("[{}]", vec!["{\"a\":0}"; count].join(","));
            let list: List = serde_json::from_str(&text).unwrap();
            assert_eq!((list.items.len(), list.count), (count.min(MOST), count));
        }
        for bad in ["{}", "[1", "[1,]", "7"] {
            assert!(serde_json::from_str::<List>(bad).is_err(), "{bad}");
        }
    }
}
