//! Signs many browsers in without a word, and prints the value of each one's cookie.
//!
//! `sign_many_in FILE HOST COUNT`: for the first account, at the host HOST of the configuration FILE.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark stops where it fails"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use doorward::app::Core;
use doorward::auth::tokens;
use doorward::domain::client::{Client, UserAgent};
use doorward::domain::entropy::OsEntropy;
use doorward::domain::id::{FamilyId, SessionId};
use doorward::domain::secret::SessionToken;
use doorward::domain::session::{Method, Methods, NewSession, Session};
use doorward::domain::time::SystemClock;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let settings = doorward::config::load(Path::new(&arguments[1])).unwrap();
    let core = Core::open(&settings, Arc::new(SystemClock)).await.unwrap();
    let account = core.accounts.list_accounts(None, 1).await.unwrap().remove(0);
    for _ in 0..arguments[3].parse::<u32>().unwrap() {
        let now = core.clock.now();
        let id = SessionId::generate(&OsEntropy, now);
        let session = Session {
            id,
            family: FamilyId::begun_by(id),
            account: account.id,
            epoch: account.epoch,
            host: arguments[2].parse().unwrap(),
            methods: Methods::new([Method::Password, Method::MailCode]),
            authenticated_at: now,
            created_at: now,
            seen_at: now,
            expires_at: now + Duration::from_secs(12 * 3600),
            idle: Duration::from_secs(3600),
            remembered: false,
            client: Client {
                address: "127.0.0.1".parse().unwrap(),
                user_agent: UserAgent::from("Firefox"),
            },
        };
        let token = SessionToken::generate(&OsEntropy);
        println!("{}", tokens::encode_session(&core.keys, &token, &session.host));
        let new = NewSession { token: token.hash(), session, replaces: None, refresh: None };
        core.flow.create_session(new).await.unwrap();
    }
}
