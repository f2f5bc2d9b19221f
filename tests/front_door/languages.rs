//! Words in the reader's language.

use crate::support::browser::{Browser, Request};
use crate::support::page::words;
use crate::support::site::{ADA, Setup, Site};

#[tokio::test]
async fn a_page_speaks_the_language_of_the_browser_until_another_is_chosen() {
    let site = Site::start().await;
    let browser = Browser::new(&site).always("Accept-Language", "de-AT,de;q=0.9,en;q=0.5");
    let german = browser.get("/_doorward/login?rd=%2Fwiki").await.expect(200);
    assert_eq!(german.header("content-language"), Some("de"));
    assert_eq!(german.header("vary"), Some("Accept-Language, Cookie"));
    assert!(german.text().contains("<html lang=\"de\">"), "{}", german.text());
    assert!(words(&german.text()).contains("Benutzername oder E-Mail-Adresse"));

    let there = "/_doorward/language?rd=%2F_doorward%2Flogin%3Frd%3D%252Fwiki&to=en";
    let link = format!("href=\"{}\"", there.replace('&', "&amp;"));
    assert!(german.text().contains(&link), "{}", german.text());
    assert_eq!(browser.get(there).await.expect(303).location(), "/_doorward/login?rd=%2Fwiki");
    let english = browser.get("/_doorward/login?rd=%2Fwiki").await.expect(200);
    assert_eq!(english.header("content-language"), Some("en"));
    assert!(words(&english.text()).contains("Username or e-mail address"));
}

#[tokio::test]
async fn a_choice_is_kept_under_a_name_of_ours_and_leads_nowhere_else() {
    let site = Site::start().await;
    let browser = Browser::new(&site);
    let chosen = browser.get("/_doorward/language?to=fr&rd=https://evil.example/").await;
    assert_eq!(chosen.location(), "/");
    assert_eq!(browser.cookie("doorward-language").as_deref(), Some("fr"));
    let set = chosen.all("set-cookie").into_iter().find(|line| line.contains("language")).unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=31536000"] {
        assert!(set.contains(part), "{part} is missing in {set}");
    }
    browser.get("/_doorward/language?to=tlh&rd=/_doorward/login").await.expect(303);
    assert_eq!(browser.cookie("doorward-language").as_deref(), Some("fr"));
    let elsewhere = Request::get("/_doorward/language?to=de").navigate();
    browser.send(elsewhere.instead("Sec-Fetch-Site", "cross-site")).await.expect(303);
    assert_eq!(browser.cookie("doorward-language").as_deref(), Some("fr"));
    // Whatever else stands in the cookie or the header changes nothing.
    browser.set_cookie("doorward-language", Some("../../etc/passwd"));
    let odd =
        Request::get("/_doorward/login").navigate().header("Accept-Language", "\u{fffd};q=9,,*");
    let page = browser.send(odd).await.expect(200);
    assert_eq!(page.header("content-language"), Some("en"));
}

#[tokio::test]
async fn a_mail_is_written_in_the_language_of_who_asked() {
    let site = Site::with(Setup { people: vec![ADA], ..Setup::default() }).await;
    let browser = Browser::new(&site).always("Accept-Language", "de");
    browser.submit_password(ADA.username, ADA.password).await.expect(303);
    let mail = site.mailbox.next_code_to(ADA.email).await;
    assert!(mail.text.contains("Hier ist Ihr Anmeldecode."), "{}", mail.text);
}

#[tokio::test]
async fn an_error_page_of_the_gateway_speaks_the_language_too() {
    let site = Site::start().await;
    let browser = Browser::new(&site).always("Accept-Language", "de");
    let page = browser.get("/_doorward/nowhere").await.expect(404);
    assert!(words(&page.text()).contains("Seite nicht gefunden"));
    let no_site = Request::get("/").navigate().header("Host", "nobody.example");
    let page = browser.send(no_site).await.expect(421);
    assert_eq!(page.header("content-language"), Some("de"));
    assert!(words(&page.text()).contains("Hier ist keine Website"));
    assert!(!page.text().contains("/_doorward/language"), "{}", page.text());
}
