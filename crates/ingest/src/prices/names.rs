//! What LiteLLM calls providers and models, as they are called here.

use crate::provider_name;

/// Providers by their beginning, the longest first: one provider stands there under several names, one for each of its
/// interfaces.
const BEGINNINGS: [(&str, &str); 9] = [
    ("text-completion-codestral", "mistral"),
    ("text-completion-openai", "openai"),
    ("fireworks_ai", "fireworks_ai"),
    ("vertex_ai", "google"),
    ("codestral", "mistral"),
    ("cohere", "cohere"),
    ("bedrock", "bedrock"),
    ("gemini", "google"),
    ("azure", "azure"),
];

/// The provider of an entry.
pub(super) fn provider(litellm: &str) -> String {
    let name = provider_name(litellm);
    let is = |beginning: &str| {
        let rest = name.strip_prefix(beginning);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '-']))
    };
    match BEGINNINGS.iter().find(|(beginning, _)| is(beginning)) {
        Some((_, ours)) => (*ours).to_owned(),
        None => name,
    }
}

/// The model of an entry, without the provider that LiteLLM writes before some: `gemini/gemini-2.5-pro`. What else has a
/// slash keeps it: `openrouter/meta-llama/llama-3` is `meta-llama/llama-3` there.
pub(super) fn model(key: &str, of: &str) -> String {
    let rest = key.split_once('/');
    let rest = rest.filter(|(before, rest)| provider(before) == of && !rest.is_empty());
    rest.map_or(key, |(_, rest)| rest).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_called_as_everywhere() {
        for (litellm, ours) in [
            ("openai", "openai"),
            ("text-completion-openai", "openai"),
            ("vertex_ai-anthropic_models", "google"),
            ("vertex_ai", "google"),
            ("gemini", "google"),
            ("bedrock_converse", "bedrock"),
            ("azure_ai", "azure"),
            ("cohere_chat", "cohere"),
            ("fireworks_ai-embedding-models", "fireworks_ai"),
            ("codestral", "mistral"),
            ("together_ai", "together_ai"),
            ("Geminix", "geminix"),
        ] {
            assert_eq!(provider(litellm), ours);
        }
    }

    #[test]
    fn models_lose_the_provider_before_them() {
        for (key, of, ours) in [
            ("gpt-4o", "openai", "gpt-4o"),
            ("gemini/gemini-2.5-pro", "google", "gemini-2.5-pro"),
            ("mistral/mistral-large-latest", "mistral", "mistral-large-latest"),
            (
                "bedrock/us-east-1/anthropic.claude",
                "bedrock",
                "us-east-1/anthropic.claude",
            ),
            (
                "openrouter/meta-llama/llama-3",
                "openrouter",
                "meta-llama/llama-3",
            ),
            ("meta-llama/llama-3", "groq", "meta-llama/llama-3"),
            ("openai/", "openai", "openai/"),
        ] {
            assert_eq!(model(key, of), ours);
        }
    }
}
