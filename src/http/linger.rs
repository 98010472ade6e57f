//! What is left of a request's body when it has been answered. A refusal comes before the body is
//! read; a connection closed over bytes that are still on their way is reset, and the client then
//! sees a broken pipe in place of the answer. So the rest is read and thrown away, within limits.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, BodyDataStream, Bytes, HttpBody},
    extract::Request,
    http::{Version, header},
    middleware::Next,
    response::Response,
};
use futures_core::Stream;
use futures_util::StreamExt;
use tokio::sync::oneshot;

/// The most that is thrown away, bytes: as much as the largest list of seals.
const MOST: usize = 64 << 20;
/// How long a client may take to send it.
const LONGEST: Duration = Duration::from_secs(30);

/// A body that comes back when its reader has done with it before its end.
struct Lent {
    stream: Option<BodyDataStream>,
    back: Option<oneshot::Sender<BodyDataStream>>,
}

impl Stream for Lent {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(None) };
        let next = stream.poll_next_unpin(context);
        if matches!(next, Poll::Ready(None | Some(Err(_)))) {
            self.stream = None;
        }
        next
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(stream), Some(back)) = (self.stream.take(), self.back.take()) {
            let _ = back.send(stream);
        }
    }
}

/// Answers, and reads what is left of the body behind the answer.
pub(super) async fn linger(request: Request, next: Next) -> Response {
    // In HTTP/2 a stream ends without its connection. Who asks first whether to send has not sent.
    let asks_first = request.headers().contains_key(header::EXPECT);
    let whole = request.version() >= Version::HTTP_2;
    if asks_first || whole || request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (back, mut rest) = oneshot::channel();
    let request = request.map(|body| {
        Body::from_stream(Lent { stream: Some(body.into_data_stream()), back: Some(back) })
    });
    let response = next.run(request).await;
    if let Ok(stream) = rest.try_recv() {
        tokio::spawn(tokio::time::timeout(LONGEST, discard(stream)));
    }
    response
}

async fn discard(mut stream: BodyDataStream) {
    let mut left = MOST;
    while let Some(Ok(piece)) = stream.next().await {
        match left.checked_sub(piece.len()) {
            Some(less) => left = less,
            None => return,
        }
    }
}
