//! Takes the page's program apart: what only lazy routes and lazy functions reach becomes chunks that are fetched when
//! they are needed.
//!
//! A chunk is named after its content, so that a page and a chunk of different builds never meet. [`MANIFEST`] says who
//! needs which.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, ensure};
use wasm_split_cli_support::{Options, transform};

use crate::{npm, stage};

/// The script that fetches chunks, beside the bound program.
const LINK: &str = "__wasm_split.js";
/// What the script does when a chunk is wanted, and what it does in our house: it does not give up.
const CALL: &str = "await callee();";
const PATIENT_CALL: &str = "await patiently(callee);";
const PATIENCE: &str = "chunks.js";

/// The chunks of each lazy route and function: `{"fetch_drawer": ["chunk-….wasm", …], …}`.
pub const MANIFEST: &str = "chunks.json";

/// The parts in `dir`: the main program, to be bound, and the chunks.
pub struct Parts {
    pub main: PathBuf,
    pub chunks: Vec<PathBuf>,
}

/// Takes `raw` apart into `dir`.
pub fn split(raw: &Path, dir: &Path) -> Result<Parts> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let bytes = std::fs::read(raw).with_context(|| format!("cannot read {}", raw.display()))?;
    let main = dir.join("main.wasm");
    let link = format!("./{LINK}");
    let mut options = Options::new(&bytes);
    options.output_dir = dir;
    options.main_out_path = &main;
    options.link_name = &link;
    options.main_module = "./fuseboard.js";
    let split = transform(options).map_err(|error| anyhow!("{error:#}"))?;
    let mut script = std::fs::read_to_string(dir.join(LINK)).context("the splitter wrote no script")?;
    ensure!(
        script.matches(CALL).count() == 1,
        "the splitter's script has changed: `{CALL}` is not in it once"
    );
    script = script.replace(CALL, PATIENT_CALL);
    script.insert_str(0, &format!("import {{ patiently }} from \"./{PATIENCE}\";\n"));
    std::fs::copy(npm::frontend().join("js").join(PATIENCE), dir.join(PATIENCE))
        .with_context(|| format!("cannot copy {PATIENCE}"))?;
    let mut chunks = Vec::new();
    let mut names = BTreeMap::new();
    for path in split.split_modules {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        // Parts without any code of their own are not fetched.
        if !script.contains(name) {
            std::fs::remove_file(&path)?;
            continue;
        }
        let hash = stage::Inputs::new("chunk").file(&path)?.hash();
        let named = format!("chunk-{hash:016x}.wasm");
        script = script.replace(&format!("./{name}"), &format!("./{named}"));
        names.insert(name.trim_end_matches(".wasm").to_owned(), named.clone());
        let to = dir.join(named);
        std::fs::rename(&path, &to).with_context(|| format!("cannot name {}", to.display()))?;
        chunks.push(to);
    }
    std::fs::write(dir.join(LINK), script)?;
    let manifest: BTreeMap<&str, Vec<&String>> = split
        .prefetch_map
        .iter()
        .map(|(wanted, files)| {
            (
                plain(wanted),
                files.iter().filter_map(|file| names.get(file)).collect(),
            )
        })
        .collect();
    std::fs::write(dir.join(MANIFEST), serde_json::to_vec_pretty(&manifest)?)?;
    Ok(Parts { main, chunks })
}

/// A name without the number that leptos makes it unique with.
fn plain(name: &str) -> &str {
    match name.rsplit_once('_') {
        Some((plain, number)) if number.bytes().all(|digit| digit.is_ascii_digit()) => plain,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_number() {
        assert_eq!(plain("fetch_drawer_1234567"), "fetch_drawer");
        assert_eq!(plain("fetch_drawer"), "fetch_drawer");
    }
}
