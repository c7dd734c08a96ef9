//! All blocks that stand, found by what a job says of itself.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::block::{Block, BlockKind, key, keyed};
use super::mark::Marker;
use crate::job::{Job, UnixMs};
use crate::number::Number;

/// More blocks than this are no list of abusers but the world.
pub(super) const MOST_BLOCKS: usize = 1_000_000;

/// The blocks, by kind, tenant and value.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    rows: BTreeMap<String, Block>,
    /// How many prefixes of each length, so that a job asks for those alone.
    prefix_lengths: BTreeMap<usize, usize>,
    /// How many networks of each length.
    network_lengths: BTreeMap<u8, usize>,
}

/// What a page of blocks is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlockFilter {
    /// Those for the jobs of this tenant alone; `None` for all.
    pub tenant: Option<String>,
    /// Of this kind alone.
    pub kind: Option<BlockKind>,
    /// Of this value alone, as it is ordered.
    pub value: Option<String>,
}

impl Blocks {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether such a block stands, ended or not.
    pub(super) fn contains(&self, block: &Block) -> bool {
        self.rows.contains_key(&block.key())
    }

    pub(super) fn insert(&mut self, block: Block) {
        self.remove(&block.key());
        if let Some(length) = network_length(&block) {
            *self.network_lengths.entry(length).or_default() += 1;
        }
        if block.kind == BlockKind::Prefix {
            *self.prefix_lengths.entry(block.value.len()).or_default() += 1;
        }
        self.rows.insert(block.key(), block);
    }

    pub(super) fn remove(&mut self, key: &str) -> Option<Block> {
        let block = self.rows.remove(key)?;
        if let Some(length) = network_length(&block) {
            less_one(&mut self.network_lengths, length);
        }
        if block.kind == BlockKind::Prefix {
            less_one(&mut self.prefix_lengths, block.value.len());
        }
        Some(block)
    }

    /// The block of this id.
    pub(super) fn by_id(&self, id: &str) -> Option<&Block> {
        self.rows.values().find(|block| block.id == id)
    }

    /// The first block that stops this job. `verified` tells whether the user verified the number before.
    pub(super) fn stops(&self, job: &Job, marker: &Marker, verified: bool, now: UnixMs) -> Option<&Block> {
        if self.rows.is_empty() {
            return None;
        }
        let tenant = job.key.tenant.as_str();
        let stands = |block: &&Block| !(block.is_over(now) || verified && block.spares_verified);
        let find =
            |kind, scope: Option<&str>, value: &str| self.rows.get(&key(kind, scope, value)).filter(stands);
        let both = |kind, value: &str| find(kind, None, value).or_else(|| find(kind, Some(tenant), value));
        let user = || find(BlockKind::User, Some(tenant), &keyed(marker.user(tenant, job.user.as_deref()?)));
        let number = |number: &Number| {
            find(BlockKind::Number, None, &keyed(marker.number(number)))
                .or_else(|| find(BlockKind::Number, Some(tenant), &keyed(marker.number_of(tenant, number))))
        };
        // Whoever blocks an office's number blocks its extensions with it.
        let number = || number(&job.to).or_else(|| number(&job.to.office()?));
        let network = || {
            let address = job.client_ip?.to_canonical();
            self.networks_around(address).find_map(|network| both(BlockKind::Network, &network.to_string()))
        };
        let digits = job.to.e164();
        let prefix = || {
            let lengths = self.prefix_lengths.keys().filter_map(|length| digits.get(1..=*length));
            lengths.into_iter().find_map(|prefix| both(BlockKind::Prefix, prefix))
        };
        find(BlockKind::Tenant, None, tenant).or_else(user).or_else(network).or_else(number).or_else(prefix)
    }

    /// A page in the order of keys, and where the next one begins.
    pub(super) fn page(
        &self,
        filter: &BlockFilter,
        value: Option<&str>,
        after: Option<&str>,
        limit: usize,
        now: UnixMs,
    ) -> (Vec<Block>, Option<String>) {
        let from = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        let rows = self.rows.range::<str, _>((from, std::ops::Bound::Unbounded));
        let wanted = |block: &Block| {
            !block.is_over(now)
                && filter.kind.is_none_or(|kind| kind == block.kind)
                && (filter.tenant.is_none() || filter.tenant == block.tenant)
                && value.is_none_or(|value| value == block.value)
        };
        let mut page: Vec<(&String, &Block)> =
            rows.filter(|(_, block)| wanted(block)).take(limit + 1).collect();
        let more = page.len() > limit;
        page.truncate(limit);
        let next = page.last().filter(|_| more).map(|(key, _)| (*key).clone());
        (page.into_iter().map(|(_, block)| block.clone()).collect(), next)
    }

    /// Drops blocks that are over; the store drops them by itself.
    pub(super) fn sweep(&mut self, now: UnixMs) {
        let over: Vec<String> =
            self.rows.iter().filter(|(_, block)| block.is_over(now)).map(|(key, _)| key.clone()).collect();
        over.iter().for_each(|key| drop(self.remove(key)));
    }

    fn networks_around(&self, address: IpAddr) -> impl Iterator<Item = IpNet> {
        self.network_lengths
            .keys()
            .filter_map(move |length| IpNet::new(address, *length).ok())
            .map(|network| network.trunc())
    }
}

fn network_length(block: &Block) -> Option<u8> {
    let network: Option<IpNet> = block.value.parse().ok().filter(|_| block.kind == BlockKind::Network);
    network.map(|network| network.prefix_len())
}

fn less_one<K: Ord>(counts: &mut BTreeMap<K, usize>, key: K) {
    if let Some(count) = counts.get_mut(&key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&key);
        }
    }
}
