//! Orders to block and to unblock: what they come to, to be made durable before it holds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::block::{Block, BlockKind, BlockOrder};
use super::block_list::{self, BadLine, ListDefaults};
use super::blocks::{BlockFilter, MOST_BLOCKS};
use super::change::{Change, Kind};
use super::engine::Engine;
use super::mark::Marker;
use crate::job::{Job, UnixMs};

/// How long the audit trail keeps what was done.
const AUDIT_KEPT: std::time::Duration = std::time::Duration::from_secs(400 * 86_400);
/// A block without an end.
const FOR_EVER: UnixMs = UnixMs(i64::MAX as u64);

/// One line of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Audited {
    /// When.
    pub at: UnixMs,
    /// `blocked` or `unblocked`.
    pub action: String,
    /// By whom.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// How many blocks; more than one for a list.
    pub count: usize,
    /// The block as it stood; of a list the first.
    pub block: Block,
}

/// What an order comes to, once it is durable.
#[derive(Debug)]
pub struct Blocking {
    /// The blocks that stand then.
    pub put: Vec<Block>,
    /// The blocks that are gone then.
    pub gone: Vec<Block>,
    /// The lines of a list that were not taken.
    pub bad: Vec<BadLine>,
    /// What has to be durable before.
    pub changes: Vec<Change>,
}

/// Reads lists of blocks.
#[derive(Debug, Clone)]
pub struct ListReader(Marker);

/// A list that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadList {
    good: Vec<Block>,
    bad: Vec<BadLine>,
}

impl ListReader {
    /// Reads a list.
    ///
    /// # Errors
    /// What is wrong with it as a whole.
    pub fn read(&self, text: &str, defaults: &ListDefaults, wall: UnixMs) -> Result<ReadList, String> {
        let mut list = ReadList { good: Vec::new(), bad: Vec::new() };
        for (line, order) in block_list::read(text, defaults)? {
            match order.and_then(|order| Block::read(order, &self.0, wall)) {
                Ok(block) => list.good.push(block),
                Err(problem) => list.bad.push(BadLine { line, problem }),
            }
        }
        Ok(list)
    }
}

impl Engine {
    /// What a person's confirmed report of fraud comes to: the tenant's user and number are blocked.
    pub fn block_for_fraud(&mut self, job: &Job, wall: UnixMs) -> Blocking {
        let tenant = job.key.tenant.clone();
        let order = |kind, value| BlockOrder {
            kind,
            value,
            tenant: Some(tenant.clone()),
            reason: format!("fraud reported by phone in job {}", job.key.id),
            actor: "the person called".to_owned(),
            until: Some(wall.plus(self.settings.policy.fraud_block)),
        };
        let user = job.user.clone().map(|user| order(BlockKind::User, user));
        let orders = user.into_iter().chain([order(BlockKind::Number, job.to.line())]);
        let read: Vec<_> = orders.filter_map(|order| Block::read(order, &self.marker, wall).ok()).collect();
        self.blocking(read, wall)
    }

    /// What an order to block comes to.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub fn block(&mut self, order: BlockOrder, wall: UnixMs) -> Result<Blocking, String> {
        let block = Block::read(order, &self.marker, wall)?;
        self.has_room_for(usize::from(!self.blocks.contains(&block)))?;
        Ok(self.blocking(vec![block], wall))
    }

    /// What reads lists: they are long, and the engine has others to answer meanwhile.
    pub fn list_reader(&self) -> ListReader {
        ListReader(self.marker.clone())
    }

    /// What a list comes to that was read. With bad lines it comes to nothing, unless the good ones are
    /// wanted alone.
    ///
    /// # Errors
    /// What is wrong with the list as a whole.
    pub fn block_list(&mut self, list: ReadList, partial: bool, wall: UnixMs) -> Result<Blocking, String> {
        let ReadList { good, bad } = list;
        if !bad.is_empty() && !partial {
            return Ok(Blocking { put: Vec::new(), gone: Vec::new(), bad, changes: Vec::new() });
        }
        self.has_room_for(good.iter().filter(|block| !self.blocks.contains(block)).count())?;
        Ok(Blocking { bad, ..self.blocking(good, wall) })
    }

    /// What lifting a block comes to; `None` if there is none of this id in the tenant's reach.
    pub fn unblock(
        &mut self,
        id: &str,
        tenant: Option<&str>,
        actor: &str,
        reason: &str,
        wall: UnixMs,
    ) -> Option<Blocking> {
        let block = self.blocks.by_id(id).filter(|block| !block.is_over(wall))?;
        let block =
            Some(block).filter(|block| tenant.is_none() || tenant == block.tenant.as_deref())?.clone();
        let gone = Change::drop(Kind::Block, block.key().into_bytes());
        let audit = self.audit("unblocked", actor, reason, &block, 1, wall);
        Some(Blocking { put: Vec::new(), gone: vec![block], bad: Vec::new(), changes: vec![gone, audit] })
    }

    /// Makes hold what has been made durable.
    pub fn apply(&mut self, blocking: &Blocking) {
        for block in &blocking.gone {
            self.blocks.remove(&block.key());
        }
        for block in &blocking.put {
            self.blocks.insert(block.clone());
        }
    }

    /// A page of the blocks that stand, and where the next one begins.
    pub fn blocks(
        &self,
        filter: &BlockFilter,
        after: Option<&str>,
        limit: usize,
        wall: UnixMs,
    ) -> (Vec<Block>, Option<String>) {
        let value = match self.kept_value(filter, wall) {
            Ok(value) => value,
            Err(_) => return (Vec::new(), None),
        };
        self.blocks.page(filter, value.as_deref(), after, limit, wall)
    }

    /// The value that the filter means, as blocks keep it.
    fn kept_value(&self, filter: &BlockFilter, wall: UnixMs) -> Result<Option<String>, String> {
        let Some(value) = &filter.value else { return Ok(None) };
        let order = BlockOrder {
            kind: filter.kind.ok_or("`value` needs `kind`")?,
            value: value.clone(),
            tenant: filter.tenant.clone(),
            reason: "asked for".to_owned(),
            actor: "asked for".to_owned(),
            until: None,
        };
        Block::read(order, &self.marker, wall).map(|block| Some(block.value))
    }

    /// Takes in a row of [`Kind::Block`] that an earlier run left.
    pub fn restore_block(&mut self, record: &[u8]) {
        if let Ok(block) = serde_json::from_slice::<Block>(record) {
            self.blocks.insert(block);
        }
    }

    fn has_room_for(&self, more: usize) -> Result<(), String> {
        if self.blocks.len() + more > MOST_BLOCKS {
            return Err(format!("there would be more than {MOST_BLOCKS} blocks: block prefixes or networks"));
        }
        Ok(())
    }

    pub(super) fn blocking(&mut self, blocks: Vec<Block>, wall: UnixMs) -> Blocking {
        let row = |block: &Block| {
            let until = block.until.unwrap_or(FOR_EVER);
            Change::put(Kind::Block, block.key().into_bytes(), until, block)
        };
        let mut changes: Vec<Change> = blocks.iter().map(row).collect();
        // Each block says itself who ordered it, why and when: a list is one line of the trail.
        if let Some(first) = blocks.first() {
            changes.push(self.audit("blocked", &first.actor, &first.reason, first, blocks.len(), wall));
        }
        Blocking { put: blocks, gone: Vec::new(), bad: Vec::new(), changes }
    }

    fn audit(
        &mut self,
        action: &str,
        actor: &str,
        reason: &str,
        block: &Block,
        count: usize,
        wall: UnixMs,
    ) -> Change {
        let audited = Audited {
            at: wall,
            action: action.to_owned(),
            actor: actor.to_owned(),
            reason: reason.to_owned(),
            count,
            block: block.clone(),
        };
        let key = self.moment_key(wall);
        Change::put(Kind::Audit, key, wall.plus(AUDIT_KEPT), &audited)
    }
}
