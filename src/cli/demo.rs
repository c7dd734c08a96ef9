//! `octothorpe demo`: a gateway and an answering phone in one process.

use clap::Args;

use super::keys::{AnswerArg, Keys, PathArg};

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// How many calls
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub calls: u32,
    /// What the phone presses after the prompt
    #[arg(long, value_name = "KEYS", default_value = "#")]
    pub press: Keys,
    /// By which path it presses
    #[arg(long, value_enum, default_value_t = PathArg::Rfc4733)]
    pub path: PathArg,
    /// Who or what answers
    #[arg(long, value_enum, default_value_t = AnswerArg::Human)]
    pub answer: AnswerArg,
}
