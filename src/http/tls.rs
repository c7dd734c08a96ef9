//! TLS for the front door: certificate and key from their files, renewed while it serves.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::sync::watch;

use crate::config::TlsFiles;
use crate::secure::Identity;

/// A chain of certificates stays far below.
const LARGEST_FILE_BYTES: u64 = 1 << 20;
/// The mode bits by which everybody on the machine reaches a file. A group may read it: services that
/// renew certificates hand keys over so.
const EVERYBODY: u32 = 0o007;

/// What a listener takes at each connection; another one comes with a renewal.
pub type Served = watch::Receiver<Arc<ServerConfig>>;

/// Reads what the configuration names.
///
/// # Errors
/// One sentence with the file at fault and what to do.
pub fn read_identity(files: &TlsFiles) -> Result<Identity, String> {
    let chain = read(&files.certificate).map_err(|why| told("certificate", &files.certificate, &why))?;
    let key = read_key(&files.key).map_err(|why| told("key", &files.key, &why))?;
    Identity::read(&chain, &key).map_err(|error| match error.is_of_key() {
        true => told("key", &files.key, &error.to_string()),
        false => told("certificate", &files.certificate, &error.to_string()),
    })
}

fn told(name: &str, file: &Path, why: &str) -> String {
    format!("{}: {why}. Put the right file there, or name it as `[http] {name}`", file.display())
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    bytes(File::open(file).map_err(|error| format!("cannot be read: {error}"))?)
}

/// A key that everybody may read is nobody's identity any more.
fn read_key(file: &Path) -> Result<Vec<u8>, String> {
    let handle = File::open(file).map_err(|error| format!("cannot be read: {error}"))?;
    let mode = handle.metadata().map_err(|error| format!("cannot be read: {error}"))?.mode() & 0o777;
    if mode & EVERYBODY != 0 {
        return Err(format!("can be read by everybody (mode {mode:03o}), expected mode 600 or 640"));
    }
    bytes(handle)
}

fn bytes(handle: File) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = handle.take(LARGEST_FILE_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("cannot be read: {error}"))?;
    match bytes.len() as u64 > LARGEST_FILE_BYTES {
        true => Err("is larger than 1 MiB, so it is another file".to_owned()),
        false => Ok(bytes),
    }
}
