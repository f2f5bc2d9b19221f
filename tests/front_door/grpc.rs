//! gRPC through the gateway: a real server and a real client of grpcio's, over TLS to the gateway and without to the app.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::app::App;
use crate::support::secure::{HOST, Secure};
use crate::support::site::{ADA, Setup};
use crate::support::tools::{self, grpc_python};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/grpc");

fn setup(app: std::net::SocketAddr) -> Setup {
    let rules = [
        r#"{ path: "/test.Open/**", policy: bypass }"#,
        r#"{ path: "/test.Closed/**", policy: deny }"#,
        "{ policy: two_factor }",
    ];
    Setup {
        upstream: Some(app),
        site: vec!["http: \"2\"".to_owned()],
        rules: rules.map(str::to_owned).to_vec(),
        people: vec![ADA],
        ..Setup::default()
    }
}

/// What came of every call of `client.py`.
async fn calls(secure: &Secure, cookie: &str) -> Value {
    let mut client = Command::new(grpc_python());
    client.arg(format!("{FOLDER}/client.py")).arg(secure.address.to_string()).arg(HOST);
    client.arg(secure.site.path("tls.crt")).arg(cookie);
    let output = tools::run(client).await.expect("it runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[tokio::test]
async fn grpc_goes_through_in_all_four_ways_with_trailers_errors_and_deadlines() {
    let address = App::free_address();
    let app = App::start(address, |_| {
        let mut command = Command::new(grpc_python());
        command.arg(format!("{FOLDER}/app.py")).arg(address.port().to_string());
        command
    })
    .await;
    let secure = Secure::with(setup(app.address)).await;
    let ada = secure.signed_in(&ADA).await;
    let cookie = format!("__Host-doorward={}", ada.cookie("__Host-doorward").expect("signed in"));
    let calls = calls(&secure, &format!("{cookie}; theme=dark")).await;

    assert_eq!(
        calls["unary"],
        json!({ "code": "OK", "answer": "ada asks", "trailers": { "counted": "4" } })
    );
    assert_eq!(calls["liar"]["answer"], "ada lies");
    assert_eq!(calls["large"], json!({ "counted": "300000" }));
    let counted: Vec<String> = (0..500).map(|number| number.to_string()).collect();
    assert_eq!(calls["server_stream"], json!({ "code": "OK", "answer": counted }));
    assert_eq!(calls["client_stream"]["answer"], "42");
    let heard: Vec<String> = (0..5).map(|number| format!("you said {number}")).collect();
    assert_eq!(calls["conversation"], json!({ "code": "OK", "answer": heard }));
    let failed = &calls["error"];
    assert_eq!(failed["code"], "FAILED_PRECONDITION");
    assert_eq!(
        (&failed["details"], &failed["trailers"]["why"]),
        (&json!("not now: later"), &json!("because"))
    );
    assert_eq!(calls["deadline"]["code"], "DEADLINE_EXCEEDED");
    assert_eq!(calls["unknown"]["code"], "UNIMPLEMENTED");

    let headers = calls["headers"]["answer"].as_str().expect("headers");
    for name in ["remote-user", "remote-groups", "signature", "x-doorward-assertion", "cookie"] {
        assert!(headers.split(' ').any(|one| one == name), "{name} is missing: {headers}");
    }

    // Who is not signed in learns so in gRPC's own words, whichever way they call.
    for name in ["stranger", "stranger_stream"] {
        assert_eq!(calls[name]["code"], "UNAUTHENTICATED", "{}", calls[name]);
        assert!(calls[name]["details"].as_str().unwrap().starts_with("Sign in first"));
    }
    assert_eq!(calls["open"]["answer"], "nobody asks");
    assert_eq!(calls["closed"]["code"], "PERMISSION_DENIED");

    drop(app);
    let calls = self::calls(&secure, &cookie).await;
    assert_eq!(calls["open"]["code"], "UNAVAILABLE", "{}", calls["open"]);
    assert_eq!(calls["stranger"]["code"], "UNAUTHENTICATED");
}
