//! What a refused request still had to say.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::{StatusCode, header},
    middleware::Next,
    response::Response,
};
use futures_util::StreamExt;
use hyper::body::{Frame, SizeHint};
use tokio::{sync::oneshot, time::timeout};

/// Bytes of an unwanted body that are still read.
const MAX_DISCARDED: usize = 16 << 20;
/// How long they are read.
const DISCARDING: Duration = Duration::from_secs(3);

/// Reads what the handler has left of the body before the answer leaves. Most clients read no
/// answer before they have written everything, and a connection that closes meanwhile looks like a
/// broken network to them.
pub async fn discard(request: Request, next: Next) -> Response {
    // Who waits for "100 Continue" has sent nothing, and must not be told to.
    if request.body().is_end_stream() || request.headers().contains_key(header::EXPECT) {
        return next.run(request).await;
    }
    let (home, mut left) = oneshot::channel();
    let wrap = |body| Lent {
        body,
        home: Some(home),
    };
    let response = next.run(request.map(wrap).map(Body::new)).await;
    // What did not arrive in time has been waited for.
    let gave_up = response.status() == StatusCode::REQUEST_TIMEOUT;
    if let Some(body) = left.try_recv().ok().filter(|_| !gave_up) {
        let mut discarded = 0;
        let mut chunks = body.into_data_stream();
        let discarding = async {
            while let Some(Ok(chunk)) = chunks.next().await {
                discarded += chunk.len();
                if discarded > MAX_DISCARDED {
                    break;
                }
            }
        };
        // Whether it ended or the patience did: the answer is the same.
        let _ = timeout(DISCARDING, discarding).await;
    }
    response
}

/// A body that goes home when the handler drops it before its end.
struct Lent {
    body: Body,
    home: Option<oneshot::Sender<Body>>,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(home) = self.home.take().filter(|_| !self.is_end_stream()) {
            // Nobody waits for it when the connection is gone.
            let _ = home.send(mem::take(&mut self.body));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        time::sleep,
    };

    use super::*;
    use crate::http::testing::Server;

    const CHUNKS: usize = 40;

    async fn begun(server: &Server, headers: &str) -> TcpStream {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let head = format!("POST /graphql HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    }

    #[tokio::test]
    async fn a_client_that_writes_first_and_then_reads_hears_why_it_was_refused() {
        let server = Server::start(|_| {}).await;
        for (headers, status) in [
            ("content-type: text/plain\r\n", "415"),
            (
                "content-type: application/json\r\naccept: text/html\r\n",
                "406",
            ),
            ("content-type: application/json\r\n", "413"),
        ] {
            let chunked = format!("{headers}transfer-encoding: chunked\r\n");
            let mut stream = begun(&server, &chunked).await;
            let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
            for number in 0..CHUNKS {
                stream.write_all(chunk.as_bytes()).await.unwrap();
                if number < 3 {
                    sleep(Duration::from_millis(20)).await;
                }
            }
            // The same connection serves the next request.
            let rest =
                "0\r\n\r\nGET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
            stream.write_all(rest.as_bytes()).await.unwrap();
            let mut answers = String::new();
            stream.read_to_string(&mut answers).await.unwrap();
            assert!(
                answers.starts_with(&format!("HTTP/1.1 {status} ")),
                "{answers}"
            );
            assert!(answers.contains("HTTP/1.1 200 OK"), "{answers}");
        }
    }

    #[tokio::test]
    async fn a_client_that_asks_before_it_writes_is_not_told_to() {
        let server = Server::start(|_| {}).await;
        let headers = "content-type: text/plain\r\ncontent-length: 9\r\nexpect: 100-continue\r\n";
        let mut stream = begun(&server, headers).await;
        let mut answer = [0; 12];
        let reading = stream.read_exact(&mut answer);
        timeout(DISCARDING / 2, reading).await.unwrap().unwrap();
        assert_eq!(&answer, b"HTTP/1.1 415");
    }
}
