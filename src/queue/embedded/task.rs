//! One request of the writer: a step that can be run again until it is durable.

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::board::{Board, Told};
use super::open::Facts;
use crate::queue::StoreError;

/// What a request may expect when the disk is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// New work: refused while less than the reserve is free.
    Intake,
    /// Refused when it does not fit.
    Ordinary,
    /// Kept and repeated until it is durable, as what it tells has happened already.
    MustLand,
    /// As [`Class::MustLand`], but nobody waits for it: it goes along with others where it can.
    Unhurried,
}

/// What a step works with. Nothing it does outside the transaction happens before the commit.
pub(super) struct Step<'a> {
    pub(super) db: &'a Connection,
    pub(super) board: &'a Board,
    pub(super) facts: &'a Facts,
    pub(super) told: &'a mut Told,
}

/// Outer: the database failed and the transaction is void. Inner: the answer.
pub(super) type Outcome<T> = rusqlite::Result<Result<T, StoreError>>;

pub(super) trait Request: Send {
    fn class(&self) -> Class;
    fn run(&mut self, step: &mut Step<'_>) -> rusqlite::Result<()>;
    /// With `Ok`, what [`Request::run`] found goes out.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Task<T, F> {
    class: Class,
    f: F,
    found: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

/// A request and where its answer will come.
pub(super) fn task<T, F>(class: Class, f: F) -> (Box<dyn Request>, oneshot::Receiver<Result<T, StoreError>>)
where
    T: Send + 'static,
    F: FnMut(&mut Step<'_>) -> Outcome<T> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(Task { class, f, found: None, reply }), answer)
}

impl<T, F> Request for Task<T, F>
where
    T: Send,
    F: FnMut(&mut Step<'_>) -> Outcome<T> + Send,
{
    fn class(&self) -> Class {
        self.class
    }

    fn run(&mut self, step: &mut Step<'_>) -> rusqlite::Result<()> {
        self.found = Some((self.f)(step)?);
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let found = self.found.unwrap_or(Err(StoreError::Closed));
        // The asker may have gone; what was committed stands.
        let _ = self.reply.send(committed.and(found));
    }
}
