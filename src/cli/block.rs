//! `octothorpe block`: whom not to call any more, one or a list.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::Common;
use super::client::{Client, ClientArgs};
use super::exit::{Exit, Failure, Outcome};
use super::output::Output;
use super::show::text;
use crate::policy::BlockKind;

/// What the front door takes of a list, with room for what JSON adds.
const LARGEST_LIST_BYTES: u64 = 24 << 20;

/// What can be blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KindArg {
    /// A user of the tenant
    User,
    /// A number
    Number,
    /// All numbers that begin so: the kill switch
    Prefix,
    /// All jobs of a tenant
    Tenant,
    /// All client addresses of a network
    Network,
}

impl From<KindArg> for BlockKind {
    fn from(kind: KindArg) -> BlockKind {
        match kind {
            KindArg::User => BlockKind::User,
            KindArg::Number => BlockKind::Number,
            KindArg::Prefix => BlockKind::Prefix,
            KindArg::Tenant => BlockKind::Tenant,
            KindArg::Network => BlockKind::Network,
        }
    }
}

impl KindArg {
    /// Prefixes and tenants are blocked for everybody's jobs unless one tenant's are meant.
    pub(super) fn is_for_everybody(self) -> bool {
        matches!(self, KindArg::Prefix | KindArg::Tenant)
    }
}

/// For whose jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScopeArg {
    /// Those of `--tenant`
    Tenant,
    /// Everybody's
    All,
}

/// Arguments of `block`.
#[derive(Debug, Args)]
pub struct BlockArgs {
    /// What kind
    #[arg(value_enum, value_name = "KIND", required_unless_present = "list")]
    kind: Option<KindArg>,
    /// Whom: a user's name, a number, a prefix with +, a tenant, an IP network
    #[arg(value_name = "VALUE", required_unless_present = "list", conflicts_with = "list")]
    value: Option<String>,
    /// A CSV list instead, - for standard input: a line of column names (kind, value, tenant, reason,
    /// until), or one value of KIND a line [default kind: number]
    #[arg(long, value_name = "FILE|-")]
    list: Option<PathBuf>,
    /// Take the good lines of a list that has bad ones
    #[arg(long, requires = "list")]
    partial: bool,
    /// Why, for those who look at it later
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// For so many days [default: for ever]
    #[arg(long, value_name = "N")]
    days: Option<u32>,
    /// Until this time (RFC 3339)
    #[arg(long, value_name = "TIME", conflicts_with = "days")]
    until: Option<String>,
    /// Who orders it [default: the user of this process]
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// For whose jobs [default: all for prefix and tenant, else tenant]
    #[arg(long, value_enum, value_name = "SCOPE")]
    scope: Option<ScopeArg>,
    #[command(flatten)]
    client: ClientArgs,
}

/// Blocks one, or whom a list names. Bad lines are findings.
pub(super) async fn run(args: &BlockArgs, common: &Common, output: &mut Output) -> Outcome {
    let client = scoped(Client::new(&args.client, common)?, args.kind, args.scope);
    let mut body = json!({"reason": args.reason, "actor": actor(args.actor.as_deref())});
    if let Some(days) = args.days {
        body["days"] = json!(days);
    }
    if let Some(until) = &args.until {
        body["until"] = json!(until);
    }
    if let Some(kind) = args.kind {
        body["kind"] = json!(BlockKind::from(kind).name());
    }
    if let Some(list) = &args.list {
        body["csv"] = json!(read_list(list)?);
        body["partial"] = json!(args.partial);
        let answer = client.post(&["v1", "blocks", "list"], body.to_string().into_bytes()).await?;
        return tell_list(&answer.object()?, output);
    }
    body["value"] = json!(args.value);
    let answer = client.post(&["v1", "blocks"], body.to_string().into_bytes()).await?;
    tell("blocked", &answer.object()?, output)?;
    Ok(Exit::Done)
}

/// The connection for this kind's jobs.
pub(super) fn scoped(client: Client, kind: Option<KindArg>, scope: Option<ScopeArg>) -> Client {
    let by_kind =
        || if kind.is_some_and(KindArg::is_for_everybody) { ScopeArg::All } else { ScopeArg::Tenant };
    match scope.unwrap_or_else(by_kind) {
        ScopeArg::All => client.for_tenant("*"),
        ScopeArg::Tenant => client,
    }
}

/// Who orders: the name given, else that of the process's user.
pub(super) fn actor(named: Option<&str>) -> String {
    let of_process = || std::env::var("USER").ok().filter(|name| !name.is_empty());
    named.map(str::to_owned).or_else(of_process).unwrap_or_else(|| "command line".to_owned())
}

/// One block as a line, or as JSON.
pub(super) fn tell(done: &str, block: &Value, output: &mut Output) -> std::io::Result<()> {
    if output.is_json() {
        return output.object(block);
    }
    let whose =
        block["tenant"].as_str().map_or("everybody's jobs".to_owned(), |name| format!("jobs of {name}"));
    let until = block["until"].as_str().map_or("without an end".to_owned(), |time| format!("until {time}"));
    let (kind, shown, id) = (text(&block["kind"]), text(&block["shown"]), text(&block["id"]));
    output.line(&format!("{done} {kind} {shown} for {whose}, {until} ({id})"))
}

fn read_list(file: &Path) -> Result<String, Failure> {
    let cannot = |error: std::io::Error| Failure::cannot_run(format!("{}: {error}", file.display()));
    let mut text = String::new();
    let source: Box<dyn Read> = if file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file).map_err(cannot)?)
    };
    source.take(LARGEST_LIST_BYTES + 1).read_to_string(&mut text).map_err(cannot)?;
    if text.len() as u64 > LARGEST_LIST_BYTES {
        return Err(Failure::usage(format!("{}: larger than 24 MiB; send it in parts", file.display())));
    }
    Ok(text)
}

fn tell_list(answer: &Value, output: &mut Output) -> Outcome {
    let bad = answer["bad"].as_u64().unwrap_or_default();
    if output.is_json() {
        output.object(answer)?;
    } else {
        for problem in answer["problems"].as_array().map_or(&[][..], Vec::as_slice) {
            output.note(&format!("line {}: {}", text(&problem["line"]), text(&problem["problem"])));
        }
        let told = answer["problems"].as_array().map_or(0, Vec::len) as u64;
        if bad > told {
            output.note(&format!("and {} bad lines more", bad - told));
        }
        let hint = if bad > 0 && answer["taken"] == 0 { "; --partial takes the good ones" } else { "" };
        output.line(&format!("{} lines taken, {bad} bad{hint}", text(&answer["taken"])))?;
    }
    Ok(if bad == 0 { Exit::Done } else { Exit::Findings })
}
