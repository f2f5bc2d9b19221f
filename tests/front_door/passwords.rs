//! New passwords.

use std::time::{Duration, Instant};

use crate::support::browser::Browser;
use crate::support::ranges::{Ranges, digits};
use crate::support::site::{ADA, Setup, Site};

/// Gives Ada this password on the command line: the exit code, and what is said.
async fn set(site: &Site, password: &str) -> (Option<i32>, String) {
    let config = site.config().display().to_string();
    let arguments = ["accounts", "set-password", "ada", "--password-stdin", "-c", &config];
    let output = site.run(&arguments, &format!("{password}\n")).await;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert!(!said.contains(password), "the password is repeated: {said}");
    (output.status.code(), said)
}

#[tokio::test]
async fn s43_a_password_that_anybody_would_try_is_refused_with_the_reason() {
    let site = Site::with(Setup { people: vec![ADA], ..Setup::default() }).await;
    for (password, reason) in [
        ("violet tram", "at least 12 characters"),
        ("835 102 947 361", "digits alone"),
        ("Password1234!", "among the first that anybody tries"),
        ("Lovelace 1843!", "too much like the full name"),
        ("ada@example.org", "too much like the e-mail address"),
        ("our-example-wiki", "too much like the site's name"),
        (&"x".repeat(1025), "at most 1024 bytes"),
    ] {
        let (code, said) = set(&site, password).await;
        assert!(code == Some(1) && said.contains(reason), "{password}: {code:?} {said}");
    }
    Browser::new(&site).submit_password("ada", ADA.password).await.expect(303);

    let config = site.config().display().to_string();
    let add = ["accounts", "add", "countess", "--email", "c@example.org", "--password-stdin"];
    let arguments: Vec<&str> = add.into_iter().chain(["-c", &config]).collect();
    let output = site.run(&arguments, "c0untess-2026\n").await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("too much like the username"), "{said}");
    assert!(!site.cli(&["accounts", "list"], "").await.contains("countess"), "nothing is made");
}

#[tokio::test]
async fn s42_sixty_four_characters_work_and_all_of_them_count() {
    let site = Site::with(Setup { people: vec![ADA], ..Setup::default() }).await;
    let long: String = "violet tram under nine quiet harbours; ".chars().cycle().take(80).collect();
    assert_eq!(set(&site, &long).await.0, Some(0));
    let other = format!("{}#{}", &long[..72], &long[73..]);
    Browser::new(&site).submit_password("ada", &other).await.expect(401);
    Browser::new(&site).submit_password("ada", &long[..64]).await.expect(401);
    Browser::new(&site).submit_password("ada", &long).await.expect(303);
}

#[tokio::test]
async fn an_operator_may_ask_for_longer_passwords() {
    let top = vec!["passwords: { min_length: 20 }".to_owned()];
    let site = Site::with(Setup { people: vec![ADA], top, ..Setup::default() }).await;
    let (code, said) = set(&site, "violet tram, harbour").await;
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = set(&site, "violet tram harbour").await;
    assert!(code == Some(1) && said.contains("at least 20 characters"), "{said}");
}

const STOLEN: &str = "violet tram under harbours";
const PADDING: &str = "quiet tram under harbours";

#[tokio::test]
async fn a_password_that_was_stolen_elsewhere_is_refused_and_five_digits_of_its_hash_alone_go_out()
{
    let ranges = Ranges::with(&[STOLEN], &[PADDING]).await;
    let site = Site::prepared(&Setup::default()).await;
    site.add_account(&ADA).await;
    let configured = std::fs::read_to_string(site.config()).unwrap();
    let asking = format!("{configured}{}\n", ranges.configured("refuse"));
    std::fs::write(site.config(), asking).unwrap();

    let (code, said) = set(&site, STOLEN).await;
    assert!(code == Some(1) && said.contains("was stolen elsewhere"), "{said}");
    assert_eq!(set(&site, PADDING).await.0, Some(0), "padding is nobody's password");
    assert_eq!(set(&site, "nine harbours, one tram").await.0, Some(0));

    let asked = ranges.asked();
    assert_eq!(asked.len(), 3, "{asked:?}");
    for (head, password) in asked.iter().zip([STOLEN, PADDING, "nine harbours, one tram"]) {
        let (first, rest) = digits(password);
        assert!(head.starts_with(&format!("GET /range/{first} HTTP/1.1\r\n")), "{head}");
        assert!(head.to_ascii_lowercase().contains("\r\nadd-padding: true"), "{head}");
        assert!(!head.to_ascii_uppercase().contains(&rest[..6]), "more than five digits: {head}");
    }

    let (code, said) = set(&site, "ada@example.org").await;
    assert!(code == Some(1) && said.contains("too much like"), "{said}");
    assert_eq!(ranges.asked().len(), 3, "what the rules refuse is not asked about");
}

#[tokio::test]
async fn s57_when_the_list_does_not_answer_the_operator_has_said_what_happens() {
    let ranges = Ranges::that_stalls().await;
    let site = Site::prepared(&Setup::default()).await;
    site.add_account(&ADA).await;
    let configured = std::fs::read_to_string(site.config()).unwrap();
    let with = |on_failure: &str| {
        let yaml = format!("{configured}{}\n", ranges.configured(on_failure));
        std::fs::write(site.config(), yaml).unwrap();
    };

    with("refuse");
    let began = Instant::now();
    let (code, said) = set(&site, "nine harbours, one tram").await;
    assert!(code == Some(1) && said.contains("does not answer"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(20), "it waits a second, not for ever");
    with("allow");
    assert_eq!(set(&site, "nine harbours, one tram").await.0, Some(0));
    drop(ranges);
    assert_eq!(set(&site, "nine harbours, two trams").await.0, Some(0));
}
