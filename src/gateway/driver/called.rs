//! The call's side of a driver: the script's plan before it, and what the person brings up besides the
//! verdict.

use super::Driver;
use crate::call::script::{ConfirmKey, ScriptPlan};
use crate::gateway::clock;
use crate::gateway::observer::News;
use crate::gateway::plan::script_plan;
use crate::prompt::Pack;
use crate::queue::EventStore;
use crate::reason::Reason;

impl Driver {
    pub(super) fn plan(&self, pack: &Pack) -> Result<ScriptPlan, Reason> {
        let mut limits = self.terms.script;
        if limits.confirm_key == ConfirmKey::Hash {
            limits.confirm_key = crate::gateway::confirm_key(self.shared.admission.confirm_key(self.job()));
        }
        script_plan(self.job(), pack, limits, &self.terms.keys, &mut rand::rng())
    }

    /// Where the number belongs. A lab's number is in no plan; the main country of its code is near enough.
    pub(super) fn region(&self) -> &'static str {
        let number = &self.job().to;
        let place = number.validity(&[]).or_else(|_| number.validity(&[number.e164()]));
        place.map(|place| place.region).unwrap_or_default()
    }

    /// Fraud was reported after the verdict: the verdict stays, the report is an event of its own.
    pub(super) fn tell_fraud(&self) {
        tracing::warn!(job = %self.job().key.id, tenant = %self.job().key.tenant, "fraud was reported in the farewell");
        self.shared.store.fraud_reported(&self.claim, clock::wall());
        self.shared.observer.tell(&self.job().key, News::FraudReported);
    }

    /// A wrong entry counts across calls, and durably so before anybody hears that it was wrong. A store
    /// that fails has said so, and the count stands in memory: the call goes on.
    pub(super) async fn record_wrong_entry(&self, line: u64) {
        let locked_for = self.shared.admission.wrong_entry(self.job()).await.unwrap_or_else(|error| {
            tracing::error!(job = %self.job().key.id, %error, "a wrong entry is not durable");
            None
        });
        self.shared.lines.entry_recorded(line, locked_for).await;
    }

    /// The person wants no more calls, or has not said otherwise.
    pub(super) async fn block(&self) {
        match self.shared.admission.block_for_fraud(self.job()).await {
            Ok(()) => self.shared.observer.tell(&self.job().key, News::Blocked),
            Err(error) => {
                tracing::error!(job = %self.job().key.id, %error, "a block asked for by phone is not in force");
            }
        }
    }
}
