//! What a reload changes for the calls that begin after it: the packs and the script's timing.

use std::sync::Arc;

use tokio::sync::watch;

use super::admission::AdmissionControl;
use super::script_limits;
use crate::call::script::ScriptLimits;
use crate::config::Config;
use crate::policy::Settings;
use crate::prompt::Library;

/// What a call is made by. A job takes them once, so that its call ends by those that it began with.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(super) packs: Arc<Library>,
    pub(super) script: ScriptLimits,
}

/// Puts new terms and a new policy in force; clones share the gateway.
#[derive(Clone)]
pub struct Renewal {
    pub(super) terms: watch::Sender<Terms>,
    pub(super) admission: AdmissionControl,
}

impl Renewal {
    /// From now on: jobs that are not driven yet go by these. What the policy remembers stays.
    pub fn put(&self, config: &Config, packs: Arc<Library>) {
        self.admission.configure(Settings::of(config));
        self.terms.send_replace(Terms { packs, script: script_limits(&config.script) });
    }
}
