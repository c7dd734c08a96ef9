//! `[http]`: where the front door listens.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use toml::Spanned;

use super::error::ConfigErrors;
use super::source::Source;
use super::written;

/// The front door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpConfig {
    /// The address that it listens on. Port 0 takes a free one. Any other than a loopback address is
    /// only for a gateway with tokens (contract §6), which its store knows, not its configuration.
    pub listen: SocketAddr,
    /// What it speaks TLS by; `None` speaks in the clear.
    pub tls: Option<TlsFiles>,
}

/// A certificate and its key, as files; they are read at the start and with each reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain in PEM, the server's own certificate first.
    pub certificate: PathBuf,
    /// Its private key in PEM.
    pub key: PathBuf,
}

impl Default for HttpConfig {
    fn default() -> HttpConfig {
        HttpConfig { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)), tls: None }
    }
}

impl HttpConfig {
    /// Reads where the front door listens, for a command that only speaks to it: the other sections
    /// and the trunks may name what only the gateway's own user can read.
    ///
    /// # Errors
    /// What is wrong in the gateway's file as TOML, and in this section.
    pub fn load(path: &Path) -> Result<HttpConfig, ConfigErrors> {
        let mut source = Source::read(path)?;
        let http =
            written::Gateway::parse(&mut source).and_then(|file| HttpConfig::check(file.http, &mut source));
        http.ok_or_else(|| ConfigErrors::new(source.into_errors()))
    }

    pub(super) fn check(written: written::Http, source: &mut Source) -> Option<HttpConfig> {
        let listen = listen(written.listen, source);
        let tls = match (written.certificate, written.key) {
            (None, None) => Some(None),
            (Some(certificate), Some(key)) => Some(Some(TlsFiles {
                certificate: source.path(certificate.get_ref()),
                key: source.path(key.get_ref()),
            })),
            (Some(one), None) => source.refuse(
                one.span(),
                "`certificate` is without its `key`",
                "Write both, or neither to speak in the clear",
            ),
            (None, Some(one)) => source.refuse(
                one.span(),
                "`key` is without its `certificate`",
                "Write both, or neither to speak in the clear",
            ),
        };
        Some(HttpConfig { listen: listen?, tls: tls? })
    }
}

fn listen(written: Option<Spanned<String>>, source: &mut Source) -> Option<SocketAddr> {
    let Some(listen) = written else { return Some(HttpConfig::default().listen) };
    match listen.get_ref().parse::<SocketAddr>() {
        Ok(address) => Some(address),
        Err(_) => source.refuse(
            listen.span(),
            format!("`listen` is \"{}\", expected an IP address and a port", listen.get_ref()),
            "Write for example \"127.0.0.1:8080\" or \"[::1]:8080\"",
        ),
    }
}
