//! `octothorpe load`: many calls at a rate, and the figures of contract §8.

use std::path::Path;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget};

use super::Common;
use super::exit::{Exit, Failure, Outcome};
use super::keys::PathArg;
use super::lab;
use super::output::{Output, table};
use super::start::{Scratch, Started, start};
use crate::load::{FarEnd, FarEndOrder, Figures, Plan, run as place};
use crate::prompt::MANIFEST_FILE;

/// Clips that only a farewell or a wrong key needs: the BYE then follows the key at once.
const FAREWELLS: [&str; 5] = ["thanks", "fraud_reported", "goodbye", "invalid", "expired"];

/// Arguments of `load`.
#[derive(Debug, Args)]
pub struct LoadArgs {
    /// How many jobs
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub jobs: u32,
    /// New jobs a second
    #[arg(long, value_name = "PER_SECOND", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rate: u32,
    /// From the answer to the key, in seconds: about the length of a call
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u64).range(3..=40))]
    pub call_s: u64,
    /// By which path the far end presses
    #[arg(long, value_enum, default_value_t = PathArg::InBand)]
    pub path: PathArg,
    /// Run the gateway on this processor only
    #[arg(long, value_name = "N")]
    pub cpu: Option<usize>,
    /// Run the far end on this processor only
    #[arg(long, value_name = "N")]
    pub far_cpu: Option<usize>,
}

/// Starts far end and gateway, places the jobs, prints the figures. Done means a clean run.
pub(super) async fn run(args: &LoadArgs, common: &Common, output: &mut Output) -> Outcome {
    let scratch = Scratch::new("load")?;
    let prompts = without_farewell(&lab::prompts(common)?, &scratch)?;
    let mut far_end =
        FarEnd::start(&args.far_end()).map_err(|error| Failure::cannot_run(error.to_string()))?;
    let config = lab::config(&scratch, prompts, far_end.address(), args.rate.saturating_mul(2));
    let Started { gateway, store } = start(config).await?;
    let plan = Plan { jobs: args.jobs, rate: args.rate };
    let target = if output.is_json() { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(args.jobs.into()), target);
    let figures =
        place(plan, &gateway, &store, &mut far_end, lab::job, |finished| bar.set_position(finished)).await;
    bar.finish_and_clear();
    let figures = figures.map_err(|error| Failure::cannot_run(error.to_string()))?;
    drop(store);
    gateway.shutdown().end_calls();
    gateway.finished().await;
    print(&figures, output)?;
    Ok(if figures.clean { Exit::Done } else { Exit::Findings })
}

impl LoadArgs {
    fn far_end(&self) -> FarEndOrder {
        let path = match self.path {
            PathArg::InBand => "in-band",
            PathArg::Rfc4733 => "rfc4733",
            PathArg::Info => "info",
        };
        FarEndOrder { path: path.into(), after: Duration::from_secs(self.call_s), cpu: self.far_cpu }
    }
}

fn print(figures: &Figures, output: &mut Output) -> std::io::Result<()> {
    if output.is_json() {
        return output.object(figures);
    }
    let rows: Vec<Vec<String>> = figures.rows().into_iter().map(Vec::from).collect();
    table(&rows).iter().try_for_each(|row| output.line(row))
}

/// A copy of the default pack that says no farewell, as contract §8 has it for key to BYE.
fn without_farewell(packs: &Path, scratch: &Scratch) -> Result<std::path::PathBuf, Failure> {
    let cannot = |error: std::io::Error| Failure::cannot_run(format!("{}: {error}", packs.display()));
    let (from, to) = (packs.join("en-US"), scratch.path().join("prompts/en-US"));
    std::fs::create_dir_all(&to).map_err(cannot)?;
    for entry in std::fs::read_dir(&from).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        std::fs::copy(entry.path(), to.join(entry.file_name())).map_err(cannot)?;
    }
    let manifest = to.join(MANIFEST_FILE);
    let text = std::fs::read_to_string(&manifest).map_err(cannot)?;
    let mut pack: toml::Table =
        text.parse().map_err(|error| Failure::usage(format!("{}: {error}", from.display())))?;
    if let Some(clips) = pack.get_mut("clips").and_then(toml::Value::as_table_mut) {
        clips.retain(|name, _| !FAREWELLS.iter().any(|farewell| *name == **farewell));
    }
    std::fs::write(&manifest, pack.to_string()).map_err(cannot)?;
    Ok(scratch.path().join("prompts"))
}
