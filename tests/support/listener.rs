//! A far end that listens to what it is told, and keys it: the two digits that a call asks for.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use octothorpe::clip::Clip;
use octothorpe::dsp::g711::Law;
use octothorpe::prompt::{ClipName, Pack};

use super::uas::{Uas, uninterrupted};

/// A stretch of a digit's clip that no other one holds, in octets.
const STRETCH: usize = 800;
/// Longer than any call waits for a key.
const PATIENCE: Duration = Duration::from_secs(30);

/// The digits by their G.711, as they come over loopback.
static DIGITS: LazyLock<Vec<(char, Vec<u8>)>> = LazyLock::new(digits);

fn digits() -> Vec<(char, Vec<u8>)> {
    let prompts = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts/en-US");
    let pack = Pack::load(&prompts).expect("the shipped pack can be read");
    let middle = |clip: &Clip| {
        let octets = clip.octets(Law::Mu);
        octets[octets.len() / 2..octets.len() / 2 + STRETCH].to_vec()
    };
    ('0'..='9')
        .zip(ClipName::DIGITS)
        .map(|(digit, name)| (digit, middle(pack.clip(name).expect("the pack has its digits"))))
        .collect()
}

/// Learns the digits, which takes a while: before the call.
pub(crate) fn learn() {
    LazyLock::force(&DIGITS);
}

/// Listens until two digits were said.
#[track_caller]
pub(crate) fn two_digits(far: &Uas) -> String {
    let (mut heard, mut told) = (Vec::new(), String::new());
    far.rtp.set_read_timeout(Some(Duration::from_secs(2))).expect("the time-out is not zero");
    let end = Instant::now() + PATIENCE;
    while told.len() < 2 {
        assert!(Instant::now() < end, "no two digits were said; heard {told:?}");
        let mut packet = [0; 2_048];
        let length =
            uninterrupted(|| far.rtp.recv(&mut packet)).expect("the gateway sends from answer to BYE");
        heard.extend_from_slice(&packet[12..length]);
        let new = heard.len().saturating_sub(STRETCH + length);
        let said =
            DIGITS.iter().find(|(_, octets)| heard[new..].windows(STRETCH).any(|window| window == octets));
        if let Some((digit, _)) = said {
            told.push(*digit);
            heard.clear();
        }
    }
    told
}

/// Keys these as INFO, one after another.
pub(crate) fn press(far: &mut Uas, keys: &str, cseq: u32) {
    for (number, key) in (0..).zip(keys.chars()) {
        let body = format!("Signal={key}\r\nDuration=100\r\n");
        let info = far.request("INFO", cseq + number, "application/dtmf-relay", &body);
        far.send(info.as_bytes());
        far.expect("INFO");
        std::thread::sleep(Duration::from_millis(300));
    }
}
