//! What is promised of codes and sign-ins, by pages, JSON and GraphQL: the same words over all.

use std::time::Duration;

use sqlx::{Connection as _, Executor as _, SqliteConnection};

use crate::codes::fifty_at_once;
use crate::support::codec::{Client, Codec, Said};
use crate::support::http::{Response, exchange};
use crate::support::people::{compared, has_code, own_work, told};
use crate::support::program::{Program, problem, with_api};
use crate::support::question::{payload, said};
use crate::support::site::{ADA, GRACE, Setup, Site};

const DAY: Duration = Duration::from_secs(86_400);

/// Six digits that are not these.
fn another(code: &str) -> String {
    let number: u32 = code.parse().expect("digits");
    format!("{:06}", (number + 1) % 1_000_000)
}

fn guesses() -> impl Iterator<Item = String> {
    (0..).map(|number| format!("{:06}", 424_242 + number))
}

async fn site() -> Site {
    Site::with(with_api()).await
}

/// Makes of each promise a test for each codec.
macro_rules! by_every_codec {
    ($($promise:ident),* $(,)?) => {
        mod form { $(#[tokio::test] async fn $promise() { super::$promise(super::Codec::Form).await })* }
        mod json { $(#[tokio::test] async fn $promise() { super::$promise(super::Codec::Json).await })* }
        mod graphql { $(#[tokio::test] async fn $promise() { super::$promise(super::Codec::GraphQl).await })* }
    };
}

by_every_codec! {
    s1_a_used_code_signs_nobody_in,
    s2_fifty_parallel_right_codes_make_one_session,
    s3_fifty_parallel_wrong_codes_are_compared_five_times,
    s4_and_s9_another_code_gives_no_further_guesses_and_ends_the_first,
    s5_the_eleventh_failure_of_a_day_is_refused,
    s6_a_code_belongs_to_one_challenge_of_one_client,
    s8_a_code_ends_after_ten_minutes_and_no_guess_is_needed_to_learn_it,
    s10_another_code_waits_for_its_cool_down,
    s13_codes_are_taken_as_people_type_them_and_nothing_else_is,
    s15_name_address_and_letter_case_share_one_budget,
    s23_known_and_unknown_names_are_answered_alike,
    s24_known_and_unknown_names_cost_the_same_work,
    s26_a_name_that_nobody_has_gets_a_challenge_that_nobody_can_answer,
    s28_half_a_sign_in_opens_nothing_and_becomes_nothing_that_does,
    s34_after_signing_out_nothing_opens,
    s35_a_revoked_session_is_signed_out_at_its_next_request,
    s37_the_owner_is_told_of_wrong_codes_after_the_right_password,
    s38_a_session_ends_by_itself,
    s39_disabling_an_account_ends_its_sessions_now,
    s56_wrong_passwords_of_strangers_wait,
    s57_while_a_store_is_away_nobody_gets_in_and_the_code_stays_good,
}

async fn s1_a_used_code_signs_nobody_in(codec: Codec) {
    let site = site().await;
    let client = Client::new(codec, &site);
    let code = client.half_sign_in(&site, &ADA).await;
    let before = client.stolen();
    let again = client.prepared(&code).await;
    assert_eq!(client.code(&code).await, Said::SignedIn);
    assert!(client.is_signed_in().await);
    let answers = fifty_at_once(&site, |_| again.clone()).await;
    assert!(answers.iter().all(|answer| before.read(answer) == Said::Over));
    assert!(!before.is_signed_in().await);
    let fresh = Client::new(codec, &site);
    fresh.half_sign_in(&site, &ADA).await;
    assert_eq!(fresh.code(&code).await, Said::Wrong);
}

async fn s2_fifty_parallel_right_codes_make_one_session(codec: Codec) {
    let site = site().await;
    let client = Client::new(codec, &site);
    let code = client.half_sign_in(&site, &ADA).await;
    let request = client.prepared(&code).await;
    let answers = fifty_at_once(&site, |_| request.clone()).await;
    let said: Vec<Said> = answers.iter().map(|answer| client.read(answer)).collect();
    assert_eq!(said.iter().filter(|said| **said == Said::SignedIn).count(), 1, "{said:?}");
    assert_eq!(said.iter().filter(|said| **said == Said::Over).count(), 49, "{said:?}");
    let listed = site.cli(&["sessions", "list", "--account", "ada", "--json"], "").await;
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
}

async fn s3_fifty_parallel_wrong_codes_are_compared_five_times(codec: Codec) {
    let site = site().await;
    let client = Client::new(codec, &site);
    let code = client.half_sign_in(&site, &ADA).await;
    let right: usize = code.parse().unwrap();
    let mut requests = Vec::new();
    for which in 0..50 {
        requests.push(client.prepared(&format!("{:06}", (right + 1 + which) % 1_000_000)).await);
    }
    let answers = fifty_at_once(&site, |which| requests[which].clone()).await;
    let said: Vec<Said> = answers.iter().map(|answer| client.read(answer)).collect();
    assert!(said.iter().all(|said| matches!(said, Said::Wrong | Said::Over)), "{said:?}");
    assert_eq!(compared(&site).await, 5, "five were compared and no more");
    assert_eq!(client.code(&code).await, Said::Over);
    assert!(!client.is_signed_in().await);
}

async fn s4_and_s9_another_code_gives_no_further_guesses_and_ends_the_first(codec: Codec) {
    let site = site().await;
    let client = Client::new(codec, &site);
    let first = client.half_sign_in(&site, &ADA).await;
    for _ in 0..4 {
        assert_eq!(client.code(&another(&first)).await, Said::Wrong);
    }
    site.travel(Duration::from_secs(31));
    assert_eq!(client.resend().await, Said::CodeSent);
    let second = site.mailbox.next_code_to(ADA.email).await.code();
    if first != second {
        assert_eq!(client.code(&first).await, Said::Over, "the fifth wrong guess is the end");
        assert_eq!(client.code(&second).await, Said::Over);
        assert!(!client.is_signed_in().await);
    }
}

/// Five wrong guesses at a fresh challenge that was asked for by this name from an address of its own. Gives how many
/// were compared.
async fn five_guesses(codec: Codec, site: &Site, name: &str, address: &str) -> u64 {
    let before = compared(site).await;
    let stranger = Client::at(codec, site, address);
    assert_eq!(stranger.by_mail(name).await, Said::CodeSent);
    for guess in guesses().take(5) {
        let said = stranger.code(&guess).await;
        assert!(matches!(said, Said::Wrong | Said::Over), "{said:?}: one guess in 200000 is right");
    }
    compared(site).await - before
}

async fn s5_the_eleventh_failure_of_a_day_is_refused(codec: Codec) {
    let site = site().await;
    assert_eq!(five_guesses(codec, &site, "ada", "198.51.100.1").await, 5);
    assert_eq!(five_guesses(codec, &site, "ada", "198.51.100.2").await, 5);
    for address in ["198.51.100.3", "2001:db8::1"] {
        assert_eq!(five_guesses(codec, &site, "ada", address).await, 0, "the day's ten are spent");
    }
    assert_eq!(five_guesses(codec, &site, "grace", "198.51.100.1").await, 5, "hers are her own");
    // The mail carries the link alone from now on, and the owner is told.
    Client::at(codec, &site, "198.51.100.9").by_mail("ada").await;
    site.outbox_is_empty().await;
    let last = site.mailbox.all().into_iter().rfind(|mail| mail.head().contains(ADA.email));
    assert!(last.is_some_and(|mail| !has_code(&mail)));
    assert_eq!(told(&site, ADA.email, "Too many wrong codes").await.len(), 1);
    site.travel(DAY + Duration::from_secs(1));
    assert_eq!(
        five_guesses(codec, &site, "ada", "198.51.100.6").await,
        5,
        "the next day has its own"
    );
}

async fn s15_name_address_and_letter_case_share_one_budget(codec: Codec) {
    let site = site().await;
    let mut counted = 0;
    for (at, name) in ["ada", "ADA@Example.ORG", " Ada ", "ada@example.org"].iter().enumerate() {
        counted += five_guesses(codec, &site, name, &format!("198.51.100.{at}")).await;
    }
    assert_eq!(counted, 10);
}

async fn s6_a_code_belongs_to_one_challenge_of_one_client(codec: Codec) {
    let site = site().await;
    let (mine, theirs) = (Client::new(codec, &site), Client::new(codec, &site));
    let my_code = mine.half_sign_in(&site, &ADA).await;
    let their_code = theirs.half_sign_in(&site, &GRACE).await;
    if my_code != their_code {
        assert_eq!(theirs.code(&my_code).await, Said::Wrong);
        assert_eq!(mine.code(&their_code).await, Said::Wrong);
    }
    assert_eq!(mine.code(&my_code).await, Said::SignedIn);
    assert_eq!(theirs.code(&their_code).await, Said::SignedIn);
}

async fn s8_a_code_ends_after_ten_minutes_and_no_guess_is_needed_to_learn_it(codec: Codec) {
    let site = site().await;
    let client = Client::new(codec, &site);
    let code = client.half_sign_in(&site, &ADA).await;
    let before = compared(&site).await;
    site.travel(Duration::from_secs(601));
    assert_eq!(client.code(&code).await, Said::Over);
    assert_eq!(compared(&site).await, before);
    assert!(!client.is_signed_in().await);
}

async fn s10_another_code_waits_for_its_cool_down(codec: Codec) {
    let site = site().await;
    let client = Client::new(codec, &site);
    client.half_sign_in(&site, &ADA).await;
    let said = client.resend().await;
    assert!(matches!(said, Said::Later(1..=30)), "{said:?}");
    site.outbox_is_empty().await;
    assert!(site.mailbox.take(ADA.email).is_none(), "no mail was sent");
    site.travel(Duration::from_secs(31));
    assert_eq!(client.resend().await, Said::CodeSent);
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    assert_eq!(client.code(&code).await, Said::SignedIn);
}

async fn s13_codes_are_taken_as_people_type_them_and_nothing_else_is(codec: Codec) {
    let site = site().await;
    for shape in ["{} {}", "{}-{}", " {}{} "] {
        let client = Client::new(codec, &site);
        let code = client.half_sign_in(&site, &ADA).await;
        let (first, last) = code.split_at(3);
        let typed = shape.replacen("{}", first, 1).replacen("{}", last, 1);
        assert_eq!(client.code(&typed).await, Said::SignedIn, "{typed:?}");
    }
    let client = Client::new(codec, &site);
    client.half_sign_in(&site, &ADA).await;
    let before = compared(&site).await;
    for junk in ["", "12345", "1234567", "abcdef", "null", "[]", "１２３４５６", "12 34\u{0}56"]
    {
        assert_eq!(client.code(junk).await, Said::Malformed, "{junk:?}");
    }
    assert_eq!(compared(&site).await, before, "nothing of that was counted");
}

/// An answer without what is another each time: tokens, names of requests, and who was typed.
fn shape(answer: &Response, name: &str) -> (u16, Vec<String>, String) {
    let mut names: Vec<String> =
        answer.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort();
    let text = answer.text().replace(&format!("\"{name}\""), "\"NAME\"");
    let is_of_a_word = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let mut masked = String::new();
    for part in text.split_inclusive(|c| !is_of_a_word(c)) {
        let long = part.len() > 30;
        masked.push_str(if long { "…" } else { part });
    }
    (answer.status, names, masked)
}

async fn s23_known_and_unknown_names_are_answered_alike(codec: Codec) {
    let site = site().await;
    let wrong =
        async |name| shape(&Client::new(codec, &site).show_password(name, "wrong").await, name);
    let known = wrong("ada").await;
    for name in ["nobody", "ada@example.org", "nobody@example.org", "not a name!"] {
        assert_eq!(wrong(name).await, known, "{name}");
    }
    let by_mail = async |name| shape(&Client::new(codec, &site).ask_by_mail(name).await, name);
    // Masked, an address shows how it begins, and that of an account is not told to who typed a name.
    let known = by_mail("ada@example.org").await;
    assert_eq!(by_mail("axolotl@example.org").await, known);
    let known = by_mail("ada").await;
    assert_eq!(by_mail("axolotl").await, known);
}

async fn s24_known_and_unknown_names_cost_the_same_work(codec: Codec) {
    let site = site().await;
    let work_of = async |name: &str, by_mail: bool| {
        let client = Client::new(codec, &site);
        if let Client::Form(browser) = &client {
            browser.login_token().await;
        }
        site.outbox_is_empty().await;
        let before = site.metrics().await;
        let said = match by_mail {
            true => client.by_mail(name).await,
            false => client.password(name, "wrong").await,
        };
        let after = site.metrics().await;
        let hashes = |metrics: &crate::support::metrics::Metrics| {
            metrics.sum("doorward_password_hash_seconds_count", &[])
        };
        (said, hashes(&after) - hashes(&before), own_work(&after, &before))
    };
    let known = work_of("ada", false).await;
    assert_eq!((known.0, known.1), (Said::Wrong, 1.0));
    assert!(!known.2.is_empty(), "the metrics count what the stores are asked");
    for name in ["nobody", "ada@example.org", "nobody@example.org"] {
        assert_eq!(work_of(name, false).await, known, "{name}");
    }
    let known = work_of("ada", true).await;
    assert_eq!((known.0, known.1), (Said::CodeSent, 0.0));
    for name in ["nobody", "ada@example.org", "nobody@example.org"] {
        assert_eq!(work_of(name, true).await, known, "{name}");
    }
}

async fn s26_a_name_that_nobody_has_gets_a_challenge_that_nobody_can_answer(codec: Codec) {
    let limits =
        "{ sign_in: 10000/1m, verify: 10000/1m, resend: 10000/1m, code_request: 3/1h }".to_owned();
    let site = Site::with(Setup { limits: Some(limits), ..with_api() }).await;
    let (ada, nobody) = (Client::new(codec, &site), Client::new(codec, &site));
    assert_eq!(ada.by_mail("ada").await, Said::CodeSent);
    let code = site.mailbox.next_code_to(ADA.email).await.code();
    assert_eq!(nobody.by_mail("mallory@example.org").await, Said::CodeSent);
    for guess in 1..=4 {
        let said = (ada.code(&another(&code)).await, nobody.code(&another(&code)).await);
        assert_eq!(said, (Said::Wrong, Said::Wrong), "guess {guess}");
    }
    assert_eq!(nobody.code(&code).await, Said::Over, "the right code of somebody else");
    assert_eq!(ada.code(&code).await, Said::SignedIn);
    for name in ["ada", "mallory@example.org"] {
        let client = Client::new(codec, &site);
        for _ in 0..2 {
            assert_eq!(client.by_mail(name).await, Said::CodeSent);
        }
        assert!(matches!(client.by_mail(name).await, Said::Later(1..)), "{name}");
    }
    assert!(site.mailbox.all().iter().all(|mail| !mail.head().contains("mallory")));
}

async fn s28_half_a_sign_in_opens_nothing_and_becomes_nothing_that_does(codec: Codec) {
    let site = site().await;
    let client = Client::new(codec, &site);
    let code = client.half_sign_in(&site, &ADA).await;
    let before = client.stolen();
    assert!(!client.is_signed_in().await);
    assert_eq!(client.code(&code).await, Said::SignedIn);
    assert!(client.is_signed_in().await);
    assert!(!before.is_signed_in().await, "what was had before the code has become a session");
    assert_eq!(before.code(&code).await, Said::Over);
    assert!(!before.is_signed_in().await);
}

async fn s34_after_signing_out_nothing_opens(codec: Codec) {
    let site = site().await;
    let client = Client::new(codec, &site);
    client.sign_in(&site, &ADA).await;
    let thief = client.stolen();
    assert!(client.is_signed_in().await && thief.is_signed_in().await);
    client.sign_out().await;
    assert!(!client.is_signed_in().await && !thief.is_signed_in().await);
}

async fn s35_a_revoked_session_is_signed_out_at_its_next_request(codec: Codec) {
    let site = site().await;
    let (one, other) = (Client::new(codec, &site), Client::new(codec, &site));
    one.sign_in(&site, &ADA).await;
    other.sign_in(&site, &GRACE).await;
    site.cli(&["sessions", "revoke", "--account", "ada"], "").await;
    crate::support::tools::eventually("the end of the session", async || {
        (!one.is_signed_in().await).then_some(())
    })
    .await;
    assert!(other.is_signed_in().await);
}

async fn s37_the_owner_is_told_of_wrong_codes_after_the_right_password(codec: Codec) {
    let site = site().await;
    let client = Client::new(codec, &site);
    let code = client.half_sign_in(&site, &ADA).await;
    client.code(&another(&code)).await;
    assert!(told(&site, ADA.email, "Wrong codes were typed").await.is_empty(), "one is mistyped");
    client.code(&another(&code)).await;
    assert_eq!(told(&site, ADA.email, "Wrong codes were typed").await.len(), 1);
}

async fn s38_a_session_ends_by_itself(codec: Codec) {
    let site = Site::with(Setup {
        top: [with_api().top, vec!["session: { lifetime: 2h, idle: 1h }".to_owned()]].concat(),
        ..with_api()
    })
    .await;
    let client = Client::new(codec, &site);
    client.sign_in(&site, &ADA).await;
    match &client {
        // An hour without a request.
        Client::Form(_) => site.travel(Duration::from_secs(3601)),
        // A quarter of an hour without a refresh, and a month with none.
        Client::Json(program) => {
            site.travel(Duration::from_secs(901));
            assert!(!program.is_signed_in().await);
            program.refresh().await.expect(200);
            assert!(program.is_signed_in().await);
            site.travel(DAY * 30);
            assert_eq!(problem(&program.refresh().await.expect(401)), "INVALID_TOKEN");
        }
        Client::GraphQl(program) => {
            site.travel(Duration::from_secs(901));
            assert!(!program.is_signed_in().await);
            assert_eq!(said(&program.send(program.next_tokens()).await), Said::SignedIn);
            assert!(program.is_signed_in().await);
            site.travel(DAY * 30);
            assert_eq!(said(&program.send(program.next_tokens()).await), Said::Wrong);
        }
    }
    assert!(!client.is_signed_in().await);
}

async fn s39_disabling_an_account_ends_its_sessions_now(codec: Codec) {
    let site = site().await;
    let client = Client::new(codec, &site);
    client.sign_in(&site, &ADA).await;
    site.cli(&["accounts", "disable", "ada"], "").await;
    crate::support::tools::eventually("the end of the session", async || {
        (!client.is_signed_in().await).then_some(())
    })
    .await;
    if let Client::Json(program) = &client {
        program.refresh().await.expect(401);
        // Only who knows the password is told why.
        let again = Program::new(&site);
        assert_eq!(
            problem(&again.password("ada", ADA.password).await.expect(403)),
            "ACCOUNT_DISABLED"
        );
        assert_eq!(
            problem(&again.password("ada", "wrong").await.expect(401)),
            "INVALID_CREDENTIALS"
        );
    }
    if let Client::GraphQl(program) = &client {
        assert_eq!(said(&program.send(program.next_tokens()).await), Said::Wrong);
        let again = Program::new(&site);
        let told = async |password| payload(&again.send(again.credentials("ada", password)).await);
        assert_eq!(told(ADA.password).await["code"], "ACCOUNT_DISABLED");
        assert_eq!(told("wrong").await["code"], "INVALID_CREDENTIALS");
    }
}

async fn s56_wrong_passwords_of_strangers_wait(codec: Codec) {
    let site = site().await;
    let owner = Client::at(codec, &site, "192.0.2.1");
    owner.sign_in(&site, &ADA).await;
    let stranger = Client::at(codec, &site, "198.51.100.1");
    let mut waits = 0;
    for _ in 0..12 {
        waits += u32::from(matches!(stranger.password("ada", "wrong").await, Said::Later(1..)));
    }
    assert!(waits > 0, "strangers are held up in the end");
    // The owner's known device is not.
    owner.sign_out().await;
    if let Client::Json(program) | Client::GraphQl(program) = &owner {
        program.keep(|kept| kept.access = None);
    }
    assert_eq!(owner.password("ada", ADA.password).await, Said::CodeSent);
}

async fn s57_while_a_store_is_away_nobody_gets_in_and_the_code_stays_good(codec: Codec) {
    let site = site().await;
    let (signed_in, half) = (Client::new(codec, &site), Client::new(codec, &site));
    signed_in.sign_in(&site, &GRACE).await;
    assert!(signed_in.is_signed_in().await);
    let code = half.half_sign_in(&site, &ADA).await;
    let request = half.prepared(&code).await;
    site.outbox_is_empty().await;
    // Another process holds the database, and does not let go.
    let url = format!("sqlite://{}", site.flow_database().display());
    let mut holder = SqliteConnection::connect(&url).await.unwrap();
    holder.execute("BEGIN EXCLUSIVE").await.unwrap();
    let answer = exchange(site.address, &request).await;
    assert_eq!(half.read(&answer), Said::Away);
    assert!(!answer.text().to_lowercase().contains("sqlite"), "{}", answer.text());
    assert!(!half.is_signed_in().await);
    assert!(signed_in.is_signed_in().await, "who is signed in goes on");
    holder.execute("ROLLBACK").await.unwrap();
    holder.close().await.unwrap();
    assert_eq!(half.code(&code).await, Said::SignedIn);
}
