//! A certificate chain with its private key.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::job::UnixMs;

/// More than any chain has; a larger file is another one by mistake.
const MOST_CERTIFICATES: usize = 16;

/// Who we are to a TLS client.
#[derive(Clone)]
pub struct Identity {
    /// What a listener serves by.
    pub server: Arc<ServerConfig>,
    /// When the certificate ends.
    pub expires_at: UnixMs,
    /// The names that it is for.
    pub names: Vec<String>,
}

/// Why certificate and key are no identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The certificate's file holds none.
    #[error("holds no certificate, expected PEM with the server's own first, then its issuers'")]
    NoCertificate,
    /// A certificate cannot be read.
    #[error("holds a certificate that cannot be read: {0}")]
    Certificate(String),
    /// The key's file holds none, or one of a kind that is not spoken.
    #[error("holds no private key that can be used, expected PEM as PKCS #8, PKCS #1 or SEC 1: {0}")]
    Key(String),
    /// They do not belong together.
    #[error("is not the key of the certificate")]
    Mismatch,
}

impl IdentityError {
    /// Whether the key's file is at fault, and not the certificate's.
    pub fn is_of_key(&self) -> bool {
        match self {
            IdentityError::NoCertificate | IdentityError::Certificate(_) => false,
            IdentityError::Key(_) | IdentityError::Mismatch => true,
        }
    }
}

impl Identity {
    /// Reads a chain and its key from PEM.
    ///
    /// # Errors
    /// [`IdentityError`], which names the file at fault.
    pub fn read(chain: &[u8], key: &[u8]) -> Result<Identity, IdentityError> {
        let chain = CertificateDer::pem_slice_iter(chain)
            .take(MOST_CERTIFICATES)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| IdentityError::Certificate(error.to_string()))?;
        let own = chain.first().ok_or(IdentityError::NoCertificate)?;
        let (expires_at, names) = facts(own)?;
        let key =
            PrivateKeyDer::from_pem_slice(key).map_err(|error| IdentityError::Key(error.to_string()))?;
        let provider = Arc::new(ring::default_provider());
        let certified = CertifiedKey::from_der(chain, key, &provider).map_err(refused)?;
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(refused)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        Ok(Identity { server: Arc::new(server), expires_at, names })
    }

    /// How long the certificate still holds; zero once it has ended.
    pub fn holds_for(&self, now: UnixMs) -> Duration {
        self.expires_at.since(now)
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({}, until {})", self.names.join(" "), self.expires_at)
    }
}

/// When a certificate ends, and the names that it is for (RFC 5280 §4.2.1.6).
fn facts(certificate: &CertificateDer<'_>) -> Result<(UnixMs, Vec<String>), IdentityError> {
    let (_, read) = X509Certificate::from_der(certificate)
        .map_err(|error| IdentityError::Certificate(error.to_string()))?;
    let seconds = u64::try_from(read.validity().not_after.timestamp()).unwrap_or(0);
    let alternatives = read.subject_alternative_name().ok().flatten();
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes),
        GeneralName::OtherName(..)
        | GeneralName::RFC822Name(_)
        | GeneralName::X400Address(_)
        | GeneralName::DirectoryName(_)
        | GeneralName::EDIPartyName(_)
        | GeneralName::URI(_)
        | GeneralName::RegisteredID(_)
        | GeneralName::Invalid(..) => None,
    };
    let names = alternatives.map(|all| all.value.general_names.iter().filter_map(name).collect());
    Ok((UnixMs(seconds.saturating_mul(1000)), names.unwrap_or_default()))
}

fn address(bytes: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| std::net::IpAddr::from(bytes).to_string());
    let v6 = || <[u8; 16]>::try_from(bytes).map(|bytes| std::net::IpAddr::from(bytes).to_string());
    v4.or_else(|_| v6()).ok()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "rustls may add errors; all but one are told in its words"
)]
fn refused(error: rustls::Error) -> IdentityError {
    match error {
        rustls::Error::InconsistentKeys(_) => IdentityError::Mismatch,
        other => IdentityError::Key(other.to_string()),
    }
}
