//! What a store of challenges promises.

use std::time::Duration;

use doorward::domain::budget::DelayRule;
use doorward::domain::challenge::{Purpose, Redeemed, Reissued, Resend};
use doorward::domain::device::{DeviceUse, Rotation};
use doorward::domain::id::AccountId;
use doorward::domain::secret::{DeviceToken, LinkToken, base64url};
use doorward::store::Accounts;

use crate::backends::Backend;
use crate::races::MANY;
use crate::samples::{
    ADDRESS, Browser, LIFETIME, RELAY, RIGHT, START, WRONG, account, at, challenged, client,
    device, device_token, session, token, wrong,
};

const LEASE: Duration = Duration::from_secs(60);

pub async fn the_right_code_is_accepted_and_gives_the_challenge(store: impl Backend) {
    let (flow, browser) = (store.flow(), Browser::new());
    let new = browser.challenge(RIGHT, START);
    flow.open_challenge(new.clone()).await.unwrap();
    assert_eq!(browser.find(&*flow).await, Some(new.challenge.clone()));
    assert_eq!(browser.redeem(&*flow, WRONG, at(1)).await, wrong(4));
    let Redeemed::Accepted(accepted) = browser.redeem(&*flow, RIGHT, at(2)).await else {
        panic!("the right code was refused");
    };
    let mut expected = new.challenge;
    expected.attempts = 2;
    expected.consumed_at = Some(at(2));
    assert_eq!(*accepted, expected);
    assert_eq!(browser.find(&*flow).await, Some(expected));
}

pub async fn s1_a_used_code_is_spent(store: impl Backend) {
    let flow = store.flow();
    let browser = challenged(&*flow).await;
    assert!(matches!(browser.redeem(&*flow, RIGHT, START).await, Redeemed::Accepted(_)));
    assert_eq!(browser.redeem(&*flow, RIGHT, START).await, Redeemed::Spent);
    assert_eq!(browser.redeem(&*flow, WRONG, START).await, Redeemed::Spent);
    let later = START + LIFETIME;
    assert_eq!(browser.redeem(&*flow, RIGHT, later).await, Redeemed::Spent);
}

pub async fn s3_after_five_wrong_codes_the_right_one_fails(store: impl Backend) {
    let flow = store.flow();
    let browser = challenged(&*flow).await;
    for left in [4, 3, 2, 1] {
        assert_eq!(browser.redeem(&*flow, WRONG, START).await, wrong(left));
    }
    assert_eq!(browser.redeem(&*flow, WRONG, START).await, Redeemed::WrongAndExhausted);
    assert_eq!(browser.redeem(&*flow, RIGHT, START).await, Redeemed::Exhausted);
    assert_eq!(browser.find(&*flow).await.unwrap().attempts, 5, "counting has stopped");
}

pub async fn s44_a_challenge_that_something_else_has_answered_is_spent_once(store: impl Backend) {
    let flow = store.flow();
    let browser = challenged(&*flow).await;
    let hash = browser.flow();
    let spend = async |now| flow.spend_challenge(&hash, Purpose::SignIn, now).await.unwrap();
    assert_eq!(spend(START + LIFETIME).await, Redeemed::Expired);
    for _ in 0..5 {
        browser.redeem(&*flow, WRONG, START).await;
    }
    let mut spending = tokio::task::JoinSet::new();
    for _ in 0..MANY {
        let flow = flow.clone();
        spending.spawn(async move {
            flow.spend_challenge(&hash, Purpose::SignIn, at(1)).await.unwrap()
        });
    }
    let outcomes = spending.join_all().await;
    let accepted = outcomes.iter().filter(|one| matches!(one, Redeemed::Accepted(_))).count();
    assert_eq!(accepted, 1, "an exhausted one is answered too, and once");
    assert_eq!(spend(at(2)).await, Redeemed::Spent);
    assert_eq!(browser.redeem(&*flow, RIGHT, at(2)).await, Redeemed::Spent);
    let nobody = Browser::new();
    flow.open_challenge(nobody.decoy(RIGHT, START)).await.unwrap();
    let decoy = flow.spend_challenge(&nobody.flow(), Purpose::SignIn, at(1)).await.unwrap();
    assert_eq!(decoy, Redeemed::Unknown);
}

pub async fn s4_resending_keeps_the_guesses_that_were_counted(store: impl Backend) {
    let flow = store.flow();
    let browser = challenged(&*flow).await;
    for left in [4, 3, 2, 1] {
        assert_eq!(browser.redeem(&*flow, WRONG, START).await, wrong(left));
    }
    assert!(matches!(browser.resend(&*flow, "111111", at(30)).await, Reissued::Sent(_)));
    assert_eq!(browser.redeem(&*flow, WRONG, at(31)).await, Redeemed::WrongAndExhausted);
    assert_eq!(browser.redeem(&*flow, "111111", at(31)).await, Redeemed::Exhausted);
}

pub async fn s6_the_code_of_one_browser_is_nothing_in_another(store: impl Backend) {
    let flow = store.flow();
    let (mine, stranger) = (challenged(&*flow).await, Browser::new());
    assert_eq!(stranger.redeem(&*flow, RIGHT, START).await, Redeemed::Unknown);
    assert_eq!(stranger.resend(&*flow, RIGHT, at(30)).await, Reissued::Unknown);
    assert_eq!(stranger.find(&*flow).await, None);
    flow.open_challenge(stranger.challenge("222222", START)).await.unwrap();
    assert_eq!(stranger.redeem(&*flow, RIGHT, START).await, wrong(4));
    assert_eq!(mine.find(&*flow).await.unwrap().attempts, 0);
    assert!(matches!(mine.redeem(&*flow, RIGHT, START).await, Redeemed::Accepted(_)));
}

pub async fn s8_a_code_ends_at_its_very_millisecond_and_no_guess_is_counted_after(
    store: impl Backend,
) {
    let flow = store.flow();
    let (early, late) = (challenged(&*flow).await, challenged(&*flow).await);
    let end = START + LIFETIME;
    assert_eq!(late.redeem(&*flow, RIGHT, end).await, Redeemed::Expired);
    assert_eq!(late.redeem(&*flow, WRONG, end).await, Redeemed::Expired);
    assert_eq!(late.find(&*flow).await.unwrap().attempts, 0);
    let last = end.before(Duration::from_millis(1));
    assert!(matches!(early.redeem(&*flow, RIGHT, last).await, Redeemed::Accepted(_)));
}

pub async fn s9_after_a_resend_the_old_code_is_wrong_and_its_mail_is_gone(store: impl Backend) {
    let flow = store.flow();
    let browser = challenged(&*flow).await;
    let Reissued::Sent(sent) = browser.resend(&*flow, "111111", at(30)).await else {
        panic!("the resend was refused");
    };
    assert_eq!((sent.sends, sent.sent_at), (2, at(30)));
    assert_eq!(sent.expires_at, at(30) + LIFETIME);
    assert_eq!(browser.find(&*flow).await, Some(*sent));
    let waiting = flow.lease_mails(10, LEASE, at(30)).await.unwrap();
    assert_eq!(waiting.len(), 1, "of two mails the later one waits");
    assert_eq!(waiting[0].created_at, at(30));
    assert_eq!(browser.redeem(&*flow, RIGHT, at(31)).await, wrong(4));
    assert!(matches!(browser.redeem(&*flow, "111111", at(31)).await, Redeemed::Accepted(_)));
}

pub async fn s9_a_new_challenge_takes_the_place_of_the_same_browsers_alone(store: impl Backend) {
    let flow = store.flow();
    let (again, other) = (challenged(&*flow).await, challenged(&*flow).await);
    assert_eq!(again.redeem(&*flow, WRONG, START).await, wrong(4));
    flow.open_challenge(again.challenge("111111", at(5))).await.unwrap();
    assert_eq!(flow.count_mails().await.unwrap(), 2, "one for each browser");
    assert_eq!(again.find(&*flow).await.unwrap().attempts, 0);
    assert_eq!(again.redeem(&*flow, RIGHT, at(6)).await, wrong(4));
    assert!(matches!(again.redeem(&*flow, "111111", at(6)).await, Redeemed::Accepted(_)));
    assert!(matches!(other.redeem(&*flow, RIGHT, at(6)).await, Redeemed::Accepted(_)));
}

pub async fn s10_a_resend_in_the_cool_down_changes_nothing(store: impl Backend) {
    let flow = store.flow();
    let browser = challenged(&*flow).await;
    let refused = browser.resend(&*flow, "111111", at(29)).await;
    assert_eq!(refused, Reissued::Refused(Resend::Wait { until: at(30) }));
    assert_eq!(flow.count_mails().await.unwrap(), 1);
    assert_eq!(browser.find(&*flow).await.unwrap().sends, 1);
    assert!(matches!(browser.redeem(&*flow, RIGHT, at(29)).await, Redeemed::Accepted(_)));
}

pub async fn a_spent_or_exhausted_challenge_sends_no_code(store: impl Backend) {
    let flow = store.flow();
    let (spent, exhausted) = (challenged(&*flow).await, challenged(&*flow).await);
    spent.redeem(&*flow, RIGHT, START).await;
    for _ in 0..5 {
        exhausted.redeem(&*flow, WRONG, START).await;
    }
    for browser in [&spent, &exhausted] {
        let refused = browser.resend(&*flow, "111111", at(60)).await;
        assert_eq!(refused, Reissued::Refused(Resend::Over));
    }
    let often = challenged(&*flow).await;
    assert!(matches!(often.resend(&*flow, "111111", at(30)).await, Reissued::Sent(_)));
    assert!(matches!(often.resend(&*flow, "222222", at(90)).await, Reissued::Sent(_)));
    let refused = often.resend(&*flow, "333333", at(500)).await;
    assert_eq!(refused, Reissued::Refused(Resend::NoneLeft));
}

pub async fn an_expired_code_can_be_replaced(store: impl Backend) {
    let flow = store.flow();
    let browser = challenged(&*flow).await;
    assert_eq!(browser.redeem(&*flow, RIGHT, at(700)).await, Redeemed::Expired);
    assert!(matches!(browser.resend(&*flow, "111111", at(700)).await, Reissued::Sent(_)));
    assert!(matches!(browser.redeem(&*flow, "111111", at(701)).await, Redeemed::Accepted(_)));
}

pub async fn s26_a_decoy_counts_like_any_other_and_is_never_accepted(store: impl Backend) {
    let (flow, browser) = (store.flow(), Browser::new());
    flow.open_challenge(browser.decoy(RIGHT, START)).await.unwrap();
    assert_eq!(flow.count_mails().await.unwrap(), 0);
    assert_eq!(browser.redeem(&*flow, RIGHT, START).await, wrong(4));
    let refused = browser.resend(&*flow, RIGHT, at(29)).await;
    assert_eq!(refused, Reissued::Refused(Resend::Wait { until: at(30) }));
    let mut further = browser.reissue(RIGHT, at(30));
    further.mail = None;
    let (purpose, rule) = (doorward::domain::challenge::Purpose::SignIn, crate::samples::rule());
    let sent = flow.reissue_code(&browser.flow(), purpose, further, rule, at(30)).await.unwrap();
    assert!(matches!(sent, Reissued::Sent(_)));
    for left in [3, 2, 1] {
        assert_eq!(browser.redeem(&*flow, RIGHT, at(31)).await, wrong(left));
    }
    assert_eq!(browser.redeem(&*flow, RIGHT, at(31)).await, Redeemed::WrongAndExhausted);
    assert_eq!(browser.redeem(&*flow, RIGHT, at(31)).await, Redeemed::Exhausted);
}

pub async fn s12_nothing_that_is_kept_holds_a_code_a_token_or_an_address(store: impl Backend) {
    let (flow, token) = (store.flow(), token());
    let browser = challenged(&*flow).await;
    browser.redeem(&*flow, "853617", START).await;
    browser.resend(&*flow, "462973", at(30)).await;
    browser.redeem(&*flow, "462973", at(31)).await;
    let made = account("ada", "ada@example.org");
    store.accounts().insert_account(made.clone()).await.unwrap();
    flow.create_session(session(&token, made.id, START)).await.unwrap();
    browser.redeem(&*flow, RELAY, at(32)).await;
    browser.follow(&*flow, "462973", at(33)).await;
    let [first, second] = use_a_device(&*store.accounts(), made.id).await;
    let typed = "correct horse battery staple";
    let accounts = store.accounts();
    accounts.count_password_failure(typed, DelayRule::default(), START).await.unwrap();

    let everything = store.everything_kept().await;
    let holds = |secret: &[u8]| everything.windows(secret.len()).any(|window| window == secret);
    assert!(holds(token.hash().as_bytes()), "the search finds what is there");
    assert!(holds(b"ada@example.org"), "the search finds what is there");
    assert!(holds(second.hash().as_bytes()), "the search finds what is there");
    for code in [RIGHT, "853617", "462973", RELAY] {
        assert!(!holds(code.as_bytes()), "a code is kept");
    }
    assert!(!holds(typed.as_bytes()), "what was typed as a name, such as a password, is kept");
    let links = [browser.link(RIGHT), browser.link("462973")];
    let links = links.iter().map(LinkToken::expose);
    let devices = [first.expose(), second.expose()];
    for secret in [token.expose(), browser.secret.expose()].into_iter().chain(devices).chain(links)
    {
        assert!(!holds(secret), "a token is kept");
        assert!(!holds(base64url(secret).as_bytes()), "a token is kept as text");
    }
    assert!(!holds(ADDRESS.as_bytes()), "where the mail went is kept outside its seal");
}

/// Uses a new device once, and gives its first token and the one after.
async fn use_a_device(accounts: &dyn Accounts, account: AccountId) -> [DeviceToken; 2] {
    let [first, second] = [device_token(), device_token()];
    let new = device(&first, account);
    accounts.insert_device(new.clone()).await.unwrap();
    let rotation = Rotation {
        shown: first.hash(),
        next: second.hash(),
        grace: Duration::from_secs(60),
        client: client(),
        now: START,
    };
    let used = accounts.use_device(new.device.id, rotation).await.unwrap();
    assert!(matches!(used, DeviceUse::Rotated(_)));
    [first, second]
}

pub async fn a_clock_that_is_put_back_revives_nothing(store: impl Backend) {
    let flow = store.flow();
    let (spent, tried) = (challenged(&*flow).await, challenged(&*flow).await);
    assert!(matches!(spent.redeem(&*flow, RIGHT, at(10)).await, Redeemed::Accepted(_)));
    assert_eq!(tried.redeem(&*flow, WRONG, at(10)).await, wrong(4));
    let before = at(-3600);
    assert_eq!(spent.redeem(&*flow, RIGHT, before).await, Redeemed::Spent);
    assert_eq!(tried.redeem(&*flow, WRONG, before).await, wrong(3));
}

pub async fn challenges_outlast_a_restart(store: impl Backend) {
    let flow = store.flow();
    let (spent, tried) = (challenged(&*flow).await, challenged(&*flow).await);
    assert!(matches!(spent.redeem(&*flow, RIGHT, START).await, Redeemed::Accepted(_)));
    assert_eq!(tried.redeem(&*flow, WRONG, START).await, wrong(4));
    drop(flow);
    let store = store.restart().await;
    let flow = store.flow();
    assert_eq!(spent.redeem(&*flow, RIGHT, START).await, Redeemed::Spent);
    assert_eq!(tried.redeem(&*flow, WRONG, START).await, wrong(3));
    assert!(matches!(tried.redeem(&*flow, RIGHT, START).await, Redeemed::Accepted(_)));
}
