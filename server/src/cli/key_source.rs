//! Where a command that talks to a server gets its API key from: `--key-file`, `--key` or `FUSEBOARD_KEY`.

use std::path::PathBuf;

use clap::Args;

use super::{CliError, Exit};

/// The options of such a command.
#[derive(Debug, Clone, Default, Args)]
pub struct KeySource {
    /// The API key. On a shared machine rather use --key-file: arguments show in the process list.
    #[arg(long, env = "FUSEBOARD_KEY", hide_env_values = true)]
    pub key: Option<String>,
    /// A file with the API key, such as data/local.key. It wins over FUSEBOARD_KEY.
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
}

impl KeySource {
    /// The key.
    ///
    /// # Errors
    /// When none is given, or the file cannot be read.
    pub fn read(&self) -> Result<String, CliError> {
        if let Some(path) = &self.key_file {
            let text = std::fs::read_to_string(path)
                .map_err(|error| CliError::new(Exit::Unavailable, format!("{}: {error}", path.display())))?;
            return Ok(text.trim().to_owned());
        }
        self.key.clone().ok_or_else(|| {
            CliError::new(
                Exit::Usage,
                "a key is needed: --key-file data/local.key, --key or FUSEBOARD_KEY",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_wins_and_is_trimmed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("local.key");
        std::fs::write(&path, "fb_from_file\n").expect("written");
        let source = KeySource {
            key: Some("fb_from_environment".into()),
            key_file: Some(path),
        };
        assert_eq!(source.read().expect("a key"), "fb_from_file");
    }

    #[test]
    fn no_key_and_no_file_are_told_apart() {
        assert!(KeySource::default().read().is_err());
        let missing = KeySource {
            key: None,
            key_file: Some("/nonexistent/local.key".into()),
        };
        assert!(
            missing
                .read()
                .expect_err("no file")
                .to_string()
                .contains("/nonexistent/local.key")
        );
    }
}
