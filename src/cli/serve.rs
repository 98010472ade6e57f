//! `sealwright serve`.

use tokio::signal::unix::{SignalKind, signal};

use super::Exit;
use crate::{app::App, config::Config};

/// Serves until SIGTERM or SIGINT, then lets requests under way finish.
pub(super) async fn run(config: Config) -> anyhow::Result<Exit> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let tls = config.http.tls_certificate.is_some();
    let mut app = App::open(config).await?;
    let address = app.run().await?;
    tracing::info!(%address, tls, "listening");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    app.stop().await;
    Ok(Exit::Good)
}
