//! Checking one value against its kind, and masking what is secret.

use std::net::{IpAddr, SocketAddr};

use domain::rollup::{KeptLabels, KeptLabelsError};
use ipnet::IpNet;
use outbound::Allowed;
use store_sql::AppRole;
use tracing_subscriber::EnvFilter;

use super::oidc::{self, Roles};
use super::table::{Kind, Setting};
use crate::auth::checked_email;
use crate::edge::External;

/// Whether the text is a value of the setting; in words why not.
pub fn check(setting: &Setting, text: &str) -> Result<(), String> {
    match setting.kind {
        Kind::Address => text
            .parse::<SocketAddr>()
            .map(drop)
            .map_err(|_| format!("must be an address and a port like 127.0.0.1:3000, got {text:?}")),
        Kind::Path => Ok(()),
        Kind::DatabaseUrl => {
            if text.is_empty() || text.starts_with("postgres://") || text.starts_with("postgresql://") {
                Ok(())
            } else {
                // The value may hold a password: it is not repeated.
                Err("must start with postgres:// (leave it out for SQLite in data.dir)".into())
            }
        }
        Kind::Role => AppRole::parse(text)
            .map(drop)
            .map_err(|why| format!("{why}, got {text:?}")),
        Kind::Choice(words) => {
            if words.contains(&text) {
                Ok(())
            } else {
                Err(format!("must be one of {}, got {text:?}", words.join(", ")))
            }
        }
        Kind::LogFilter => EnvFilter::builder()
            .parse(text)
            .map(drop)
            .map_err(|error| format!("is no log filter like info or info,engine=debug: {error}")),
        Kind::Integer(least, most) => match text.parse::<i64>() {
            Ok(number) if (least..=most).contains(&number) => Ok(()),
            Ok(number) => Err(format!("must be {least} to {most}, got {number}")),
            Err(_) => Err(format!("must be a whole number, got {text:?}")),
        },
        Kind::Origin => origin(text).map(drop),
        Kind::Networks => networks(text).map(drop),
        Kind::Flag => match text {
            "true" | "false" => Ok(()),
            _ => Err(format!("must be true or false, got {text:?}")),
        },
        Kind::Email if text.is_empty() => Ok(()),
        Kind::Email => checked_email(text)
            .map(drop)
            .map_err(|_| format!("must be an email address, got {text:?}")),
        Kind::Text => Ok(()),
        Kind::Targets => targets(text).map(drop),
        Kind::Issuer => oidc::check_issuer(text),
        Kind::Scopes => oidc::check_scopes(text),
        Kind::Name => oidc::check_name(text),
        Kind::Roles => Roles::parse(text).map(drop),
        Kind::Labels => labels(text).map(drop).map_err(|error| error.to_string()),
    }
}

/// The origin that a text names, if it names one.
pub fn origin(text: &str) -> Result<Option<External>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    External::parse(text).map(Some).map_err(|why| {
        format!("must be like https://board.example or https://example.org/fuseboard: {why}, got {text:?}")
    })
}

/// The targets inside that a text names.
pub fn targets(text: &str) -> Result<Allowed, String> {
    let read = text.parse::<Allowed>();
    read.map_err(|error| format!("must be hosts and addresses like idp.lan:8443, 192.168.7.0/24: {error}"))
}

/// The address ranges that a text names; an address alone is a range of one.
pub fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    let range = |word: &str| {
        let alone = || word.parse::<IpAddr>().map(IpNet::from);
        let range = word.parse().or_else(|_| alone());
        range.map_err(|_| format!("must be address ranges like 10.0.0.0/8, got {word:?}"))
    };
    words.map(range).collect()
}

/// The labels that a text names.
pub fn labels(text: &str) -> Result<KeptLabels, KeptLabelsError> {
    match text.trim() {
        "" => Ok(KeptLabels::default()),
        names => KeptLabels::new(names.split(',').map(str::trim)),
    }
}

/// The text as it may be shown: of a secret URL only the scheme, host and database.
pub fn shown(setting: &Setting, text: &str) -> String {
    if !setting.secret || text.is_empty() {
        return text.to_owned();
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return "***".into();
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    match rest.rsplit_once('@') {
        Some((_, place)) => format!("{scheme}://***@{place}"),
        None => format!("{scheme}://{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::find;
    use super::*;

    #[test]
    fn secrets_are_masked() {
        let url = find("database.url").unwrap();
        assert_eq!(
            shown(url, "postgres://me:p%40ss@db:5432/fuse?password=x"),
            "postgres://***@db:5432/fuse"
        );
        assert_eq!(shown(url, "postgres://db/fuse?password=x"), "postgres://db/fuse");
        assert_eq!(shown(url, "nonsense"), "***");
        assert_eq!(shown(url, ""), "");
    }

    #[test]
    fn a_wrong_url_is_not_repeated() {
        let message = check(find("database.url").unwrap(), "mysql://me:secret@db").unwrap_err();
        assert!(!message.contains("secret"), "{message}");
    }

    #[test]
    fn ranges_and_origins() {
        assert_eq!(networks("10.0.0.0/8, 192.0.2.7,").unwrap().len(), 2);
        assert!(networks("10.0.0.0/33").unwrap_err().contains("10.0.0.0/33"));
        assert_eq!(origin("").unwrap(), None);
        assert!(origin("board.example").unwrap_err().contains("https://"));
        let flag = find("server.allow_insecure_http").unwrap();
        assert_eq!(
            check(flag, "yes").unwrap_err(),
            "must be true or false, got \"yes\""
        );
        assert_eq!(shown(find("admin.password").unwrap(), "an umbrella"), "***");
    }

    #[test]
    fn names_of_labels() {
        assert_eq!(labels(" team, region,").unwrap_err(), KeptLabelsError::Empty);
        assert_eq!(labels("team, region").unwrap().names(), ["region", "team"]);
        assert_eq!(labels(" ").unwrap(), KeptLabels::default());
        let setting = find("series.kept_labels").unwrap();
        for (text, words) in [
            ("a,b,c,d,e", "may name at most 4 labels, got 5"),
            ("a,,b", "names a label without a character"),
            ("a,b,a", "names the label \"a\" twice"),
            ("a b", "no space, colon, comma, quote or control character"),
        ] {
            let message = check(setting, text).unwrap_err();
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn bounds_are_told() {
        let message = check(find("retention.journal_days").unwrap(), "0").unwrap_err();
        assert_eq!(message, "must be 1 to 3650, got 0");
    }
}
