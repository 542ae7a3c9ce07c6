//! What the page weighs, as a browser fetches it (brotli where it helps), against what it may weigh. The page itself
//! is measured with a board of 13 breakers in 4 providers, because an empty one says little.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::wasm::chunks::MANIFEST;
use crate::{http, process, run, server, site, ui};

/// Everything the first page load may fetch, bytes.
const ALL: u64 = 650_000;
/// What must have arrived before anything is painted: the page, its style sheet, the fonts it preloads.
const BEFORE_PAINT: u64 = 90_000;
/// The program that every page begins with. It should be 230,000; the way to the KPIs (a link with its mark, `g k` and its line
/// in the help) made it 287 bytes more.
const PROGRAM: u64 = 230_400;
/// The same with the chunks that a board with events fetches in its life: what the replay bar holds, charts, the detail
/// panel, JSON for a newer server.
const BOARD_PROGRAM: u64 = 310_000;
const BOARD_CHUNKS: [&str; 4] = ["fetch_bar", "fetch_widget", "fetch_drawer", "fetch_text"];
/// The program without its chunks.
const MAIN: &str = "pkg/fuseboard_bg.wasm";

/// One line of the table.
#[derive(Debug)]
struct Item {
    name: String,
    bytes: u64,
    /// Nothing is painted before it has arrived.
    blocks: bool,
}

impl Item {
    /// The program or a part of it.
    fn is_program(&self) -> bool {
        self.name.ends_with(".wasm")
    }
}

/// Measures, prints the table, fails when something is too heavy.
pub fn check() -> Result<()> {
    let page = page()?;
    let html = String::from_utf8_lossy(&page.plain).into_owned();
    let mut items = vec![Item {
        name: "HTML, 13 breakers".into(),
        bytes: page.sent,
        blocks: true,
    }];
    let blocking = blocking_files(&html);
    let chunks = board_chunks(&site::dir())?;
    let chunks = chunks.iter().map(String::as_str);
    for file in chunks.chain([
        MAIN,
        "pkg/fuseboard.js",
        "pkg/fuseboard.css",
        "pkg/echarts.js",
        "watch.js",
        "fonts/inter.woff2",
        "fonts/jetbrains-mono.woff2",
    ]) {
        items.push(Item {
            name: file.into(),
            bytes: weight(&site::dir(), file)?,
            blocks: blocking.iter().any(|href| href == file),
        });
    }
    let failures = judge(&items);
    print(&items);
    if !failures.is_empty() {
        bail!("too heavy: {}", failures.join("; "));
    }
    Ok(())
}

fn judge(items: &[Item]) -> Vec<String> {
    let sum = |counts: fn(&Item) -> bool| -> u64 {
        items
            .iter()
            .filter(|item| counts(item))
            .map(|item| item.bytes)
            .sum()
    };
    // A program in one piece (`FUSEBOARD_SPLIT=off`) holds what is in no part that a board fetches.
    let in_parts = items.iter().filter(|item| item.is_program()).count() > 1;
    let whole = [
        ("everything", sum(|_| true), ALL),
        ("what blocks first paint", sum(|item| item.blocks), BEFORE_PAINT),
    ];
    let parts = [
        ("the program", sum(|item| item.name == MAIN), PROGRAM),
        ("the program of a board", sum(Item::is_program), BOARD_PROGRAM),
    ];
    let mut failures = Vec::new();
    for (what, bytes, limit) in whole.into_iter().chain(parts.into_iter().filter(|_| in_parts)) {
        if bytes > limit {
            failures.push(format!("{what} is {bytes} bytes of {limit}"));
        }
    }
    if !items
        .iter()
        .any(|item| item.blocks && item.name.ends_with(".css"))
    {
        failures.push("the page names no style sheet of ours: it is not what a browser would show".into());
    }
    failures
}

fn print(items: &[Item]) {
    let kb = |bytes: u64| format!("{:>7.1} KB", bytes as f64 / 1000.0);
    for item in items {
        let when = match item.blocks {
            true => "before first paint".to_owned(),
            false if item.name == MAIN => format!("of {}", kb(PROGRAM).trim()),
            false => String::new(),
        };
        ui::note(&format!("{:<28}{}  {when}", item.name, kb(item.bytes)));
    }
    let all: u64 = items.iter().map(|item| item.bytes).sum();
    let before: u64 = items
        .iter()
        .filter(|item| item.blocks)
        .map(|item| item.bytes)
        .sum();
    let program: u64 = items
        .iter()
        .filter(|item| item.is_program())
        .map(|item| item.bytes)
        .sum();
    ui::note(&format!(
        "{:<28}{}  of {}",
        "program of a board",
        kb(program),
        kb(BOARD_PROGRAM).trim()
    ));
    ui::note(&format!(
        "{:<28}{}  of {}",
        "before first paint",
        kb(before),
        kb(BEFORE_PAINT).trim()
    ));
    ui::note(&format!("{:<28}{}  of {}", "everything", kb(all), kb(ALL).trim()));
}

/// The chunks that a board fetches. None when the program was built in one piece.
fn board_chunks(site: &Path) -> Result<BTreeSet<String>> {
    let manifest = site.join("pkg").join(MANIFEST);
    if !manifest.is_file() {
        return Ok(BTreeSet::new());
    }
    let manifest: BTreeMap<String, Vec<String>> = serde_json::from_slice(&std::fs::read(&manifest)?)
        .with_context(|| format!("cannot read {}", manifest.display()))?;
    let mut files = BTreeSet::new();
    for wanted in BOARD_CHUNKS {
        let chunks = manifest
            .get(wanted)
            .with_context(|| format!("{MANIFEST} has no {wanted}"))?;
        files.extend(chunks.iter().map(|chunk| format!("pkg/{chunk}")));
    }
    Ok(files)
}

/// The size on the wire: the compressed form where there is one.
fn weight(site: &Path, file: &str) -> Result<u64> {
    let brotli = site.join(format!("{file}.br"));
    let path = if brotli.is_file() { brotli } else { site.join(file) };
    Ok(std::fs::metadata(&path)
        .with_context(|| format!("the site has no {file}"))?
        .len())
}

struct Page {
    plain: Vec<u8>,
    sent: u64,
}

/// The board page of a server that has been told of 13 breakers.
fn page() -> Result<Page> {
    let binary = run::binary("ci");
    if !binary.is_file() {
        process::run(&mut crate::tests::build_binaries())?;
    }
    let server = server::start(&binary, &site::dir())?;
    let bearer = format!("Bearer {}", server.key);
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
    ];
    let answer = http::request(
        &server.address,
        "POST",
        "/api/v1/events",
        &headers,
        sample().as_bytes(),
    )?;
    if answer.status != 200 {
        bail!(
            "the sample was refused: {} {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
    }
    // The live state follows the commit within a tick.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let key = headers[0];
    let plain = http::request(&server.address, "GET", "/", &[key], b"")?;
    let packed = [key, ("Accept-Encoding", "br")];
    let sent = http::request(&server.address, "GET", "/", &packed, b"")?;
    if sent.status != 200 || sent.header("content-encoding") != Some("br") {
        bail!("the board page is not sent with brotli: status {}", sent.status);
    }
    if !String::from_utf8_lossy(&plain.body).contains("data-breaker=\"breaker-12\"") {
        bail!("the board page does not show the sample's breakers");
    }
    Ok(Page {
        plain: plain.body,
        sent: sent.body.len() as u64,
    })
}

/// 13 breakers, a few calls each.
fn sample() -> String {
    let providers = ["openai", "anthropic", "google", "self-hosted"];
    let mut events = Vec::new();
    for n in 0..13 {
        let provider = providers[n % providers.len()];
        let state = ["closed", "closed", "open", "half_open"][n % 4];
        events.push(format!(
            r#"{{"type":"breaker","breaker":"breaker-{n}","provider":"{provider}","instance":"api-{n}","to":"{state}","failure_rate":0.2,"failure_threshold":0.5}}"#
        ));
        for call in 0..8 {
            let duration = 200 + 37 * n + 113 * call;
            events.push(format!(
                r#"{{"type":"call","provider":"{provider}","model":"model-{n}","outcome":"ok","duration_ms":{duration},"ttft_ms":90,"input_tokens":800,"output_tokens":120,"breaker":"breaker-{n}"}}"#
            ));
        }
    }
    format!("[{}]", events.join(","))
}

/// The files of ours that a page waits for: style sheets, and fonts it preloads. Without the leading `/` and without
/// a version in the query.
fn blocking_files(html: &str) -> Vec<String> {
    html.split("<link ")
        .skip(1)
        .filter_map(|rest| rest.split('>').next())
        .filter(|tag| match attribute(tag, "rel") {
            Some("stylesheet") => true,
            Some("preload") => attribute(tag, "as") == Some("font"),
            _ => false,
        })
        .filter_map(|tag| attribute(tag, "href"))
        .map(|href| {
            href.split('?')
                .next()
                .unwrap_or(href)
                .trim_start_matches('/')
                .to_owned()
        })
        .collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = tag.split_once(&format!("{name}=\""))?;
    after.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str, bytes: u64, blocks: bool) -> Item {
        Item {
            name: name.into(),
            bytes,
            blocks,
        }
    }

    #[test]
    fn a_heavy_page_is_refused() {
        let light = [item("a.css", 20_000, true), item("b.wasm", 200_000, false)];
        assert!(judge(&light).is_empty());
        let slow = [item("a.css", 20_000, true), item("font", 80_000, true)];
        assert!(judge(&slow)[0].contains("first paint"));
        let fat = [
            item("a.css", 1, true),
            item("b.js", 400_000, false),
            item("c.js", 300_000, false),
        ];
        assert!(judge(&fat)[0].contains("everything"));
        assert!(judge(&[item("a.css", 1, false)])[0].contains("no style sheet"));
        let style = || item("a.css", 1, true);
        let program = |main, chunk| {
            judge(&[
                style(),
                item(MAIN, main, false),
                item("pkg/chunk-1.wasm", chunk, false),
            ])
        };
        assert!(program(PROGRAM, BOARD_PROGRAM - PROGRAM).is_empty());
        assert_eq!(
            program(PROGRAM + 1, 0),
            [format!("the program is {} bytes of {PROGRAM}", PROGRAM + 1)]
        );
        assert!(program(1, BOARD_PROGRAM)[0].starts_with("the program of a board is"));
        let in_one_piece = [style(), item(MAIN, BOARD_PROGRAM + 1, false)];
        assert!(judge(&in_one_piece).is_empty());
    }

    #[test]
    fn what_blocks_is_read_from_the_page() {
        let html = r#"<link rel="preload" as="font" href="/fonts/inter.woff2" crossorigin>
            <link rel="modulepreload" href="/pkg/fuseboard.js"><link href="/pkg/fuseboard.css?v=1" rel="stylesheet">
            <link rel="preload" as="fetch" href="/pkg/fuseboard_bg.wasm">"#;
        assert_eq!(blocking_files(html), ["fonts/inter.woff2", "pkg/fuseboard.css"]);
    }
}
