//! `octothorpe reload`, and the reading anew that SIGHUP, `POST /v1/reload` and it have in common.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use rustls::ServerConfig;
use serde_json::Value;
use tokio::sync::watch;

use super::Common;
use super::client::{Client, TokenArgs};
use super::exit::{Exit, Outcome};
use super::output::Output;
use super::show::text;
use super::start::load_packs;
use crate::config::{Config, ConfigError};
use crate::gateway::Renewal;
use crate::http::{Reload, read_identity};
use crate::report::reload::{NotReloaded, Reloaded};

/// Arguments of `reload`.
#[derive(Debug, Args)]
pub struct ReloadArgs {
    /// The gateway's front door [default: `[http] listen` of the configuration]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    token: TokenArgs,
}

/// Has a running gateway read its policy and prompts anew.
pub(super) async fn run(args: &ReloadArgs, common: &Common, output: &mut Output) -> Outcome {
    let client = Client::of_gateway(args.url.as_deref(), &args.token, common)?;
    let done = client.post(&["v1", "reload"], b"{}".to_vec()).await?.object()?;
    if output.is_json() {
        output.object(&done)?;
        return Ok(Exit::Done);
    }
    output.line(&format!("in force: {}", words(&done["reloaded"])))?;
    let restart = words(&done["needs_restart"]);
    if !restart.is_empty() {
        output.note(&format!("changed, but only in force after a restart: {restart}"));
    }
    Ok(Exit::Done)
}

fn words(list: &Value) -> String {
    list.as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(", ")
}

/// Reads the files of a running gateway anew.
pub(super) struct Reloader {
    path: PathBuf,
    /// The configuration in force, for what needs a restart.
    running: Mutex<Config>,
    renewal: Renewal,
    /// What the front door speaks TLS by, if it does.
    tls: Option<watch::Sender<Arc<ServerConfig>>>,
}

impl Reloader {
    pub(super) fn new(
        path: &Path,
        running: Config,
        renewal: Renewal,
        tls: Option<watch::Sender<Arc<ServerConfig>>>,
    ) -> Arc<Reloader> {
        Arc::new(Reloader { path: path.to_owned(), running: Mutex::new(running), renewal, tls })
    }

    /// As the front door has it.
    pub(super) fn by_the_door(self: Arc<Self>) -> Reload {
        Arc::new(move || {
            let reloader = self.clone();
            Box::pin(async move {
                // Packs are decoded, which takes longer than the event loop has.
                let read = tokio::task::spawn_blocking(move || reloader.reload()).await;
                read.unwrap_or_else(|error| Err(vec![wrong(String::new(), error.to_string())]))
            })
        })
    }

    /// All of it, or nothing: the old policy and packs stay until everything new has been read.
    fn reload(&self) -> Result<Reloaded, Vec<NotReloaded>> {
        let config =
            Config::load(&self.path).map_err(|errors| errors.iter().map(of_config).collect::<Vec<_>>())?;
        let packs = load_packs(&config).map_err(|error| vec![wrong(String::new(), error)])?;
        let identity = match (&config.http.tls, &self.tls) {
            (Some(files), Some(_)) => {
                Some(read_identity(files).map_err(|told| vec![wrong(String::new(), told)])?)
            }
            (_, _) => None,
        };
        // The lock is held to the end, so that of two at once the later one's files stay in force.
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let needs_restart = fixed_parts(&running, &config);
        self.renewal.put(&config, packs);
        let mut reloaded = ["policy", "script", "keys", "prompts"].map(str::to_owned).to_vec();
        if let (Some(identity), Some(tls)) = (identity, &self.tls) {
            tls.send_replace(identity.server);
            reloaded.push("certificate".to_owned());
        }
        let fixed = running.clone();
        // What needs a restart is told again until there was one.
        let Config { policy, tenants, rates, script, keys, prompts, .. } = config;
        *running = Config { policy, tenants, rates, script, keys, prompts, ..fixed };
        Ok(Reloaded { reloaded, needs_restart })
    }
}

/// The parts that differ and are read at the start alone.
fn fixed_parts(running: &Config, new: &Config) -> Vec<String> {
    let parts = [
        ("[http] listen", running.http.listen != new.http.listen),
        ("[http] certificate", running.http.tls.is_some() != new.http.tls.is_some()),
        ("[queue]", running.queue != new.queue),
        ("[sip]", running.sip != new.sip),
        ("[media]", running.media != new.media),
        ("trunks", running.trunks != new.trunks),
    ];
    parts.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()).collect()
}

fn of_config(error: &ConfigError) -> NotReloaded {
    let file = error.file.display();
    let place = error.line.map_or_else(|| file.to_string(), |line| format!("{file}:{line}"));
    NotReloaded { place, problem: error.problem.clone(), remedy: error.remedy.clone() }
}

fn wrong(place: String, problem: String) -> NotReloaded {
    NotReloaded { place, problem, remedy: "correct it and reload again".to_owned() }
}

/// What a reload by signal tells, for standard error.
pub(super) fn told(done: &Result<Reloaded, Vec<NotReloaded>>) -> String {
    match done {
        Ok(done) if done.needs_restart.is_empty() => format!("reloaded: {}", done.reloaded.join(", ")),
        Ok(done) => format!(
            "reloaded: {}; changed, but only in force after a restart: {}",
            done.reloaded.join(", "),
            done.needs_restart.join(", ")
        ),
        Err(wrong) => {
            let told = wrong.iter().map(|one| match one.place.as_str() {
                "" => format!("{}; {}", one.problem, one.remedy),
                place => format!("{place}: {}. {}", one.problem, one.remedy),
            });
            format!("not reloaded, all stays as it was: {}", told.collect::<Vec<_>>().join("\n"))
        }
    }
}
