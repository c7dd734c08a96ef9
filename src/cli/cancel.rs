//! `octothorpe cancel ID`: works also while it rings.

use clap::Args;

use super::client::{Client, ClientArgs};
use super::exit::{Exit, Outcome};
use super::output::Output;
use super::{Common, show};

/// Arguments of `cancel`.
#[derive(Debug, Args)]
pub struct CancelArgs {
    /// The job's id
    id: String,
    #[command(flatten)]
    client: ClientArgs,
}

/// Withdraws one job and shows it.
pub(super) async fn run(args: &CancelArgs, common: &Common, output: &mut Output) -> Outcome {
    let client = Client::new(&args.client, common)?;
    let answer = client.delete(&["v1", "calls", &args.id]).await?;
    show::print(&answer.object()?, output)?;
    Ok(Exit::Done)
}
