//! The accept loop: HTTP/1.1 with bounded headers and waiting times, over TLS where it is set up, until the process is to
//! stop.
//!
//! Not `axum::serve`: that sets neither a limit nor a timeout for request heads, and waits for ever at shutdown.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use engine::Supervisor;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::tls::Tls;

/// The request line and headers together.
const HEAD_LIMIT: usize = 16 << 10;
/// Between the first byte of a head and its end; also how long an idle connection is kept.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// Connections at a time; further ones wait in the kernel's queue.
const CONNECTIONS: usize = 4_096;

/// Serves until the supervisor's token is cancelled, then stops accepting. Each connection is a task of the supervisor
/// and ends after the request it is working on.
pub async fn serve(listener: TcpListener, tls: Option<Arc<Tls>>, router: Router, supervisor: Supervisor) {
    let stop = supervisor.token();
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, or the peer is gone already: neither is a reason to stop serving.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let permit = tokio::select! {
            () = stop.cancelled() => return,
            permit = room.clone().acquire_owned() => permit,
        };
        let (tls, router, stop) = (tls.clone(), router.clone(), stop.clone());
        supervisor.spawn("connection", async move {
            // Frames are small and should leave at once. Failing to say so only makes them later.
            let _ = stream.set_nodelay(true);
            match tls {
                None => connection(stream, peer, router, stop).await,
                Some(tls) => {
                    let shaken = tokio::select! {
                        shaken = tls.shake(stream) => shaken,
                        () = stop.cancelled() => None,
                    };
                    if let Some(stream) = shaken {
                        connection(stream, peer, router, stop).await;
                    }
                }
            }
            drop(permit);
        });
    }
}

async fn connection<S>(stream: S, peer: SocketAddr, router: Router, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_header_size(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(%error, %peer, "a connection ended early");
    }
}
