//! `trunks/NAME.toml`: one way out.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;

use super::account::Account;
use super::caller_ids::CallerIds;
use super::source::Source;
use super::target::{Host, Target, TargetError};
use super::written;

const DEFAULT_MAX_CPS: u32 = 10;
const DEFAULT_RING_TIMEOUT_S: u32 = 30;
const DEFAULT_MAX_CALL_S: u32 = 120;
/// Timer C, after which a proxy may give up by itself (RFC 3261 §16.6), is above three minutes.
const RING_TIMEOUTS_S: RangeInclusive<u32> = 5..=180;
const MAX_CALLS_S: RangeInclusive<u32> = 10..=600;
/// Beyond this two presses of one person would be taken for one.
const REPEATS_MS: RangeInclusive<u32> = 0..=1_000;
const LONGEST_PREFIX: usize = 16;

/// How the number stands in the Request-URI and in To.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberFormat {
    /// `+14255550100`.
    PlusE164,
    /// `14255550100`.
    E164,
}

/// Which headers tell the caller id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// From alone.
    From,
    /// From and P-Asserted-Identity (RFC 3325 §9.1).
    FromAndPai,
}

/// Which provisional answers mean that the phone rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RingingSign {
    /// 180 alone.
    Ringing180,
    /// 180, and 183 too: this carrier sends no other.
    Ringing180And183,
}

/// One way out, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trunk {
    /// The file's stem.
    pub name: String,
    /// Where its calls go.
    pub target: Target,
    /// Who we are to it, if it asks.
    pub account: Option<Account>,
    /// How the number is written.
    pub number_format: NumberFormat,
    /// Stands before every number.
    pub dial_prefix: String,
    /// The host of From; `None`: our advertised address.
    pub from_domain: Option<Host>,
    /// Which headers tell the caller id.
    pub identity: Identity,
    /// Which provisional answers mean that the phone rings.
    pub ringing: RingingSign,
    /// Calls at one time; `None`: as many as the gateway can.
    pub max_calls: Option<u32>,
    /// INVITEs a second.
    pub max_cps: u32,
    /// The pools of caller ids (From users); empty only where there is an account.
    pub caller_ids: CallerIds,
    /// How long a phone may ring.
    pub ring_timeout: Duration,
    /// How long a call may last after its answer.
    pub max_call: Duration,
    /// Within which the same key by the same path is one press; zero for a trunk that repeats none.
    pub dtmf_repeat: Duration,
}

impl Trunk {
    /// A trunk of which no key but `target` is written: the defaults, and no caller id yet.
    pub fn to(name: &str, target: Target) -> Trunk {
        Trunk {
            name: name.to_owned(),
            target,
            account: None,
            number_format: NumberFormat::PlusE164,
            dial_prefix: String::new(),
            from_domain: None,
            identity: Identity::From,
            ringing: RingingSign::Ringing180,
            max_calls: None,
            max_cps: DEFAULT_MAX_CPS,
            caller_ids: CallerIds::default(),
            ring_timeout: Duration::from_secs(DEFAULT_RING_TIMEOUT_S.into()),
            max_call: Duration::from_secs(DEFAULT_MAX_CALL_S.into()),
            dtmf_repeat: Duration::ZERO,
        }
    }

    /// Checks one file; `name` is its stem.
    pub(super) fn check(name: &str, written: written::Trunk, source: &mut Source) -> Option<Trunk> {
        not_built(&written, source);
        let target = target(written.target, source);
        let account = Account::check(written.username, written.password_file, written.password_env, source);
        let (by_country, max_per_hour) = (written.country_caller_ids, written.caller_id_max_per_hour);
        let caller_ids = CallerIds::check(written.caller_ids, by_country, max_per_hour, source);
        let number_format = choice("number_format", written.number_format, NUMBER_FORMATS, source);
        let identity = choice("identity", written.identity, IDENTITIES, source);
        let ringing = choice("ringing", written.ringing, RINGING_SIGNS, source);
        let dial_prefix = dial_prefix(written.dial_prefix, source);
        let from_domain = from_domain(written.from_domain, source);
        let max_calls = match written.max_calls {
            None => Some(None),
            Some(max) => source.number("max_calls", Some(max), 0, 1..=100_000, "calls").map(Some),
        };
        let max_cps = source.number("max_cps", written.max_cps, DEFAULT_MAX_CPS, 1..=10_000, "a second");
        let ring_s = source.number(
            "ring_timeout_s",
            written.ring_timeout_s,
            DEFAULT_RING_TIMEOUT_S,
            RING_TIMEOUTS_S,
            "s",
        );
        let call_s = source.number("max_call_s", written.max_call_s, DEFAULT_MAX_CALL_S, MAX_CALLS_S, "s");
        let repeat_ms = source.number("dtmf_repeat_ms", written.dtmf_repeat_ms, 0, REPEATS_MS, "ms");
        let trunk = Trunk {
            name: name.to_owned(),
            target: target?,
            account: account?,
            number_format: number_format?,
            dial_prefix: dial_prefix?,
            from_domain: from_domain?,
            identity: identity?,
            ringing: ringing?,
            max_calls: max_calls?,
            max_cps: max_cps?,
            caller_ids: caller_ids?,
            ring_timeout: Duration::from_secs(ring_s?.into()),
            max_call: Duration::from_secs(call_s?.into()),
            dtmf_repeat: Duration::from_millis(repeat_ms?.into()),
        };
        trunk.with_a_from_user(source)
    }

    /// From needs a user (contract §9): the caller id, else the account's name.
    fn with_a_from_user(self, source: &mut Source) -> Option<Trunk> {
        if self.account.is_some() || !self.caller_ids.is_empty() {
            return Some(self);
        }
        source.refuse(
            0..0,
            "the trunk has neither `caller_ids` nor `username`, expected at least one: From needs a user",
            "Write for example caller_ids = [\"+14255550100\"]",
        )
    }
}

const NUMBER_FORMATS: &[(&str, NumberFormat)] =
    &[("+e164", NumberFormat::PlusE164), ("e164", NumberFormat::E164)];
const IDENTITIES: &[(&str, Identity)] = &[("from", Identity::From), ("from+pai", Identity::FromAndPai)];
const RINGING_SIGNS: &[(&str, RingingSign)] =
    &[("180", RingingSign::Ringing180), ("180+183", RingingSign::Ringing180And183)];

/// One of a few words; the first is the default.
fn choice<T: Copy>(
    key: &str,
    written: Option<Spanned<String>>,
    choices: &[(&str, T)],
    source: &mut Source,
) -> Option<T> {
    let Some(text) = written else { return choices.first().map(|(_, default)| *default) };
    if let Some((_, chosen)) = choices.iter().find(|(word, _)| word == text.get_ref()) {
        return Some(*chosen);
    }
    let words: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
    source.refuse(
        text.span(),
        format!("`{key}` is \"{}\", expected {}", text.get_ref(), words.join(" or ")),
        "",
    )
}

/// Keys whose only value in this version is the default.
fn not_built(written: &written::Trunk, source: &mut Source) {
    let keys = [
        ("srtp", &written.srtp, "off", &["preferred", "required"][..]),
        ("profile", &written.profile, "generic", &[][..]),
    ];
    for (key, value, built, later) in keys {
        let Some(value) = value else { continue };
        let word = value.get_ref().as_str();
        // A profile is the name of a carrier's file, of which there is none yet: any name is later's.
        let known = later.is_empty() || later.contains(&word);
        if word != built && known {
            source.refuse::<()>(
                value.span(),
                format!("`{key}` = \"{word}\" is not in this version"),
                format!("Write \"{built}\""),
            );
        } else if word != built {
            let words = later.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
            source.refuse::<()>(
                value.span(),
                format!("`{key}` is \"{word}\", expected \"{built}\" ({words}: not in this version)"),
                "",
            );
        }
    }
}

fn target(written: Option<Spanned<String>>, source: &mut Source) -> Option<Target> {
    const REMEDY: &str = "Write for example target = \"sip:carrier.example.net:5060;transport=udp\"";
    let Some(text) = written else {
        return source.refuse(0..0, "`target` is missing, expected the SIP URI of the trunk", REMEDY);
    };
    let uri = text.get_ref();
    match Target::parse(uri) {
        Ok(target) => Some(target),
        Err(TargetError::NotBuilt) => source.refuse(
            text.span(),
            format!("`target` \"{uri}\": TLS is not in this version"),
            "Write sip: and transport=udp or transport=tcp",
        ),
        Err(TargetError::User) => source.refuse(
            text.span(),
            "`target` has a user part, expected a host alone: the user of the Request-URI is the number",
            REMEDY,
        ),
        Err(TargetError::Malformed) => source.refuse(
            text.span(),
            format!("`target` is \"{uri}\", expected sip:HOST[:PORT][;transport=udp|tcp]"),
            REMEDY,
        ),
    }
}

fn dial_prefix(written: Option<Spanned<String>>, source: &mut Source) -> Option<String> {
    let Some(text) = written else { return Some(String::new()) };
    let prefix = text.get_ref();
    if prefix.len() <= LONGEST_PREFIX && prefix.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'*' | b'+'))
    {
        return Some(prefix.clone());
    }
    source.refuse(
        text.span(),
        format!("`dial_prefix` is {prefix:?}, expected at most {LONGEST_PREFIX} of 0-9 * +"),
        "",
    )
}

fn from_domain(written: Option<Spanned<String>>, source: &mut Source) -> Option<Option<Host>> {
    let Some(text) = written else { return Some(None) };
    match Host::parse(text.get_ref()) {
        Some(host) => Some(Some(host)),
        None => source.refuse(
            text.span(),
            format!("`from_domain` is {:?}, expected a host name or an IP address", text.get_ref()),
            "Write for example \"example.net\"",
        ),
    }
}
