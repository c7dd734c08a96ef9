//! The store beside the gateway that holds it: for the command line of whoever owns its files.
//!
//! SQLite lets a second process write; what it writes is a row at a time, so that the gateway waits for
//! milliseconds. The gateway reads these rows at each request, so that it sees them at once.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::lock::{Lock, NotLocked};
use super::open::{OpenError, directory_of, make_file, tables};
use super::{schema, tokens};
use crate::access::{Actor, NewToken, TokenId, TokenOrder, TokenView};
use crate::job::UnixMs;
use crate::queue::StoreError;

/// A connection to a store that a gateway may hold.
pub struct Aside {
    db: Connection,
    /// Where no gateway runs none may start half-way.
    _lock: Option<Lock>,
}

impl Aside {
    /// Opens the store in this directory, and makes it if there is none.
    ///
    /// # Errors
    /// [`OpenError`]; a store of an older version that a gateway holds is its own to renew.
    pub fn open(directory: &Path) -> Result<Aside, OpenError> {
        let database = |error| OpenError::Database { directory: directory.to_owned(), error };
        let io = |error| OpenError::Io { directory: directory.to_owned(), error };
        directory_of(directory).map_err(io)?;
        let lock = match Lock::take(directory) {
            Ok(lock) => Some(lock),
            Err(NotLocked::Held(_)) => None,
            Err(NotLocked::Io(error)) => return Err(io(error)),
        };
        let path = match lock {
            Some(_) => make_file(directory).map_err(io)?,
            None => directory.join(super::open::FILE),
        };
        let db = Connection::open(path).map_err(database)?;
        schema::prepare(&db).map_err(database)?;
        let found = match lock {
            Some(_) => tables(&db),
            None => schema::version(&db),
        };
        match found.map_err(database)? {
            schema::VERSION => Ok(Aside { db, _lock: lock }),
            found if found > schema::VERSION => {
                Err(OpenError::Newer { directory: directory.to_owned(), found })
            }
            found => Err(OpenError::Older { directory: directory.to_owned(), found }),
        }
    }

    /// Whether a token was ever made: from then on the door asks for one.
    ///
    /// # Errors
    /// Those of the store.
    pub fn asks_for_tokens(&self) -> Result<bool, StoreError> {
        self.tokens().map(|tokens| !tokens.is_empty())
    }

    /// As [`TokenStore::create_token`](crate::queue::TokenStore::create_token).
    ///
    /// # Errors
    /// Those of the store.
    pub fn create_token(
        &mut self,
        new: &NewToken,
        order: &TokenOrder,
        now: UnixMs,
    ) -> Result<TokenView, StoreError> {
        self.write(|db| tokens::create(db, new, order, &Actor::Local, now))?
    }

    /// As [`TokenStore::tokens`](crate::queue::TokenStore::tokens).
    ///
    /// # Errors
    /// Those of the store.
    pub fn tokens(&self) -> Result<Vec<TokenView>, StoreError> {
        tokens::list(&self.db).map_err(broken)
    }

    /// As [`TokenStore::revoke_token`](crate::queue::TokenStore::revoke_token).
    ///
    /// # Errors
    /// Those of the store.
    pub fn revoke_token(&mut self, id: &TokenId, now: UnixMs) -> Result<Option<TokenView>, StoreError> {
        self.write(|db| tokens::revoke(db, id, &Actor::Local, now))
    }

    fn write<T>(&mut self, act: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
        let done = act(&tx).map_err(broken)?;
        tx.commit().map_err(broken)?;
        Ok(done)
    }
}

fn broken(error: rusqlite::Error) -> StoreError {
    StoreError::Broken(error.to_string())
}
