//! Tokens in the store: who may come in by the front door.

use std::future::Future;

use super::answer::StoreError;
use crate::access::{Actor, Admission, NewToken, Presented, TokenId, TokenOrder, TokenView};
use crate::job::UnixMs;

/// A durable store of tokens. What an answer says holds for the next request already.
pub trait TokenStore: Send + Sync {
    /// What a request may do that presents this token, or none. As soon as one token was ever made,
    /// every request needs one, though all of them be revoked since.
    fn admit(
        &self,
        presented: Option<Presented>,
    ) -> impl Future<Output = Result<Admission, StoreError>> + Send;

    /// Keeps a new token, and who made it.
    fn create_token(
        &self,
        new: NewToken,
        order: TokenOrder,
        actor: Actor,
        now: UnixMs,
    ) -> impl Future<Output = Result<TokenView, StoreError>> + Send;

    /// Every token that was ever made, oldest first.
    fn tokens(&self) -> impl Future<Output = Result<Vec<TokenView>, StoreError>> + Send;

    /// Ends a token at once; `None` if there is none of this id. Again it changes nothing.
    fn revoke_token(
        &self,
        id: TokenId,
        actor: Actor,
        now: UnixMs,
    ) -> impl Future<Output = Result<Option<TokenView>, StoreError>> + Send;
}
