//! `sealwright token`.

use serde_json::json;

use super::{Exit, print, print_json};
use crate::{app::start_devices, config::Config, crypto::Scheme};

/// What to do with the token.
#[derive(Clone, Debug, clap::Subcommand)]
pub(super) enum Arguments {
    /// Show the configured token.
    List,
    /// Sign with the probe keys and verify with the right algorithm.
    Probe,
}

/// Runs the command.
pub(super) async fn run(config: Config, arguments: &Arguments, json: bool) -> anyhow::Result<Exit> {
    let devices = start_devices(&config).await?;
    let token = devices.token();
    let described = token.describe().map_err(crate::service::Error::from);
    let done = match (arguments, described) {
        (_, Err(error)) => Err(error),
        (Arguments::List, Ok(token)) => Ok((
            json!({
                "label": token.label,
                "serial": token.serial,
                "schemes": token.schemes,
                "sm2_custody": devices.custody(Scheme::Sm2),
            }),
            true,
            format!(
                "{} (serial {}): {}; SM2 keys: {}",
                token.label,
                token.serial,
                token.schemes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
                devices.custody(Scheme::Sm2)
            ),
        )),
        (Arguments::Probe, Ok(_)) => match token.probe().await {
            Err(error) => Err(error.into()),
            Ok(result) => {
                let good = result.schemes.iter().all(|scheme| scheme.offered);
                let lines: Vec<_> = result
                    .schemes
                    .iter()
                    .map(|s| {
                        let word = if s.offered { "offered" } else { "REFUSED" };
                        format!("{}: {word}: {}", s.scheme, s.detail)
                    })
                    .collect();
                Ok((json!(result), good, lines.join("\n")))
            }
        },
    };
    tokio::task::spawn_blocking(move || drop(devices)).await?;
    let (value, good, text) = done?;
    if json {
        print_json(&value)?
    } else {
        print(&text)?
    }
    Ok(if good { Exit::Good } else { Exit::Invalid })
}
