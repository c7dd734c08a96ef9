//! `octothorpe phone`: the answering phone.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::exit::Failure;
use super::keys::{AnswerArg, Keys, PathArg};

/// Arguments of `phone`.
#[derive(Debug, Args)]
pub struct PhoneArgs {
    /// Where it listens for SIP, by UDP and TCP
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5070")]
    pub listen: SocketAddr,
    /// What it presses
    #[arg(long, value_name = "KEYS", default_value = "#")]
    pub press: Keys,
    /// By which path it presses
    #[arg(long, value_enum, default_value_t = PathArg::Rfc4733)]
    pub path: PathArg,
    /// When it presses, in milliseconds after the answer [default: when the prompt is over]
    #[arg(long, value_name = "MS")]
    pub after_ms: Option<u64>,
    /// The level of each tone of an in-band key
    #[arg(long, value_name = "DBM0", default_value_t = -10.0, allow_negative_numbers = true, value_parser = level)]
    pub level_dbm0: f32,
    /// Say this recording after the answer
    #[arg(long, value_name = "FILE")]
    pub play: Option<PathBuf>,
    /// Who or what answers
    #[arg(long, value_enum, default_value_t = AnswerArg::Human)]
    pub answer: AnswerArg,
    /// Lose this share of the RTP that it sends, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = percent)]
    pub loss: f32,
    /// Answer as an office's attendant (not in this version)
    #[arg(long, value_name = "DIR", hide = true)]
    pub attendant: Option<PathBuf>,
}

impl PhoneArgs {
    /// Refuses what the contract has and this version does not, by its name.
    pub(super) fn refuse_unbuilt(&self) -> Result<(), Failure> {
        match &self.attendant {
            None => Ok(()),
            Some(_) => Err(Failure::not_built("phone --attendant")),
        }
    }
}

/// Above 0 dBm0 a tone of two would be clipped (G.711: the highest sine has +3.14 dBm0).
fn level(text: &str) -> Result<f32, String> {
    within(text, -60.0..=0.0).ok_or_else(|| "expected -60 to 0 dBm0".to_owned())
}

fn percent(text: &str) -> Result<f32, String> {
    within(text, 0.0..=100.0).ok_or_else(|| "expected 0 to 100 percent".to_owned())
}

fn within(text: &str, range: std::ops::RangeInclusive<f32>) -> Option<f32> {
    text.parse::<f32>().ok().filter(|number| range.contains(number))
}
