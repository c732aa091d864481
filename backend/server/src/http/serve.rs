//! Listening, and ending well.

use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(20);

/// What a WebSocket has to know of the server's end.
#[derive(Debug, Clone, Default)]
pub struct Sockets {
    /// Take your leave.
    pub closing: CancellationToken,
    /// There was time enough.
    pub abandoned: CancellationToken,
    /// Who is still here.
    pub tasks: TaskTracker,
}

/// Serves until `shutdown`. From then on nobody is let in; requests are finished and sockets
/// closed (1001) within `grace`, and what is left after that is dropped.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
    grace: Duration,
) {
    let sockets = Sockets {
        closing: shutdown.clone(),
        ..Sockets::default()
    };
    let router = router.layer(Extension(sockets.clone()));
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(stream, router.clone(), sockets.clone());
                sockets.tasks.spawn(connection);
            }
            Err(error) => {
                // Most often too many open files, which is better in a moment.
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    sockets.tasks.close();
    if timeout(grace, sockets.tasks.wait()).await.is_err() {
        tracing::warn!(
            left = sockets.tasks.len(),
            "connections are dropped at the end of the grace"
        );
        sockets.abandoned.cancel();
        sockets.tasks.wait().await;
    }
}

async fn connection(stream: TcpStream, router: Router, sockets: Sockets) {
    // Answers are whole when they are written; waiting for more to send only delays them. If the
    // option is refused, they are merely late.
    let _ = stream.set_nodelay(true);
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    tokio::pin!(serving);
    let result = tokio::select! {
        result = serving.as_mut() => result,
        () = sockets.closing.cancelled() => {
            serving.as_mut().graceful_shutdown();
            tokio::select! {
                result = serving => result,
                () = sockets.abandoned.cancelled() => Ok(()),
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended badly");
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::http::testing;

    const SLOW: &str = "GET /graphql?query=%7Bsleeps%7D HTTP/1.1\r\nhost: localhost\r\n\r\n";

    #[tokio::test]
    async fn a_request_is_finished_and_an_idle_connection_closed() {
        let server = testing::Server::start(|_| {}).await;
        let mut idle = TcpStream::connect(server.address).await.unwrap();
        let mut busy = TcpStream::connect(server.address).await.unwrap();
        busy.write_all(SLOW.as_bytes()).await.unwrap();
        sleep(Duration::from_millis(50)).await;
        server.stop().await;
        let mut answer = String::new();
        busy.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("TIMEOUT"));
        assert_eq!(idle.read(&mut [0; 8]).await.unwrap(), 0);
        assert!(TcpStream::connect(server.address).await.is_err());
    }

    #[tokio::test]
    async fn the_grace_ends() {
        let server = testing::Server::start_with_grace(Duration::from_millis(20), |settings| {
            settings.request_timeout = Duration::from_mins(1);
        })
        .await;
        let mut busy = TcpStream::connect(server.address).await.unwrap();
        busy.write_all(SLOW.as_bytes()).await.unwrap();
        sleep(Duration::from_millis(50)).await;
        timeout(Duration::from_secs(2), server.stop())
            .await
            .unwrap();
        assert_eq!(busy.read(&mut [0; 8]).await.unwrap_or(0), 0);
    }
}
