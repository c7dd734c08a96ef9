//! `octothorpe serve`: the gateway.

use std::path::Path;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::Common;
use super::exit::{Exit, Failure, Outcome};
use super::output::Output;
use super::reload::{Reloader, told};
use super::start::{Started, start};
use super::stop::{Stop, hang_up};
use crate::config::Config;
use crate::gateway::clock;
use crate::http::{self, Front};
use crate::queue::embedded::Aside;
use crate::secure::Identity;

/// A certificate that ends sooner should have been renewed by now: those that renew by themselves do it a
/// month before.
const RENEW_BEFORE: Duration = Duration::from_secs(14 * 86_400);

/// Arguments of `serve`: everything stands in the configuration.
#[derive(Debug, Args)]
pub struct ServeArgs {}

/// Serves until SIGTERM or SIGINT: no new dial then, calls finish; a second one ends them politely.
pub(super) async fn run(common: &Common, output: &mut Output) -> Outcome {
    let config = common.load_config()?;
    let mut stop = Stop::new()?;
    let mut hang_up = hang_up()?;
    guarded(&config).map_err(Failure::usage)?;
    let identity = config.http.tls.as_ref().map(http::read_identity).transpose().map_err(Failure::usage)?;
    if let Some(identity) = &identity {
        output.note(&held(identity).1);
    }
    let tls = identity.map(|identity| watch::Sender::new(identity.server));
    let served_by_tls = tls.is_some();
    let served = tls.as_ref().map(watch::Sender::subscribe);
    let listener = TcpListener::bind(config.http.listen).await;
    let listener = listener
        .map_err(|error| Failure::cannot_run(format!("cannot listen on {}: {error}", config.http.listen)))?;
    let address = listener.local_addr().map_err(|error| Failure::cannot_run(error.to_string()))?;
    let sip: Vec<String> = config.sip.listen.iter().map(ToString::to_string).collect();
    let running = config.clone();
    let Started { gateway, store } = start(config).await?;
    let reload = Reloader::new(common.config_path(), running, gateway.renewal(), tls).by_the_door();
    let (close, closing) = watch::channel(false);
    let admission = gateway.admission();
    let front = Front {
        store,
        gateway: gateway.snapshots(),
        admission,
        rules: gateway.rules(),
        now: clock::wall,
        reload: reload.clone(),
        closing,
    };
    let door = tokio::spawn(http::serve(listener, served, front));
    let scheme = if served_by_tls { "HTTPS" } else { "HTTP" };
    output.note(&format!("serving {scheme} on {address}, SIP on {}", sip.join(" ")));
    loop {
        tokio::select! {
            () = stop.wait() => break,
            Some(()) = hang_up.recv() => output.note(&told(&reload().await)),
        }
    }
    output.note("draining: no new dial, calls finish; a second signal ends them");
    let shutdown = gateway.shutdown();
    shutdown.drain();
    let ending = tokio::spawn(async move {
        stop.wait().await;
        shutdown.end_calls();
    });
    gateway.finished().await;
    ending.abort();
    close.send_replace(true);
    match door.await {
        Ok(Ok(())) => Ok(Exit::Done),
        Ok(Err(error)) => Err(Failure::cannot_run(format!("the front door failed: {error}"))),
        Err(error) => Err(Failure::cannot_run(format!("the front door failed: {error}"))),
    }
}

/// What is to be said of a certificate, and whether all is well with it.
pub(super) fn held(identity: &Identity) -> (bool, String) {
    let left = identity.holds_for(clock::wall());
    let names = identity.names.join(" ");
    let days = left.as_secs() / 86_400;
    match (left.is_zero(), left < RENEW_BEFORE) {
        (true, _) => (
            false,
            format!("the certificate for {names} ended on {}; renew it and reload", identity.expires_at),
        ),
        (false, true) => {
            (false, format!("the certificate for {names} ends in {days} days; renew it and reload"))
        }
        (false, false) => (true, format!("the certificate for {names} holds for {days} days")),
    }
}

/// Contract §6: without tokens only a loopback address may be listened on. What is wrong, if anything is.
pub(super) fn guarded(config: &Config) -> Result<(), String> {
    let listen = config.http.listen;
    if listen.ip().is_loopback() || asks_for_tokens(&config.queue.path)? {
        return Ok(());
    }
    Err(format!(
        "`[http] listen` is {listen}, expected a loopback address while there are no tokens; make one with \
         `octothorpe token create NAME --tenant '*' --role operate,submit,read`, or listen on 127.0.0.1"
    ))
}

fn asks_for_tokens(store: &Path) -> Result<bool, String> {
    // A store that is not there yet has no tokens, and is not made by looking.
    if !store.exists() {
        return Ok(false);
    }
    let store = Aside::open(store).map_err(|error| error.to_string())?;
    store.asks_for_tokens().map_err(|error| error.to_string())
}
