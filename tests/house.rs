//! The house rules, read off the source: which room may import which, who may touch the world, what
//! stands at the top level, and how long files and functions grow. Each rule is shown a bad sample.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each room and the rooms that it may import. `leg/signal` and `leg/media` are rooms of their own:
/// they share no state.
const ROOMS: &[(&str, &[&str])] = &[
    ("sip", &[]),
    ("sdp", &[]),
    ("rtp", &[]),
    ("dsp", &[]),
    ("audio", &[]),
    ("config", &[]),
    ("number", &[]),
    ("locale", &[]),
    ("reason", &["locale"]),
    ("clip", &["dsp"]),
    ("prompt", &["audio", "clip", "dsp", "job", "locale"]),
    ("job", &["locale", "number", "reason"]),
    ("report", &["job", "leg", "number", "reason"]),
    ("access", &["job"]),
    ("secure", &["job"]),
    ("queue", &["access", "job", "leg", "number", "reason", "report"]),
    ("route", &["config", "number", "reason"]),
    ("policy", &["config", "job", "number", "reason"]),
    ("leg", &["clip"]),
    ("leg/signal", &["leg", "sip", "sdp"]),
    ("leg/media", &["leg", "rtp", "dsp", "clip"]),
    ("call", &["clip", "job", "leg", "number", "reason", "report"]),
    ("gateway", EDGE),
    ("phone", EDGE),
    ("load", EDGE),
    (
        "http",
        &["access", "config", "gateway", "job", "number", "policy", "queue", "reason", "report", "secure"],
    ),
    ("cli", EVERYTHING),
    ("main", EVERYTHING),
    ("lib", &[]),
];

/// What the edge joins together.
const EDGE: &[&str] = &[
    "access",
    "audio",
    "call",
    "clip",
    "config",
    "dsp",
    "gateway",
    "job",
    "leg",
    "leg/media",
    "leg/signal",
    "locale",
    "number",
    "policy",
    "prompt",
    "queue",
    "reason",
    "report",
    "route",
    "rtp",
    "sdp",
    "secure",
    "sip",
];

const EVERYTHING: &[&str] = &["http", "load", "phone", "cli"];

/// Paths that may name the runtime, sockets, files, threads or a clock.
const WORLDLY: &[&str] = &[
    "main.rs",
    "cli",
    "config",
    "gateway",
    "http",
    "queue/embedded",
    "prompt",
    "audio",
    "phone",
    "load",
    "report/delivery",
    "dashboard",
];

/// How the world is named.
const WORLD: &[&str] = &[
    "tokio",
    "UdpSocket",
    "TcpStream",
    "TcpListener",
    "UnixStream",
    "std::fs",
    "std::thread",
    "std::process",
    "std::env",
    "Instant::now",
    "SystemTime::now",
    "OffsetDateTime::now",
    "socket2",
    "rustix",
    "reqwest",
    "axum",
    "rusqlite",
    "hickory_resolver",
];

/// Entries of the repository's top level.
const TOP_LEVEL: &[&str] = &[
    ".cargo",
    ".ci",
    ".clippy.toml",
    ".gitignore",
    ".rustfmt.toml",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "bench",
    "prompts",
    "sip-config",
    "src",
    "tests",
];

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 60;

/// One source file, by its path below `src/`.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The lines that ship, numbered: no comments, and nothing of the tests, which stand last.
    fn shipped(&self) -> Vec<(usize, &str)> {
        if self.path.ends_with("tests.rs") || self.path.contains("/tests/") {
            return Vec::new();
        }
        let lines: Vec<&str> = self.text.lines().collect();
        // The attributes of the room of tests may stand between.
        let opens_tests = |index: &usize| {
            let mut after = lines[index + 1..].iter().skip_while(|line| line.starts_with("#["));
            lines[*index].trim() == "#[cfg(test)]" && after.next().is_some_and(|line| line.ends_with('{'))
        };
        let end = (0..lines.len()).find(opens_tests).unwrap_or(lines.len());
        let numbered = lines[..end].iter().enumerate().map(|(index, line)| (index + 1, *line));
        numbered.filter(|(_, line)| !line.trim_start().starts_with("//")).collect()
    }

    /// The room that the file belongs to.
    fn room(&self) -> &str {
        let half = ["leg/signal", "leg/media"].into_iter().find(|half| self.path.starts_with(half));
        half.unwrap_or_else(|| {
            let first = self.path.split('/').next().unwrap_or_default();
            first.strip_suffix(".rs").unwrap_or(first)
        })
    }

    /// How many `super::` lead from here to the crate's root.
    fn depth(&self) -> usize {
        let parts = self.path.split('/').filter(|part| *part != "mod.rs").count();
        if self.path == "main.rs" || self.path == "lib.rs" { 0 } else { parts }
    }

    fn finding(&self, line: usize, what: &str) -> String {
        format!("src/{}:{line}: {what}", self.path)
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 50, "src/ was not found");
    files.sort();
    files
        .into_iter()
        .map(|file| Source {
            path: file.strip_prefix(&root).expect("collected below it").to_string_lossy().into_owned(),
            text: fs::read_to_string(&file).expect("sources are UTF-8"),
        })
        .collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("src/ can be read") {
        let path = entry.expect("src/ can be read").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The names that follow `crate::` (or as many `super::` as lead there) in a line.
fn imported_rooms(line: &str, depth: usize) -> Vec<String> {
    let up = "super::".repeat(depth.max(1));
    ["crate::", if depth == 0 { "crate::" } else { up.as_str() }]
        .into_iter()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .flat_map(|root| line.split(root).skip(1))
        .map(|rest| {
            let path: Vec<&str> = rest.split("::").take(2).map(word).collect();
            let half = path.join("/");
            if matches!(half.as_str(), "leg/signal" | "leg/media") { half } else { path[0].to_owned() }
        })
        .collect()
}

fn word(text: &str) -> &str {
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    text.split(|character| !is_name(character)).next().unwrap_or_default()
}

/// Imports that point the wrong way.
fn wrong_imports(source: &Source) -> Vec<String> {
    let own = source.room();
    let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| *room == own) else {
        return vec![source.finding(1, &format!("the room {own} has no rule in tests/house.rs"))];
    };
    let is_allowed = |room: &str| {
        room == own
            || allowed.contains(&room)
            || (*allowed == EVERYTHING && (EDGE.contains(&room) || own == "main"))
    };
    let mut findings = Vec::new();
    for (number, line) in source.shipped() {
        if line.contains("crate::{") {
            findings.push(source.finding(number, "rooms are imported one by one, not in a group"));
        }
        for room in imported_rooms(line, source.depth()) {
            let is_room = ROOMS.iter().any(|(name, _)| *name == room);
            if is_room && !is_allowed(&room) {
                findings.push(source.finding(number, &format!("{own} must not import {room}")));
            }
        }
    }
    findings
}

/// The runtime, sockets, files, threads or a clock where time, bytes and randomness are arguments.
fn worldly_words(source: &Source) -> Vec<String> {
    if WORLDLY.iter().any(|path| source.path.starts_with(path)) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, line) in source.shipped() {
        for name in WORLD.iter().filter(|name| names(line, name)) {
            findings.push(source.finding(number, &format!("only the edge may name {name}")));
        }
    }
    findings
}

/// Whether the line holds the name as a whole word.
fn names(line: &str, name: &str) -> bool {
    let is_word = |character: Option<char>| character.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    line.match_indices(name).any(|(start, _)| {
        !is_word(line[..start].chars().next_back()) && !is_word(line[start + name.len()..].chars().next())
    })
}

/// rsip is the model behind one facade.
fn rsip_outside_its_facade(source: &Source) -> Vec<String> {
    if source.path.starts_with("sip/message") {
        return Vec::new();
    }
    let shipped = source.shipped();
    let hits = shipped.iter().filter(|(_, line)| names(line, "rsip"));
    hits.map(|(number, _)| source.finding(*number, "rsip is named in sip/message alone")).collect()
}

/// One function, from its signature to its closing brace.
struct Function {
    name: String,
    line: usize,
    lines: usize,
    /// Lines with an arm of a `match`.
    arms: usize,
}

impl Function {
    /// A flat table has one line a case and nothing else to read.
    fn is_table(&self) -> bool {
        self.arms * 10 >= self.lines * 8
    }
}

/// The functions that have a body, laid out as rustfmt does it.
fn functions(source: &Source) -> Vec<Function> {
    let shipped = source.shipped();
    let mut found = Vec::new();
    for (index, (number, line)) in shipped.iter().enumerate() {
        let indentation = line.len() - line.trim_start().len();
        let Some(name) = function_name(line.trim_start()) else { continue };
        let close = format!("{}}}", " ".repeat(indentation));
        let body = &shipped[index..];
        let end = if line.trim_end().ends_with('}') {
            Some(0)
        } else {
            body.iter().position(|(_, line)| *line == close)
        };
        // A signature without a body belongs to a trait.
        let declaration = body.iter().position(|(_, line)| line.trim_end().ends_with(';'));
        let opens = body.iter().position(|(_, line)| line.trim_end().ends_with('{'));
        let has_body = end == Some(0) || opens.is_some_and(|opens| declaration.is_none_or(|end| opens < end));
        if let (true, Some(end)) = (has_body, end) {
            let arms = body[..=end].iter().filter(|(_, line)| line.contains("=>")).count();
            found.push(Function { name: name.to_owned(), line: *number, lines: end + 1, arms });
        }
    }
    found
}

fn function_name(line: &str) -> Option<&str> {
    let mut rest = line;
    for prefix in ["pub(crate) ", "pub(super) ", "pub(in crate", "pub ", "const ", "async "] {
        rest = rest.strip_prefix(prefix).unwrap_or(rest);
    }
    rest.strip_prefix("fn ").map(word)
}

fn too_long(source: &Source) -> Vec<String> {
    let mut findings = Vec::new();
    let last = source.shipped().last().map_or(0, |(number, _)| *number);
    if last > FILE_LINES {
        findings.push(source.finding(last, &format!("{last} lines before the tests, {FILE_LINES} at most")));
    }
    for Function { name, line, lines, .. } in
        functions(source).into_iter().filter(|function| !function.is_table())
    {
        if lines > FUNCTION_LINES {
            findings.push(
                source.finding(line, &format!("fn {name} has {lines} lines, {FUNCTION_LINES} at most")),
            );
        }
    }
    findings
}

#[track_caller]
fn assert_none(rule: fn(&Source) -> Vec<String>) {
    let findings: Vec<String> = sources().iter().flat_map(rule).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn imports_point_one_way() {
    assert_none(wrong_imports);
}

#[test]
fn cores_name_no_runtime_socket_file_thread_or_clock() {
    assert_none(worldly_words);
}

#[test]
fn rsip_stays_behind_its_facade() {
    assert_none(rsip_outside_its_facade);
}

#[test]
fn files_and_functions_stay_short() {
    assert_none(too_long);
}

/// "Median file under 200 lines, median function under 10."
#[test]
fn the_median_file_and_function_are_short() {
    let sources = sources();
    let shipped = sources.iter().map(|source| source.shipped().last().map_or(0, |(number, _)| *number));
    let files = median(shipped.filter(|lines| *lines > 0).collect());
    let functions = median(sources.iter().flat_map(functions).map(|function| function.lines).collect());
    assert!(files < 200 && functions < 10, "median file {files} lines, median function {functions}");
}

fn median(mut values: Vec<usize>) -> usize {
    values.sort_unstable();
    values[values.len() / 2]
}

/// The map in `lib.rs` names every room, and every file hangs in one.
#[test]
fn every_room_is_on_the_map() {
    let sources = sources();
    let map = &sources.iter().find(|source| source.path == "lib.rs").unwrap().text;
    let rooms: BTreeSet<&str> =
        sources.iter().map(|source| source.room().split('/').next().unwrap()).collect();
    let missing: Vec<&&str> = rooms
        .iter()
        .filter(|room| !["lib", "main"].contains(room) && !map.contains(&format!("[`{room}`]")))
        .collect();
    assert!(missing.is_empty(), "src/lib.rs does not say what these rooms are: {missing:?}");
}

#[test]
fn the_top_level_holds_what_was_agreed() {
    let output =
        Command::new("git").args(["ls-files"]).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let listing = String::from_utf8(output.stdout).unwrap();
    let entries: BTreeSet<&str> = listing.lines().filter_map(|file| file.split('/').next()).collect();
    assert!(entries.contains("Cargo.toml"), "git lists the files of the repository");
    let extra: Vec<&&str> = entries.iter().filter(|entry| !TOP_LEVEL.contains(entry)).collect();
    assert!(extra.is_empty(), "not agreed for the top level: {extra:?}");
}

// --- The rules see what they are for --------------------------------------------------------------

fn sample(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn an_import_against_the_arrow_is_found() {
    let wrong = |path, text| wrong_imports(&sample(path, text)).len();
    assert_eq!(wrong("sip/dialog.rs", "use crate::sdp::Session;"), 1);
    assert_eq!(wrong("sip/dialog.rs", "use crate::sip::message::Uri;"), 0);
    assert_eq!(wrong("sip/dialog.rs", "fn f() { super::super::sdp::parse() }"), 1, "the way by super");
    assert_eq!(wrong("clip.rs", "use super::rtp::Packet;"), 1);
    assert_eq!(wrong("sip/dialog.rs", "use super::message::Uri;"), 0);
    assert_eq!(
        wrong("leg/signal/outgoing.rs", "use crate::leg::media::Line;"),
        1,
        "the halves share no state"
    );
    assert_eq!(wrong("leg/signal/outgoing.rs", "use crate::leg::MediaFormat;"), 0);
    assert_eq!(wrong("call/mod.rs", "use crate::sip::message::Uri;"), 1, "a modem is another leg");
    assert_eq!(wrong("queue/mod.rs", "use crate::gateway::Gateway;"), 1);
    assert_eq!(wrong("dsp/level.rs", "use crate::{rtp, sip};"), 1, "groups hide rooms");
    assert_eq!(wrong("attic/mod.rs", ""), 1, "a room without a rule");
    assert_eq!(wrong("dsp/level.rs", "//! As [`rtp`](crate::rtp) has it.\n"), 0, "prose may point anywhere");
    assert_eq!(wrong("dsp/level.rs", "#[cfg(test)]\nmod tests {\n    use crate::rtp::Packet;\n}\n"), 0);
}

#[test]
fn a_worldly_word_in_a_core_is_found() {
    let worldly = |path, text| worldly_words(&sample(path, text)).len();
    assert_eq!(worldly("sip/endpoint.rs", "let now = Instant::now();"), 1);
    assert_eq!(worldly("leg/media/line.rs", "use std::net::{SocketAddr, UdpSocket};"), 1);
    assert_eq!(worldly("leg/media/line.rs", "use std::net::SocketAddr;"), 0);
    assert_eq!(worldly("queue/mod.rs", "use tokio::sync::oneshot;"), 1);
    assert_eq!(worldly("queue/embedded/writer.rs", "use tokio::sync::oneshot;"), 0);
    assert_eq!(worldly("gateway/clock.rs", "Instant::now()"), 0);
    assert_eq!(worldly("route/mod.rs", "// tokio would do it otherwise"), 0);
    assert_eq!(rsip_outside_its_facade(&sample("sip/dialog.rs", "use rsip::Uri;")).len(), 1);
    assert_eq!(rsip_outside_its_facade(&sample("sip/message/uri.rs", "use rsip::Uri;")).len(), 0);
}

#[test]
fn a_long_file_and_a_long_function_are_found() {
    let long = |text: &str| too_long(&sample("sip/endpoint.rs", text)).len();
    assert_eq!(long(&"const A: u8 = 1;\n".repeat(500)), 0);
    assert_eq!(long(&"const A: u8 = 1;\n".repeat(501)), 1);
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "    const A: u8 = 1;\n".repeat(600));
    assert_eq!(long(&tests), 0, "tests may be longer");
    let function =
        |lines: usize| format!("    pub(crate) fn f() {{\n{}    }}\n", "        g();\n".repeat(lines - 2));
    assert_eq!(long(&function(60)), 0);
    assert_eq!(long(&function(61)), 1);
    let table = format!("fn f() {{\n    match a {{\n{}    }}\n}}\n", "        1 => 2,\n".repeat(90));
    assert_eq!(long(&table), 0, "one line a case");
    assert_eq!(functions(&sample("a.rs", "trait T {\n    fn f(&self);\n}\nfn g() {\n}\n")).len(), 1);
}
