//! Which codec a socket speaks.

use protocol::codec::Codec;

/// What was agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// How frames are written.
    pub codec: Codec,
    /// The subprotocol to name in the answer; `None` when none was offered.
    pub named: Option<&'static str>,
}

/// Picks the codec: postcard for a page of the same build, else JSON; JSON also for those who offer nothing. `None`
/// when something was offered that we do not speak.
pub fn agree<'a>(offered: impl Iterator<Item = &'a str>, query: &str, build: &str) -> Option<Agreed> {
    let offered: Vec<Codec> = {
        let mut any = false;
        let known = offered
            .inspect(|_| any = true)
            .filter_map(Codec::from_subprotocol)
            .collect();
        if !any {
            return Some(Agreed {
                codec: Codec::Json,
                named: None,
            });
        }
        known
    };
    let same_build = query
        .split('&')
        .any(|pair| pair.strip_prefix("build=") == Some(build));
    let codec = if same_build && offered.contains(&Codec::Postcard) {
        Codec::Postcard
    } else if offered.contains(&Codec::Json) {
        Codec::Json
    } else {
        return None;
    };
    Some(Agreed {
        codec,
        named: Some(codec.subprotocol()),
    })
}

#[cfg(test)]
mod tests {
    use protocol::{SUBPROTOCOL_JSON, SUBPROTOCOL_POSTCARD};

    use super::*;

    fn agree_on(offered: &[&str], query: &str) -> Option<Codec> {
        agree(offered.iter().copied(), query, "b1").map(|agreed| agreed.codec)
    }

    #[test]
    fn postcard_only_for_the_same_build() {
        let both = [SUBPROTOCOL_POSTCARD, SUBPROTOCOL_JSON];
        assert_eq!(agree_on(&both, "build=b1"), Some(Codec::Postcard));
        assert_eq!(agree_on(&both, "x=1&build=b1"), Some(Codec::Postcard));
        assert_eq!(agree_on(&both, "build=b2"), Some(Codec::Json));
        assert_eq!(agree_on(&both, ""), Some(Codec::Json));
        assert_eq!(agree_on(&[SUBPROTOCOL_POSTCARD], "build=b2"), None);
    }

    #[test]
    fn json_for_everybody_else() {
        assert_eq!(agree_on(&[], "build=b1"), Some(Codec::Json));
        assert_eq!(agree_on(&[SUBPROTOCOL_JSON], ""), Some(Codec::Json));
        assert_eq!(agree_on(&["graphql-ws"], ""), None);
    }
}
