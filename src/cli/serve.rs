//! `octothorpe serve`: the gateway.

use clap::Args;

/// Arguments of `serve`: everything stands in the configuration.
#[derive(Debug, Args)]
pub struct ServeArgs {}
