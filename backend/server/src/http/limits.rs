//! Too long, too much at once, and panics.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use tokio::{sync::Semaphore, time::timeout};

use super::problem::{Code, Problem};

/// Does some work of the API within this time. A panic becomes a fault like any other: the hook in
/// [`crate::observe`] has logged it, and its text is told to nobody.
pub async fn bounded<T>(
    work: impl Future<Output = Result<T, Problem>>,
    limit: Duration,
) -> Result<T, Problem> {
    match timeout(limit, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Problem::internal()),
        Err(_) => Err(Problem::new(
            Code::Timeout,
            "This took too long and was given up.",
        )),
    }
}

/// Lets a request in when fewer than the permitted number are worked on. Waiting would only move
/// the queue to where nobody sees it.
pub async fn admit(
    State(permits): State<Arc<Semaphore>>,
    request: Request,
    next: Next,
) -> Response {
    match permits.try_acquire() {
        Ok(_permit) => next.run(request).await,
        Err(_) => Problem::new(Code::Overloaded, "Too much at once. Try again in a moment.")
            .into_response(),
    }
}

/// Answers a panic of any handler with 500.
pub async fn catch_panic(request: Request, next: Next) -> Response {
    AssertUnwindSafe(next.run(request))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Problem::internal().into_response())
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use serde_json::json;

    use crate::http::testing::{self, get, post};

    #[tokio::test]
    async fn one_too_many_is_sent_away_and_probes_are_not() {
        let router = testing::router_with(|settings| settings.max_concurrent = 1);
        let slow = tokio::spawn(testing::call_on(
            router.clone(),
            post(json!({ "query": "{ sleeps }" })),
        ));
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        let sent = testing::call_on(router.clone(), get("/graphql?query=%7Ba%7D")).await;
        assert_eq!(sent.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(sent.json["errors"][0]["extensions"]["code"], "OVERLOADED");
        assert_eq!(sent.header("retry-after"), "1");
        assert_eq!(
            testing::call_on(router.clone(), get("/healthz"))
                .await
                .status,
            StatusCode::OK
        );
        slow.await.unwrap();
        let sent = testing::call_on(router, get("/graphql?query=%7Ba%7D")).await;
        assert_eq!(sent.status, StatusCode::OK);
    }
}
