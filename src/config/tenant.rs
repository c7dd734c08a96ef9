//! `tenants/NAME.toml`: what one tenant has otherwise than the rest.

use std::path::Path;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::error::ConfigError;
use super::policy::{Money, Opening, QuietHours, Rate, money, opening, rate, rates, written as policy};
use super::source::Source;
use super::trunks;

/// The modes of contract §2.
const MODES: [&str; 4] = ["confirm", "challenge", "pin", "code"];
/// An attendant presses `#` too: what a number with an extension is called by.
const EXTENSION_MODES: [&str; 2] = ["challenge", "pin"];
/// What quiet hours ask for.
const CHALLENGE: &str = "challenge";
const DEFAULT_TENANT: &str = "default";

/// What `confirm` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConfirmKey {
    /// `#`; on an unclean call the digits spoken in it.
    #[default]
    Hash,
    /// Always the digits spoken in it.
    Spoken,
}

/// One tenant's own rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its name.
    pub name: String,
    /// The modes that it allows, by name.
    pub modes: Vec<&'static str>,
    /// Of these, what numbers with an extension are called by.
    pub extension_modes: Vec<&'static str>,
    /// The language of jobs that name none.
    pub locale: Option<String>,
    /// The prompt pack of jobs that name none.
    pub prompts: Option<String>,
    /// What `confirm` asks for.
    pub confirm_key: ConfirmKey,
    /// What it may spend a day; `None` as the policy has it.
    pub budget_per_day: Option<Money>,
    /// Each user's windows; `None` as the policy has them.
    pub user_limits: Option<Vec<Rate>>,
    /// Its own token bucket; `None` as the policy has it.
    pub limit: Option<Rate>,
    /// Its own quiet hours; `None` as the policy has them.
    pub quiet_hours: Option<QuietHours>,
    /// What asks for more, in order.
    pub rules: Vec<Rule>,
}

/// What asks for more. All conditions that it names have to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The number lies in one of these; empty for anywhere.
    pub countries: Vec<Opening>,
    /// It is at least this call of the user within the time.
    pub calls: Option<Rate>,
    /// The modes that are allowed then.
    pub modes: Vec<&'static str>,
    /// What `confirm` asks for then.
    pub confirm_key: Option<ConfirmKey>,
}

/// All tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenants {
    own: Vec<Tenant>,
    default: Tenant,
}

impl Tenants {
    /// These tenants, and one named `default` if it is not among them.
    pub fn new(own: Vec<Tenant>) -> Tenants {
        let found = own.iter().find(|tenant| tenant.name == DEFAULT_TENANT).cloned();
        Tenants { own, default: found.unwrap_or_else(|| Tenant::plain(DEFAULT_TENANT)) }
    }

    /// The rules of this tenant; without a file of its own those of `default`.
    pub fn of(&self, name: &str) -> &Tenant {
        self.own.iter().find(|tenant| tenant.name == name).unwrap_or(&self.default)
    }

    /// Whether this tenant has a file of its own, or is the default one.
    pub fn knows(&self, name: &str) -> bool {
        name == DEFAULT_TENANT || self.own.iter().any(|tenant| tenant.name == name)
    }

    /// The tenants that have a file.
    pub fn iter(&self) -> impl Iterator<Item = &Tenant> {
        self.own.iter()
    }

    /// Reads every file of `tenants/` beside the gateway's.
    pub(super) fn load(gateway: &Path) -> (Tenants, Vec<ConfigError>) {
        let directory = gateway.parent().unwrap_or(Path::new("")).join("tenants");
        let files = match trunks::files(&directory, "tenants") {
            Ok(files) => files,
            Err(error) => return (Tenants::default(), vec![error]),
        };
        let (mut own, mut errors) = (Vec::new(), Vec::new());
        for file in files {
            match Source::read(&file) {
                Ok(mut source) => {
                    own.extend(Tenant::load(&file, &mut source));
                    errors.extend(source.into_errors());
                }
                Err(error) => errors.push(error),
            }
        }
        (Tenants::new(own), errors)
    }
}

impl Default for Tenants {
    fn default() -> Tenants {
        Tenants::new(Vec::new())
    }
}

/// `tenants/NAME.toml` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    modes: Option<Vec<Spanned<String>>>,
    extension_modes: Option<Vec<Spanned<String>>>,
    locale: Option<String>,
    prompts: Option<String>,
    confirm_key: Option<Spanned<String>>,
    budget_per_day: Option<Spanned<Value>>,
    user_limits: Option<Vec<Spanned<String>>>,
    limit: Option<Spanned<String>>,
    quiet_hours: policy::QuietHours,
    rules: Vec<Spanned<WrittenRule>>,
}

/// `[[rules]]` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WrittenRule {
    countries: Option<Vec<Spanned<String>>>,
    calls: Option<Spanned<String>>,
    modes: Option<Vec<Spanned<String>>>,
    confirm_key: Option<Spanned<String>>,
}

impl Tenant {
    /// A tenant without rules of its own.
    pub fn plain(name: &str) -> Tenant {
        Tenant {
            name: name.to_owned(),
            modes: MODES.to_vec(),
            extension_modes: EXTENSION_MODES.to_vec(),
            locale: None,
            prompts: None,
            confirm_key: ConfirmKey::default(),
            budget_per_day: None,
            user_limits: None,
            limit: None,
            quiet_hours: None,
            rules: Vec::new(),
        }
    }

    fn load(file: &Path, source: &mut Source) -> Option<Tenant> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let is_name = |stem: &&str| (1..=64).contains(&stem.len()) && stem.bytes().all(plain);
        let Some(name) = file.file_stem().and_then(|stem| stem.to_str()).filter(is_name) else {
            return source.refuse(
                0..0,
                "the file's name is no tenant, expected 1 to 64 of A-Z a-z 0-9 _ - before .toml",
                "Rename the file",
            );
        };
        let written: Written = source.parse()?;
        Tenant::check(name, written, source)
    }

    fn check(name: &str, written: Written, source: &mut Source) -> Option<Tenant> {
        let plain = Tenant::plain(name);
        let modes_at = written.modes.as_ref().and_then(|list| list.first()).map_or(0..0, Spanned::span);
        let own_modes = modes("modes", written.modes, plain.modes, source);
        let extensions_at = written.extension_modes.as_ref().and_then(|list| Some(list.first()?.span()));
        let extension_modes =
            modes("extension_modes", written.extension_modes, plain.extension_modes, source);
        let confirm_key = confirm_key(written.confirm_key.as_ref(), source);
        let budget_per_day = money("budget_per_day", written.budget_per_day.as_ref(), source);
        let user_limits =
            written.user_limits.map(|list| rates("user_limits", Some(list), Vec::new(), source));
        let limit = written.limit.map(|text| rate("limit", &text, source));
        let quiet_hours = QuietHours::check(&written.quiet_hours, source);
        let (modes, extension_modes) = (own_modes?, extension_modes?);
        if let Some(at) = extensions_at
            && !extension_modes.iter().any(|mode| modes.contains(mode))
        {
            return source.refuse(
                at,
                "`extension_modes` has none of the tenant's own `modes`, so that no extension is called",
                "Add one of them, or write [] if that is meant",
            );
        }
        let rules: Vec<_> = written.rules.into_iter().map(|rule| Rule::check(rule, &modes, source)).collect();
        let quiet_hours = quiet_hours?;
        if quiet_hours.is_some() && !modes.contains(&CHALLENGE) {
            return source.refuse(
                modes_at,
                "quiet hours ask for mode \"challenge\", which `modes` does not have",
                "Add it, or leave `[quiet_hours]` out",
            );
        }
        Some(Tenant {
            modes,
            extension_modes,
            locale: written.locale,
            prompts: written.prompts,
            confirm_key: confirm_key?.unwrap_or_default(),
            budget_per_day: budget_per_day?,
            user_limits: transpose(user_limits)?,
            limit: transpose(limit)?,
            quiet_hours,
            rules: rules.into_iter().collect::<Option<_>>()?,
            ..plain
        })
    }
}

impl Rule {
    fn check(written: Spanned<WrittenRule>, of_tenant: &[&'static str], source: &mut Source) -> Option<Rule> {
        let at = written.span();
        let written = written.into_inner();
        let countries = written.countries.unwrap_or_default();
        let countries: Vec<_> = countries.iter().map(|text| opening("countries", text, source)).collect();
        let calls = written.calls.map(|text| rate("calls", &text, source));
        let modes = modes("modes", written.modes, of_tenant.to_vec(), source)?;
        let confirm_key = confirm_key(written.confirm_key.as_ref(), source)?;
        if !modes.iter().any(|mode| of_tenant.contains(mode)) {
            return source.refuse(
                at,
                "the rule allows none of the tenant's own `modes`, so that nothing is left",
                "Add one of them to the rule, or one of the rule's to the tenant",
            );
        }
        Some(Rule {
            countries: countries.into_iter().collect::<Option<_>>()?,
            calls: transpose(calls)?,
            modes,
            confirm_key,
        })
    }
}

/// What was written and read, what was not written, or `None` for what was wrong.
fn transpose<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(Some(value)) => Some(Some(value)),
        Some(None) => None,
    }
}

fn modes(
    key: &str,
    written: Option<Vec<Spanned<String>>>,
    default: Vec<&'static str>,
    source: &mut Source,
) -> Option<Vec<&'static str>> {
    let Some(written) = written else { return Some(default) };
    let mode = |text: &Spanned<String>| {
        MODES.into_iter().find(|mode| mode == text.get_ref()).or_else(|| {
            source.refuse(
                text.span(),
                format!("`{key}` has {:?}, expected {}", text.get_ref(), MODES.join(", ")),
                "Leave the key out for its default",
            )
        })
    };
    let modes: Vec<_> = written.iter().map(mode).collect();
    modes.into_iter().collect()
}

/// What `confirm_key` says, in whichever file.
pub(super) fn confirm_key(
    written: Option<&Spanned<String>>,
    source: &mut Source,
) -> Option<Option<ConfirmKey>> {
    match written.map(|text| (text, text.get_ref().as_str())) {
        None => Some(None),
        Some((_, "hash")) => Some(Some(ConfirmKey::Hash)),
        Some((_, "spoken")) => Some(Some(ConfirmKey::Spoken)),
        Some((text, other)) => source.refuse(
            text.span(),
            format!("`confirm_key` is {other:?}, expected \"hash\" or \"spoken\""),
            "Without the key it is \"hash\"",
        ),
    }
}
