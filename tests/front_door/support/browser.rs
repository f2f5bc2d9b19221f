//! A browser as far as HTTP knows it: cookies, where requests come from, what they want.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;

use super::captcha::Sum;
use super::http::{Response, exchange, try_exchange};
use super::page::{find_hidden, form, hidden};
use super::site::{Person, Site};

/// A request to be sent: every header is there because somebody put it there.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn new(method: &str, target: &str) -> Self {
        Self { method: method.into(), target: target.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub fn post(target: &str) -> Self {
        Self::new("POST", target)
    }

    /// One more header line.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Without any header line of that name.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self
    }

    /// In place of any header line of that name.
    pub fn instead(self, name: &str, value: &str) -> Self {
        self.without(name).header(name, value)
    }

    /// A body, with its length.
    pub fn body(mut self, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        let length = self.body.len().to_string();
        self.instead("Content-Type", kind).instead("Content-Length", &length)
    }

    /// A page load.
    pub fn navigate(self) -> Self {
        self.instead("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
            .instead("Sec-Fetch-Mode", "navigate")
            .instead("Sec-Fetch-Dest", "document")
            .instead("Sec-Fetch-Site", "none")
    }

    /// The bytes, for this host.
    pub fn bytes(&self, host: &str) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head.push_str(&format!("Host: {host}\r\n"));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut bytes = format!("{head}\r\n").into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// One browser with its cookies.
pub struct Browser {
    gateway: SocketAddr,
    host: String,
    jar: Mutex<BTreeMap<String, String>>,
    /// Header lines on each request.
    always: Vec<(String, String)>,
    /// The sum that the page at a path has asked for last.
    sum: Mutex<Option<(String, Sum)>>,
    scripts: bool,
}

impl Browser {
    /// A browser that has never been anywhere.
    pub fn new(site: &Site) -> Self {
        Self::at(site.address, &site.host)
    }

    /// The same, for another host or listener.
    pub fn at(gateway: SocketAddr, host: &str) -> Self {
        let agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
        let always = vec![("User-Agent".to_owned(), agent.to_owned())];
        let (host, jar, sum) = (host.to_owned(), Mutex::default(), Mutex::default());
        Self { gateway, host, jar, always, sum, scripts: true }
    }

    /// With a header line on each request.
    pub fn always(mut self, name: &str, value: &str) -> Self {
        self.always.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without scripts: what a page asks for by script is not done.
    pub fn without_scripts(mut self) -> Self {
        self.scripts = false;
        self
    }

    /// The origin that pages of the site have.
    pub fn origin(&self) -> String {
        let scheme = if self.host.contains("localhost") { "http" } else { "https" };
        format!("{scheme}://{}", self.host)
    }

    /// The value of a cookie, with a prefix or without.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let jar = self.jar.lock().expect("no test has panicked with it");
        let prefixes = ["", "__Host-", "__Secure-"];
        prefixes.iter().find_map(|prefix| jar.get(&format!("{prefix}{name}"))).cloned()
    }

    /// Sets or takes away a cookie.
    pub fn set_cookie(&self, name: &str, value: Option<&str>) {
        let mut jar = self.jar.lock().expect("no test has panicked with it");
        match value {
            Some(value) => jar.insert(name.to_owned(), value.to_owned()),
            None => jar.remove(name),
        };
    }

    /// Another browser with the same cookies: what somebody has who stole them all.
    pub fn stolen(&self) -> Self {
        let jar = self.jar.lock().expect("no test has panicked with it").clone();
        let (gateway, host, always) = (self.gateway, self.host.clone(), self.always.clone());
        let (jar, sum, scripts) = (Mutex::new(jar), Mutex::default(), self.scripts);
        Self { gateway, host, jar, always, sum, scripts }
    }

    /// The same browser, come to another gateway.
    pub fn at_gateway(mut self, gateway: SocketAddr) -> Self {
        self.gateway = gateway;
        self
    }

    /// The request with cookies and the browser's own headers, as bytes.
    pub fn prepare(&self, mut request: Request) -> Vec<u8> {
        for (name, value) in &self.always {
            if !request.headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name)) {
                request = request.header(name, value);
            }
        }
        let jar = self.jar.lock().expect("no test has panicked with it");
        if !jar.is_empty()
            && !request.headers.iter().any(|(key, _)| key.eq_ignore_ascii_case("cookie"))
        {
            let cookies: Vec<_> =
                jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("Cookie", &cookies.join("; "));
        }
        request.bytes(&self.host)
    }

    /// Sends a request and keeps the cookies of the answer.
    pub async fn send(&self, request: Request) -> Response {
        let path = request.target.split('?').next().unwrap_or_default().to_owned();
        let response = exchange(self.gateway, &self.prepare(request)).await;
        self.keep_cookies(&response);
        if let Some(sum) = Sum::of(&String::from_utf8_lossy(&response.body)) {
            *self.sum.lock().expect("no test has panicked with it") = Some((path, sum));
        }
        response
    }

    /// The same, where there may be nobody at the other end.
    pub async fn try_send(&self, request: Request) -> std::io::Result<Response> {
        let response = try_exchange(self.gateway, &self.prepare(request)).await?;
        self.keep_cookies(&response);
        Ok(response)
    }

    fn keep_cookies(&self, response: &Response) {
        for line in response.all("set-cookie") {
            let mut parts = line.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let is_over = parts
                .any(|part| part.eq_ignore_ascii_case("max-age=0") || part.contains("01 Jan 1970"));
            self.set_cookie(name, (!is_over).then_some(value));
        }
    }

    /// Loads a page.
    pub async fn get(&self, target: &str) -> Response {
        self.send(Request::get(target).navigate()).await
    }

    /// Asks for something as a script of the page does.
    pub async fn fetch(&self, target: &str) -> Response {
        let request = Request::get(target).header("Accept", "*/*").header("Sec-Fetch-Mode", "cors");
        self.send(request.header("Sec-Fetch-Dest", "empty").header("Sec-Fetch-Site", "same-origin"))
            .await
    }

    /// A form of one of the site's own pages, with the answer of its sum, unless the fields have one.
    pub fn form(&self, target: &str, fields: &[(&str, &str)]) -> Request {
        let sum = self.sum.lock().expect("no test has panicked with it").clone();
        let own = sum.filter(|(path, _)| {
            path == target && fields.iter().all(|(name, _)| !name.starts_with("captcha_"))
        });
        let (ticket, answer) = own.map_or_else(Default::default, |(_, sum)| {
            let answer = if self.scripts { sum.answer() } else { String::new() };
            (sum.ticket, answer)
        });
        let mut fields = fields.to_vec();
        if !ticket.is_empty() {
            fields.extend([("captcha_ticket", &*ticket), ("captcha_answer", &*answer)]);
        }
        Request::post(target)
            .navigate()
            .instead("Sec-Fetch-Site", "same-origin")
            .header("Origin", &self.origin())
            .body("application/x-www-form-urlencoded", form(&fields))
    }

    /// Submits a form, as it stands.
    pub async fn submit(&self, target: &str, fields: &[(&str, &str)]) -> Response {
        self.send(self.form(target, fields)).await
    }

    /// Opens the sign-in page and gives its token.
    pub async fn login_token(&self) -> String {
        hidden(&self.get("/_doorward/login").await.expect(200).text(), "csrf")
    }

    /// Opens the code page and gives its token.
    pub async fn code_token(&self) -> String {
        hidden(&self.get("/_doorward/code").await.expect(200).text(), "csrf")
    }

    /// Opens the sign-in page and submits name and password.
    pub async fn submit_password(&self, name: &str, password: &str) -> Response {
        self.submit_password_for(name, password, "/").await
    }

    /// The same, on the way to a page.
    pub async fn submit_password_for(&self, name: &str, password: &str, target: &str) -> Response {
        let csrf = self.login_token().await;
        self.submit(
            "/_doorward/login",
            &[("username", name), ("password", password), ("csrf", &csrf), ("rd", target)],
        )
        .await
    }

    /// Opens the code page and submits a code.
    pub async fn submit_code(&self, code: &str) -> Response {
        let csrf = self.code_token().await;
        self.submit("/_doorward/code", &[("code", code), ("csrf", &csrf)]).await
    }

    /// Submits a code, whether or not the code page still takes one.
    pub async fn submit_code_anyway(&self, code: &str) -> Response {
        // Any page with a form has the token: one for those who are signed in, and one for the others.
        let mut csrf = None;
        for page in ["/_doorward/login", "/_doorward/account"] {
            csrf = csrf.or(find_hidden(&self.get(page).await.text(), "csrf"));
        }
        let csrf = csrf.expect("a page with a form");
        self.submit("/_doorward/code", &[("code", code), ("csrf", &csrf)]).await
    }

    /// Opens the code page and asks for another code.
    pub async fn resend(&self) -> Response {
        let csrf = self.code_token().await;
        self.submit("/_doorward/code/resend", &[("csrf", &csrf)]).await
    }

    /// Name, password, and the code that came by mail is given back untyped.
    pub async fn half_sign_in(&self, site: &Site, person: &Person) -> String {
        let answer = self.submit_password(person.username, person.password).await.expect(303);
        assert_eq!(answer.location(), "/_doorward/code");
        site.mailbox.next_code_to(person.email).await.code()
    }

    /// Signs in, all of it.
    pub async fn sign_in(&self, site: &Site, person: &Person) {
        let code = self.half_sign_in(site, person).await;
        self.submit_code(&code).await.expect(303);
        assert!(self.cookie("doorward").is_some(), "no session cookie was set");
    }

    /// Signs out by the page that asks for it.
    pub async fn sign_out(&self) -> Response {
        let page = self.get("/_doorward/logout").await.expect(200);
        self.submit("/_doorward/logout", &[("csrf", &hidden(&page.text(), "csrf"))]).await
    }

    /// Whether the site lets this browser through.
    pub async fn is_signed_in(&self) -> bool {
        match self.fetch("/private").await.status {
            200 => true,
            401 => false,
            other => panic!("neither in nor out: {other}"),
        }
    }
}
