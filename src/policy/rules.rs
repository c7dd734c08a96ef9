//! Which modes a tenant leaves open for a job, by day and by night.

use super::engine::Engine;
use super::mark::Mark;
use super::place::{Place, opens};
use super::quiet;
use super::refusal::Refusal;
use super::settings::modes;
use crate::config::{ConfirmKey, Rule, Tenant};
use crate::job::{Job, ModeKind, UnixMs};
use crate::reason::Reason;

impl Engine {
    /// The modes that the tenant and its rules leave open.
    ///
    /// # Errors
    /// A refusal that names them, where the job's is not among them.
    pub(super) fn allows_mode(
        &self,
        job: &Job,
        place: &Place,
        number: Mark,
        now: UnixMs,
    ) -> Result<Vec<ModeKind>, Refusal> {
        let tenant = self.settings.tenant(&job.key.tenant);
        let mut allowed = modes(&tenant.modes);
        if job.to.extension().is_some() {
            let of_extensions = modes(&tenant.extension_modes);
            allowed.retain(|mode| of_extensions.contains(mode));
        }
        for rule in self.rules(tenant, job, place, number, now) {
            let of_rule = modes(&rule.modes);
            allowed.retain(|mode| of_rule.contains(mode));
        }
        if allowed.contains(&job.mode.kind()) { Ok(allowed) } else { Err(Refusal::method(allowed)) }
    }

    /// What `confirm` asks for in this job.
    pub fn confirm_key(&mut self, job: &Job, wall: UnixMs) -> ConfirmKey {
        let now = self.steady.at(wall);
        let tenant = self.settings.tenant(&job.key.tenant);
        let Ok(place) = super::place::of(&self.settings, &job.to) else { return tenant.confirm_key };
        let number = self.marker.number(&job.to);
        let by_rule = self.rules(tenant, job, &place, number, now).filter_map(|rule| rule.confirm_key);
        by_rule.chain([tenant.confirm_key]).find(|key| *key == ConfirmKey::Spoken).unwrap_or_default()
    }

    /// Quiet hours hold where it is night in every zone of the number, and ask for a challenge.
    pub(super) fn is_awake(
        &self,
        job: &Job,
        place: &Place,
        allowed: &[ModeKind],
        wall: UnixMs,
    ) -> Result<(), Refusal> {
        let own = self.settings.tenant(&job.key.tenant).quiet_hours;
        let Some(hours) = own.or(self.settings.policy.quiet_hours) else { return Ok(()) };
        if job.mode.kind() == ModeKind::Challenge {
            return Ok(());
        }
        let Some(left) = quiet::left(hours, &job.to, place.region, wall) else { return Ok(()) };
        let challenge = allowed.iter().copied().filter(|mode| *mode == ModeKind::Challenge).collect();
        Err(Refusal { retry_after: Some(left), allowed_modes: challenge, ..Refusal::new(Reason::QuietHours) })
    }

    /// The rules of the tenant whose conditions hold.
    fn rules<'a>(
        &'a self,
        tenant: &'a Tenant,
        job: &'a Job,
        place: &'a Place,
        number: Mark,
        now: UnixMs,
    ) -> impl Iterator<Item = &'a Rule> {
        tenant.rules.iter().filter(move |rule| {
            let there = rule.countries.is_empty() || opens(&rule.countries, place.region, place.calling_code);
            let often = rule.calls.is_none_or(|rate| {
                let user = job.user.as_ref().map(|user| self.marker.user(&job.key.tenant, user));
                let history = user.map_or_else(|| self.numbers.get(number), |user| self.users.get(user));
                let before = history.map_or(0, |history| history.count_within(rate.within, now));
                before + 1 >= rate.most as usize
            });
            there && often
        })
    }
}
