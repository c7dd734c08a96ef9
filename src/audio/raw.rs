//! Raw audio: signed 16-bit little-endian, 8 kHz, mono.

use std::io::{ErrorKind, Read};

use super::AudioError;

/// Read at once at most; less is passed on as soon as it is there, so that
/// live input is heard live.
const BLOCK_BYTES: usize = 8192;

/// Raw audio from any reader.
pub(super) struct Raw<R> {
    reader: R,
    bytes: Box<[u8]>,
    /// An odd byte of the read before, at the start of `bytes`.
    held: usize,
    samples: Vec<i16>,
    position: u64,
}

impl<R: Read> Raw<R> {
    pub(super) fn new(reader: R) -> Self {
        let bytes = vec![0; BLOCK_BYTES].into_boxed_slice();
        Self { reader, bytes, held: 0, samples: Vec::new(), position: 0 }
    }

    pub(super) fn next_block(&mut self) -> Result<Option<&[i16]>, AudioError> {
        loop {
            let count = match self.reader.read(&mut self.bytes[self.held..]) {
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            if count == 0 {
                return self.end();
            }
            self.position += count as u64;
            let filled = self.held + count;
            let (pairs, odd) = self.bytes[..filled].as_chunks::<2>();
            self.samples.clear();
            self.samples.extend(pairs.iter().map(|pair| i16::from_le_bytes(*pair)));
            self.held = odd.len();
            self.bytes[0] = odd.first().copied().unwrap_or(0);
            if !self.samples.is_empty() {
                return Ok(Some(&self.samples));
            }
        }
    }

    fn end(&self) -> Result<Option<&[i16]>, AudioError> {
        match (self.position, self.held) {
            (0, _) => Err(AudioError::Empty),
            (_, 0) => Ok(None),
            (at_byte, _) => Err(AudioError::HalfSample { at_byte }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes in pieces of fixed length.
    struct Pieces<'a>(std::slice::Chunks<'a, u8>);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let piece = self.0.next().unwrap_or_default();
            buffer[..piece.len()].copy_from_slice(piece);
            Ok(piece.len())
        }
    }

    fn read_all(bytes: &[u8], length: usize) -> Result<Vec<i16>, AudioError> {
        let mut raw = Raw::new(Pieces(bytes.chunks(length)));
        let mut all = Vec::new();
        while let Some(block) = raw.next_block()? {
            all.extend_from_slice(block);
        }
        Ok(all)
    }

    #[test]
    fn samples_survive_reads_of_any_length() {
        let samples: Vec<i16> = (0..500).map(|n| n * 60 - 15000).collect();
        let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
        for length in [1, 2, 3, 7, 1000] {
            assert_eq!(read_all(&bytes, length).unwrap(), samples, "reads of {length}");
        }
    }

    #[test]
    fn no_byte_and_half_a_sample_are_told() {
        assert!(matches!(read_all(&[], 1), Err(AudioError::Empty)));
        let told = read_all(&[1, 2, 3], 2).unwrap_err().to_string();
        assert_eq!(told, "ends in the middle of a 16-bit sample, at byte 3");
    }
}
