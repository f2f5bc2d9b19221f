//! What a program asks by GraphQL, and what it is told.

use serde_json::{Value, json};

use super::browser::Request;
use super::codec::Said;
use super::http::Response;
use super::program::Program;
use super::site::{ADA, Site};

/// Where GraphQL is.
pub const GRAPHQL: &str = "/_doorward/graphql";

/// All that a command answers.
const TOLD: &str =
    "success message code requiresOtp flow destination otpKind expiresIn attemptsLeft
    retryAfter next verificationToken reason requestId
    tokens { accessToken expiresIn refreshToken refreshExpiresIn sessionId deviceToken }";

impl Program {
    /// A question.
    pub fn question(&self, query: &str, variables: Value) -> Request {
        let body = json!({ "query": query, "variables": variables });
        self.authorized(Request::post(GRAPHQL).body("application/json", body.to_string()))
    }

    /// Asks.
    pub async fn ask(&self, query: &str, variables: Value) -> Response {
        self.send(self.question(query, variables)).await
    }

    /// A command that takes one input of this type.
    pub fn command(&self, name: &str, kind: &str, input: Value) -> Request {
        let query = format!("mutation($input: {kind}!) {{ {name}(input: $input) {{ {TOLD} }} }}");
        self.question(&query, json!({ "input": input }))
    }

    /// The command that signs in with a password.
    pub fn credentials(&self, login: &str, password: &str) -> Request {
        let input = json!({
            "login": login, "password": password, "installId": self.install,
            "deviceToken": self.kept().device,
        });
        self.command("signIn", "Credentials", input)
    }

    /// The command that asks for a code.
    pub fn send_otp(&self, purpose: &str, to: &Value, path: &str) -> Request {
        let query = format!(
            "mutation($purpose: Purpose!, $to: To!, $path: String) {{
                sendOtp(purpose: $purpose, to: $to, path: $path) {{ {TOLD} }} }}"
        );
        self.question(&query, json!({ "purpose": purpose, "to": to, "path": path }))
    }

    /// The command that asks for a code by a name alone, where the mail is the only factor.
    pub fn send_otp_to(&self, name: &str) -> Request {
        let to = match name.contains('@') {
            true => json!({ "email": name.trim() }),
            false => json!({ "username": name.trim() }),
        };
        self.send_otp("SIGN_IN", &to, "/mail-only/x")
    }

    /// The command that asks for another code.
    pub fn resend_otp(&self) -> Request {
        let query = format!("mutation($flow: String!) {{ resendOtp(flow: $flow) {{ {TOLD} }} }}");
        self.question(&query, json!({ "flow": self.kept().flow }))
    }

    /// The command that answers with a code.
    pub fn verify_otp(&self, code: &str) -> Request {
        let kept = self.kept();
        let input = json!({
            "flow": kept.flow.unwrap_or_default(), "code": code, "installId": self.install,
            "deviceToken": kept.device,
        });
        self.command("verifyOtp", "OtpAnswer", input)
    }

    /// The command that asks for the next access token.
    pub fn next_tokens(&self) -> Request {
        let query = format!(
            "mutation($token: String!, $install: String!) {{
                refresh(refreshToken: $token, installId: $install) {{ {TOLD} }} }}"
        );
        self.question(&query, json!({ "token": self.kept().refresh, "install": self.install }))
    }

    /// Signs ada in, all of it; what the last command answered.
    pub async fn sign_in_by_graphql(&self, site: &Site) -> Value {
        let sent = payload(&self.send(self.credentials("ada", ADA.password)).await);
        let asked = (&sent["success"], &sent["requiresOtp"]);
        assert_eq!(asked, (&json!(true), &json!(true)), "{sent}");
        let code = site.mailbox.next_code_to(ADA.email).await.code();
        payload(&self.send(self.verify_otp(&code)).await)
    }
}

/// What the one command of a request answered.
#[track_caller]
pub fn payload(response: &Response) -> Value {
    let told = response.clone().expect(200).json();
    assert_eq!(told.get("errors"), None, "{told}");
    let commands = told["data"].as_object().expect("commands are answered");
    assert_eq!(commands.len(), 1, "{told}");
    let told = commands.values().next().expect("one").clone();
    assert_eq!(told["success"] == true, told["code"].is_null(), "{told}");
    assert_eq!(told["success"] == true, told["requestId"].is_null(), "{told}");
    told
}

/// The same in the words of every codec.
pub fn said(response: &Response) -> Said {
    let told = payload(response);
    match told["code"].as_str() {
        None if told["requiresOtp"] == true => Said::CodeSent,
        None => Said::SignedIn,
        Some("INVALID_CREDENTIALS" | "INVALID_OTP" | "INVALID_TOKEN") => Said::Wrong,
        Some(
            "OTP_EXPIRED" | "OTP_EXHAUSTED" | "OTP_USED" | "OTP_LINK_ONLY" | "RESEND_EXHAUSTED"
            | "FLOW_OVER",
        ) => Said::Over,
        Some("VALIDATION_ERROR") => Said::Malformed,
        Some("UNAVAILABLE") => Said::Away,
        Some("RATE_LIMIT") => Said::Later(told["retryAfter"].as_u64().expect("a time")),
        Some(_) => panic!("{told}"),
    }
}
