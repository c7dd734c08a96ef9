//! The command line (contract §5), one file a command.

pub mod block;
pub mod blocks;
pub mod call;
pub mod cancel;
pub mod check;
mod check_policy;
mod client;
pub mod demo;
mod exit;
pub mod keys;
mod lab;
pub mod list;
pub mod load;
mod logging;
mod output;
pub mod phone;
pub mod prompts;
pub mod records;
pub mod reload;
pub mod replay;
pub mod results;
pub mod serve;
pub mod show;
mod start;
mod stop;
mod story;
pub mod submit;
pub mod token;
pub mod unblock;

use std::ffi::OsString;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::config::{Config, DEFAULT_PATH, PromptsConfig};

pub use exit::{Exit, Failure, Outcome};
pub use output::Output;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "octothorpe", version, about = "Phones people and tells one trustworthy verdict", long_about = None)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// The gateway's configuration [default: sip-config/octothorpe.toml]
    #[arg(long, global = true, value_name = "FILE", display_order = 900)]
    pub config: Option<PathBuf>,
    /// For machines: one JSON object a line on standard output
    #[arg(long, global = true, display_order = 901)]
    pub json: bool,
    /// Tell more on standard error; twice for everything
    #[arg(short, long, global = true, action = ArgAction::Count, display_order = 902)]
    pub verbose: u8,
}

impl Common {
    /// The configuration's file: the one named, else the default.
    pub fn config_path(&self) -> &Path {
        self.config.as_deref().unwrap_or(Path::new(DEFAULT_PATH))
    }

    /// Reads and checks the configuration.
    ///
    /// # Errors
    /// Everything that is wrong in it, as wrong usage.
    pub fn load_config(&self) -> Result<Config, Failure> {
        Ok(Config::load(self.config_path())?)
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A gateway and an answering phone in one process: a real call on loopback, told line by line
    Demo(demo::DemoArgs),
    /// The gateway
    Serve(serve::ServeArgs),
    /// One call now, told as it happens
    Call(call::CallArgs),
    /// Look at configuration, prompts and limits
    Check(check::CheckArgs),
    /// Hand jobs to a running gateway
    Submit(submit::SubmitArgs),
    /// Show one job of a running gateway
    Show(show::ShowArgs),
    /// Withdraw a job, also while it rings
    Cancel(cancel::CancelArgs),
    /// List jobs of a running gateway
    List(list::ListArgs),
    /// Follow the results of a running gateway
    Results(results::ResultsArgs),
    /// Stop calling a user, number, prefix, tenant or client network
    Block(block::BlockArgs),
    /// Call them again
    Unblock(unblock::UnblockArgs),
    /// Who is blocked, by whom, until when
    Blocks(blocks::BlocksArgs),
    /// What became of jobs, beyond their results: to look up and to export
    Records(records::RecordsArgs),
    /// The record of one job
    Record(records::RecordArgs),
    /// Erase what is recorded of a user
    Erase(records::EraseArgs),
    /// How jobs went, by country, prefix, trunk, tenant or language
    Stats(records::StatsArgs),
    /// Who made tokens, saw full numbers, erased users
    Audit(records::AuditArgs),
    /// Have a running gateway read policy and prompts anew
    Reload(reload::ReloadArgs),
    /// Tokens of the front door: who may do what by HTTP
    Token(token::TokenCommand),
    /// Recorded audio through the ear that calls use
    Replay(replay::ReplayArgs),
    /// The answering phone, for tests and load
    Phone(phone::PhoneArgs),
    /// Place many calls at a rate and print the figures
    Load(load::LoadArgs),
    /// What the prompt packs say, and what is wrong with them
    Prompts(prompts::PromptsArgs),
}

/// Reads the arguments, runs the command, and tells how it ended.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are asked for and go to standard output; the rest is wrong usage.
            let exit = if error.use_stderr() { Exit::WrongUsage } else { Exit::Done };
            // There is nowhere left to tell that it cannot be printed.
            let _ = error.print();
            return exit;
        }
    };
    logging::start(cli.common.verbose, matches!(cli.command, Command::Serve(_)));
    let mut output = Output::of_process(cli.common.json);
    match dispatch(cli, &mut output) {
        Ok(exit) => exit,
        Err(failure) => {
            for line in failure.message.lines() {
                output.note(line);
            }
            failure.exit
        }
    }
}

fn dispatch(cli: Cli, output: &mut Output) -> Outcome {
    let Cli { common, command } = cli;
    match command {
        Command::Check(args) => on_runtime(check::run(&args, &common, output)),
        Command::Submit(args) => on_runtime(submit::run(&args, &common, output)),
        Command::Show(args) => on_runtime(show::run(&args, &common, output)),
        Command::Cancel(args) => on_runtime(cancel::run(&args, &common, output)),
        Command::List(args) => on_runtime(list::run(&args, &common, output)),
        Command::Results(args) => on_runtime(results::run(&args, &common, output)),
        Command::Block(args) => on_runtime(block::run(&args, &common, output)),
        Command::Unblock(args) => on_runtime(unblock::run(&args, &common, output)),
        Command::Blocks(args) => on_runtime(blocks::run(&args, &common, output)),
        Command::Records(args) => on_runtime(records::run(&args, &common, output)),
        Command::Record(args) => on_runtime(records::one(&args, &common, output)),
        Command::Erase(args) => on_runtime(records::erase(&args, &common, output)),
        Command::Stats(args) => on_runtime(records::stats(&args, &common, output)),
        Command::Audit(args) => on_runtime(records::audit(&args, &common, output)),
        Command::Reload(args) => on_runtime(reload::run(&args, &common, output)),
        Command::Token(args) => on_runtime(token::run(&args, &common, output)),
        Command::Replay(args) => {
            let (out, err) = output.streams();
            exit_of(replay::run(&args, common.json, &mut io::stdin().lock(), out, err)?)
        }
        Command::Prompts(args) => {
            let configured = configured_prompts(&args, &common)?;
            let (out, err) = output.streams();
            exit_of(prompts::run(&args, &configured, common.json, out, err)?)
        }
        Command::Call(args) => start::on_threads(call::run(&args, &common, output)),
        Command::Phone(args) => {
            phone::pin(args.cpu)?;
            start::on_threads(phone::run(&args, output))
        }
        Command::Demo(args) => start::on_threads(demo::run(&args, &common, output)),
        Command::Serve(_) => start::on_threads(serve::run(&common, output)),
        Command::Load(args) => {
            phone::pin(args.cpu)?;
            start::on_threads(load::run(&args, &common, output))
        }
    }
}

/// Where the packs lie; the configuration is read only where no path is given.
fn configured_prompts(args: &prompts::PromptsArgs, common: &Common) -> Result<PromptsConfig, Failure> {
    if args.names_a_path() {
        return Ok(PromptsConfig::default());
    }
    Ok(common.load_config()?.prompts)
}

/// The exit code of a command that knows it as a number.
fn exit_of(code: u8) -> Outcome {
    match code {
        0 => Ok(Exit::Done),
        1 => Ok(Exit::Findings),
        2 => Ok(Exit::WrongUsage),
        _ => Ok(Exit::CannotRun),
    }
}

/// Runs a command that speaks to a gateway: one thread is enough for one conversation.
fn on_runtime(command: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::cannot_run(format!("no runtime: {error}")))?.block_on(command)
}
