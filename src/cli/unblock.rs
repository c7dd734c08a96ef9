//! `octothorpe unblock`: calls somebody again.

use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::Common;
use super::block::{KindArg, ScopeArg, actor, scoped, tell};
use super::client::{Client, ClientArgs};
use super::exit::{Exit, Failure, Outcome};
use super::output::Output;
use crate::policy::BlockKind;

/// Arguments of `unblock`.
#[derive(Debug, Args)]
pub struct UnblockArgs {
    /// What kind
    #[arg(value_enum, value_name = "KIND", required_unless_present = "id")]
    kind: Option<KindArg>,
    /// Whom, as it was blocked
    #[arg(value_name = "VALUE", required_unless_present = "id", conflicts_with = "id")]
    value: Option<String>,
    /// The block of this id instead
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Why, for the audit trail
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who orders it [default: the user of this process]
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// For whose jobs [default: all for prefix and tenant, else tenant]
    #[arg(long, value_enum, value_name = "SCOPE")]
    scope: Option<ScopeArg>,
    #[command(flatten)]
    client: ClientArgs,
}

/// Lifts one block.
pub(super) async fn run(args: &UnblockArgs, common: &Common, output: &mut Output) -> Outcome {
    let client = scoped(Client::new(&args.client, common)?, args.kind, args.scope);
    let id = match (&args.id, args.kind, &args.value) {
        (Some(id), _, _) => id.clone(),
        (None, Some(kind), Some(value)) => find(&client, kind, value).await?,
        (None, _, _) => return Err(Failure::usage("name KIND and VALUE, or --id")),
    };
    let query = [("reason", args.reason.as_str()), ("actor", &actor(args.actor.as_deref()))];
    let answer = client.delete_with(&["v1", "blocks", &id], &query).await?;
    tell("unblocked", &answer.object()?, output)?;
    Ok(Exit::Done)
}

async fn find(client: &Client, kind: KindArg, value: &str) -> Result<String, Failure> {
    let query = [("kind", BlockKind::from(kind).name()), ("value", value)];
    let page = client.get(&["v1", "blocks"], &query, Duration::ZERO).await?.object()?;
    let id = page["blocks"][0]["id"].as_str().map(str::to_owned);
    let none = || Failure { exit: Exit::Findings, message: format!("no such block: {}", Value::from(value)) };
    id.ok_or_else(none)
}
