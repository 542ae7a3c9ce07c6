//! Live state is a function of the journal: wherever a process is stopped or killed, and however often, the next one
//! shows what an undisturbed one would.

use crate::common::{House, scope};
use proptest::prelude::*;
use protocol::Range;

#[derive(Debug, Clone)]
enum Act {
    Push(Vec<String>),
    Wait(i64),
    Flush,
    Stop,
    Crash,
}

fn event() -> impl Strategy<Value = String> {
    let provider = prop::sample::select(vec!["openai", "anthropic", "google"]);
    let outcome = prop::sample::select(vec!["ok", "overloaded", "timeout", "rate_limited", "cancelled"]);
    let call = (provider, outcome, 0u32..5_000, 1u8..3, 0i64..120_000, any::<bool>()).prop_map(
        |(provider, outcome, ms, attempt, late, breaker)| {
            let time = crate::common::START - late;
            let guarded = if breaker { r#""breaker":"b1","service":"chat","instance":"api-1","# } else { "" };
            format!(
                r#"{{"type":"call",{guarded}"provider":"{provider}","model":"m","outcome":"{outcome}","duration_ms":{ms},"attempt":{attempt},"time":{time},"output_tokens":3,"cost_usd":0.01}}"#
            )
        },
    );
    let states = prop::sample::select(vec!["closed", "open", "half_open", "forced_open"]);
    let breaker = (0u8..3, 0u8..3, states, prop::option::of(1u64..50)).prop_map(|(breaker, instance, to, seq)| {
        let seq = seq.map(|seq| format!(r#","seq":{seq}"#)).unwrap_or_default();
        format!(
            r#"{{"type":"breaker","breaker":"b{breaker}","service":"chat","provider":"openai","instance":"api-{instance}","to":"{to}"{seq}}}"#
        )
    });
    prop_oneof![3 => call, 1 => breaker]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => prop::collection::vec(event(), 1..8).prop_map(Act::Push),
        3 => (0i64..15_000).prop_map(Act::Wait),
        1 => Just(Act::Flush),
        1 => Just(Act::Stop),
        1 => Just(Act::Crash),
    ]
}

async fn play(acts: &[Act], disturbed: bool) -> Vec<protocol::view::Board> {
    let mut house = House::new().await;
    for act in acts {
        match act {
            Act::Push(events) => drop(house.push(&format!("[{}]", events.join(","))).await),
            Act::Wait(ms) => house.clock.advance(*ms),
            Act::Flush if disturbed => assert!(house.engine.close().await),
            Act::Stop if disturbed => {
                let (store, clock) = house.stop().await;
                house = House::on(store, clock).await;
            }
            Act::Crash if disturbed => {
                let (store, clock) = house.crash().await;
                house = House::on(store, clock).await;
            }
            Act::Flush | Act::Stop | Act::Crash => {}
        }
    }
    Range::ALL.map(|range| house.engine.board(&scope(), range)).into()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn stops_and_crashes_change_nothing(acts in prop::collection::vec(act(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (undisturbed, disturbed) =
            runtime.block_on(async { (play(&acts, false).await, play(&acts, true).await) });
        for (undisturbed, disturbed) in undisturbed.into_iter().zip(disturbed) {
            prop_assert_eq!(disturbed, undisturbed);
        }
    }
}
