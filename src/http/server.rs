//! Listening, with or without TLS, and ending gracefully.

use std::{io, net::SocketAddr, time::Duration};

use axum_server::{Handle, tls_rustls::RustlsConfig};
use hyper_util::{
    rt::{TokioExecutor, TokioTimer},
    server::conn::auto::Builder,
};

use super::{House, router};

/// A running server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    handle: Handle<SocketAddr>,
    task: tokio::task::JoinHandle<io::Result<()>>,
}

/// Starts to listen as the configuration says.
///
/// # Errors
/// The address is in use, or the TLS files cannot be read.
pub async fn serve(house: House) -> io::Result<Server> {
    let http = house.service.config.http.clone();
    let handle = Handle::new();
    let app = router(house).into_make_service_with_connect_info::<SocketAddr>();
    let listener = std::net::TcpListener::bind(http.listen)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let kept = handle.clone();
    let task = match http.tls_certificate.zip(http.tls_key) {
        Some((certificate, key)) => {
            let tls = RustlsConfig::from_pem_file(certificate, key).await?;
            let mut server = axum_server::from_tcp_rustls(listener, tls)?.handle(kept);
            bound(server.http_builder());
            tokio::spawn(server.serve(app))
        }
        None => {
            let mut server = axum_server::from_tcp(listener)?.handle(kept);
            bound(server.http_builder());
            tokio::spawn(server.serve(app))
        }
    };
    Ok(Server { address, handle, task })
}

/// Nobody keeps a connection for longer than this by sending the head of a request slowly. A
/// connection on which nothing at all is sent is for the proxy or the firewall to end.
const LONGEST_HEAD: Duration = Duration::from_secs(30);

fn bound(builder: &mut Builder<TokioExecutor>) {
    builder.http1().timer(TokioTimer::new()).header_read_timeout(LONGEST_HEAD);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(LONGEST_HEAD);
}

impl Server {
    /// Takes no new requests, lets those under way finish within the time given, and ends.
    pub async fn stop(self, limit: Duration) {
        self.handle.graceful_shutdown(Some(limit));
        let _ = self.task.await;
    }
}
