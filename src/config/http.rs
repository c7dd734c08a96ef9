//! `[http]`: where the front door listens.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use super::error::ConfigErrors;
use super::source::Source;
use super::written;

/// The front door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpConfig {
    /// The address that it listens on. Port 0 takes a free one. Any other than a loopback address is
    /// only for a gateway with tokens (contract §6), which its store knows, not its configuration.
    pub listen: SocketAddr,
}

impl Default for HttpConfig {
    fn default() -> HttpConfig {
        HttpConfig { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)) }
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
        let Some(listen) = written.listen else { return Some(HttpConfig::default()) };
        let Ok(address) = listen.get_ref().parse::<SocketAddr>() else {
            return source.refuse(
                listen.span(),
                format!("`listen` is \"{}\", expected an IP address and a port", listen.get_ref()),
                "Write for example \"127.0.0.1:8080\" or \"[::1]:8080\"",
            );
        };
        Some(HttpConfig { listen: address })
    }
}
