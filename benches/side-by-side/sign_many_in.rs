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
use doorward::auth::password::Serves;
use doorward::auth::tokens;
use doorward::domain::account::Account;
use doorward::domain::client::{Client, UserAgent};
use doorward::domain::entropy::OsEntropy;
use doorward::domain::host::HostName;
use doorward::domain::id::{FamilyId, SessionId};
use doorward::domain::secret::SessionToken;
use doorward::domain::session::{Method, Methods, NewSession, Session};
use doorward::domain::time::SystemClock;
use tokio::task::JoinSet;

/// How many sign-ins are under way at once.
const AT_ONCE: usize = 64;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let settings = doorward::config::load(Path::new(&arguments[1])).unwrap();
    let core = Core::open(&settings, Arc::new(SystemClock), Serves::Nobody).await.unwrap();
    let core = Arc::new(core);
    let account = core.accounts.list_accounts(None, 1).await.unwrap().remove(0);
    let host: HostName = arguments[2].parse().unwrap();
    let mut under_way = JoinSet::new();
    for _ in 0..arguments[3].parse::<u32>().unwrap() {
        if under_way.len() == AT_ONCE {
            println!("{}", under_way.join_next().await.unwrap().unwrap());
        }
        under_way.spawn(sign_in(Arc::clone(&core), account.clone(), host.clone()));
    }
    for cookie in under_way.join_all().await {
        println!("{cookie}");
    }
}

async fn sign_in(core: Arc<Core>, account: Account, host: HostName) -> String {
    let now = core.clock.now();
    let id = SessionId::generate(&OsEntropy, now);
    let session = Session {
        id,
        family: FamilyId::begun_by(id),
        account: account.id,
        epoch: account.epoch,
        host,
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
    let cookie = tokens::encode_session(&core.keys, &token, &session.host);
    let new = NewSession { token: token.hash(), session, replaces: None, refresh: None };
    core.flow.create_session(new).await.unwrap();
    cookie
}
