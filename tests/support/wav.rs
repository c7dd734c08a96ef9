//! Sound as files.

use std::path::Path;

/// A RIFF file of 16-bit samples, 8 kHz, mono.
pub(crate) fn bytes(samples: &[i16]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let length = u32::try_from(data.len()).expect("minutes of sound, not days");
    let mut file = b"RIFF".to_vec();
    file.extend((36 + length).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    // PCM, one channel; bytes a second, bytes a frame, bits a sample.
    file.extend([1_u16, 1].map(u16::to_le_bytes).concat());
    file.extend([8_000_u32, 16_000].map(u32::to_le_bytes).concat());
    file.extend([2_u16, 16].map(u16::to_le_bytes).concat());
    file.extend(b"data");
    file.extend(length.to_le_bytes());
    [file, data].concat()
}

/// Writes such a file, for whoever wants to look at it, and makes its directory.
pub(crate) fn write(path: &Path, samples: &[i16]) {
    let directory = path.parent().expect("a file in a directory");
    std::fs::create_dir_all(directory).expect("the directory is ours");
    std::fs::write(path, bytes(samples)).expect("the disk has room");
}
