//! `octothorpe token create|list|revoke`: who may come in by the front door.
//!
//! Whoever may write the store's files may make tokens: without `--url` the commands work on the store of
//! the configuration, whether its gateway runs or not. With `--url` they ask that gateway, by a token.

use std::path::Path;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Common;
use super::client::{Client, TokenArgs};
use super::exit::{Exit, Failure, Outcome};
use super::output::{Output, table};
use super::show::text;
use crate::access::{NewToken, Role, Roles, Scope, TokenId, TokenOrder, TokenView};
use crate::config::QueueConfig;
use crate::gateway::clock;
use crate::queue::embedded::Aside;

/// Arguments of `token`.
#[derive(Debug, Args)]
pub struct TokenCommand {
    #[command(subcommand)]
    act: Act,
    /// Ask this gateway; without it the store of the configuration is worked on
    #[arg(long, global = true, value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    token: TokenArgs,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Make a token; it is printed this once
    Create(CreateArgs),
    /// List every token that was ever made
    List,
    /// End a token; it is good no more at once
    Revoke {
        /// The token's id, as `list` shows it
        id: String,
    },
}

#[derive(Debug, Args)]
struct CreateArgs {
    /// What it is for
    name: String,
    /// The tenant that it acts for; `*` for every tenant and the gateway itself
    #[arg(long, value_name = "NAME")]
    tenant: String,
    /// What it allows: submit, read, operate, disclose; several with commas
    #[arg(long, value_name = "ROLE", required = true, value_delimiter = ',', value_parser = role)]
    role: Vec<Role>,
}

fn role(name: &str) -> Result<Role, String> {
    Role::from_name(name).ok_or_else(|| "expected submit, read, operate or disclose".to_owned())
}

/// Makes, lists or revokes.
pub(super) async fn run(args: &TokenCommand, common: &Common, output: &mut Output) -> Outcome {
    let desk = match &args.url {
        Some(url) => Desk::Gateway(Client::of_gateway(Some(url), &args.token, common)?),
        None => Desk::Store(store_of(common)?),
    };
    match &args.act {
        Act::Create(create) => make(create, desk, output).await,
        Act::List => list(desk, output).await,
        Act::Revoke { id } => revoke(id, desk, output).await,
    }
}

/// The store of the configuration, held by a gateway or not.
pub(super) fn store_of(common: &Common) -> Result<Aside, Failure> {
    open(&QueueConfig::load(common.config_path())?.path)
}

fn open(directory: &Path) -> Result<Aside, Failure> {
    Aside::open(directory).map_err(|error| Failure::cannot_run(error.to_string()))
}

/// Where tokens are worked on.
enum Desk {
    Store(Aside),
    Gateway(Client),
}

async fn make(args: &CreateArgs, desk: Desk, output: &mut Output) -> Outcome {
    let order = TokenOrder {
        name: args.name.clone(),
        tenant: Scope::from(args.tenant.clone()),
        roles: Roles::from(args.role.clone()),
    };
    order.check().map_err(|refused| Failure::usage(refused.to_string()))?;
    let made = match desk {
        Desk::Store(mut store) => {
            let new = NewToken::make(rand::random());
            let view = store.create_token(&new, &order, clock::wall()).map_err(failed)?;
            let mut object = object(&view)?;
            object["token"] = Value::from(new.expose());
            object
        }
        Desk::Gateway(client) => {
            let order = json!({ "name": order.name, "tenant": order.tenant, "roles": order.roles });
            client.post(&["v1", "tokens"], order.to_string().into_bytes()).await?.object()?
        }
    };
    if output.is_json() {
        output.object(&made)?;
    } else {
        // The token alone on standard output, so that it can be led into a file.
        output.line(&text(&made["token"]))?;
        let [id, tenant] = ["id", "tenant"].map(|name| text(&made[name]));
        output.note(&format!("token {id} for tenant {tenant}, told this once; `token revoke {id}` ends it"));
    }
    Ok(Exit::Done)
}

async fn list(desk: Desk, output: &mut Output) -> Outcome {
    let tokens = match desk {
        Desk::Store(store) => {
            store.tokens().map_err(failed)?.iter().map(object).collect::<Result<Vec<_>, _>>()?
        }
        Desk::Gateway(client) => {
            let mut answer = client.get(&["v1", "tokens"], &[], Duration::ZERO).await?.object()?;
            let Value::Array(tokens) = answer["tokens"].take() else {
                return Err(Failure::cannot_run("the gateway answered something else than tokens"));
            };
            tokens
        }
    };
    if output.is_json() {
        tokens.iter().try_for_each(|token| output.object(token))?;
        return Ok(Exit::Done);
    }
    let mut rows = vec![["id", "name", "tenant", "roles", "created", "revoked"].map(str::to_owned).to_vec()];
    rows.extend(tokens.iter().map(row));
    table(&rows).iter().try_for_each(|line| output.line(line))?;
    Ok(Exit::Done)
}

fn row(token: &Value) -> Vec<String> {
    let roles: Vec<String> = token["roles"].as_array().into_iter().flatten().map(text).collect();
    let [id, name, tenant] = ["id", "name", "tenant"].map(|name| text(&token[name]));
    let [created, revoked] = ["created_at", "revoked_at"].map(|name| text(&token[name]));
    vec![id, name, tenant, roles.join(","), created, revoked]
}

async fn revoke(id: &str, desk: Desk, output: &mut Output) -> Outcome {
    let revoked = match desk {
        Desk::Store(mut store) => {
            let revoked = store.revoke_token(&TokenId(id.to_owned()), clock::wall()).map_err(failed)?;
            revoked.as_ref().map(object).transpose()?
        }
        Desk::Gateway(client) => Some(client.delete(&["v1", "tokens", id]).await?.object()?),
    };
    let Some(token) = revoked else {
        return Err(Failure { exit: Exit::Findings, message: format!("there is no token {id}") });
    };
    match output.is_json() {
        true => output.object(&token)?,
        false => output.line(&format!("{}  revoked {}", text(&token["id"]), text(&token["revoked_at"])))?,
    }
    Ok(Exit::Done)
}

fn object(view: &TokenView) -> Result<Value, Failure> {
    serde_json::to_value(view).map_err(|error| Failure::cannot_run(error.to_string()))
}

fn failed(error: crate::queue::StoreError) -> Failure {
    Failure::cannot_run(error.to_string())
}
