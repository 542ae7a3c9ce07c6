//! The three forms of a JSON body as one pass of the parser: events are built while the text is read, and only the
//! fields of one event are held at a time.

use std::borrow::Cow;
use std::fmt;

use domain::Event;
use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::fields::Fields;
use super::ignored::Ignored;
use super::reader::{Reader, Refused};
use super::{MAX_DEPTH, depth, fault, text};

/// What an event that is a long string shows of itself.
const SHOWN_OF_STRING: usize = 300;

/// Reads the entry of an object.
pub(super) fn put<'de>(fields: &mut Fields<'de>, ignored: &mut Ignored, name: Cow<'de, str>, raw: &'de str) {
    fields.depth = fields.depth.max(depth::of(raw));
    if let Some(unknown) = fields.put(name, raw) {
        ignored.insert(&unknown);
    }
}

/// The name in an object. One with half a surrogate pair is nobody's name, and is kept as it was written.
fn name(raw: &RawValue) -> Cow<'_, str> {
    text::decode(raw.get()).unwrap_or_else(|_| Cow::Borrowed(raw.get()))
}

/// The text of a value that is no object and no array, for telling what came.
macro_rules! scalars {
    ($self:ident, $raw:ident => $body:expr) => {
        fn visit_bool<E>($self, value: bool) -> Result<Self::Value, E> {
            let $raw = if value { "true" } else { "false" };
            $body
        }

        fn visit_i64<E>($self, value: i64) -> Result<Self::Value, E> {
            let text = value.to_string();
            let $raw = text.as_str();
            $body
        }

        fn visit_u64<E>($self, value: u64) -> Result<Self::Value, E> {
            let text = value.to_string();
            let $raw = text.as_str();
            $body
        }

        fn visit_f64<E>($self, value: f64) -> Result<Self::Value, E> {
            let text = value.to_string();
            let $raw = text.as_str();
            $body
        }

        fn visit_str<E>($self, value: &str) -> Result<Self::Value, E> {
            let text: String = std::iter::once('"').chain(value.chars().take(SHOWN_OF_STRING)).chain(['"']).collect();
            let $raw = text.as_str();
            $body
        }

        fn visit_unit<E>($self) -> Result<Self::Value, E> {
            let $raw = "null";
            $body
        }
    };
}

/// One event at some level of the body; the outermost value stands at level 1.
pub(super) struct ItemSeed<'r, 'de> {
    pub(super) reader: &'r mut Reader<'de>,
    pub(super) level: usize,
}

impl<'de> DeserializeSeed<'de> for ItemSeed<'_, 'de> {
    type Value = Result<Event, Refused>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ItemSeed<'_, 'de> {
    type Value = Result<Event, Refused>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let reader = self.reader;
        reader.fields.clear();
        while let Some((key, value)) = map.next_entry::<&'de RawValue, &'de RawValue>()? {
            put(&mut reader.fields, &mut reader.ignored, name(key), value.get());
        }
        Ok(reader.build(self.level))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut deepest = 0;
        while let Some(value) = seq.next_element::<&'de RawValue>()? {
            deepest = deepest.max(depth::of(value.get()));
        }
        // Only its kind and its depth count; the text itself is not kept.
        self.reader.too_deep |= self.level + deepest > MAX_DEPTH;
        Ok(Err(self.reader.not_an_object("[…]")))
    }

    scalars!(self, raw => Ok(Err(self.reader.not_an_object(raw))));
}

/// The whole body.
pub(super) struct TopSeed<'r, 'de> {
    pub(super) reader: &'r mut Reader<'de>,
}

impl<'de> DeserializeSeed<'de> for TopSeed<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TopSeed<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        items(self.reader, seq, 2)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let reader = self.reader;
        // The events inside use the reader's own fields, so these stand apart.
        let mut own = Fields::new();
        let mut lists = 0;
        while let Some(key) = map.next_key::<&'de RawValue>()? {
            let name = name(key);
            if name == "events" {
                lists += 1;
                map.next_value_seed(ListSeed { reader: &mut *reader })?;
            } else {
                let value: &'de RawValue = map.next_value()?;
                put(&mut own, &mut reader.ignored, name, value.get());
            }
        }
        if lists == 0 {
            reader.fields = own;
            let item = reader.build(1).map_err(Refused::hint_for_single);
            reader.take(item);
            return Ok(());
        }
        if lists > 1 {
            reader.wrong_shape = Some("\"events\" is given twice".to_owned());
        }
        reader.too_deep |= own.depth + 1 > MAX_DEPTH;
        for field in own.unread().iter() {
            reader.ignored.insert(field.name());
        }
        Ok(())
    }

    scalars!(self, raw => {
        self.reader.wrong_shape = Some(format!("got {}", fault::kind(raw)));
        Ok(())
    });
}

/// The value of `events`.
struct ListSeed<'r, 'de> {
    reader: &'r mut Reader<'de>,
}

impl<'de> DeserializeSeed<'de> for ListSeed<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ListSeed<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        items(self.reader, seq, 3)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((_, value)) = map.next_entry::<&'de RawValue, &'de RawValue>()? {
            self.reader.too_deep |= 2 + depth::of(value.get()) > MAX_DEPTH;
        }
        self.reader.wrong_shape = Some("\"events\" must be an array, got an object".to_owned());
        Ok(())
    }

    scalars!(self, raw => {
        self.reader.wrong_shape = Some(format!("\"events\" must be an array, got {}", fault::kind(raw)));
        Ok(())
    });
}

/// The events of a list, whose objects stand at this level.
fn items<'de, A: SeqAccess<'de>>(reader: &mut Reader<'de>, mut seq: A, level: usize) -> Result<(), A::Error> {
    while !reader.is_full() {
        match seq.next_element_seed(ItemSeed {
            reader: &mut *reader,
            level,
        })? {
            Some(item) => reader.take(item),
            None => return Ok(()),
        }
    }
    while seq.next_element::<IgnoredAny>()?.is_some() {
        reader.count_only();
    }
    Ok(())
}
