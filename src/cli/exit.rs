//! Exit codes and what leads to them.

use std::{io::Write as _, process::ExitCode};

use crate::{
    app::StartError, config::ConfigError, policy::PolicyError, reports::shown, service::Error,
    store::StoreError,
};

/// How a command ended.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Exit {
    /// 0: good.
    Good,
    /// 5: could not be judged, or there is no signature.
    Indeterminate,
    /// 1: something is certainly wrong.
    Invalid,
    /// 2: the command or the configuration is wrong.
    Usage,
    /// 3: policy does not allow it.
    Refused,
    /// 4: something is not available.
    Unavailable,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Good => 0,
            Exit::Invalid => 1,
            Exit::Usage => 2,
            Exit::Refused => 3,
            Exit::Unavailable => 4,
            Exit::Indeterminate => 5,
        })
    }
}

impl Exit {
    /// Says what went wrong on standard error and returns the code.
    pub(super) fn with(self, error: &anyhow::Error, json: bool) -> ExitCode {
        let text = format!("{error:#}");
        let line = if json {
            serde_json::json!({ "error": text }).to_string()
        } else {
            let lines: Vec<_> = text.lines().map(shown).collect();
            format!("sealwright: {}", lines.join("\n"))
        };
        // Nothing can be done about a closed standard error.
        let _ = writeln!(std::io::stderr(), "{line}");
        self.into()
    }
}

/// The exit code of an error.
pub(super) fn classify(error: &anyhow::Error) -> Exit {
    if error.is::<ConfigError>() || error.is::<PolicyError>() || error.is::<Wrong>() {
        return Exit::Usage;
    }
    if error.is::<StoreError>() {
        return Exit::Unavailable;
    }
    let verb = match error.downcast_ref::<StartError>() {
        Some(StartError::Service(verb)) => Some(verb),
        Some(
            StartError::NotInitialised
            | StartError::Trust(_)
            | StartError::Policy(_)
            | StartError::ValidationPolicy(_),
        ) => {
            return Exit::Usage;
        }
        Some(_) => return Exit::Unavailable,
        None => error.downcast_ref::<Error>(),
    };
    match verb {
        Some(Error::Denied(_) | Error::Unauthenticated) => Exit::Refused,
        Some(Error::Invalid { .. } | Error::NotFound(_) | Error::Conflict { .. }) => Exit::Usage,
        _ => Exit::Unavailable,
    }
}

/// The command asks for something that cannot be.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Wrong(pub(super) String);
