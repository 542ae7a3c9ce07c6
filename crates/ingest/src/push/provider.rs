//! One name per provider, however the sender's library calls it.

use super::RefusalCode;
use super::fault::Fault;
use super::text;

/// Names from the OpenTelemetry conventions for generative AI (`gen_ai.provider.name`, and the older `gen_ai.system`)
/// whose dotted or suffixed form is not what people say. Names that are already plain (`openai`, `anthropic`,
/// `cohere`, `deepseek`, `groq`, `perplexity`) and names of one's own are kept.
const ALIASES: [(&str, &str); 12] = [
    ("aws.bedrock", "bedrock"),
    ("az.ai.inference", "azure"),
    ("az.ai.openai", "azure"),
    ("azure.ai.inference", "azure"),
    ("azure.ai.openai", "azure"),
    ("gcp.gemini", "google"),
    ("gcp.gen_ai", "google"),
    ("gcp.vertex_ai", "google"),
    ("ibm.watsonx.ai", "watsonx"),
    ("mistral_ai", "mistral"),
    ("moonshot_ai", "moonshot"),
    ("x_ai", "xai"),
];

/// Reads a provider: trimmed, lower-cased, aliased. `None` when nothing is left after trimming.
pub(super) fn read(raw: &str) -> Result<Option<String>, Fault> {
    let sent = text::decode(raw)?;
    let trimmed = sent.trim();
    text::check(trimmed, text::NAME)?;
    if trimmed.is_empty() {
        return Ok(None);
    }
    let name = lowered(trimmed);
    // A few capitals become two characters in lower case.
    text::check(&name, text::NAME)?;
    Ok(Some(plain(name)))
}

/// What a provider is called here, whatever others call it: trimmed, lower-cased, aliased.
pub fn name(given: &str) -> String {
    plain(lowered(given.trim()))
}

fn lowered(name: &str) -> String {
    let is_low = name
        .bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    match is_low {
        true => name.to_owned(),
        false => name.to_lowercase(),
    }
}

fn plain(name: String) -> String {
    match ALIASES.iter().find(|(alias, _)| *alias == name) {
        Some((_, canonical)) => (*canonical).to_owned(),
        None => name,
    }
}

/// Reads a provider that must be there.
pub(super) fn required(raw: &str) -> Result<String, Fault> {
    read(raw)?.ok_or_else(|| Fault::new(RefusalCode::Missing, "must not be blank"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (sent, kept) in [
            ("openai", "openai"),
            ("  OpenAI\\n", "openai"),
            ("Azure.AI.OpenAI", "azure"),
            ("az.ai.openai", "azure"),
            ("gcp.vertex_ai", "google"),
            ("aws.bedrock", "bedrock"),
            ("x_ai", "xai"),
            ("mistral_ai", "mistral"),
            ("Self Hosted", "self hosted"),
            ("ÉCOLE", "école"),
        ] {
            assert_eq!(read(&format!("\"{sent}\"")), Ok(Some(kept.to_owned())));
            assert_eq!(name(&sent.replace("\\n", "\n")), kept);
        }
        assert_eq!(read("\"  \""), Ok(None));
        assert_eq!(required("\"\"").unwrap_err().code, RefusalCode::Missing);
        assert_eq!(read("\"a\\u0000b\"").unwrap_err().code, RefusalCode::BadCharacter);
        assert_eq!(
            read(&format!("\"{}\"", "a".repeat(129))).unwrap_err().code,
            RefusalCode::TooLong
        );
        // U+0130 becomes two characters in lower case.
        assert!(read(&format!("\"{}\"", "İ".repeat(64))).is_ok());
        assert_eq!(
            read(&format!("\"{}\"", "İ".repeat(65))).unwrap_err().code,
            RefusalCode::TooLong
        );
    }

    #[test]
    fn aliases_lead_to_final_names() {
        for (alias, canonical) in ALIASES {
            assert_eq!(alias, alias.to_lowercase());
            assert!(ALIASES.iter().all(|(other, _)| *other != canonical));
        }
    }
}
