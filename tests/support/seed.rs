//! The seed of a random test.

/// The one that `OCTOTHORPE_SEED` asks for, if it does.
pub(crate) fn asked() -> Option<u64> {
    std::env::var("OCTOTHORPE_SEED").ok()?.parse().ok()
}
