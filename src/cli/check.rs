//! `octothorpe check`: configuration, prompts and limits, before anything is started.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::Common;
use super::check_policy;
use super::exit::{Exit, Failure, Outcome};
use super::output::Output;
use super::serve::{guarded, held};
use crate::config::{Config, ConfigErrors, Listen, ScriptConfig, TlsFiles, Trunk};
use crate::dsp::units::Samples;
use crate::gateway::media;
use crate::gateway::probe::{Answered, probe};
use crate::http::read_identity;
use crate::job::{ModeKind, Purpose};
use crate::prompt::{ClipName, DEFAULT_LOCALE, Pack, lint, nameless_tenants, packs_at};
use crate::sip::locate::Hop;

/// A call in which nobody says or presses anything ends within 60 s (contract §9).
const LONGEST_SILENT_CALL: Duration = Duration::from_secs(60);
/// Silence after the last word.
const TAIL: Duration = Duration::from_millis(200);

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Ask the trunks too: resolve their names and send each address an OPTIONS
    #[arg(long)]
    online: bool,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Told {
    check: &'static str,
    ok: bool,
    told: String,
}

/// One thing wrong in a file.
#[derive(Debug, Serialize)]
struct Wrong<'a> {
    check: &'static str,
    ok: bool,
    file: &'a std::path::Path,
    line: Option<usize>,
    problem: &'a str,
    remedy: &'a str,
}

/// Looks at everything and tells it; what is wrong in the configuration ends it.
pub(super) async fn run(args: &CheckArgs, common: &Common, output: &mut Output) -> Outcome {
    let config = match Config::load(common.config_path()) {
        Ok(config) => config,
        Err(errors) => return refuse(errors, output),
    };
    let mut told = vec![trunks(&config, common)];
    told.extend(prompts(&config)?);
    told.extend(policy(&config)?);
    told.extend(door(&config));
    told.extend(config.http.tls.as_ref().map(certificate));
    told.push(addresses(&config));
    told.push(capacity(&config));
    let mut clean = told.iter().all(|told| told.ok);
    for told in told {
        tell(&told, output)?;
    }
    if args.online {
        for trunk in &config.trunks {
            for told in ask(trunk, &config).await {
                clean &= told.ok;
                tell(&told, output)?;
            }
        }
    }
    Ok(if clean { Exit::Done } else { Exit::Findings })
}

/// Whether a trunk is there, from free ports, so that a running gateway is not disturbed.
async fn ask(trunk: &Trunk, config: &Config) -> Vec<Told> {
    let free = |listen: &Listen| Listen { address: SocketAddr::new(listen.address.ip(), 0), ..*listen };
    let listen: Vec<Listen> = config.sip.listen.iter().map(free).collect();
    let told = |ok: bool, told: String| Told { check: "trunk", ok, told: format!("{}: {told}", trunk.name) };
    match probe(trunk, &listen, &config.media).await {
        Err(error) => vec![told(false, error.to_string())],
        Ok(answers) => answers
            .into_iter()
            .map(|(hop, answered)| {
                let (ok, said) = said(&answered);
                told(ok, format!("{} {said}", place(&hop)))
            })
            .collect(),
    }
}

/// A next hop, with the records that led there.
fn place(hop: &Hop) -> String {
    let transport = hop.transport.as_str().to_ascii_lowercase();
    match hop.found_by.as_str() {
        "" => format!("{transport}:{}", hop.address),
        found_by => format!("{transport}:{} ({found_by})", hop.address),
    }
}

/// What an address said. Any final answer shows that somebody speaks SIP there; carriers refuse OPTIONS
/// as they like.
fn said(answered: &Answered) -> (bool, String) {
    match answered {
        Answered::Status(status, after) => {
            (true, format!("answered {status} to OPTIONS after {} ms", after.as_millis()))
        }
        Answered::Nothing => (false, "did not answer OPTIONS; is this address known there?".into()),
        Answered::Unreachable(text) => (false, format!("cannot be reached: {text}")),
    }
}

/// Machines read errors where they read everything else.
fn refuse(errors: ConfigErrors, output: &mut Output) -> Outcome {
    if !output.is_json() {
        return Err(errors.into());
    }
    for error in errors.iter() {
        let (problem, remedy) = (error.problem.as_str(), error.remedy.as_str());
        output.object(&Wrong {
            check: "config",
            ok: false,
            file: &error.file,
            line: error.line,
            problem,
            remedy,
        })?;
    }
    Ok(Exit::WrongUsage)
}

fn tell(told: &Told, output: &mut Output) -> std::io::Result<()> {
    if output.is_json() {
        return output.object(told);
    }
    let mark = if told.ok { "ok     " } else { "finding" };
    output.line(&format!("{mark}  {:<8}  {}", told.check, told.told))
}

fn trunks(config: &Config, common: &Common) -> Told {
    let file = common.config_path().display();
    let names: Vec<&str> = config.trunks.iter().map(|trunk| trunk.name.as_str()).collect();
    let told = match names.as_slice() {
        [] => format!("{file}: no trunk; write one into trunks/ beside it, or every job ends as no_route"),
        names => format!("{file}: {} ({})", plural(names.len(), "trunk"), names.join(", ")),
    };
    Told { check: "config", ok: !names.is_empty(), told }
}

/// Every pack: what the lint finds, and whether it fits the script.
fn prompts(config: &Config) -> Result<Vec<Told>, Failure> {
    let wrong = |error: crate::prompt::PackError| Failure::usage(error.to_string());
    let path = &config.prompts.path;
    let mut told = Vec::new();
    for report in lint::lint(path).map_err(wrong)? {
        let findings = report.findings.iter().map(|finding| Told {
            check: "prompts",
            ok: false,
            told: finding.to_string(),
        });
        told.extend(findings);
        if report.findings.is_empty() {
            let clips = plural(report.clips, "clip");
            told.push(Told {
                check: "prompts",
                ok: true,
                told: format!("{}: {clips}, nothing found", report.pack),
            });
        }
    }
    told.extend(names(config)?);
    for directory in packs_at(path).map_err(wrong)? {
        let pack = Pack::load(&directory).map_err(wrong)?;
        told.push(Told { check: "prompts", ok: pack.lacks_spoken().is_none(), told: serves(&pack) });
        told.extend(misfits(&pack, &config.script).map(|told| Told { check: "prompts", ok: false, told }));
    }
    Ok(told)
}

fn policy(config: &Config) -> Result<Vec<Told>, Failure> {
    let packs = packs_at(&config.prompts.path).map_err(|error| Failure::usage(error.to_string()))?;
    let told = check_policy::told(config, &packs).into_iter();
    Ok(told.map(|(ok, told)| Told { check: "policy", ok, told }).collect())
}

/// Which modes a pack can say, and what it lacks for the others.
pub(super) fn serves(pack: &Pack) -> String {
    let (mut served, mut lacking) = (Vec::new(), String::new());
    for mode in ModeKind::ALL {
        match pack.lacks(mode) {
            None => served.push(mode.name()),
            Some(clip) => lacking.push_str(&format!("; no {} without {clip}", mode.name())),
        }
    }
    if let Some(clip) = pack.lacks_spoken() {
        lacking.push_str(&format!("; nobody is verified on an unclean call without {clip}"));
    }
    format!("{}: serves {}{lacking}", pack.name(), served.join(", "))
}

/// Tenants whose users hear the packs' neutral contexts: a finding where some of its recordings are there
/// and its name is not.
fn names(config: &Config) -> Result<Vec<Told>, Failure> {
    let recorded = &config.prompts.tenants;
    let nameless = nameless_tenants(recorded).map_err(|error| Failure::usage(error.to_string()))?;
    let told = |ok: bool, tenant: &str, locale: &str| Told {
        check: "prompts",
        ok,
        told: format!(
            "tenant {tenant}: no recording says its name, so the pack's neutral context is heard; \
             `prompts install FILE --tenant {tenant} --locale {locale} --as name`"
        ),
    };
    let begun = nameless.iter().map(|(tenant, locale)| told(false, tenant, locale));
    let without = config.tenants.iter().filter(|tenant| !recorded.join(&tenant.name).is_dir());
    let without =
        without.map(|tenant| told(true, &tenant.name, tenant.locale.as_deref().unwrap_or(DEFAULT_LOCALE)));
    Ok(begun.chain(without).collect())
}

/// Where a pack and `[script]` disagree.
fn misfits(pack: &Pack, script: &ScriptConfig) -> impl Iterator<Item = String> {
    let key = (pack.fraud_key() != script.fraud_key).then(|| {
        format!(
            "{}: the instruction names {} for fraud, `[script] fraud_key` is {}; make them alike",
            pack.name(),
            pack.fraud_key(),
            script.fraud_key
        )
    });
    let silent = longest_silent_call(pack, script);
    let length = (silent > LONGEST_SILENT_CALL).then(|| {
        format!(
            "{}: a call in which nobody presses lasts {:.1} s, expected at most 60; lower `wait_s` or `sayings`",
            pack.name(),
            silent.as_secs_f64()
        )
    });
    key.into_iter().chain(length)
}

/// From the answer to the BYE when nobody says or presses anything.
fn longest_silent_call(pack: &Pack, script: &ScriptConfig) -> Duration {
    let length =
        |clip: &crate::clip::Clip| Duration::from_secs_f64(Samples(clip.pcm().len() as u64).as_ms() / 1000.0);
    let purposes = [Purpose::SignIn, Purpose::PasswordReset, Purpose::Registration];
    let served = || ModeKind::ALL.into_iter().filter(|mode| pack.lacks(*mode).is_none());
    let of_mode =
        |purpose, mode| pack.saying(purpose, mode).iter().map(|clip| length(clip)).sum::<Duration>();
    let saying = |purpose| served().map(|mode| of_mode(purpose, mode)).max().unwrap_or_default();
    let longest = purposes.into_iter().map(saying).max().unwrap_or_default();
    let goodbye = pack.clip(ClipName::Goodbye).map_or(Duration::ZERO, |clip| length(clip));
    script.lead + (longest + script.wait) * script.sayings + goodbye + TAIL
}

/// Who may come in, where the front door is open to more than this machine.
fn door(config: &Config) -> Option<Told> {
    let listen = config.http.listen;
    let told = match guarded(config) {
        Err(told) => Told { check: "http", ok: false, told },
        Ok(()) => Told { check: "http", ok: true, told: format!("{listen}: asks for tokens") },
    };
    (!listen.ip().is_loopback()).then_some(told)
}

/// Whether the front door's certificate and key can be used, and how long.
fn certificate(files: &TlsFiles) -> Told {
    let (ok, told) = read_identity(files).map_or_else(|told| (false, told), |identity| held(&identity));
    Told { check: "tls", ok, told }
}

/// Whether the addresses are this machine's. A free port is asked for, so that a gateway that runs
/// already is not in the way.
fn addresses(config: &Config) -> Told {
    let listen = config.sip.listen.iter().map(|listen| ("[sip] listen", listen.address.ip()));
    let media = config.media.ipv4.into_iter().chain(config.media.ipv6).map(|ip| ("[media] address", ip));
    let mut ours = Vec::new();
    let mut foreign = Vec::new();
    for (key, ip) in listen.chain(media) {
        match UdpSocket::bind((ip, 0)) {
            Ok(_) => ours.push(ip.to_string()),
            Err(error) => foreign.push(format!("`{key}` {ip} cannot be used: {error}")),
        }
    }
    ours.dedup();
    let told = if foreign.is_empty() { ours.join(", ") } else { foreign.join("; ") };
    Told { check: "address", ok: foreign.is_empty(), told }
}

/// What ports and open files allow. The soft limit is raised to the hard one at the start.
fn capacity(config: &Config) -> Told {
    let ports = config.media.ports;
    // Where the limit cannot be asked for it is not what stops us.
    let files = rlimit::Resource::NOFILE.get().map_or(u64::MAX, |(_, hard)| hard);
    let calls = media::capacity(files, ports.pairs());
    let at_one_time = plural(calls, "call");
    let told =
        format!("{at_one_time} at one time: ports {ports} carry {}, open files are {files}", ports.pairs());
    Told { check: "capacity", ok: calls > 0, told }
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
