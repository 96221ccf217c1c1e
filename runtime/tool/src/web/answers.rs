//! What is where: the page, and the looks as JSON.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};

use super::guard::{Guard, Secret};
use super::looks::Looks;
use super::query::Query;
use super::refusal::Refusal;
use super::shared_look::Seen;
use crate::visible::json_line;

const PAGE: &str = include_str!("page.html");

/// Stands in the page where the number of this answer belongs.
const NONCE_MARK: &str = "NONCE";

/// Browsers whose clocks differ a little share a look.
const INTERVAL_SHARE: f64 = 0.8;

/// A tree polls every task: those who ask within this time get the same.
const TREE_AGE_MAX: Duration = Duration::from_millis(500);

/// In every answer. No other site may read it, or show it in a frame.
const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

pub(super) struct Site {
    guard: Guard,
    looks: Looks,
}

impl Site {
    pub(super) fn new(guard: Guard, looks: Looks) -> Site {
        Site { guard, looks }
    }

    /// The body of a request is not read.
    pub(super) async fn answer(&self, request: &Request<Incoming>) -> Response<String> {
        self.found(request).await.unwrap_or_else(|refusal| {
            let mut response = json_answer(refusal.status, &json!({ "error": refusal.text }));
            if refusal.status == StatusCode::METHOD_NOT_ALLOWED {
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET"));
            }
            response
        })
    }

    async fn found(&self, request: &Request<Incoming>) -> Result<Response<String>, Refusal> {
        self.guard.check(request)?;
        let path = request.uri().path();
        if !["/", "/api/metrics", "/api/groups", "/api/stalls", "/api/tree"].contains(&path) {
            return Err(Refusal::new(StatusCode::NOT_FOUND, "there is nothing here; the page is at /"));
        }
        let query = Query::parse(request.uri().query().unwrap_or_default())?;
        self.guard.check_key(&query)?;
        let age_max = query.interval.mul_f64(INTERVAL_SHARE);
        let looks = &self.looks;
        let answer = match path {
            "/" => return page(),
            "/api/metrics" => seen(looks.metrics.no_older_than(age_max).await)?.to_string(),
            "/api/stalls" => seen(looks.stalls.no_older_than(age_max).await)?.to_string(),
            "/api/groups" => seen(looks.groups.no_older_than(age_max).await)?.answer(query.order).to_string(),
            _ => seen(looks.tree.no_older_than(TREE_AGE_MAX).await)?.answer(query.limit).to_string(),
        };
        Ok(response(StatusCode::OK, "application/json", answer))
    }
}

/// Whatever keeps a look from its end, the service is not there for it.
fn seen<T>(seen: Seen<T>) -> Result<Arc<T>, Refusal> {
    seen.map_err(|reason| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, &*reason))
}

/// The page. Its own script and styles are known by a random number: no others run in it.
fn page() -> Result<Response<String>, Refusal> {
    let failed = |error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, format!("/dev/urandom: {error}"));
    let nonce = Secret::random().map_err(failed)?;
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let page = PAGE.replace(NONCE_MARK, &nonce.to_string());
    let mut response = response(StatusCode::OK, "text/html; charset=utf-8", page);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

fn json_answer(status: StatusCode, value: &Value) -> Response<String> {
    response(status, "application/json", json_line(&value.to_string()).into_owned())
}

fn response(status: StatusCode, kind: &'static str, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.extend(HEADERS);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    // What is no page has no part that may run.
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
    response
}
