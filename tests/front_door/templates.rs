//! For operators who change how pages and mails look: `doorward templates`, and what every page and mail has to keep to.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::tools::{chromium, node_modules};

fn doorward(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_doorward")).args(args).output().expect("doorward runs")
}

fn told(output: &Output) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("{out}{}", String::from_utf8_lossy(&output.stderr))
}

#[test]
fn axe_and_html_validate_find_nothing_on_any_page_or_mail_and_none_scrolls_sideways() {
    let folder = tempfile::tempdir().unwrap();
    let rendered = doorward(&["templates", "render", "--out", folder.path().to_str().unwrap()]);
    assert!(rendered.status.success(), "{}", told(&rendered));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/gallery.mjs");
    let looked = Command::new("node")
        .arg(script)
        .arg(folder.path())
        .env("DOORWARD_TEST_NODE_MODULES", node_modules())
        .env("DOORWARD_TEST_CHROMIUM", chromium())
        .output()
        .expect("node runs");
    assert!(looked.status.success(), "{}", told(&looked));
}

#[test]
fn every_page_and_mail_is_written_in_every_language_with_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let rendered = doorward(&["templates", "render", "--json", "--out", out]);
    let pictures: Vec<serde_json::Value> = serde_json::from_slice(&rendered.stdout).unwrap();
    let of = |language: &str, kind: &str| {
        let count = pictures.iter().filter(|it| it["language"] == language && it["kind"] == kind);
        count.count()
    };
    for language in ["en", "de", "es", "fr", "zh-CN"] {
        for kind in ["page", "mail_html", "mail_text"] {
            assert!(of(language, kind) == of("en", kind) && of("en", kind) >= 10, "{language}");
        }
    }
    for picture in &pictures {
        assert!(Path::new(picture["file"].as_str().unwrap()).is_file(), "{picture}");
    }
    let index = std::fs::read_to_string(folder.path().join("index.html")).unwrap();
    let index = index.replace("&#x2f;", "/");
    assert!(
        index.contains("zh-CN/pages/login.html") && index.contains("de/mails/sign_in_code.txt")
    );
    let page = std::fs::read_to_string(folder.path().join("de/pages/login.html")).unwrap();
    let style = page.split("href=\"").find(|rest| rest.contains("portal.")).unwrap();
    let style = style.split('"').next().unwrap();
    assert!(folder.path().join("de/pages").join(style).is_file(), "{style}");
}

#[test]
fn a_mistake_in_an_overriding_file_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let config = folder.path().join("doorward.yaml");
    write(
        "doorward.yaml",
        "listen: [{ address: \"127.0.0.1:8000\" }]\n\
         portal: { origin: \"http://localhost:8000\", templates: own }\n\
         mail: { from: no-reply@example.com, files: mails }\n\
         sites: [{ host: wiki.localhost, upstreams: [\"http://127.0.0.1:8080\"] }]\n",
    );
    let render = || doorward(&["templates", "render", "-c", config.to_str().unwrap()]);
    write("own/pages/signed_out.html", "{% extends 'layout.html' %}");
    assert!(render().status.success(), "{}", told(&render()));
    for (name, text, place) in [
        ("own/pages/signed_out.html", "\n{{ nobody }}", "signed_out.html:2"),
        ("own/mails/sign_in_code.txt", "\n\n{% if %}", "sign_in_code.txt:3"),
        (
            "own/locales/fr/pages.ftl",
            "sign-in = Entrer\nsign-out = {",
            "fr/pages.ftl:2: `sign-out`",
        ),
        ("own/locales/de/mails.ftl", "fact = { $what }", "de/mails.ftl:1: `fact` has no $what"),
    ] {
        write(name, text);
        let output = render();
        assert_eq!(output.status.code(), Some(2), "{name}: {}", told(&output));
        assert!(told(&output).contains(place), "{name}: {}", told(&output));
        std::fs::remove_file(folder.path().join(name)).unwrap();
    }
    write("own/locales/fr/pages.ftl", "sign-in = Entrer\n");
    let listed = doorward(&["templates", "list", "-c", config.to_str().unwrap()]);
    assert!(told(&listed).contains("locales/fr/pages.ftl  (yours)\n"), "{}", told(&listed));
}

#[test]
fn the_files_that_can_be_overridden_are_copied_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    std::fs::create_dir(folder.path().join("pages")).unwrap();
    std::fs::write(folder.path().join("pages/login.html"), "mine").unwrap();
    let exported = doorward(&["templates", "export", out]);
    assert!(exported.status.success(), "{}", told(&exported));
    assert!(told(&exported).contains("login.html was there already and stays as it is"));
    assert_eq!(std::fs::read(folder.path().join("pages/login.html")).unwrap(), b"mine");
    for name in ["pages/layout.html", "mails/sign_in_code.txt", "locales/de/pages.ftl"] {
        assert!(folder.path().join(name).is_file(), "{name}");
    }
    let one = doorward(&["templates", "export", out, "pages/logn.html"]);
    assert_eq!(one.status.code(), Some(1));
    assert!(told(&one).contains("there is no file pages/logn.html"), "{}", told(&one));
}
