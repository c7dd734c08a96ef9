//! What an office's attendant says in tests, from the shipped voices.

use octothorpe::prompt::{ClipName, Pack};

use super::site::Site;
use super::wav;

fn recording(name: ClipName) -> Vec<u8> {
    let prompts = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("prompts/en-US");
    let pack = Pack::load(&prompts).expect("the shipped pack can be read");
    wav::bytes(pack.clip(name).expect("the shipped pack is whole").pcm())
}

/// Writes the recordings of an attendant into `office`, and `hello.wav` of who sits behind it.
pub(crate) fn record(site: &Site) {
    for (file, name) in [
        ("office/greeting.wav", ClipName::Screening),
        ("office/transferring.wav", ClipName::Thanks),
        ("office/nobody.wav", ClipName::Goodbye),
        ("office/unknown.wav", ClipName::Invalid),
        // Shorter than a greeting: "hello?" takes no longer.
        ("hello.wav", ClipName::Digit7),
    ] {
        site.scratch.write(file, recording(name));
    }
}
