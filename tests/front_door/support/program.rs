//! A program that signs somebody in by the JSON API, and keeps what it is given.

use std::net::SocketAddr;
use std::sync::Mutex;

use doorward::domain::entropy::OsEntropy;
use doorward::domain::id::DeviceId;
use doorward::domain::time::{Clock, SystemClock};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::browser::Request;
use super::http::{Response, exchange};
use super::site::{Person, Setup, Site};

/// The folder of the API.
pub const API: &str = "/_doorward/api/v1";

/// A site with the API, whose app takes access tokens.
pub fn with_api() -> Setup {
    Setup {
        site: vec!["bearer: true".to_owned()],
        top: vec![
            "api: { enabled: true, graphql: true }".to_owned(),
            "trusted_proxies: [\"127.0.0.0/8\"]".to_owned(),
            "registration: { enabled: true }".to_owned(),
            "captcha: { registration: none }".to_owned(),
        ],
        ..Setup::default()
    }
}

/// One installation of a program.
pub struct Program {
    gateway: SocketAddr,
    host: String,
    pub install: String,
    always: Vec<(String, String)>,
    kept: Mutex<Kept>,
}

/// What a program keeps.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    pub flow: Option<String>,
    pub access: Option<String>,
    pub refresh: Option<String>,
    pub device: Option<String>,
    pub verified: Option<String>,
}

impl Program {
    /// A new installation.
    pub fn new(site: &Site) -> Self {
        Self {
            gateway: site.address,
            host: site.host.clone(),
            install: DeviceId::generate(&OsEntropy, SystemClock.now()).to_string(),
            always: Vec::new(),
            kept: Mutex::default(),
        }
    }

    /// The same with a header that goes with every request.
    pub fn always(mut self, name: &str, value: &str) -> Self {
        self.always.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same installation, with all that it keeps: a copy in somebody's hands.
    pub fn stolen(&self) -> Self {
        Self {
            gateway: self.gateway,
            host: self.host.clone(),
            install: self.install.clone(),
            always: self.always.clone(),
            kept: Mutex::new(self.kept()),
        }
    }

    /// What it keeps.
    pub fn kept(&self) -> Kept {
        self.kept.lock().expect("no test has panicked with it").clone()
    }

    /// Keeps something else.
    pub fn keep(&self, change: impl FnOnce(&mut Kept)) {
        change(&mut self.kept.lock().expect("no test has panicked with it"));
    }

    /// A request to the API, with the access token if there is one.
    pub fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Request {
        let request = Request::new(method, &format!("{API}{path}"));
        let request = match body {
            Some(body) => request.body("application/json", body.to_string()),
            None => request,
        };
        self.authorized(request)
    }

    /// The request with what goes with every one, and the access token.
    pub fn authorized(&self, mut request: Request) -> Request {
        for (name, value) in &self.always {
            request = request.header(name, value);
        }
        match self.kept().access {
            Some(access) => request.header("Authorization", &format!("Bearer {access}")),
            None => request,
        }
    }

    /// The request as bytes.
    pub fn prepare(&self, request: &Request) -> Vec<u8> {
        request.bytes(&self.host)
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request) -> Response {
        let response = exchange(self.gateway, &self.prepare(&request)).await;
        self.take(&response);
        response
    }

    /// Asks the API.
    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Response {
        self.send(self.request(method, path, body.as_ref())).await
    }

    /// Posts to the API.
    pub async fn post(&self, path: &str, body: Value) -> Response {
        self.call("POST", path, Some(body)).await
    }

    /// Keeps what an answer gives.
    fn take(&self, response: &Response) {
        let Ok(told) = serde_json::from_slice::<Value>(&response.body) else { return };
        self.take_payloads(&told["data"]);
        let text = |name: &str| told[name].as_str().map(str::to_owned);
        self.keep(|kept| {
            kept.flow = text("flow").or(kept.flow.take());
            kept.verified = text("verification_token").or(kept.verified.take());
            kept.access = text("access_token").or(kept.access.take());
            kept.refresh = text("refresh_token").or(kept.refresh.take());
            kept.device = text("device_token").or(kept.device.take());
        });
    }

    /// Keeps what the commands of a question give.
    fn take_payloads(&self, data: &Value) {
        for told in data.as_object().into_iter().flat_map(serde_json::Map::values) {
            let text = |told: &Value, name: &str| told[name].as_str().map(str::to_owned);
            let tokens = &told["tokens"];
            self.keep(|kept| {
                kept.flow = text(told, "flow").or(kept.flow.take());
                kept.verified = text(told, "verificationToken").or(kept.verified.take());
                kept.access = text(tokens, "accessToken").or(kept.access.take());
                kept.refresh = text(tokens, "refreshToken").or(kept.refresh.take());
                kept.device = text(tokens, "deviceToken").or(kept.device.take());
            });
        }
    }

    /// The body of a sign-in.
    pub fn sign_in_body(&self, login: &str, password: &str) -> Value {
        let mut body = json!({ "login": login, "password": password, "install_id": self.install });
        if let Some(device) = self.kept().device {
            body["device_token"] = device.into();
        }
        body
    }

    /// Signs in with a password.
    pub async fn password(&self, login: &str, password: &str) -> Response {
        self.post("/sign-in", self.sign_in_body(login, password)).await
    }

    /// The body of an answer to the challenge.
    pub fn code_body(&self, code: &str) -> Value {
        let kept = self.kept();
        let mut body = json!({
            "flow": kept.flow.unwrap_or_default(), "code": code, "install_id": self.install,
        });
        if let Some(device) = kept.device {
            body["device_token"] = device.into();
        }
        body
    }

    /// Answers with a code.
    pub async fn code(&self, code: &str) -> Response {
        self.post("/codes/verify", self.code_body(code)).await
    }

    /// Asks for another code.
    pub async fn resend(&self) -> Response {
        self.post("/codes/resend", json!({ "flow": self.kept().flow.unwrap_or_default() })).await
    }

    /// Asks for a code by a name alone, where the mail is the only factor.
    pub async fn by_mail(&self, name: &str) -> Response {
        let destination = match name.contains('@') {
            true => json!({ "email": name.trim() }),
            false => json!({ "username": name.trim() }),
        };
        let path = "/mail-only/x";
        let body = json!({ "purpose": "sign_in", "destination": destination, "path": path });
        self.post("/codes", body).await
    }

    /// Does the sum that is asked for at this place; what has to be shown with a request then.
    pub async fn captcha(&self, place: &str) -> Value {
        let asked = self.post("/captcha", json!({ "place": place })).await.expect(200).json();
        assert_eq!(asked["kind"], "proof_of_work", "{asked}");
        sum_of(&asked)
    }

    /// Name and password; the code that came by mail is given back untyped.
    pub async fn half_sign_in(&self, site: &Site, person: &Person) -> String {
        let sent = self.password(person.username, person.password).await.expect(202);
        assert_eq!(sent.json()["status"], "code_sent");
        site.mailbox.next_code_to(person.email).await.code()
    }

    /// Signs in, all of it.
    pub async fn sign_in(&self, site: &Site, person: &Person) {
        let code = self.half_sign_in(site, person).await;
        let told = self.code(&code).await.expect(200).json();
        assert_eq!(told["status"], "signed_in", "{told}");
    }

    /// Asks for the next access token.
    pub async fn refresh(&self) -> Response {
        let token = self.kept().refresh.unwrap_or_default();
        let body = json!({ "refresh_token": token, "install_id": self.install });
        self.post("/refresh", body).await
    }

    /// Asks the app for something.
    pub async fn fetch(&self, target: &str) -> Response {
        self.send(self.authorized(Request::get(target).header("Accept", "*/*"))).await
    }

    /// Whether the site lets this program through.
    pub async fn is_signed_in(&self) -> bool {
        match self.fetch("/private").await.status {
            200 => true,
            401 => false,
            other => panic!("neither in nor out: {other}"),
        }
    }
}

/// The answer of a sum that is asked for.
pub fn sum_of(asked: &Value) -> Value {
    let text = |name: &str| asked[name].as_str().expect("a text").to_owned();
    let unhex = |name: &str| data_encoding::HEXLOWER.decode(text(name).as_bytes()).unwrap();
    let (salt, target) = (unhex("salt"), unhex("target"));
    let hashes = u32::try_from(asked["hashes"].as_u64().unwrap()).unwrap();
    let is_it = |number: &u32| {
        let hashed = [&salt[..], &number.to_be_bytes()].concat();
        Sha256::digest(hashed).as_slice() == target
    };
    let answer = (0..hashes).find(is_it).expect("the sum has an answer").to_string();
    json!({ "flow": text("flow"), "ticket": text("ticket"), "answer": answer })
}

/// The code of a problem.
#[track_caller]
pub fn problem(response: &Response) -> String {
    assert_eq!(response.header("content-type"), Some("application/problem+json"));
    let told = response.json();
    assert_eq!(told["status"], response.status, "{told}");
    assert!(told["request_id"].is_string() && told["detail"].is_string(), "{told}");
    told["code"].as_str().unwrap_or_else(|| panic!("no code in {told}")).to_owned()
}
