use super::*;
use crate::domain::entropy::OsEntropy;
use crate::domain::keys::{KeyRing, ServerSecret};

const NOW: Timestamp = Timestamp::from_millis(1_795_203_045_000);

fn rule(hashes: u32) -> WorkRule {
    WorkRule {
        hashes: NonZeroU32::new(hashes).unwrap(),
        wait: Duration::from_secs(15),
        waits_address: "5/1h".parse().unwrap(),
        waits_total: "60/1h".parse().unwrap(),
    }
}

fn key(byte: u8) -> RotatingKey {
    KeyRing::derive(ServerSecret::new(vec![byte; 32]).unwrap(), None).work
}

/// What a browser does.
fn solve(puzzle: &Puzzle) -> String {
    let salt = HEXLOWER.decode(puzzle.salt.as_bytes()).unwrap();
    let found = (0..puzzle.hashes).find(|number: &u32| {
        let hash = Sha256::digest([&salt[..], &number.to_be_bytes()].concat());
        HEXLOWER.encode(&hash) == puzzle.target
    });
    found.expect("the number is below the bound").to_string()
}

#[test]
fn the_answer_to_a_ticket_is_found_by_trying_and_good_for_its_browser_host_and_form_alone() {
    let (mine, other) = (FlowSecret::generate(&OsEntropy), FlowSecret::generate(&OsEntropy));
    let (here, elsewhere): (HostName, HostName) =
        ("a.example".parse().unwrap(), "b.example".parse().unwrap());
    let binding = Binding { place: CaptchaPlace::Registration, host: &here, flow: &mine };
    let (rule, key) = (rule(500), key(1));
    for _ in 0..20 {
        let puzzle = Ticket::issue(&rule, &OsEntropy, NOW).puzzle(&rule, &key, &binding, NOW);
        let ticket = Ticket::read(&puzzle.ticket, &key, &binding).expect("genuine");
        let answer = solve(&puzzle);
        let judge = |answer: &str, at| ticket.judge(answer, &rule, &key, &binding, at);
        assert_eq!(judge(&answer, NOW), Judged::Worked);
        let other_number = answer.parse::<u32>().unwrap() + 1;
        for wrong in [&*other_number.to_string(), "-1", "x", " ", "4294967296"] {
            assert_eq!(judge(wrong, NOW), Judged::Wrong, "{wrong}");
        }
        assert_eq!(judge(&answer, NOW + TICKET_LIFETIME), Judged::Expired);
        for wrong in [
            Binding { place: CaptchaPlace::Reset, ..binding },
            Binding { host: &elsewhere, ..binding },
            Binding { flow: &other, ..binding },
        ] {
            assert_eq!(Ticket::read(&puzzle.ticket, &key, &wrong), None);
        }
        assert_eq!(Ticket::read(&puzzle.ticket, &self::key(2), &binding), None);
    }
}

#[test]
fn no_byte_of_a_ticket_can_be_changed() {
    let flow = FlowSecret::generate(&OsEntropy);
    let host = "a.example".parse().unwrap();
    let binding = Binding { place: CaptchaPlace::Registration, host: &host, flow: &flow };
    let (rule, key) = (rule(500), key(1));
    let puzzle = Ticket::issue(&rule, &OsEntropy, NOW).puzzle(&rule, &key, &binding, NOW);
    let bytes = from_base64url(&puzzle.ticket).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert_eq!(Ticket::read(&base64url(&changed), &key, &binding), None, "byte {at}");
    }
    for text in ["", "x", "é", &base64url(&bytes[..FIELDS]), &"A".repeat(100_000)] {
        assert_eq!(Ticket::read(text, &key, &binding), None);
    }
}

#[test]
fn waiting_is_taken_to_the_millisecond() {
    let flow = FlowSecret::generate(&OsEntropy);
    let host = "a.example".parse().unwrap();
    let binding = Binding { place: CaptchaPlace::Registration, host: &host, flow: &flow };
    let (rule, key) = (rule(500), key(1));
    let ticket = Ticket::issue(&rule, &OsEntropy, NOW);
    let judge =
        |millis| ticket.judge("", &rule, &key, &binding, NOW + Duration::from_millis(millis));
    assert_eq!(judge(0), Judged::TooSoon { wait: Duration::from_secs(15) });
    assert_eq!(judge(14_999), Judged::TooSoon { wait: Duration::from_millis(1) });
    assert_eq!(judge(15_000), Judged::Waited);
    assert_eq!(judge(30 * 60 * 1000), Judged::Expired);
}

#[test]
fn a_provider_is_believed_about_this_host_and_form_alone() {
    let host: HostName = "wiki.example.com".parse().unwrap();
    let right = ProviderAnswer {
        success: true,
        hostname: Some("wiki.example.com".into()),
        action: Some("registration".into()),
        score: Some(0.5),
    };
    let accepts = |kind, answer: &ProviderAnswer| {
        let rule = ProviderRule { kind, least_score: 50 };
        rule.accepts(answer, &host, CaptchaPlace::Registration)
    };
    use ProviderKind::{Hcaptcha, RecaptchaV2, RecaptchaV3, Turnstile};
    for kind in [RecaptchaV2, RecaptchaV3, Hcaptcha, Turnstile] {
        assert!(accepts(kind, &right), "{kind:?}");
        assert!(!accepts(kind, &ProviderAnswer { success: false, ..right.clone() }));
        assert!(!accepts(kind, &ProviderAnswer { hostname: None, ..right.clone() }));
        let evil = Some("evil.example".into());
        assert!(!accepts(kind, &ProviderAnswer { hostname: evil, ..right.clone() }));
    }
    for kind in [RecaptchaV3, Turnstile] {
        assert!(!accepts(kind, &ProviderAnswer { action: Some("reset".into()), ..right.clone() }));
        assert!(!accepts(kind, &ProviderAnswer { action: None, ..right.clone() }));
    }
    for score in [None, Some(0.49), Some(f64::NAN)] {
        assert!(!accepts(RecaptchaV3, &ProviderAnswer { score, ..right.clone() }), "{score:?}");
    }
}
