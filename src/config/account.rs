//! A trunk's user name and password, for the digest.

use toml::Spanned;

use super::secret::Secret;
use super::source::Source;

/// No user of a SIP URI that people meet is longer.
pub(super) const LONGEST_USER: usize = 64;

/// Who we are to a trunk that asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The digest user, and the From user where there is no caller id.
    pub username: String,
    /// The digest password; without one a challenge cannot be answered.
    pub password: Option<Secret>,
}

impl Account {
    /// The user name and where its password comes from.
    pub(super) fn check(
        username: Option<Spanned<String>>,
        file: Option<Spanned<String>>,
        env: Option<Spanned<String>>,
        source: &mut Source,
    ) -> Option<Option<Account>> {
        let Some(username) = username else {
            let stray = file.as_ref().or(env.as_ref());
            return match stray {
                None => Some(None),
                Some(stray) => source.refuse(
                    stray.span(),
                    "a password without `username`, expected both",
                    "Write username = \"…\"",
                ),
            };
        };
        let password = match (&file, &env) {
            (None, None) => Some(None),
            (Some(file), None) => Secret::of_file("password_file", file, source).map(Some),
            (None, Some(env)) => Secret::of_env("password_env", env, source).map(Some),
            (Some(_), Some(env)) => source.refuse(
                env.span(),
                "both `password_file` and `password_env` are written, expected one",
                "Remove one of them",
            ),
        };
        let name = username.get_ref();
        if name.is_empty() || name.len() > LONGEST_USER || name.contains(|c: char| c.is_control() || c == '"')
        {
            return source.refuse(
            username.span(),
            format!("`username` is {name:?}, expected 1 to {LONGEST_USER} characters without quotes and control characters"),
            "",
        );
        }
        Some(Some(Account { username: name.clone(), password: password? }))
    }
}
