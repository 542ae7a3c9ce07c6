//! Files in the form of LiteLLM's, with models of our own making.

use super::*;

const FILE: &str = r#"{
    "sample_spec": { "litellm_provider": "one of https://docs.example", "mode": "one of chat, embedding", "max_tokens": "set to…" },
    "acme-large": {
        "litellm_provider": "openai", "mode": "chat", "max_input_tokens": 128000,
        "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05,
        "cache_read_input_token_cost": 1.25e-06, "supports_vision": true,
        "input_cost_per_token_batches": 1.25e-06, "output_cost_per_token_batches": 5e-06,
        "input_cost_per_token_priority": 4.25e-06, "output_cost_per_token_priority": 1.7e-05,
        "cache_read_input_token_cost_priority": 2.125e-06
    },
    "gemini/acme-pro": {
        "litellm_provider": "gemini", "mode": "chat", "input_cost_per_token": 1.25e-06, "output_cost_per_token": 0.00001,
        "input_cost_per_token_above_200k_tokens": 2.5e-06, "cache_read_input_token_cost": null
    },
    "acme-pro": {
        "litellm_provider": "vertex_ai-language-models", "mode": "chat",
        "input_cost_per_token": 1.3e-06, "output_cost_per_token": 1e-05
    },
    "vertex_ai/acme-mini": {
        "litellm_provider": "vertex_ai", "input_cost_per_token": 2.9999999999999997e-06, "output_cost_per_token": 4e-06
    },
    "acme-mini": {
        "litellm_provider": "gemini", "mode": "chat", "input_cost_per_token": 3e-06, "output_cost_per_token": 4e-06
    },
    "acme-embed": { "litellm_provider": "openai", "mode": "embedding", "input_cost_per_token": 2e-08 },
    "acme-picture": { "litellm_provider": "openai", "mode": "image_generation", "input_cost_per_image": 0.04 },
    "acme-whisper": { "litellm_provider": "openai", "mode": "audio_transcription", "input_cost_per_second": 0.0001 },
    "acme-searcher": { "litellm_provider": "cohere", "mode": "rerank", "input_cost_per_query": 0.002 },
    "ollama/acme-local": {
        "litellm_provider": "ollama", "mode": "chat", "input_cost_per_token": 0.0, "output_cost_per_token": 0.0
    },
    "acme-broken": { "litellm_provider": "openai", "mode": "chat", "input_cost_per_token": -1, "output_cost_per_token": 1e-06 },
    "acme-words": { "litellm_provider": "openai", "mode": "chat", "input_cost_per_token": "2e-06", "output_cost_per_token": 1e-06 },
    "acme-nobody": { "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 1e-06 },
    "acme-odd": 7
}"#;

fn row(provider: &str, model: &str, tier: Tier, prices: (u64, u64), read: Option<u64>) -> Row {
    Row {
        provider: provider.into(),
        model: model.into(),
        tier,
        input: prices.0,
        output: prices.1,
        cache_read: read,
        cache_write: None,
    }
}

#[test]
fn a_file_gives_prices_by_provider_model_and_tier() {
    let list = litellm(FILE, &[]).unwrap();
    assert_eq!(
        list.rows,
        [
            row(
                "openai",
                "acme-large",
                Tier::Standard,
                (2_500_000, 10_000_000),
                Some(1_250_000)
            ),
            row("openai", "acme-large", Tier::Batch, (1_250_000, 5_000_000), None),
            row(
                "openai",
                "acme-large",
                Tier::Priority,
                (4_250_000, 17_000_000),
                Some(2_125_000)
            ),
            row(
                "google",
                "acme-pro",
                Tier::Standard,
                (1_250_000, 10_000_000),
                None
            ),
            row(
                "google",
                "acme-mini",
                Tier::Standard,
                (3_000_000, 4_000_000),
                None
            ),
            row("openai", "acme-embed", Tier::Standard, (20_000, 0), None),
        ]
    );
}

#[test]
fn what_is_left_out_is_counted_and_named() {
    let list = litellm(FILE, &[]).unwrap();
    let few = |names: &[&str]| Few {
        count: names.len() as u32,
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    assert_eq!(
        list.not_tokens,
        few(&["acme-picture", "acme-whisper", "acme-searcher"])
    );
    assert_eq!(list.free, few(&["ollama/acme-local"]));
    assert_eq!(
        list.unreadable,
        few(&["acme-broken", "acme-words", "acme-nobody", "acme-odd"])
    );
    // Of Vertex with another price; the mini model has the same one at both.
    assert_eq!(list.twice, few(&["acme-pro"]));
    assert_eq!(list.finer, few(&["gemini/acme-pro"]));
    assert_eq!(list.others, 0);
}

#[test]
fn only_providers_that_are_asked_for_are_taken() {
    let list = litellm(FILE, &["google".to_owned()]).unwrap();
    assert!(list.rows.iter().all(|row| row.provider == "google"));
    assert_eq!((list.rows.len(), list.others), (2, 2));
}

#[test]
fn what_is_no_such_file_is_refused_and_nothing_panics() {
    for text in ["", "[]", "null", "{", "{\"a\":}", "\"x\"", "{\"a\":{}} x"] {
        assert!(litellm(text, &[]).is_err(), "{text}");
    }
    assert_eq!(litellm("{}", &[]).unwrap(), List::default());
    let many: Vec<String> = (0..9).map(|n| format!("\"m{n}\":[]")).collect();
    let list = litellm(&format!("{{{}}}", many.join(",")), &[]).unwrap();
    assert_eq!((list.unreadable.count, list.unreadable.names.len()), (9, 5));
    let deep = format!("{{\"m\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let _ = litellm(&deep, &[]);
}
