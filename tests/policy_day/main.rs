//! Limits, guards and blocks: a day of people and attackers on a virtual clock, and the real binary
//! against phones that do not answer, hang up or press nothing.

#![allow(clippy::disallowed_methods, reason = "a process under test lives on the wall clock")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the figures are what this test is for")]

mod day;
mod reasons;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "every test binary uses its own part of what they share")]
mod support;
mod tries;
