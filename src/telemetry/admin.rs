//! What the admin listener answers. Pure: who listens, and where, is the app's matter (S55).

use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{Method, Response, StatusCode};

use super::health::Health;
use super::metrics;

/// Answers a request of `method` for `path` (without its query): `/metrics`, `/healthz` (this process is alive),
/// `/readyz` (requests should come here: 200, or 503 with what is down). An answer to HEAD has the headers of that
/// to GET, and no body.
pub fn answer(method: &Method, path: &str, health: &Health) -> Response<Vec<u8>> {
    let page = match path {
        "/metrics" | "/healthz" | "/readyz" if !matches!(*method, Method::GET | Method::HEAD) => {
            Page::text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n")
        }
        "/metrics" => {
            Page { status: StatusCode::OK, media: metrics::CONTENT_TYPE, body: metrics::render() }
        }
        "/healthz" => Page::text(StatusCode::OK, "alive\n"),
        "/readyz" => readiness(health),
        _ => Page::text(StatusCode::NOT_FOUND, "there are /metrics, /healthz and /readyz\n"),
    };
    page.into_response(method)
}

fn readiness(health: &Health) -> Page {
    let readiness = health.readiness();
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    // A map with names for keys and texts for values can always be written.
    let body = serde_json::to_string(&readiness).unwrap_or_default();
    Page { status, media: "application/json", body }
}

struct Page {
    status: StatusCode,
    media: &'static str,
    body: String,
}

impl Page {
    fn text(status: StatusCode, body: &str) -> Self {
        Self { status, media: "text/plain; charset=utf-8", body: body.into() }
    }

    fn into_response(self, method: &Method) -> Response<Vec<u8>> {
        let length = self.body.len();
        let body = if method == Method::HEAD { Vec::new() } else { self.body.into_bytes() };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let mut set = |name: HeaderName, value| response.headers_mut().insert(name, value);
        set(CONTENT_TYPE, HeaderValue::from_static(self.media));
        set(CONTENT_LENGTH, HeaderValue::from(length));
        set(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        set(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            set(ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::super::health::Part;
    use super::*;

    fn get(path: &str, health: &Health) -> (u16, String) {
        let response = answer(&Method::GET, path, health);
        let length = response.headers().get(CONTENT_LENGTH).unwrap().to_str().unwrap().parse();
        assert_eq!(length, Ok(response.body().len()));
        assert_eq!(response.headers().get(CACHE_CONTROL).unwrap(), "no-store");
        assert_eq!(response.headers().get(X_CONTENT_TYPE_OPTIONS).unwrap(), "nosniff");
        (response.status().as_u16(), String::from_utf8(response.into_body()).unwrap())
    }

    #[test]
    fn alive_is_told_even_when_nothing_is_ready() {
        let health = Health::new([Part::Flow]);
        assert_eq!(get("/healthz", &health), (200, "alive\n".into()));
        assert_eq!(get("/readyz", &health).0, 503);
    }

    #[test]
    fn readiness_names_every_part() {
        let health = Health::new([Part::Flow, Part::Mail]);
        health.up(Part::Flow);
        health.down(Part::Mail, "the server \"mail\" refused the connection");
        let (status, body) = get("/readyz", &health);
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        let wanted = serde_json::json!({ "ready": true, "parts": {
            "flow": { "state": "up" },
            "mail": { "state": "down", "reason": "the server \"mail\" refused the connection" },
        } });
        assert_eq!((status, body), (200, wanted));
    }

    #[test]
    fn metrics_are_in_the_text_format_of_prometheus() {
        let response = answer(&Method::GET, "/metrics", &Health::new([]));
        let media = response.headers().get(CONTENT_TYPE).unwrap();
        assert!(media.to_str().unwrap().starts_with("text/plain; version=0.0.4"));
        assert!(String::from_utf8_lossy(response.body()).contains("doorward_build_info"));
    }

    #[test]
    fn head_has_the_headers_of_get_and_no_body() {
        let response = answer(&Method::HEAD, "/healthz", &Health::new([]));
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers().get(CONTENT_LENGTH).unwrap(), "6");
        assert!(response.body().is_empty());
    }

    #[test]
    fn nothing_else_is_there_and_nothing_is_changed() {
        let health = Health::new([]);
        for path in ["/", "/metrics/", "/Metrics", "/_doorward/login", ""] {
            assert_eq!(get(path, &health).0, 404, "{path}");
        }
        let response = answer(&Method::POST, "/metrics", &health);
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers().get(ALLOW).unwrap(), "GET, HEAD");
    }
}
