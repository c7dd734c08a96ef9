//! One spoken clip: PCM and both G.711 laws, encoded once and shared by every call.

use crate::dsp::g711::Law;

/// Audio ready to be sent: 8 kHz, mono.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    name: String,
    pcm: Box<[i16]>,
    pcmu: Box<[u8]>,
    pcma: Box<[u8]>,
}

impl Clip {
    /// Encodes 8 kHz mono PCM by both laws.
    pub fn new(name: impl Into<String>, pcm: Vec<i16>) -> Clip {
        let encoded = |law: Law| pcm.iter().map(|&sample| law.encode(sample)).collect();
        let (pcmu, pcma) = (encoded(Law::Mu), encoded(Law::A));
        Clip { name: name.into(), pcm: pcm.into(), pcmu, pcma }
    }

    /// The clip's name in its pack.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// 8 kHz samples.
    pub fn pcm(&self) -> &[i16] {
        &self.pcm
    }

    /// Octets by a law, one a sample.
    pub fn octets(&self, law: Law) -> &[u8] {
        match law {
            Law::Mu => self.pcmu(),
            Law::A => self.pcma(),
        }
    }

    /// µ-law octets, one a sample.
    pub fn pcmu(&self) -> &[u8] {
        &self.pcmu
    }

    /// A-law octets, one a sample.
    pub fn pcma(&self) -> &[u8] {
        &self.pcma
    }
}
