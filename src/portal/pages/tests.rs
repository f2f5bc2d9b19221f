use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use super::*;
use crate::domain::captcha::Demand;
use crate::domain::challenge::Purpose;
use crate::domain::phone::CodesBy;

mod links;

const HOSTILE: &str = r#""><script>alert(1)</script><x y='"#;

fn look() -> Look {
    Look { name: "Example Wiki".to_owned(), accent: None, logo: None }
}

fn pages() -> Pages {
    Pages::new(&Templates::default(), look()).unwrap()
}

fn every_html(pages: &Pages) -> Vec<(String, String)> {
    let html = |page| pages.render(&page, &samples::frame()).unwrap();
    samples::every_page().into_iter().map(|(name, page)| (name, html(page))).collect()
}

fn page(name: &str) -> String {
    every_html(&pages()).into_iter().find(|(known, _)| known == name).unwrap().1
}

/// The opening tags of `html` with this name.
fn tags<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let opening = format!("<{name}");
    html.match_indices(&opening)
        .map(|(at, _)| html[at..].split_once('>').unwrap().0)
        .filter(|tag| tag[opening.len()..].starts_with([' ', '\n']) || tag.len() == opening.len())
        .collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!(" {name}=\""))?.1.split('"').next()
}

#[test]
fn every_state_has_a_heading_a_title_and_one_main_part() {
    for (name, html) in every_html(&pages()) {
        assert_eq!(html.matches("<h1>").count(), 1, "{name}");
        assert_eq!(html.matches("<main").count(), 1, "{name}");
        let heading = html.split("<h1>").nth(1).unwrap().split("</h1>").next().unwrap();
        let title = html.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
        assert!(!heading.trim().is_empty(), "{name}");
        let shown = title.strip_prefix("Error: ").unwrap_or(title);
        assert!(shown.starts_with(heading.trim_end_matches('?')), "{name}: {title}");
        let text = html.to_lowercase().replace("/_doorward/", "").replace("%2f_doorward%2f", "");
        assert!(!text.contains("doorward"), "{name}");
    }
}

#[test]
fn what_was_read_for_its_mistakes_is_let_go() {
    let pages = pages();
    assert!(pages.templates.is_at_rest());
    every_html(&pages);
    assert!(!pages.templates.is_at_rest());
}

#[test]
fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
    let pages = pages();
    for (name, html) in every_html(&pages) {
        // The one script from elsewhere is that of a provider of captchas, on the pages that ask for one.
        let (theirs, ours) = ("https://127.0.0.1:1/api.js", "/_doorward/static/theirs");
        let html = html.replace("&#x2f;", "/").replace(theirs, ours);
        assert!(!html.contains("<style"), "{name}");
        let asks = |what: &str| usize::from(html.contains(what));
        let scripts = 1 + asks("data-work=") + 2 * asks("data-provider=");
        assert_eq!(html.matches("<script").count(), scripts, "{name}");
        assert_eq!(html.matches(r#"defer></script>"#).count(), scripts, "{name}");
        for forbidden in
            [" style=", " onclick", " onload", " onsubmit", "javascript:", "data:", "//"]
        {
            assert!(!html.contains(forbidden), "{name} has {forbidden}");
        }
        for (tag, key) in [("link", "href"), ("script", "src"), ("img", "src")] {
            for tag in tags(&html, tag) {
                let file = attribute(tag, key).unwrap().strip_prefix("/_doorward/static/").unwrap();
                let is_theirs = file.starts_with("theirs") && html.contains("data-provider=");
                assert!(is_theirs || pages.asset(file).is_some(), "{name}: {file}");
            }
        }
    }
}

#[test]
fn every_field_has_a_label_and_every_reference_leads_somewhere() {
    for (name, html) in every_html(&pages()) {
        let ids: Vec<&str> =
            html.split(" id=\"").skip(1).map(|t| t.split('"').next().unwrap()).collect();
        let unique: HashSet<&&str> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len(), "{name} repeats an id");
        for tag in tags(&html, "input") {
            if attribute(tag, "type") != Some("hidden") {
                let label = format!("<label for=\"{}\">", attribute(tag, "id").unwrap());
                assert!(html.contains(&label), "{name}: {tag}");
            }
        }
        for list in html.split(" aria-describedby=\"").skip(1) {
            for id in list.split('"').next().unwrap().split(' ') {
                assert!(ids.contains(&id), "{name} describes by {id}");
            }
        }
        assert!(html.matches(" autofocus").count() <= 1, "{name}");
    }
}

#[test]
fn s52_every_form_posts_the_form_token() {
    for (name, html) in every_html(&pages()) {
        let forms = tags(&html, "form");
        assert!(forms.iter().all(|form| attribute(form, "method") == Some("post")), "{name}");
        let tokens = html.matches(r#"name="csrf" value="a-form-token""#).count();
        assert_eq!(tokens, forms.len(), "{name}");
    }
}

#[test]
fn hostile_input_is_shown_and_never_run() {
    let name = HOSTILE.to_owned();
    let pages = Pages::new(&Templates::default(), Look { name, ..look() }).unwrap();
    let now = samples::frame().now;
    let frame = Frame { form_token: HOSTILE, ..samples::frame() };
    let names = TypedNames { username: HOSTILE, email: HOSTILE, full_name: HOSTILE };
    let login = LoginPage {
        return_to: HOSTILE,
        typed: HOSTILE,
        ask_password: true,
        remember: false,
        may_register: true,
        captcha: &Demand::Nothing,
        notice: None,
        alert: Some(LoginAlert::WrongCredentials),
    };
    let code = |state, resend| CodePage {
        purpose: Purpose::SignIn,
        by: CodesBy::Mail,
        destination: HOSTILE,
        return_to: HOSTILE,
        expires_at: now,
        state,
        resend,
        trust: Some(Duration::from_secs(30 * 86_400)),
        trust_ticked: false,
        alert: None,
        notice: None,
    };
    let hostile = [
        Page::Login(login),
        Page::Code(code(CodeState::Pending { attempts_left: 2 }, ResendView::Now)),
        Page::Code(code(CodeState::Spent, ResendView::Over)),
        Page::Link(LinkPage {
            purpose: Purpose::SignIn,
            destination: HOSTILE,
            return_to: HOSTILE,
            state: LinkState::Ready { expires_at: now },
            trust: None,
        }),
        Page::Relay(RelayPage {
            purpose: Purpose::SignIn,
            relay_code: Some(HOSTILE),
            expires_at: now,
            host: HOSTILE,
        }),
        Page::Confirm(ConfirmPage { destination: HOSTILE, return_to: HOSTILE, alert: None }),
        Page::SignedIn(SignedInPage {
            username: HOSTILE,
            full_name: Some(HOSTILE),
            email: HOSTILE,
            two_factor: false,
            since: now,
            expires_at: now,
        }),
        Page::Error(ErrorPage { kind: ErrorKind::Internal, retry: Some(HOSTILE) }),
        Page::Register(RegisterPage {
            return_to: HOSTILE,
            typed: names,
            domains: &[HOSTILE.to_owned()],
            min_length: 12,
            captcha: &Demand::Nothing,
            faults: JoinFaults::default(),
            alert: None,
        }),
        Page::Name(NamePage { typed: HOSTILE, fault: NameFault::Taken, alert: None }),
        Page::Reset(ResetPage {
            return_to: HOSTILE,
            typed: HOSTILE,
            missing: false,
            captcha: &Demand::Nothing,
            alert: None,
        }),
        Page::NewPassword(NewPasswordPage::Ask {
            username: HOSTILE,
            min_length: 12,
            fault: None,
            alert: None,
        }),
        Page::Invitation(InvitationPage::Ask {
            email: HOSTILE,
            username: Some(HOSTILE),
            ask_full_name: true,
            typed: names,
            min_length: 12,
            faults: JoinFaults::default(),
            alert: None,
        }),
    ];
    for page in hostile {
        let html = pages.render(&page, &frame).unwrap();
        assert_eq!(html.matches("<script").count(), 1, "{html}");
        assert!(!html.contains("\"><x"), "{html}");
        assert!(!html.contains("y='"), "{html}");
    }
}

#[test]
fn a_wrong_sign_in_keeps_the_name_and_forgets_the_password() {
    let html = page("login-wrong");
    assert!(html.contains("<title>Error: Sign in · Example Wiki</title>"));
    let inputs = tags(&html, "input");
    let input = |name| inputs.iter().find(|tag| attribute(tag, "name") == Some(name)).unwrap();
    assert_eq!(attribute(input("username"), "value"), Some("ada"));
    assert_eq!(attribute(input("username"), "autocomplete"), Some("username"));
    assert_eq!(attribute(input("password"), "value"), None);
    assert_eq!(attribute(input("password"), "aria-invalid"), Some("true"));
    assert_eq!(attribute(input("password"), "autocomplete"), Some("current-password"));
    assert!(input("password").contains(" autofocus"));
    assert!(input("remember").contains(" checked"));
}

#[test]
fn the_code_page_tells_end_tries_and_when_to_send_again() {
    let html = page("code-wrong");
    assert!(html.contains(r#"<time datetime="2026-11-20T19:40:27Z">19:40 UTC</time>"#));
    assert!(html.contains("4 tries left"));
    assert!(html.contains(r#"autocomplete="one-time-code""#));
    assert!(html.contains(r#"inputmode="numeric""#));
    assert!(page("code-wrong-last").contains("1 try left"));
    let pending = page("code-pending");
    assert!(pending.contains(r#"data-wait="8""#));
    assert!(pending.contains(r#"at <time datetime="2026-11-20T19:31:00Z">19:31 UTC</time>"#));
}

#[test]
fn a_code_page_offers_what_helps_in_its_state() {
    let start_again = r#"class="primary" href="/_doorward/login?rd=%2Fwiki%3Fpage%3D2""#;
    let resend = r#"action="/_doorward/code/resend""#;
    for state in ["code-exhausted", "code-expired-none-left"] {
        let html = page(state);
        assert!(html.contains(start_again) && !html.contains("<form"), "{state}");
    }
    let expired = page("code-expired");
    assert!(expired.contains(resend) && expired.contains(r#"<button class="primary""#));
    assert!(!expired.contains(r#"name="code""#));
}

#[test]
fn only_error_pages_name_the_request() {
    for (name, html) in every_html(&pages()) {
        let id = samples::frame().request_id.to_string();
        assert_eq!(html.contains(&id), name.starts_with("error-"), "{name}");
    }
}

#[test]
fn an_unknown_site_gets_no_name() {
    assert!(!page("error-unknown-site").contains("Example Wiki"));
}

#[test]
fn waits_are_told_in_units_that_suit() {
    let pages = pages();
    for (seconds, words) in [
        (0, "in 1 second;"),
        (59, "in 59 seconds;"),
        (60, "in 1 minute;"),
        (61, "in 2 minutes;"),
        (7201, "in 3 hours;"),
    ] {
        let kind = ErrorKind::Unavailable { retry_after: Duration::from_secs(seconds) };
        let page = Page::Error(ErrorPage { kind, retry: None });
        let html = pages.render(&page, &samples::frame()).unwrap();
        assert!(html.contains(words), "{seconds}: {html}");
    }
    let day = Duration::from_secs(24 * 3600);
    let kind = ErrorKind::TooManyRequests { retry_after: day };
    let page = Page::Error(ErrorPage { kind, retry: None });
    let html = pages.render(&page, &samples::frame()).unwrap();
    assert!(html.contains("21 November 2026, 19:31 UTC"), "{html}");
}

#[test]
fn assets_are_named_by_what_is_in_them() {
    let logo = || Some(Logo { bytes: b"<svg/>".to_vec(), kind: LogoKind::Svg });
    let with = |accent: &str| {
        let accent = Some(accent.parse().unwrap());
        Pages::new(&Templates::default(), Look { accent, logo: logo(), ..look() }).unwrap()
    };
    let names = |pages: &Pages, stem: &str| -> Vec<String> {
        let of_stem = |name: &&str| name.starts_with(stem);
        let mut names: Vec<_> =
            pages.assets().map(|(name, _)| name).filter(of_stem).map(str::to_owned).collect();
        names.sort();
        names
    };
    let (yellow, violet) = (with("#ffd500"), with("#5b2be0"));
    assert_eq!(names(&yellow, "").len(), 7);
    assert_eq!(names(&yellow, "portal"), names(&violet, "portal"));
    assert_ne!(names(&yellow, "theme"), names(&violet, "theme"));
    let asset = |pages: &Pages, stem: &str| pages.asset(&names(pages, stem)[0]).unwrap().clone();
    assert_eq!(asset(&yellow, "logo").content_type, "image/svg+xml");
    let theme = String::from_utf8(asset(&yellow, "theme").bytes.to_vec()).unwrap();
    assert!(theme.contains("--accent: #ffd500;") && theme.contains("--on-accent: #000000;"));
    let name = &names(&yellow, "portal")[0];
    let hash = name.split('.').nth(1).unwrap();
    assert_eq!(asset(&yellow, "portal").etag, format!("\"{hash}\""));
    assert!(yellow.asset("portal.css").is_none() && yellow.asset("../portal.css").is_none());
}

fn override_with(name: &str, text: &str) -> (tempfile::TempDir, Result<Pages, TemplateError>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
    let pages = Pages::new(&Templates::new(Some(folder.path().to_owned())), look());
    (folder, pages)
}

#[test]
fn a_file_of_the_operator_takes_the_place_of_a_page() {
    let words =
        "{% extends 'layout.html' %}{% block main %}<h1>Bye, {{ site.name }}</h1>{% endblock %}";
    let (_folder, pages) = override_with("pages/signed_out.html", words);
    let html = pages.unwrap().render(&Page::SignedOut, &samples::frame()).unwrap();
    assert!(html.contains("<h1>Bye, Example Wiki</h1>"));
    let (_folder, pages) = override_with("assets/portal.css", "body { color: red }");
    let pages = pages.unwrap();
    let name = pages.assets.style.rsplit('/').next().unwrap();
    assert_eq!(pages.asset(name).unwrap().bytes, "body { color: red }");
}

#[test]
fn a_mistake_in_a_file_of_the_operator_is_told_at_start_with_its_place() {
    for (file, text) in [
        ("code.html", "<h1>\n{% if %}"),
        ("code.html", "<h1>\n{{ no_such_thing }}"),
        ("parts.html", "\n{% macro csrf(token) %}{{ tokn }}{% endmacro %}"),
    ] {
        let (_folder, pages) = override_with(&format!("pages/{file}"), text);
        let told = pages.unwrap_err().to_string();
        assert!(told.contains(file) && told.contains(&format!("{file}:2")), "{told}");
    }
    let (_folder, pages) = override_with("theme/theme.css", "\n\n{{ light.colour }}");
    let told = pages.unwrap_err().to_string();
    assert!(told.contains("theme.css:3"), "{told}");
}
