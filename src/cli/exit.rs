//! How a command ends (contract §5).

use std::io;
use std::process::ExitCode;

use crate::config::ConfigErrors;

/// The exit codes of every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Done; for `call` and `demo`: verified.
    Done = 0,
    /// Done, but not verified, or findings were reported.
    Findings = 1,
    /// Wrong usage or configuration.
    WrongUsage = 2,
    /// It cannot run.
    CannotRun = 3,
}

impl Exit {
    /// The code that the process ends with.
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// What a command comes to.
pub type Outcome = Result<Exit, Failure>;

/// Why a command ended before it was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// How the process ends.
    pub exit: Exit,
    /// One plain sentence, or one a line; empty where nobody listens any more.
    pub message: String,
}

impl Failure {
    /// Wrong usage or configuration.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure { exit: Exit::WrongUsage, message: message.into() }
    }

    /// Something that the command needs is not there.
    pub fn cannot_run(message: impl Into<String>) -> Failure {
        Failure { exit: Exit::CannotRun, message: message.into() }
    }

    /// Something of the contract that this version does not have.
    pub fn not_built(what: &str) -> Failure {
        Failure::usage(format!("{what}: not in this version"))
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Failure {
        Failure::usage(errors.to_string())
    }
}

impl From<io::Error> for Failure {
    /// Of standard output: a reader that has seen enough (`| head`) is no failure.
    fn from(error: io::Error) -> Failure {
        match error.kind() == io::ErrorKind::BrokenPipe {
            true => Failure { exit: Exit::Done, message: String::new() },
            false => Failure::cannot_run(format!("the output cannot be written: {error}")),
        }
    }
}
