//! Putting the layers on top of each other.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::env::{ALIASES, FILE, PREFIX};
use super::table::{Kind, SETTINGS, find, near};
use super::{Config, ConfigError, Effective, value};

/// The file that is read when nobody names one, if it exists.
const USUAL_FILE: &str = "fuseboard.toml";

/// A flag that was given on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// `--listen`.
    pub name: &'static str,
    /// The setting it sets.
    pub key: &'static str,
    /// To what.
    pub value: String,
}

/// Where the configuration comes from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// `--config`.
    pub file: Option<PathBuf>,
    /// The environment, from [`super::environment`].
    pub environment: Vec<(String, OsString)>,
    /// Flags that were given.
    pub flags: Vec<Flag>,
}

/// Values by key, with where each came from; and what is wrong.
#[derive(Default)]
struct Layers {
    values: BTreeMap<&'static str, (String, String)>,
    problems: Vec<String>,
}

impl Layers {
    fn set(&mut self, key: &str, text: String, source: String) {
        let Some(setting) = find(key) else {
            self.problems.push(unknown(key, &source));
            return;
        };
        match value::check(setting, &text) {
            Ok(()) => {
                self.values.insert(setting.key, (text, source));
            }
            Err(why) => self.problems.push(format!("{key} ({source}) {why}")),
        }
    }
}

/// Reads all layers and checks them.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn load(sources: &Sources) -> Result<Config, ConfigError> {
    let mut layers = Layers::default();
    for setting in SETTINGS {
        layers
            .values
            .insert(setting.key, (setting.default.into(), "default".into()));
    }
    file_layer(&mut layers, sources);
    environment_layer(&mut layers, &sources.environment);
    for flag in &sources.flags {
        layers.set(flag.key, flag.value.clone(), format!("flag {}", flag.name));
    }
    if !layers.problems.is_empty() {
        return Err(ConfigError(layers.problems));
    }
    let value_of = |key: &str| {
        layers
            .values
            .get(key)
            .map(|(text, _)| text.clone())
            .unwrap_or_default()
    };
    let effective = SETTINGS
        .iter()
        .filter_map(|setting| {
            let (text, source) = layers.values.get(setting.key)?;
            Some(Effective {
                key: setting.key,
                shown: value::shown(setting, text),
                source: source.clone(),
            })
        })
        .collect();
    Config::build(value_of, effective)
}

fn file_layer(layers: &mut Layers, sources: &Sources) {
    let named = sources.file.clone().or_else(|| {
        let value = sources
            .environment
            .iter()
            .find(|(name, _)| name == FILE)
            .map(|(_, value)| value)?;
        Some(PathBuf::from(value))
    });
    let path = match named {
        Some(path) => path,
        None if Path::new(USUAL_FILE).exists() => PathBuf::from(USUAL_FILE),
        None => return,
    };
    let shown = path.display();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            return layers
                .problems
                .push(format!("the configuration file {shown} cannot be read: {error}"));
        }
    };
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            return layers
                .problems
                .push(format!("the configuration file {shown} is not TOML: {error}"));
        }
    };
    let source = format!("file {shown}");
    for (section, content) in table {
        let toml::Value::Table(entries) = content else {
            layers.problems.push(unknown(&section, &source));
            continue;
        };
        for (name, value) in entries {
            let key = format!("{section}.{name}");
            match text_of(&key, value) {
                Ok(text) => layers.set(&key, text, source.clone()),
                Err(why) => layers.problems.push(format!("{key} ({source}) {why}")),
            }
        }
    }
}

/// A TOML value as text, if it has the type that the setting wants.
fn text_of(key: &str, value: toml::Value) -> Result<String, String> {
    // An unknown key is reported as such, whatever it holds.
    let Some(setting) = find(key) else {
        return Ok(String::new());
    };
    let wanted = match (setting.kind, value) {
        (Kind::Integer(..), toml::Value::Integer(number)) => return Ok(number.to_string()),
        (Kind::Integer(..), other) => ("a whole number", other),
        (Kind::Labels, toml::Value::Array(names)) => return listed(&names),
        (Kind::Networks | Kind::Targets | Kind::Roles, toml::Value::Array(list)) => return listed(&list),
        (Kind::Labels | Kind::Networks | Kind::Targets | Kind::Roles, other) => {
            ("a list of texts in quotes", other)
        }
        (Kind::Flag, toml::Value::Boolean(on)) => return Ok(on.to_string()),
        (Kind::Flag, other) => ("true or false", other),
        (_, toml::Value::String(text)) => return Ok(text),
        (_, other) => ("text in quotes", other),
    };
    let (wanted, got) = wanted;
    Err(format!("must be {wanted}, got a TOML {}", got.type_str()))
}

/// A list as it would stand in the environment.
fn listed(names: &[toml::Value]) -> Result<String, String> {
    let mut texts = Vec::new();
    for name in names {
        match name {
            // Between commas it would be several names, or none.
            toml::Value::String(text) if text.contains(',') => {
                return Err(format!("names {text:?}, which has a comma"));
            }
            toml::Value::String(text) if text.trim().is_empty() => {
                return Err("names a label without a character".to_owned());
            }
            toml::Value::String(text) => texts.push(text.as_str()),
            other => {
                return Err(format!(
                    "must be a list of texts in quotes, got a TOML {} in it",
                    other.type_str()
                ));
            }
        }
    }
    Ok(texts.join(", "))
}

fn environment_layer(layers: &mut Layers, environment: &[(String, OsString)]) {
    let text = |layers: &mut Layers, name: &str, value: &OsString| match value.to_str() {
        Some(text) => Some(text.to_owned()),
        None => {
            layers
                .problems
                .push(format!("environment {name} is not valid UTF-8"));
            None
        }
    };
    for (alias, key) in ALIASES {
        if let Some((name, value)) = environment.iter().find(|(name, _)| name == alias)
            && let Some(text) = text(layers, name, value)
        {
            layers.set(key, text, format!("environment {name}"));
        }
    }
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in environment {
        let Some(rest) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let Some(value) = text(layers, name, value) else {
            continue;
        };
        let whole = rest.to_ascii_lowercase().replace("__", ".");
        // A setting that is itself the name of a file is no file with a value.
        let named = whole.strip_suffix("_file").filter(|_| find(&whole).is_none());
        let (key, value) = match named {
            Some(key) => match std::fs::read_to_string(&value) {
                Ok(content) => (key.to_owned(), content.trim_end_matches(['\r', '\n']).to_owned()),
                Err(error) => {
                    layers.problems.push(format!(
                        "environment {name} names {value}, which cannot be read: {error}"
                    ));
                    continue;
                }
            },
            None => (whole.clone(), value),
        };
        if let Some(other) = seen.insert(key.clone(), name.clone()) {
            layers
                .problems
                .push(format!("environment {name} and {other} both set {key}: keep one"));
            continue;
        }
        layers.set(&key, value, format!("environment {name}"));
    }
}

fn unknown(key: &str, source: &str) -> String {
    let near = near(key);
    if near.is_empty() {
        let all: Vec<&str> = SETTINGS.iter().map(|setting| setting.key).collect();
        format!("{key} ({source}) is not a setting; there are {}", all.join(", "))
    } else {
        format!(
            "{key} ({source}) is not a setting; did you mean {}?",
            near.join(" or ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_env(pairs: &[(&str, &str)]) -> Sources {
        let environment = pairs
            .iter()
            .map(|(name, value)| (String::from(*name), OsString::from(value)))
            .collect();
        Sources {
            environment,
            ..Sources::default()
        }
    }

    #[test]
    fn flags_win_over_environment_over_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f.toml");
        std::fs::write(
            &file,
            "[server]\nlisten = \"127.0.0.1:1\"\n[log]\nlevel = \"warn\"\nformat = \"json\"\n",
        )
        .unwrap();
        let mut sources = with_env(&[
            ("FUSEBOARD__SERVER__LISTEN", "127.0.0.1:2"),
            ("FUSEBOARD__LOG__LEVEL", "debug"),
        ]);
        sources.file = Some(file);
        sources.flags.push(Flag {
            name: "--listen",
            key: "server.listen",
            value: "127.0.0.1:3".into(),
        });
        let config = load(&sources).unwrap();
        assert_eq!(config.listen.port(), 3);
        assert_eq!(config.log_level, "debug");
        assert!(config.log_json);
        let source = |key: &str| {
            config
                .effective
                .iter()
                .find(|e| e.key == key)
                .unwrap()
                .source
                .clone()
        };
        assert_eq!(source("server.listen"), "flag --listen");
        assert_eq!(source("log.level"), "environment FUSEBOARD__LOG__LEVEL");
        assert!(source("log.format").starts_with("file "));
        assert_eq!(source("data.dir"), "default");
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f.toml");
        let text = "top = 1\n[server]\nlistn = \"127.0.0.1:1\"\n[retention]\njournal_days = \"7\"\n[limits]\nseries = 0\n";
        std::fs::write(&file, text).unwrap();
        let mut sources = with_env(&[("FUSEBOARD__LOG__FORMAT", "xml"), ("DATABASE_URL", "sqlite://x")]);
        sources.file = Some(file);
        let ConfigError(problems) = load(&sources).unwrap_err();
        let all = problems.join("\n");
        assert_eq!(problems.len(), 6, "{all}");
        assert!(
            all.contains("server.listn") && all.contains("did you mean server.listen?"),
            "{all}"
        );
        assert!(
            all.contains("journal_days") && all.contains("a whole number, got a TOML string"),
            "{all}"
        );
        assert!(all.contains("must be 1 to 50000, got 0"), "{all}");
        assert!(
            all.contains("FUSEBOARD__LOG__FORMAT") && all.contains("one of text, json"),
            "{all}"
        );
        assert!(all.contains("environment DATABASE_URL"), "{all}");
    }

    #[test]
    fn secrets_come_from_files_and_stay_masked() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("url");
        std::fs::write(&file, "postgres://me:hunter2@db/fuse\n").unwrap();
        let path = file.to_str().unwrap();
        let sources = with_env(&[
            ("FUSEBOARD__DATABASE__URL_FILE", path),
            ("DATABASE_URL", "postgres://other/x"),
        ]);
        let config = load(&sources).unwrap();
        assert_eq!(
            config.database_url.as_ref().unwrap().expose(),
            "postgres://me:hunter2@db/fuse"
        );
        assert!(!format!("{config:?}").contains("hunter2"));
        let both = with_env(&[
            ("FUSEBOARD__DATABASE__URL_FILE", path),
            ("FUSEBOARD__DATABASE__URL", "postgres://a/b"),
        ]);
        assert!(load(&both).unwrap_err().to_string().contains("keep one"));
    }

    #[test]
    fn a_setting_that_names_a_file_is_the_name() {
        for (variable, key) in [
            ("FUSEBOARD__AUDIT__KEY_FILE", "audit.key_file"),
            ("FUSEBOARD__SECRETS__KEY_FILE", "secrets.key_file"),
        ] {
            let config = load(&with_env(&[(variable, "/run/secrets/key")])).unwrap();
            let shown = config.effective.iter().find(|one| one.key == key).unwrap();
            assert_eq!(shown.shown, "/run/secrets/key");
        }
    }

    #[test]
    fn labels_are_a_list_in_a_file_and_separated_by_commas_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f.toml");
        let read = |value: &str| {
            std::fs::write(&file, format!("[series]\nkept_labels = {value}\n")).unwrap();
            load(&Sources {
                file: Some(file.clone()),
                ..Sources::default()
            })
        };
        assert!(load(&with_env(&[])).unwrap().kept_labels.names().is_empty());
        assert_eq!(
            read("[\"team\", \"region\"]").unwrap().kept_labels.names(),
            ["region", "team"]
        );
        assert!(read("[]").unwrap().kept_labels.names().is_empty());
        let named = with_env(&[("FUSEBOARD__SERIES__KEPT_LABELS", "team, fuseboard.kind")]);
        let config = load(&named).unwrap();
        assert_eq!(config.kept_labels.names(), ["fuseboard.kind", "team"]);
        let shown = config
            .effective
            .iter()
            .find(|one| one.key == "series.kept_labels");
        assert_eq!(shown.unwrap().shown, "team, fuseboard.kind");
        for (value, words) in [
            (
                "[\"a\", \"b\", \"c\", \"d\", \"e\"]",
                "may name at most 4 labels, got 5",
            ),
            ("[\"a,b\"]", "names \"a,b\", which has a comma"),
            ("[\"\"]", "names a label without a character"),
            (
                "[\"a\", 1]",
                "a list of texts in quotes, got a TOML integer in it",
            ),
            ("\"team\"", "must be a list of texts in quotes, got a TOML string"),
            ("[\"a\\nb\"]", "may not have '\\n'"),
        ] {
            let error = read(value).unwrap_err().to_string();
            assert!(error.starts_with("series.kept_labels (file "), "{error}");
            assert!(error.contains(words), "{value}: {error}");
        }
        let error = load(&with_env(&[("FUSEBOARD__SERIES__KEPT_LABELS", "a, a")])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "series.kept_labels (environment FUSEBOARD__SERIES__KEPT_LABELS) names the label \"a\" twice"
        );
    }

    #[test]
    fn settings_that_are_files_are_not_read() {
        let sources = with_env(&[
            ("FUSEBOARD__AUDIT__KEY_FILE", "/nowhere/audit.key"),
            ("FUSEBOARD__TLS__CERT_FILE", "/nowhere/cert.pem"),
            ("FUSEBOARD__TLS__KEY_FILE", "/nowhere/key.pem"),
        ]);
        let config = load(&sources).unwrap();
        assert_eq!(config.audit_key_file, Some("/nowhere/audit.key".into()));
        let tls = config.tls.unwrap();
        assert_eq!(tls.cert, PathBuf::from("/nowhere/cert.pem"));
        assert_eq!(tls.key, PathBuf::from("/nowhere/key.pem"));
    }

    #[test]
    fn half_of_tls_is_refused_and_so_is_an_http_address() {
        let refused = |pairs: &[(&str, &str)]| load(&with_env(pairs)).unwrap_err().to_string();
        let cert = ("FUSEBOARD__TLS__CERT_FILE", "c");
        let half = refused(&[cert]);
        assert!(half.contains("tls.cert_file and tls.key_file"), "{half}");
        let http = refused(&[
            cert,
            ("FUSEBOARD__TLS__KEY_FILE", "k"),
            ("FUSEBOARD__SERVER__EXTERNAL_URL", "http://board.example"),
        ]);
        assert!(
            http.contains("server.external_url must begin with https://"),
            "{http}"
        );
    }

    #[test]
    fn half_a_first_account_is_refused() {
        let half = load(&Sources {
            environment: vec![("FUSEBOARD__ADMIN__EMAIL".into(), "ada@example.com".into())],
            ..Sources::default()
        });
        let error = half.unwrap_err().to_string();
        assert!(error.contains("admin.email and admin.password"), "{error}");
    }
}
