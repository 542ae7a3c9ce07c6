//! What server frames are made of, as data: what [`super::read`] walks along while it turns JSON into the binary form.
//!
//! serde would derive a reader for each type, and the page would carry them all for the seldom case that its server is
//! of another build; a table costs a tenth. It says nothing that the types do not say: the tests of this crate read
//! every frame both ways, so that a field that is forgotten here, or stands in another place, fails them.
//!
//! Fields stand in the order of their struct, names in the order of their enum. A field that older servers do not send
//! is [`Shape::Maybe`].

/// The shape of a value.
pub(super) enum Shape {
    /// `true` or `false`.
    Flag,
    /// A string.
    Text,
    /// Not below zero.
    Count,
    /// A whole number.
    Whole,
    /// An `f32`.
    Single,
    /// An `f64`.
    Double,
    /// `null`, nothing at all, or a value.
    Maybe(&'static Shape),
    /// Any number of values.
    List(&'static Shape),
    /// So many values.
    Array(&'static Shape, usize),
    /// Two values.
    Pair(&'static Shape, &'static Shape),
    /// One of these names.
    Name(&'static [&'static str]),
    /// One of these, as an object with the name as its only field, or the bare name where there is nothing more.
    Choice(&'static [(&'static str, Option<Shape>)]),
    /// An object.
    Record(Fields),
}

/// The fields of an object.
pub(super) type Fields = &'static [(&'static str, Shape)];

use Shape::{Array, Choice, Count, Double, Flag, List, Maybe, Name, Pair, Record, Single, Text, Whole};

/// `ServerFrame`, by the name in `"t"`.
pub(super) static FRAMES: [(&str, Fields); 6] = [
    (
        "hello",
        &[
            ("protocol", Count),
            ("build", Text),
            ("now", Whole),
            ("tenant", Text),
        ],
    ),
    (
        "snapshot",
        &[("view", Text), ("seq", Count), ("now", Whole), ("body", VIEW)],
    ),
    (
        "delta",
        &[("view", Text), ("seq", Count), ("now", Whole), ("body", CHANGES)],
    ),
    ("resync", &[("view", Text)]),
    (
        "bye",
        &[("code", Count), ("reason", Text), ("retry_after_ms", Count)],
    ),
    ("error", &[("code", Text), ("detail", Text)]),
];

const VIEW: Shape = Choice(&[
    ("board", Some(Record(BOARD))),
    ("breaker", Some(Maybe(&DETAIL))),
    ("connect", Some(CONNECT)),
    ("alerts", Some(Maybe(&ALERTS))),
]);

const CHANGES: Shape = Choice(&[
    ("beat", None),
    ("board", Some(Record(BOARD_DELTA))),
    ("breaker", Some(Maybe(&DETAIL))),
    ("connect", Some(CONNECT)),
    ("alerts", Some(Maybe(&ALERTS))),
]);

const BOARD: Fields = &[
    ("now", Whole),
    ("range", Name(&["5m", "15m", "1h"])),
    ("verdict", VERDICT),
    ("kpis", List(&KPI)),
    ("providers", List(&PROVIDER)),
    ("breakers", List(&BREAKER)),
    ("feed", List(&FEED)),
    ("points", List(&POINT)),
    ("last_event", Maybe(&Whole)),
    ("simulated", Flag),
];

const BOARD_DELTA: Fields = &[
    ("verdict", Maybe(&VERDICT)),
    ("kpis", List(&KPI)),
    ("providers", List(&PROVIDER)),
    ("providers_gone", List(&Count)),
    ("breakers", List(&BREAKER)),
    ("breakers_gone", List(&Count)),
    ("feed", List(&FEED)),
    ("points", List(&POINT)),
    ("points_from", Maybe(&Whole)),
    ("last_event", Maybe(&Whole)),
    ("simulated", Maybe(&Flag)),
];

const LEVEL: Shape = Name(&["ok", "unknown", "attention", "act"]);

const STATE: Shape = Name(&[
    "closed",
    "open",
    "half_open",
    "forced_open",
    "disabled",
    "metrics_only",
    "unknown",
]);

const VERDICT: Shape = Record(&[("level", LEVEL), ("lead", Text), ("rest", Text)]);

static KPI: Shape = Record(&[
    (
        "id",
        Name(&[
            "requests",
            "success",
            "latency_p95",
            "ttft_p95",
            "tokens_out",
            "spend_today",
        ]),
    ),
    ("value", Maybe(&Double)),
    ("change", Maybe(&Double)),
    ("level", LEVEL),
    ("spark", List(&Maybe(&Single))),
    ("unpriced", Maybe(&Double)),
]);

static PROVIDER: Shape = Record(&[
    ("id", Count),
    ("name", Text),
    ("level", LEVEL),
    ("rate", Double),
    ("p95_ms", Maybe(&Double)),
    ("cost_per_call", Maybe(&Double)),
    ("success", Maybe(&Double)),
]);

static BREAKER: Shape = Record(BREAKER_FIELDS);

const BREAKER_FIELDS: Fields = &[
    ("key", Count),
    ("id", Text),
    ("breaker", Text),
    ("environment", Text),
    ("service", Text),
    ("deployment", Text),
    ("provider", Text),
    ("model", Text),
    ("state", STATE),
    ("since", Whole),
    ("counts", List(&Pair(&STATE, &Count))),
    ("agree", Flag),
    ("dissent", List(&Text)),
    ("failure_rate", Maybe(&Double)),
    ("failure_threshold", Maybe(&Double)),
    ("calls", Count),
    ("retry_at", Maybe(&Whole)),
    ("trials_done", Maybe(&Count)),
    ("trials_needed", Maybe(&Count)),
    ("reason", Text),
    ("shared", Flag),
    ("degraded", Flag),
    ("strip", Text),
];

static FEED: Shape = Record(&[
    ("id", Count),
    ("at", Whole),
    ("breaker_key", Count),
    ("breaker", Text),
    ("provider", Text),
    ("service", Text),
    ("instance", Text),
    ("from", Maybe(&STATE)),
    ("to", STATE),
    ("cause", Text),
    ("lasted_ms", Maybe(&Whole)),
    ("inferred", Flag),
]);

static POINT: Shape = Record(&[
    ("t", Whole),
    ("p50", Maybe(&Single)),
    ("p95", Maybe(&Single)),
    ("p99", Maybe(&Single)),
    ("bands", Array(&Single, 8)),
    ("heat", Array(&Count, 14)),
]);

static DETAIL: Shape = Record(&[
    ("breaker", Record(BREAKER_FIELDS)),
    ("instances", List(&INSTANCE)),
    ("transitions", List(&FEED)),
    ("trip", Maybe(&TRIP)),
    ("not_permitted", Maybe(&Count)),
]);

static INSTANCE: Shape = Record(&[
    ("instance", Text),
    ("state", STATE),
    ("since", Whole),
    ("failure_rate", Maybe(&Double)),
    ("window_calls", Maybe(&Count)),
    ("last_seen", Whole),
    ("shared", Flag),
    ("strip", Text),
]);

static TRIP: Shape = Record(&[
    ("at", Whole),
    ("instance", Text),
    ("cause", Text),
    ("calls", List(&CALL)),
]);

static CALL: Shape = Record(&[
    ("at", Whole),
    ("provider", Text),
    ("model", Text),
    ("outcome", Text),
    ("duration_ms", Maybe(&Double)),
    ("status", Maybe(&Count)),
    ("instance", Text),
    ("error", Text),
]);

const CONNECT: Shape = Record(&[("last_event", Maybe(&Whole)), ("sources", List(&SOURCE))]);

static SOURCE: Shape = Record(&[
    ("id", Count),
    ("name", Text),
    ("key_name", Text),
    ("key_prefix", Text),
    ("last", Maybe(&Whole)),
    ("events_1h", Count),
    ("refused_1h", Count),
    ("refusals", List(&REFUSAL)),
]);

static REFUSAL: Shape = Record(&[("at", Whole), ("index", Count), ("field", Text), ("reason", Text)]);

static ALERTS: Shape = Record(&[
    ("version", Count),
    ("need", Count),
    ("oldest", Maybe(&Whole)),
    ("held", Count),
    ("silences", Count),
    ("rules", Count),
]);
