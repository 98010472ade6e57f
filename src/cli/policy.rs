//! `sealwright policy`.

use std::path::PathBuf;

use serde_json::json;

use super::{Exit, exit::Wrong, print, print_json};
use crate::{
    app::load_validation_policies,
    policy::{PolicySet, cases},
};

/// What to do with the policies.
#[derive(Clone, Debug, clap::Subcommand)]
pub(super) enum Arguments {
    /// Validate the policies strictly and list them.
    Check {
        /// A directory like `policies/`; the bundled policies if not given.
        #[arg(long)]
        directory: Option<PathBuf>,
    },
    /// Put golden questions to the policies.
    Test {
        /// A directory like `policies/`; the bundled policies if not given.
        #[arg(long)]
        directory: Option<PathBuf>,
        /// Files with cases.
        #[arg(required = true)]
        cases: Vec<PathBuf>,
    },
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, json: bool) -> anyhow::Result<Exit> {
    let load = |directory: &Option<PathBuf>| match directory {
        Some(directory) => PolicySet::load(directory),
        None => PolicySet::bundled(),
    };
    match arguments {
        Arguments::Check { directory } => {
            let set = load(directory)?;
            let validation = load_validation_policies(directory.as_deref())?;
            if json {
                let all: Vec<_> = validation.list().collect();
                let (digest, ids) = (set.digest(), set.ids());
                print_json(&json!({ "digest": digest, "policies": ids, "validation": all }))?;
            } else {
                print(&format!("digest {}\n{}", set.digest(), set.ids().join("\n")))?;
                validation.list().try_for_each(|one| {
                    print(&format!("validation {} {}", one.name, one.digest))
                })?;
            }
            Ok(Exit::Good)
        }
        Arguments::Test { directory, cases } => {
            let set = load(directory)?;
            let (mut count, mut failures) = (0, Vec::new());
            for path in cases {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| Wrong(format!("{}: {error}", path.display())))?;
                let outcome = cases::run(&set, &text)
                    .map_err(|error| Wrong(format!("{}: {error}", path.display())))?;
                count += outcome.count;
                failures.extend(outcome.failures);
            }
            if json {
                print_json(&json!({ "cases": count, "failures": failures }))?;
            } else {
                print(&format!("{count} cases, {} failures", failures.len()))?;
                failures.iter().try_for_each(|failure| print(failure))?;
            }
            Ok(if failures.is_empty() { Exit::Good } else { Exit::Invalid })
        }
    }
}
