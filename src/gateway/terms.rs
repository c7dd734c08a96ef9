//! What a reload changes for the calls that begin after it: packs, script and keys.

use std::sync::Arc;

use tokio::sync::watch;

use super::admission::AdmissionControl;
use super::{job_rules, script_limits};
use crate::call::script::ScriptLimits;
use crate::config::{Config, KeysConfig};
use crate::job::JobRules;
use crate::policy::Settings;
use crate::prompt::Library;

/// What a call is made by. A job takes them once, so that its call ends by those that it began with.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(super) packs: Arc<Library>,
    pub(super) script: ScriptLimits,
    pub(super) keys: Arc<KeysConfig>,
}

impl Terms {
    pub(super) fn new(config: &Config, packs: Arc<Library>) -> Terms {
        let keys = Arc::new(config.keys.clone());
        Terms { packs, script: script_limits(&config.script), keys }
    }
}

/// Puts new terms and a new policy in force; clones share the gateway.
#[derive(Clone)]
pub struct Renewal {
    pub(super) terms: watch::Sender<Terms>,
    pub(super) rules: watch::Sender<Arc<JobRules>>,
    pub(super) admission: AdmissionControl,
}

impl Renewal {
    /// From now on: jobs that are not driven yet go by these. What the policy remembers stays.
    pub fn put(&self, config: &Config, packs: Arc<Library>) {
        self.admission.configure(Settings::of(config));
        self.rules.send_replace(Arc::new(job_rules(config)));
        self.terms.send_replace(Terms::new(config, packs));
    }
}
