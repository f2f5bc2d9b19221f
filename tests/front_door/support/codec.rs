//! One client, whichever way it speaks: pages, JSON or GraphQL. What is promised of codes and sign-ins is promised of all, and is
//! tried by the same words.

use serde_json::json;

use super::browser::Browser;
use super::http::Response;
use super::page::find_hidden;
use super::people::ask_by_mail;
use super::program::Program;
use super::question::{payload, said};
use super::site::{Person, Site};

/// A way to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    Form,
    Json,
    GraphQl,
}

/// What came of a step, in whichever way it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    SignedIn,
    CodeSent,
    /// Wrong, and something is left to try.
    Wrong,
    /// Nothing is left to try here.
    Over,
    /// What was sent makes no sense.
    Malformed,
    /// Come back in so many seconds.
    Later(u64),
    /// A store does not answer.
    Away,
}

/// A client.
pub enum Client {
    Form(Browser),
    Json(Program),
    GraphQl(Program),
}

impl Client {
    pub fn new(codec: Codec, site: &Site) -> Self {
        match codec {
            Codec::Form => Self::Form(Browser::new(site)),
            Codec::Json => Self::Json(Program::new(site)),
            Codec::GraphQl => Self::GraphQl(Program::new(site)),
        }
    }

    /// A client at this address.
    pub fn at(codec: Codec, site: &Site, address: &str) -> Self {
        match Self::new(codec, site) {
            Self::Form(browser) => Self::Form(browser.always("X-Forwarded-For", address)),
            Self::Json(program) => Self::Json(program.always("X-Forwarded-For", address)),
            Self::GraphQl(program) => Self::GraphQl(program.always("X-Forwarded-For", address)),
        }
    }

    /// Name and password.
    pub async fn password(&self, name: &str, password: &str) -> Said {
        self.read(&self.show_password(name, password).await)
    }

    /// The same as it is answered.
    pub async fn show_password(&self, name: &str, password: &str) -> Response {
        match self {
            Self::Form(browser) => browser.submit_password(name, password).await,
            Self::Json(program) => program.password(name, password).await,
            Self::GraphQl(program) => program.send(program.credentials(name, password)).await,
        }
    }

    /// The name alone, where the mail is the only factor.
    pub async fn by_mail(&self, name: &str) -> Said {
        self.read(&self.ask_by_mail(name).await)
    }

    /// The same as it is answered.
    pub async fn ask_by_mail(&self, name: &str) -> Response {
        match self {
            Self::Form(browser) => ask_by_mail(browser, name).await,
            Self::Json(program) => program.by_mail(name).await,
            Self::GraphQl(program) => program.send(program.send_otp_to(name)).await,
        }
    }

    /// A code, whether or not anything still takes one.
    pub async fn code(&self, code: &str) -> Said {
        match self {
            Self::Form(browser) => form(&browser.submit_code_anyway(code).await),
            Self::Json(program) => told(&program.code(code).await),
            Self::GraphQl(program) => said(&program.send(program.verify_otp(code)).await),
        }
    }

    /// The request that answers with a code, as bytes, to be sent many times.
    pub async fn prepared(&self, code: &str) -> Vec<u8> {
        match self {
            Self::Form(browser) => {
                let page = browser.get("/_doorward/code").await.text();
                let csrf = find_hidden(&page, "csrf").expect("the code page has a form");
                let fields = [("code", code), ("csrf", csrf.as_str())];
                browser.prepare(browser.form("/_doorward/code", &fields))
            }
            Self::Json(program) => {
                let body = program.code_body(code);
                program.prepare(&program.request("POST", "/codes/verify", Some(&body)))
            }
            Self::GraphQl(program) => program.prepare(&program.verify_otp(code)),
        }
    }

    /// What an answer to [`Self::prepared`] says.
    pub fn read(&self, answer: &Response) -> Said {
        match self {
            Self::Form(_) => form(answer),
            Self::Json(_) => told(answer),
            Self::GraphQl(_) => said(answer),
        }
    }

    /// Another code.
    pub async fn resend(&self) -> Said {
        match self {
            Self::Form(browser) => form(&browser.resend().await),
            Self::Json(program) => told(&program.resend().await),
            Self::GraphQl(program) => said(&program.send(program.resend_otp()).await),
        }
    }

    /// The same with all that it keeps: a copy in somebody's hands.
    pub fn stolen(&self) -> Self {
        match self {
            Self::Form(browser) => Self::Form(browser.stolen()),
            Self::Json(program) => Self::Json(program.stolen()),
            Self::GraphQl(program) => Self::GraphQl(program.stolen()),
        }
    }

    /// Name and password; the code that came by mail is given back untyped.
    pub async fn half_sign_in(&self, site: &Site, person: &Person) -> String {
        assert_eq!(self.password(person.username, person.password).await, Said::CodeSent);
        site.mailbox.next_code_to(person.email).await.code()
    }

    /// Signs in, all of it.
    pub async fn sign_in(&self, site: &Site, person: &Person) {
        let code = self.half_sign_in(site, person).await;
        assert_eq!(self.code(&code).await, Said::SignedIn);
    }

    /// Signs out.
    pub async fn sign_out(&self) {
        match self {
            Self::Form(browser) => drop(browser.sign_out().await.expect(303)),
            Self::Json(program) => drop(program.post("/sign-out", json!({})).await.expect(204)),
            Self::GraphQl(program) => {
                let query = "mutation { signOut { success code requestId } }";
                assert_eq!(payload(&program.ask(query, json!({})).await)["success"], true);
            }
        }
    }

    /// Whether the site lets it through.
    pub async fn is_signed_in(&self) -> bool {
        match self {
            Self::Form(browser) => browser.is_signed_in().await,
            Self::Json(program) | Self::GraphQl(program) => program.is_signed_in().await,
        }
    }
}

fn form(answer: &Response) -> Said {
    match (answer.status, answer.header("location")) {
        (303, Some("/_doorward/code")) => Said::CodeSent,
        (303, Some("/_doorward/login")) => Said::Over,
        (303, _) => Said::SignedIn,
        (401, _) => Said::Wrong,
        (410, _) => Said::Over,
        (400, _) => Said::Malformed,
        (429, _) => Said::Later(answer.retry_after()),
        (503, _) => Said::Away,
        (other, _) => panic!("{other}: {}", answer.text()),
    }
}

fn told(answer: &Response) -> Said {
    match answer.status {
        202 => Said::CodeSent,
        200 | 201 => Said::SignedIn,
        401 => Said::Wrong,
        410 => Said::Over,
        400 => Said::Malformed,
        429 => Said::Later(answer.retry_after()),
        503 => Said::Away,
        other => panic!("{other}: {}", answer.text()),
    }
}
