//! The directory `trunks/` beside the gateway's file, and what the two have to agree on.

use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::listen::Transport;
use super::media::MediaConfig;
use super::sip::SipConfig;
use super::source::Source;
use super::trunk::Trunk;
use super::written;

/// More trunk files than this are another directory by mistake.
const MOST_TRUNKS: usize = 1_000;
const LONGEST_NAME: usize = 64;

/// Reads every `*.toml` of the directory, in the order of names; a missing directory holds none.
///
/// `reach` is what the gateway's file says of addresses, where that file could be checked.
pub(super) fn load(
    gateway: &Path,
    reach: Option<(&SipConfig, &MediaConfig)>,
) -> (Vec<Trunk>, Vec<ConfigError>) {
    let directory = gateway.parent().unwrap_or(Path::new("")).join("trunks");
    let files = match files(&directory, "trunks") {
        Ok(files) => files,
        Err(error) => return (Vec::new(), vec![error]),
    };
    let mut trunks = Vec::new();
    let mut errors = Vec::new();
    for file in files {
        match Source::read(&file) {
            Ok(mut source) => {
                trunks.extend(load_one(&file, gateway, reach, &mut source));
                errors.extend(source.into_errors());
            }
            Err(error) => errors.push(error),
        }
    }
    (trunks, errors)
}

fn load_one(
    file: &Path,
    gateway: &Path,
    reach: Option<(&SipConfig, &MediaConfig)>,
    source: &mut Source,
) -> Option<Trunk> {
    let name = file.file_stem().and_then(|stem| stem.to_str()).filter(|stem| is_name(stem));
    let Some(name) = name else {
        return source.refuse(
            0..0,
            "the file's name is no trunk name, expected 1 to 64 of A-Z a-z 0-9 . _ - before .toml",
            "Rename the file",
        );
    };
    let written: written::Trunk = source.parse()?;
    let target_at = written.target.as_ref().map_or(0..0, |target| target.span());
    let trunk = Trunk::check(name, written, source)?;
    match reach.and_then(|(sip, media)| unreachable(&trunk, sip, media)) {
        Some((problem, remedy)) => {
            source.refuse(target_at, problem, format!("{remedy} in {}", gateway.display()))
        }
        None => Some(trunk),
    }
}

/// Why no address of the gateway leads to the trunk, and what to add.
fn unreachable(trunk: &Trunk, sip: &SipConfig, media: &MediaConfig) -> Option<(String, String)> {
    let ip = trunk.target.host.ip();
    // Where the DNS chooses the transport, any address of ours may be the right one.
    if let Some(transport) = trunk.target.certain_transport().filter(|transport| !sip.serves(*transport, ip))
    {
        let family = ip.map_or("", |ip| if ip.is_ipv4() { " IPv4" } else { " IPv6" });
        let address = if ip.is_some_and(|ip| ip.is_ipv6()) { "[::1]" } else { "127.0.0.1" };
        let word = transport.name();
        let problem = match transport {
            Transport::Udp => {
                format!("the target wants UDP, expected a{family} \"udp:\" address in `[sip] listen`")
            }
            Transport::Tcp => {
                format!("the target wants TCP, expected a{family} \"tcp:\" address in `[sip] listen`")
            }
        };
        return Some((problem, format!("Add for example \"{word}:{address}:5060\" to `listen`")));
    }
    match ip {
        Some(ip) if media.address_for(ip).is_none() => Some((
            format!("the target is {ip}, expected an address of its family in `[media] address`"),
            "Add one to `address`".to_owned(),
        )),
        Some(_) | None => None,
    }
}

/// The directory's `*.toml`, sorted by name; hidden files and other endings do not count.
pub(super) fn files(directory: &Path, what: &str) -> Result<Vec<PathBuf>, ConfigError> {
    let refuse = |error: std::io::Error| {
        ConfigError::of_file(directory, format!("cannot be listed: {error}"), "Make the directory readable")
    };
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(refuse(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(refuse)?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.extension().is_some_and(|ending| ending == "toml") && !hidden {
            files.push(path);
        }
        if files.len() > MOST_TRUNKS {
            return Err(ConfigError::of_file(directory, format!("holds more than {MOST_TRUNKS} {what}"), ""));
        }
    }
    files.sort();
    Ok(files)
}

/// What a job's `trunk` may name.
fn is_name(stem: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=LONGEST_NAME).contains(&stem.len()) && stem.bytes().all(plain)
}
