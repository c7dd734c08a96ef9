//! `octothorpe phone`: the answering phone.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::exit::{Exit, Failure, Outcome};
use super::keys::{AnswerArg, Keys, PathArg};
use super::output::Output;
use super::stop::Stop;
use crate::audio;
use crate::clip::Clip;
use crate::config::{Listen, MediaConfig, PortRange, Transport};
use crate::gateway::clock;
use crate::gateway::media::Options;
use crate::leg::key::Digit;
use crate::phone::{Behaviour, CallNews, Extension, Office, Phone, PhoneConfig, PhoneEvent, Recordings};
use crate::sip::message::{Host, Uri};

/// Arguments of `phone`.
#[derive(Debug, Args)]
pub struct PhoneArgs {
    /// Where it listens for SIP, by UDP and TCP
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5070")]
    pub listen: SocketAddr,
    /// What it presses; a comma waits a second, as in "0#,,,,1" [default: the pound key; an attendant presses nothing]
    #[arg(long, value_name = "KEYS")]
    pub press: Option<Keys>,
    /// By which path it presses
    #[arg(long, value_enum, default_value_t = PathArg::Rfc4733)]
    pub path: PathArg,
    /// When it presses, in milliseconds after the answer, or after the person has come on: later than a
    /// tenant's name and the longest context, before which no key counts
    #[arg(long, value_name = "MS", default_value_t = 5_500)]
    pub after_ms: u64,
    /// How long it rings, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 200)]
    pub ring_ms: u64,
    /// Hang up this long after the answer [default: never]
    #[arg(long, value_name = "MS")]
    pub hang_up_ms: Option<u64>,
    /// Run on this processor only
    #[arg(long, value_name = "N")]
    pub cpu: Option<usize>,
    /// Measure the spacing of what it receives, and tell it at the end
    #[arg(long)]
    pub measure: bool,
    /// Ports of its media
    #[arg(long, value_name = "FIRST-LAST", default_value = "34000-59999", value_parser = ports)]
    pub ports: PortRange,
    /// The level of each tone of an in-band key
    #[arg(long, value_name = "DBM0", default_value_t = -10.0, allow_negative_numbers = true, value_parser = level)]
    pub level_dbm0: f32,
    /// Say this recording after the answer; a screening assistant asks with it
    #[arg(long, value_name = "FILE")]
    pub play: Option<PathBuf>,
    /// Who or what answers
    #[arg(long, value_enum, default_value_t = AnswerArg::Human)]
    pub answer: AnswerArg,
    /// When a screening assistant puts a person on, in seconds after it has listened
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u8).range(..=60))]
    pub put_on_s: u8,
    /// Lose this share of the RTP that it sends, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = percent)]
    pub loss: f32,
    /// Answer as an office's attendant, with the recordings of a directory: greeting, and if they are
    /// there transferring, ringback, nobody and unknown, each with any ending that is sound
    #[arg(long, value_name = "DIR", conflicts_with_all = ["answer", "play", "hang_up_ms"])]
    pub attendant: Option<PathBuf>,
    /// Which phone the attendant puts an extension through to, as in 12345=sip:ann@192.0.2.7:5060; may be
    /// given several times
    #[arg(long, value_name = "KEYS=URI", requires = "attendant", value_parser = extension)]
    pub extension: Vec<Extension>,
}

impl PhoneArgs {
    fn behaviour(&self) -> Result<Behaviour, Failure> {
        let play = self.play.as_deref().map(clip).transpose()?;
        // An attendant of good manners presses nothing by itself.
        let pound = if self.attendant.is_some() { Vec::new() } else { vec![Digit::HASH.into()] };
        Ok(Behaviour {
            answer: self.answer.into(),
            ring: Duration::from_millis(self.ring_ms),
            press: self.press.as_ref().map_or(pound, |keys| keys.0.clone()),
            path: self.path.into(),
            after: Duration::from_millis(self.after_ms),
            level_dbm0: self.level_dbm0,
            play,
            put_on_s: self.put_on_s,
            hang_up_after: self.hang_up_ms.map(Duration::from_millis),
            ..Behaviour::default()
        })
    }

    fn office(&self) -> Result<Option<Office>, Failure> {
        let Some(directory) = &self.attendant else { return Ok(None) };
        let recordings =
            Recordings::read(directory).map_err(|error| Failure::usage(format!("--attendant: {error}")))?;
        Ok(Some(Office { recordings, extensions: self.extension.clone() }))
    }
}

/// Answers until it is told to stop; prints what happens, as lines or as objects.
pub(super) async fn run(args: &PhoneArgs, output: &mut Output) -> Outcome {
    let listen = |transport| Listen { transport, address: args.listen };
    let ip = args.listen.ip();
    let media = MediaConfig {
        ipv4: ip.is_ipv4().then_some(ip),
        ipv6: ip.is_ipv6().then_some(ip),
        ports: args.ports,
        advertise: None,
    };
    let config = PhoneConfig {
        listen: vec![listen(Transport::Udp), listen(Transport::Tcp)],
        media,
        engine: Options { loss: args.loss / 100.0, watch_spacing: args.measure, ..Options::default() },
        office: args.office()?,
    };
    let mut stop = Stop::new()?;
    let started = Phone::start(config, args.behaviour()?).await;
    let (phone, mut news) = started.map_err(|error| Failure::cannot_run(error.to_string()))?;
    ready(&phone, output)?;
    loop {
        tokio::select! {
            () = stop.wait() => break,
            Some(news) = news.recv() => tell(&news, output)?,
        }
    }
    let spacing = phone.spacing();
    let told = tokio::spawn(phone.stop());
    while let Some(news) = news.recv().await {
        tell(&news, output)?;
    }
    // A phone that has panicked has said so.
    let _ = told.await;
    if args.measure {
        let [p50, p99, max] = [spacing.p50, spacing.p99, spacing.max].map(|of| of.as_secs_f64() * 1_000.0);
        output.object(&json!({
            "event": "summary", "spacing_p50_ms": p50, "spacing_p99_ms": p99, "spacing_max_ms": max,
        }))?;
    }
    Ok(Exit::Done)
}

/// Says where it answers, before the first call can come.
fn ready(phone: &Phone, output: &mut Output) -> std::io::Result<()> {
    let address = phone.address(Transport::Udp);
    if output.is_json() {
        return output.object(&json!({"event": "listening", "address": address}));
    }
    output.line(&format!("answering on {}", address.map(|address| address.to_string()).unwrap_or_default()))
}

/// Keeps this process on one processor; its threads inherit that.
pub(super) fn pin(cpu: Option<usize>) -> Result<(), Failure> {
    let Some(cpu) = cpu else { return Ok(()) };
    let mut set = rustix::thread::CpuSet::new();
    set.set(cpu);
    rustix::thread::sched_setaffinity(None, &set)
        .map_err(|error| Failure::usage(format!("--cpu {cpu}: {error}")))
}

fn clip(file: &Path) -> Result<Arc<Clip>, Failure> {
    let wrong = |error| Failure::usage(format!("{}: {error}", file.display()));
    let pcm = audio::decode_file(file).map_err(wrong)?;
    Ok(Arc::new(Clip::new("play", pcm)))
}

/// One event for machines.
#[derive(Serialize)]
struct Told<'a> {
    event: &'static str,
    call_id: &'a str,
    /// On the kernel's monotonic clock, which all processes share.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keyed: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packets_sent: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packets_received: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lost_received: Option<u64>,
}

fn tell(news: &CallNews, output: &mut Output) -> std::io::Result<()> {
    let told = told(news);
    if output.is_json() {
        return output.object(&told);
    }
    output.line(&format!("{:<8}  {}", told.event, told.call_id))
}

fn told(news: &CallNews) -> Told<'_> {
    let plain = Told {
        event: "",
        call_id: &news.call_id,
        at_ns: None,
        number: None,
        keyed: None,
        answered: None,
        packets_sent: None,
        packets_received: None,
        lost_received: None,
    };
    match &news.event {
        PhoneEvent::Ring { number } => Told { event: "ring", number: Some(number), ..plain },
        PhoneEvent::Answered => Told { event: "answered", ..plain },
        PhoneEvent::Pressed { at } => {
            Told { event: "pressed", at_ns: Some(clock::monotonic_ns(*at)), ..plain }
        }
        PhoneEvent::PutThrough { keyed } => Told { event: "put_through", keyed: Some(keyed), ..plain },
        PhoneEvent::Ended { at, answered, figures } => Told {
            event: "ended",
            at_ns: Some(clock::monotonic_ns(*at)),
            answered: Some(*answered),
            packets_sent: Some(figures.packets_sent),
            packets_received: Some(figures.packets_received),
            lost_received: Some(figures.lost_received),
            ..plain
        },
    }
}

/// Keys, and the phone behind them by its address: an attendant looks no name up.
fn extension(text: &str) -> Result<Extension, String> {
    let read = || {
        let (keys, uri) = text.split_once('=')?;
        let keys = keys.chars().map(Digit::from_char).collect::<Option<Vec<_>>>()?;
        let phone = Uri::parse(uri).ok()?.sip()?.clone();
        let has_address = matches!(phone.host, Host::Address(_)) && !phone.secure;
        (has_address && !keys.is_empty()).then_some(Extension { keys, phone })
    };
    read().ok_or_else(|| {
        "expected KEYS=sip:USER@ADDRESS:PORT, with 0-9 * # as keys and an IP address".to_owned()
    })
}

fn ports(text: &str) -> Result<PortRange, String> {
    let range = text
        .split_once('-')
        .and_then(|(first, last)| PortRange::new(first.trim().parse().ok()?, last.trim().parse().ok()?));
    range.ok_or_else(|| "expected FIRST-LAST, above 1023, with room for a pair".to_owned())
}

/// Above 0 dBm0 a tone of two would be clipped (G.711: the highest sine has +3.14 dBm0).
fn level(text: &str) -> Result<f32, String> {
    within(text, -60.0..=0.0).ok_or_else(|| "expected -60 to 0 dBm0".to_owned())
}

fn percent(text: &str) -> Result<f32, String> {
    within(text, 0.0..=100.0).ok_or_else(|| "expected 0 to 100 percent".to_owned())
}

fn within(text: &str, range: std::ops::RangeInclusive<f32>) -> Option<f32> {
    text.parse::<f32>().ok().filter(|number| range.contains(number))
}
