//! The configuration: files as written, then checked.
//!
//! `octothorpe.toml` describes the gateway; every `trunks/NAME.toml` beside it describes one trunk, and
//! `policy.toml` who may be called how often. All are read in two steps: `written` holds what the files
//! say, each value with its place, and refuses unknown keys; the checks turn that into [`Config`], whose
//! values need no further doubt.
//! Every error names file, line, what is expected and what to do; all of them are told at once.

mod account;
mod caller_ids;
mod error;
mod http;
mod keys;
mod listen;
mod media;
mod policy;
mod ports;
mod prompts;
mod queue;
mod rates;
mod script;
mod secret;
mod sip;
mod source;
mod target;
mod tenant;
mod trunk;
mod trunks;
mod written;

use std::path::Path;

pub use account::Account;
pub use caller_ids::CallerIds;
pub use error::{ConfigError, ConfigErrors};
pub use http::{HttpConfig, TlsFiles};
pub use keys::{KeysConfig, VerifierKey};
pub use listen::{Listen, Transport};
pub use media::MediaConfig;
pub use policy::{
    BackOffConfig, LimitsConfig, LockConfig, Money, Opening, PolicyConfig, PumpingConfig, QuietHours,
    RISKY_KINDS, Rate,
};
pub use ports::PortRange;
pub use prompts::PromptsConfig;
pub use queue::QueueConfig;
pub use rates::{Price, Rates};
pub use script::ScriptConfig;
pub use secret::Secret;
pub use sip::SipConfig;
pub use target::{Host, Target};
pub use tenant::{ConfirmKey, Rule, Tenant, Tenants};
pub use trunk::{Identity, NumberFormat, RingingSign, Trunk};

use source::Source;

/// Where the configuration lies unless `--config` says otherwise.
pub const DEFAULT_PATH: &str = "sip-config/octothorpe.toml";

/// The checked configuration of a gateway and its trunks.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The front door.
    pub http: HttpConfig,
    /// The durable store.
    pub queue: QueueConfig,
    /// Signalling addresses.
    pub sip: SipConfig,
    /// Media addresses and ports.
    pub media: MediaConfig,
    /// Where the prompt packs lie.
    pub prompts: PromptsConfig,
    /// The script's timings.
    pub script: ScriptConfig,
    /// The keys of PIN verifiers.
    pub keys: KeysConfig,
    /// Which numbers may be dialled, how often, and when.
    pub policy: PolicyConfig,
    /// What tenants have otherwise.
    pub tenants: Tenants,
    /// What calls cost.
    pub rates: Rates,
    /// The trunks, in the order of their names.
    pub trunks: Vec<Trunk>,
}

impl Config {
    /// Reads and checks the gateway's file and the trunks beside it.
    ///
    /// # Errors
    /// Everything that is wrong in any of the files, in the order of files and lines.
    pub fn load(path: &Path) -> Result<Config, ConfigErrors> {
        let mut source = Source::read(path)?;
        let mut parts = written::Gateway::parse(&mut source).and_then(|file| Parts::check(file, &mut source));
        let (trunks, mut errors) = trunks::load(path, parts.as_ref().map(|parts| (&parts.sip, &parts.media)));
        errors.extend(source.into_errors());
        if let Some(parts) = &mut parts {
            errors.extend(parts.policy.load_file(path));
        }
        let (tenants, of_tenants) = Tenants::load(path);
        let (rates, of_rates) = Rates::load(path);
        errors.extend(of_tenants.into_iter().chain(of_rates));
        match (parts, errors.is_empty()) {
            (Some(parts), true) => Ok(parts.with(trunks, tenants, rates)),
            (_, _) => Err(ConfigErrors::new(errors)),
        }
    }
}

/// The gateway's own file, checked.
struct Parts {
    http: HttpConfig,
    queue: QueueConfig,
    sip: SipConfig,
    media: MediaConfig,
    prompts: PromptsConfig,
    script: ScriptConfig,
    keys: KeysConfig,
    policy: PolicyConfig,
}

impl Parts {
    /// Checks every section, so that all that is wrong is told at once.
    fn check(file: written::Gateway, source: &mut Source) -> Option<Parts> {
        let http = HttpConfig::check(file.http, source);
        let queue = QueueConfig::check(file.queue, source);
        let sip = SipConfig::check(file.sip, source);
        let media = MediaConfig::check(file.media, sip.as_ref(), source);
        let prompts = PromptsConfig::check(file.prompts, source);
        let script = ScriptConfig::check(file.script, source);
        let keys = KeysConfig::check(file.keys, source);
        let policy = PolicyConfig::check(file.policy, source);
        source.not_built("webhooks", file.webhooks.as_ref());
        Some(Parts {
            http: http?,
            queue: queue?,
            sip: sip?,
            media: media?,
            prompts,
            script: script?,
            keys: keys?,
            policy: policy?,
        })
    }

    fn with(self, trunks: Vec<Trunk>, tenants: Tenants, rates: Rates) -> Config {
        let Parts { http, queue, sip, media, prompts, script, keys, policy } = self;
        Config { http, queue, sip, media, prompts, script, keys, policy, tenants, rates, trunks }
    }
}
