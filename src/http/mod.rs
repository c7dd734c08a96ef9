//! The front door: contract §6 over HTTP/1.1 and JSON; without tokens on a loopback address alone.
//!
//! Handlers translate between HTTP and the [`queue`](crate::queue): they hold no state of their own.
//! Every refusal is a problem (RFC 9457) that names the field and the remedy.

mod blocks;
mod caller;
mod calls;
mod connection;
mod events;
mod guard;
mod health;
mod metrics;
mod not_built;
pub mod openapi;
mod operation;
mod operations;
mod params;
mod problem;
mod records;
mod reload;
mod results;
mod stream;
mod tls;
mod tokens;
mod trunks;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::gateway::AdmissionControl;
use crate::job::{JobRules, MAX_JOB_BYTES, UnixMs};
use crate::queue::Store;
use crate::report::snapshot::GatewaySnapshot;

use connection::Bounded;
use problem::Problem;
pub use reload::{Reload, Reloading};
pub use tls::{Served, read_identity};

/// How long shutdown waits for answers under way; long polls are cut short at once.
const CLOSING: Duration = Duration::from_secs(5);

/// All that the front door needs of the gateway.
#[derive(Clone)]
pub struct Front {
    /// The durable store.
    pub store: Store,
    /// The gateway as it told last.
    pub gateway: watch::Receiver<Arc<GatewaySnapshot>>,
    /// Who may be called.
    pub admission: AdmissionControl,
    /// What this gateway asks of an order besides the contract.
    pub rules: watch::Receiver<Arc<JobRules>>,
    /// The wall clock.
    pub now: fn() -> UnixMs,
    /// Reads the gateway's files anew.
    pub reload: Reload,
    /// Turns true when the door closes: long polls answer with what there is.
    pub closing: watch::Receiver<bool>,
}

impl Front {
    /// The gateway as it told last.
    fn gateway(&self) -> Arc<GatewaySnapshot> {
        self.gateway.borrow().clone()
    }
}

/// All routes of the front door.
pub fn router(front: Front) -> Router {
    operations::all()
        .into_iter()
        .fold(Router::new(), |router, operation| operation.route(router))
        .route("/v1/webhooks", any(not_built::webhooks))
        .fallback(async || Problem::not_found("there is nothing at this path", "see /v1/openapi.json"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(DefaultBodyLimit::max(MAX_JOB_BYTES))
        .layer(middleware::from_fn_with_state(front.clone(), guard::admit))
        .layer(middleware::from_fn(guard::time_limit))
        .with_state(front)
}

/// Serves, by TLS where there is something to speak it by, until `front.closing` turns true, then until the answers under way are out, at most 5 s.
///
/// # Errors
/// Those of the listening socket.
pub async fn serve(listener: TcpListener, tls: Option<Served>, front: Front) -> std::io::Result<()> {
    let closing = front.closing.clone();
    let told = closed(closing.clone());
    let serving = axum::serve(Bounded::new(listener, tls), router(front)).with_graceful_shutdown(told);
    tokio::select! {
        ended = serving.into_future() => ended,
        () = async { closed(closing).await; tokio::time::sleep(CLOSING).await } => Ok(()),
    }
}

/// Returns once the door closes; a sender that is gone closes it too.
async fn closed(mut closing: watch::Receiver<bool>) {
    // The only error is that nobody can close the door any more.
    let _ = closing.wait_for(|closing| *closing).await;
}
