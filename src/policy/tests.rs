use std::time::Duration;

use super::*;
use crate::domain::entropy::OsEntropy;
use crate::domain::id::AccountId;
use crate::domain::rule::{Effect, Preflight};

const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

fn rule(path: &str, requirement: Requirement) -> Rule {
    Rule {
        path: (!path.is_empty()).then(|| path.parse().unwrap()),
        methods: Vec::new(),
        networks: Vec::new(),
        requirement,
        groups: Vec::new(),
        unauthenticated: Unauthenticated::ByRequest,
        fresh: None,
        trusted_device: true,
        preflight: Preflight::Refuse,
        activity: true,
        effect: Effect::Decides,
    }
}

fn site() -> SitePolicy {
    SitePolicy::new(vec![
        rule("/public/**", Requirement::Bypass),
        Rule {
            groups: vec!["admins".parse().unwrap()],
            fresh: Some(Duration::from_secs(600)),
            ..rule("/Admin/**", Requirement::TwoFactor)
        },
        Rule {
            unauthenticated: Unauthenticated::Always401,
            ..rule("/api/**", Requirement::OneFactor)
        },
        Rule { methods: vec!["DELETE".into()], ..rule("", Requirement::Deny) },
        rule("/mail/**", Requirement::OtpOnly),
        rule("", Requirement::TwoFactor),
    ])
}

fn identity(groups: &[&str]) -> Arc<Identity> {
    let names = (&"ada".parse().unwrap(), &"ada@example.org".parse().unwrap());
    let groups: Vec<Group> = groups.iter().map(|group| group.parse().unwrap()).collect();
    Arc::new(Identity::new(AccountId::generate(&OsEntropy, NOW), names, None, &groups))
}

fn outcome(target: &str, method: Method, visitor: Option<(&[SignInMethod], &[&str])>) -> String {
    let path = RequestPath::parse(target).unwrap();
    let facts = Facts {
        method: &method,
        path: &path,
        client: "192.0.2.1".parse().unwrap(),
        loads_page: true,
        preflight: false,
    };
    let known =
        visitor.map(|(methods, groups)| (Methods::new(methods.iter().copied()), identity(groups)));
    let visitor = known.as_ref().map(|(methods, identity)| Visitor {
        identity,
        methods,
        authenticated_at: NOW.before(Duration::from_secs(60)),
        second_step: false,
    });
    match site().decide(&facts, visitor, NOW) {
        Decision::Forward(admitted) if admitted.identity().is_some() => "forward as ada".into(),
        Decision::Forward(_) => "forward".into(),
        Decision::SignIn(step) => format!("sign in: {step:?}"),
        Decision::Unauthorized(step) => format!("401: {step:?}"),
        Decision::Forbidden => "403".into(),
    }
}

#[test]
fn the_first_rule_that_matches_decides() {
    use SignInMethod::{MailCode, Password};
    let password: &[SignInMethod] = &[Password];
    let both: &[SignInMethod] = &[Password, MailCode];
    let mail: &[SignInMethod] = &[MailCode];
    for (target, visitor, expected) in [
        ("/public/a", None, "forward"),
        ("/public/a", Some((password, &[][..])), "forward as ada"),
        ("/", None, "sign in: Password"),
        ("/", Some((password, &[][..])), "sign in: SecondFactor"),
        ("/", Some((mail, &[][..])), "sign in: Password"),
        ("/", Some((both, &[][..])), "forward as ada"),
        ("/api/x", None, "401: Password"),
        ("/api/x", Some((password, &[][..])), "forward as ada"),
        ("/api/x", Some((mail, &[][..])), "401: Password"),
        ("/mail/x", None, "sign in: MailCode"),
        ("/mail/x", Some((mail, &[][..])), "forward as ada"),
        ("/mail/x", Some((password, &[][..])), "sign in: SecondFactor"),
        ("/Admin/x", Some((both, &[][..])), "403"),
        ("/Admin/x", Some((both, &["admins"][..])), "forward as ada"),
    ] {
        assert_eq!(outcome(target, Method::GET, visitor), expected, "{target} {visitor:?}");
    }
    assert_eq!(outcome("/x", Method::DELETE, Some((both, &[][..]))), "403");
}

#[test]
fn s48_another_spelling_of_a_protected_path_stays_protected() {
    let both: &[SignInMethod] = &[SignInMethod::Password, SignInMethod::MailCode];
    let friend = Some((both, &[][..]));
    for target in [
        "/Admin/x",
        "/admin/x",
        "/ADMIN/x",
        "/%41dmin/x",
        "/%2541dmin/x",
        "/Admin;v=1/x",
        "/aDmin;x/y",
    ] {
        assert_eq!(outcome(target, Method::GET, friend), "403", "{target}");
    }
    for target in ["/PUBLIC/a", "/Public/a", "/public;x/a", "/%70ublic;/a"] {
        assert_eq!(outcome(target, Method::GET, None), "sign in: Password", "{target}");
    }
    assert_eq!(outcome("/?x=/public/", Method::GET, None), "sign in: Password");
    assert_eq!(outcome("/a%23/public/", Method::GET, None), "sign in: Password");
}

#[test]
fn a_sign_in_that_is_too_old_is_asked_for_again() {
    let path = RequestPath::parse("/Admin/").unwrap();
    let facts = Facts {
        method: &Method::GET,
        path: &path,
        client: "192.0.2.1".parse().unwrap(),
        loads_page: true,
        preflight: false,
    };
    let methods = Methods::new([SignInMethod::Password, SignInMethod::MailCode]);
    let identity = identity(&["admins"]);
    let visitor = |age| Visitor {
        identity: &identity,
        methods: &methods,
        authenticated_at: NOW.before(Duration::from_secs(age)),
        second_step: false,
    };
    assert!(matches!(site().decide(&facts, Some(visitor(600)), NOW), Decision::Forward(_)));
    assert!(matches!(
        site().decide(&facts, Some(visitor(601)), NOW),
        Decision::SignIn(Step::Again)
    ));
}

#[test]
fn where_no_rule_matches_nobody_gets_through() {
    let path = RequestPath::parse("/x").unwrap();
    let facts = Facts {
        method: &Method::GET,
        path: &path,
        client: "192.0.2.1".parse().unwrap(),
        loads_page: true,
        preflight: false,
    };
    let policy = SitePolicy::new(vec![rule("/public/**", Requirement::Bypass)]);
    assert!(matches!(policy.decide(&facts, None, NOW), Decision::Forbidden));
}

#[test]
fn a_rule_that_only_reports_decides_nothing_and_says_what_it_would_have_decided() {
    let reports = |rule: Rule| Rule { effect: Effect::Reports, ..rule };
    let policy = SitePolicy::new(vec![
        reports(rule("/a/**", Requirement::Deny)),
        reports(rule("/a/b", Requirement::TwoFactor)),
        rule("/a/**", Requirement::Bypass),
        reports(rule("", Requirement::Deny)),
    ]);
    let told = |target: &str| {
        let path = RequestPath::parse(target).unwrap();
        let facts = Facts {
            method: &Method::GET,
            path: &path,
            client: "192.0.2.1".parse().unwrap(),
            loads_page: true,
            preflight: false,
        };
        let reports: Vec<_> = policy
            .reports(&facts, None, NOW)
            .into_iter()
            .map(|r| (r.place, r.decision.as_str()))
            .collect();
        let wanted = policy.deciding_rule(&facts).map(|(place, _)| place);
        (policy.decide(&facts, None, NOW).as_str(), reports, wanted)
    };
    assert_eq!(told("/a/b"), ("forward", vec![(0, "forbidden"), (1, "sign_in")], Some(2)));
    assert_eq!(told("/a/c"), ("forward", vec![(0, "forbidden")], Some(2)));
    assert_eq!(told("/c"), ("forbidden", vec![(3, "forbidden")], None));
    assert_eq!(told("/a/b;x").1, vec![(0, "forbidden"), (1, "sign_in")], "by every reading");
}
