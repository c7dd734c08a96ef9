//! Calls over SIP in virtual time: each test has a far end written as text and asserts what we send it
//! and what we tell of it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod cancel;
mod cleanup;
mod endpoint;
mod forks;
mod harness;
mod in_dialog;
mod incoming;
mod invite;
mod random;
