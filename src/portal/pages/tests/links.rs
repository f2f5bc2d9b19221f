//! Links, relay codes and trust.

use super::*;

fn box_of(html: &str) -> Option<&str> {
    tags(html, "input").into_iter().find(|tag| attribute(tag, "name") == Some("trust_device"))
}

#[test]
fn s31_trust_is_offered_where_it_may_be_and_never_ticked_at_first() {
    for untrusted in ["code-pending", "link-ready-plain", "link-expired", "code-link-only"] {
        assert!(box_of(&page(untrusted)).is_none(), "{untrusted}");
    }
    let words = "Trust this browser for 30 days — you will not be asked for a code here";
    for first in ["code-trust", "link-ready"] {
        let html = page(first);
        let tag = box_of(&html).unwrap();
        assert_eq!(attribute(tag, "value"), Some("on"));
        assert!(!tag.contains("checked") && html.contains(words), "{first}");
    }
    assert!(box_of(&page("code-wrong-trust")).unwrap().contains(" checked"));
}

#[test]
fn trust_is_never_told_longer_than_it_is() {
    let (pages, frame) = (pages(), samples::frame());
    for (hours, words) in [(1, "1 hour"), (47, "47 hours"), (48, "2 days"), (71, "2 days")] {
        let link = LinkPage {
            purpose: Purpose::SignIn,
            destination: "a",
            return_to: "/",
            state: LinkState::Ready { expires_at: frame.now },
            trust: Some(Duration::from_secs(hours * 3600)),
        };
        let html = pages.render(&Page::Link(link), &frame).unwrap();
        assert!(html.contains(&format!("for {words} —")), "{hours}: {html}");
    }
}

#[test]
fn s5_without_a_budget_for_guesses_the_code_page_takes_no_code_and_names_the_link() {
    let html = page("code-link-only");
    assert!(html.contains("<h1>Open the link in the mail</h1>"));
    assert!(!html.contains(r#"name="code""#) && !html.contains(r#"action="/_doorward/code""#));
    assert!(html.contains(r#"action="/_doorward/code/resend""#));
    assert!(html.contains("Send a new link"));
    assert!(page("code-link-only-resent").contains("We sent a new link."));
    let over = page("code-link-only-none-left");
    assert!(!over.contains("<form") && over.contains("Start again"));
}

#[test]
fn s16_a_ready_link_is_one_form_and_an_old_one_none() {
    let html = page("link-ready");
    assert_eq!(html.matches("<form").count(), 1);
    assert_eq!(html.matches("<button").count(), 1);
    assert!(html.contains(r#"<form method="post" action="/_doorward/link">"#));
    assert!(html.contains(r#"<time datetime="2026-11-20T19:40:27Z">19:40 UTC</time>"#));
    for state in ["link-expired", "link-spent"] {
        assert!(!page(state).contains("<form"), "{state}");
    }
}

#[test]
fn s17_a_relay_page_shows_the_code_and_has_nothing_to_press() {
    for name in ["relay", "relay-no-code"] {
        let html = page(name);
        for active in ["<form", "<button", "<input", "<a ", "http-equiv"] {
            assert!(!html.contains(active), "{name}: {active}");
        }
        assert!(html.contains("wiki.example.com") && html.contains("Never "), "{name}");
        assert!(html.contains("If you did not ask for it yourself, close this page."), "{name}");
    }
    assert!(page("relay").contains("<code>BCDF-GHJK</code>"));
}

#[test]
fn s56_a_delay_tells_how_long_and_that_a_known_browser_does_not_wait() {
    let html = page("login-delayed");
    assert!(
        html.contains("Too many wrong passwords from unknown browsers. Try again in 5 minutes")
    );
    assert!(html.contains("where you have signed in before"));
}

#[test]
fn the_page_of_a_reset_takes_letters_and_says_so() {
    let html = page("reset-code");
    let code = tags(&html, "input").into_iter().find(|tag| attribute(tag, "name") == Some("code"));
    assert_eq!(attribute(code.unwrap(), "inputmode"), Some("text"));
    assert!(html.contains("a code of 8 letters") && !html.contains("6-digit"), "{html}");
    assert!(page("reset-code-not-a-code").contains("A code has 8 letters."));
    assert!(page("sign-up-code-not-a-code").contains("A code has 6 digits."));
}

#[test]
fn what_a_code_is_for_begins_anew_where_it_began() {
    for (name, begins) in [
        ("sign-up-code", "/_doorward/register?rd=%2Fwiki%3Fpage%3D2"),
        ("reset-code", "/_doorward/reset?rd=%2Fwiki%3Fpage%3D2"),
        ("email-change-link", "/_doorward/account"),
        ("second-step-off-link", "/_doorward/account"),
    ] {
        assert!(page(name).contains(&format!("href=\"{begins}\"")), "{name}");
    }
}
