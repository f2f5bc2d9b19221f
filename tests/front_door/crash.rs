//! The power goes, in the middle of sign-ins.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::browser::{Browser, Request};
use crate::support::page::{find_hidden, hidden};
use crate::support::site::{ADA, Person, Setup, Site};
use crate::support::tools::eventually;

/// How far one person had come, by what the gateway had said yes to, when the power went.
#[derive(Default)]
struct Progress {
    /// Signed in, with an answer that said so: the browser, itself before the code was typed, the form's token, the code.
    signed_in: Vec<(Browser, Browser, String, String)>,
    /// Half signed in, with an answer that said so.
    half_way: Option<Browser>,
    /// The code that was on its way to the gateway, with the browser that sent it.
    in_flight: Option<(Browser, String, String)>,
}

#[tokio::test]
async fn after_kill_9_nothing_acknowledged_is_lost_and_no_code_works_twice() {
    let people = [
        person("edda", "edda@example.org"),
        person("egil", "egil@example.org"),
        person("eyra", "eyra@example.org"),
    ];
    let mut site = Site::with(Setup { people: people.to_vec(), ..Setup::default() }).await;
    for late in [
        person("one", "one@example.org"),
        person("two", "two@example.org"),
        person("three", "three@example.org"),
    ] {
        let done = AtomicUsize::new(0);
        let mut progress: Vec<Progress> = people.iter().map(|_| Progress::default()).collect();
        {
            let (first, rest) = progress.split_at_mut(1);
            let (second, third) = rest.split_at_mut(1);
            let account = async {
                // An account is made among all that. Once some are signed in the power goes, whatever others are at.
                site.add_account(&late).await;
                let enough = async || (done.load(Ordering::SeqCst) >= 4).then_some(());
                eventually("some to be signed in", enough).await;
                let pid = site.pid().to_string();
                let killed = std::process::Command::new("kill").args(["-KILL", &pid]).status();
                assert!(killed.expect("kill runs").success());
            };
            tokio::join!(
                account,
                sign_in_on_and_on(&site, &people[0], &mut first[0], &done),
                sign_in_on_and_on(&site, &people[1], &mut second[0], &done),
                sign_in_on_and_on(&site, &people[2], &mut third[0], &done),
            );
        }
        site.kill9();
        // The mails that the dead process had taken are free for others half a minute later.
        site.travel(Duration::from_secs(31));
        site.serve().await;
        site.outbox_is_empty().await;
        assert!(
            progress.iter().any(|progress| !progress.signed_in.is_empty()),
            "nobody had signed in: nothing was shown"
        );

        for (person, progress) in people.iter().zip(progress) {
            for (browser, before, token, code) in progress.signed_in {
                assert!(
                    browser.is_signed_in().await,
                    "an acknowledged session of {} is gone",
                    person.username
                );
                assert_never_again(&before, &token, &code).await;
            }
            if let Some((browser, token, code)) = progress.in_flight {
                let before = browser.stolen();
                let fields = [("code", code.as_str()), ("csrf", token.as_str())];
                let answer = browser.submit("/_doorward/code", &fields).await;
                assert!(matches!(answer.status, 303 | 410), "{}", answer.status);
                assert_never_again(&before, &token, &code).await;
            }
            if let Some(browser) = progress.half_way {
                finish(&site, &browser, person).await;
            }
        }
        // The account that was acknowledged is there, whole.
        Browser::new(&site).sign_in(&site, &late).await;
        while people.iter().any(|person| site.mailbox.take(person.email).is_some()) {}
    }
}

const fn person(username: &'static str, email: &'static str) -> Person {
    Person { username, email, ..ADA }
}

/// Signs in with password and code, again and again in new browsers, until nobody answers.
async fn sign_in_on_and_on(
    site: &Site,
    person: &Person,
    progress: &mut Progress,
    done: &AtomicUsize,
) {
    while let Ok(()) = sign_in_once(site, person, progress).await {
        done.fetch_add(1, Ordering::SeqCst);
    }
}

async fn sign_in_once(site: &Site, person: &Person, progress: &mut Progress) -> io::Result<()> {
    let browser = Browser::new(site);
    let page = browser.try_send(Request::get("/_doorward/login").navigate()).await?;
    let csrf = hidden(&page.text(), "csrf");
    let fields = [
        ("username", person.username),
        ("password", person.password),
        ("csrf", csrf.as_str()),
        ("rd", "/"),
    ];
    let answer = browser.try_send(browser.form("/_doorward/login", &fields)).await?.expect(303);
    assert_eq!(answer.location(), "/_doorward/code");
    progress.half_way = Some(browser.stolen());
    let page = browser.try_send(Request::get("/_doorward/code").navigate()).await?;
    let Some(token) = find_hidden(&page.text(), "csrf") else {
        return Err(io::ErrorKind::Other.into());
    };
    // The mail may be one of those that the power keeps back: whoever waits also looks whether anybody is there.
    let mail = loop {
        if let Some(mail) = site.mailbox.take(person.email) {
            break mail;
        }
        browser.try_send(Request::get("/_doorward/code").navigate()).await?;
    };
    let code = mail.code();
    progress.half_way = None;
    progress.in_flight = Some((browser.stolen(), token.clone(), code.clone()));
    let before = browser.stolen();
    let fields = [("code", code.as_str()), ("csrf", token.as_str())];
    browser.try_send(browser.form("/_doorward/code", &fields)).await?.expect(303);
    progress.in_flight = None;
    progress.signed_in.push((browser, before, token, code));
    Ok(())
}

async fn assert_never_again(before: &Browser, token: &str, code: &str) {
    let again = before.submit("/_doorward/code", &[("code", code), ("csrf", token)]).await;
    assert_eq!(again.status, 410, "a code worked twice");
    assert_eq!(before.cookie("doorward"), None);
}

/// Ends a sign-in whose mail was promised: one of the mails that have come holds its code. A mail may come twice after
/// a crash, so codes are tried as a person would who finds several.
async fn finish(site: &Site, browser: &Browser, person: &Person) {
    let mut codes = BTreeSet::new();
    while let Some(mail) = site.mailbox.take(person.email) {
        codes.insert(mail.code());
    }
    assert!(!codes.is_empty(), "a mail that was promised to {} never came", person.username);
    for code in codes {
        if browser.submit_code(&code).await.status == 303 {
            assert!(browser.is_signed_in().await);
            return;
        }
    }
    panic!("no mail to {} holds the code of its challenge", person.username);
}
