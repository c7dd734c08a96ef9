//! Orders to block and unblock, by people called, by operators and by lists: durable, then in force.

use super::admission::{AdmissionControl, rows};
use super::clock;
use crate::job::Job;
use crate::policy::{Audited, BadLine, Block, BlockFilter, BlockOrder, Blocking, Kind, ListDefaults};
use crate::queue::{JobStore, StoreError};

/// Why an order was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotBlocked {
    /// It is wrong in itself.
    #[error("{0}")]
    Malformed(String),
    /// It could not be made durable, so that it does not hold.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// How many lines were taken.
    pub taken: usize,
    /// The lines that were not.
    pub bad: Vec<BadLine>,
}

impl AdmissionControl {
    /// A person confirmed a report of fraud: voice is blocked for the tenant's user and number.
    ///
    /// # Errors
    /// Those of the store; nothing is blocked then.
    pub async fn block_for_fraud(&self, job: &Job) -> Result<(), StoreError> {
        let blocking = self.engine().block_for_fraud(job, clock::wall());
        self.carry_out(blocking).await.map(drop)
    }

    /// Blocks somebody; a block that stands already is replaced.
    ///
    /// # Errors
    /// [`NotBlocked`]; nothing is changed then.
    pub async fn block(&self, order: BlockOrder) -> Result<Option<Block>, NotBlocked> {
        let blocking = self.engine().block(order, clock::wall()).map_err(NotBlocked::Malformed)?;
        Ok(self.carry_out(blocking).await?.put.pop())
    }

    /// Blocks whom a CSV list names: all, or with `partial` those of its good lines.
    ///
    /// # Errors
    /// [`NotBlocked`]; nothing is changed then.
    pub async fn block_list(
        &self,
        text: &str,
        defaults: &ListDefaults,
        partial: bool,
    ) -> Result<Listed, NotBlocked> {
        let reader = self.engine().list_reader();
        let list = reader.read(text, defaults, clock::wall()).map_err(NotBlocked::Malformed)?;
        let blocking = self.engine().block_list(list, partial, clock::wall());
        let done = self.carry_out(blocking.map_err(NotBlocked::Malformed)?).await?;
        Ok(Listed { taken: done.put.len(), bad: done.bad })
    }

    /// Lifts a block within the tenant's reach (`None` reaches all); `None` if there is no such block.
    ///
    /// # Errors
    /// Those of the store; nothing is changed then.
    pub async fn unblock(
        &self,
        id: &str,
        tenant: Option<&str>,
        actor: &str,
        reason: &str,
    ) -> Result<Option<Block>, StoreError> {
        let lifting = self.engine().unblock(id, tenant, actor, reason, clock::wall());
        match lifting {
            Some(lifting) => Ok(self.carry_out(lifting).await?.gone.pop()),
            None => Ok(None),
        }
    }

    /// A page of the blocks that stand, and where the next one begins.
    pub fn blocks(
        &self,
        filter: &BlockFilter,
        after: Option<&str>,
        limit: usize,
    ) -> (Vec<Block>, Option<String>) {
        self.engine().blocks(filter, after, limit, clock::wall())
    }

    /// A page of the audit trail, the latest first; `before` is the place of the last one seen.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn audit(
        &self,
        before: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Audited)>, StoreError> {
        let kept = self.store.kept(Kind::Audit.figure(), before, limit).await?;
        let read =
            kept.into_iter().filter_map(|row| Some((row.key, serde_json::from_slice(&row.record).ok()?)));
        Ok(read.collect())
    }

    /// Durable first: what a crash would undo must not have held.
    async fn carry_out(&self, mut blocking: Blocking) -> Result<Blocking, StoreError> {
        let changes = std::mem::take(&mut blocking.changes);
        if !changes.is_empty() {
            self.store.keep_now(rows(changes)).await?;
            self.engine().apply(&blocking);
        }
        Ok(blocking)
    }
}
