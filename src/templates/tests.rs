use std::collections::BTreeSet;

use super::*;
use crate::domain::language::Language;

/// What the templates with these files of an operator say is wrong.
fn told(files: &[(&str, &str)]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let templates = Templates::new(Some(folder.path().to_owned()));
    let error = templates.localised("pages").err()?;
    Some(error.to_string().replace(&format!("{}/", folder.path().display()), ""))
}

/// What `template` becomes in `language`, as HTML or as text.
fn rendered(name: &str, template: &'static str, language: Language) -> String {
    let localised = Templates::default().localised("pages").unwrap();
    let mut environment = localised.of(language).unwrap().clone();
    environment.add_template(name, template).unwrap();
    environment.get_template(name).unwrap().render(minijinja::context! {}).unwrap()
}

#[test]
fn words_are_said_in_each_language_with_its_plurals() {
    let tries = "{{ t(\"code-tries-left\", left=1) }} {{ t(\"code-tries-left\", left=4) }}";
    assert_eq!(rendered("x.txt", tries, Language::English), "1 try left 4 tries left");
    let day = "{{ date_time(1795203045000) }}, {{ clock_time(1795203045000) }}";
    assert_eq!(rendered("x.txt", day, Language::English), "20 November 2026, 19:30 UTC, 19:30 UTC");
}

#[test]
fn arguments_are_escaped_in_html_once_and_in_text_never() {
    let words = "{{ t(\"go-to-site\", site=\"<b>&\") }}";
    assert_eq!(rendered("x.html", words, Language::English), "Go to &lt;b&gt;&amp;");
    assert_eq!(rendered("x.txt", words, Language::English), "Go to <b>&");
    let marked = "{{ t(\"go-to-site\", site=(\"<b>x</b>\"|safe)) }}";
    assert_eq!(rendered("x.html", marked, Language::English), "Go to <b>x</b>");
}

#[test]
fn words_of_the_operator_take_the_place_of_ours_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("locales/en")).unwrap();
    let file = folder.path().join("locales/en/pages.ftl");
    std::fs::write(file, "go-to-site = On to { $site } & \"more\"\n").unwrap();
    let templates = Templates::new(Some(folder.path().to_owned()));
    let localised = templates.localised("pages").unwrap();
    let mut environment = localised.of(Language::English).unwrap().clone();
    environment.add_template("x.html", "{{ t('go-to-site', site=1) }} {{ t('hide') }}").unwrap();
    let html = environment.get_template("x.html").unwrap().render(()).unwrap();
    assert_eq!(html, "On to 1 &amp; &quot;more&quot; Hide");
}

#[test]
fn mistakes_in_words_are_told_at_start_with_file_line_and_name() {
    for (file, text, wanted) in [
        (
            "locales/de/pages.ftl",
            "\nhide = Aus\nshow = {",
            "locales/de/pages.ftl:3: `show` is not Fluent: ",
        ),
        (
            "locales/de/pages.ftl",
            "hidden = x\n",
            "locales/de/pages.ftl:1: there are no English words `hidden`",
        ),
        (
            "locales/fr/pages.ftl",
            "# A word.\ngo-to-site = Aller { $sites }\n",
            "locales/fr/pages.ftl:2: `go-to-site` has no $sites in English",
        ),
        (
            "locales/es/pages.ftl",
            "hide = { -brand }\n",
            "locales/es/pages.ftl:1: `hide` refers to `-brand`, which is not there",
        ),
        (
            "locales/en/pages.ftl",
            "hide = a\nshow = b\nhide = c\n",
            "locales/en/pages.ftl:3: `hide` is here a second time",
        ),
        ("locales/en/pages.ftl", "hides = x\n", "locales/en/pages.ftl:1: no page asks for `hides`"),
        (
            "pages/signed_out.html",
            "{% extends 'layout.html' %}\n{{ t(\"no-such-words\") }}",
            "pages/signed_out.html:2: there are no English words `no-such-words`",
        ),
    ] {
        let told = told(&[(file, text)]).unwrap_or_default();
        assert!(told.starts_with(wanted), "{file}: {told:?}");
    }
    let several =
        told(&[("locales/de/pages.ftl", "hide = {\n"), ("locales/fr/pages.ftl", "hide = {\n")]);
    assert_eq!(several.unwrap().lines().count(), 2);
}

#[test]
fn an_operator_may_add_words_for_templates_of_their_own() {
    let template = "{% extends 'layout.html' %}{% block main %}{{ t(\"ours\") }}{% endblock %}";
    let files = [("locales/en/pages.ftl", "ours = x\n"), ("pages/signed_out.html", template)];
    assert_eq!(told(&files), None);
}

#[test]
fn every_message_is_asked_for_somewhere() {
    for folder in ["pages", "mails"] {
        let mut sources = String::new();
        for name in Templates::names(folder) {
            let file = Templates::default().file(&format!("{folder}/{name}")).unwrap().unwrap();
            sources.push_str(&String::from_utf8_lossy(&file));
        }
        // A name that goes on with an operator is asked for by its beginning.
        let begun: BTreeSet<&str> = sources
            .split("t(\"")
            .skip(1)
            .filter_map(|rest| rest.split_once('"'))
            .filter_map(|(name, after)| after.trim_start().starts_with('~').then_some(name))
            .collect();
        let of_folder = Templates::default().file(&format!("locales/en/{folder}.ftl")).unwrap();
        let text = String::from_utf8(of_folder.unwrap().into_owned()).unwrap();
        for line in text.lines().filter(|line| !line.starts_with(['#', ' ', '}'])) {
            let Some((key, _)) = line.split_once(" =") else { continue };
            let is_asked_for = sources.contains(&format!("\"{key}\""))
                || begun.iter().any(|beginning| key.starts_with(beginning));
            assert!(is_asked_for, "nothing asks for {key}");
        }
    }
}

#[test]
fn every_language_has_every_message() {
    let mut missing = Vec::new();
    for folder in ["pages", "mails"] {
        let lacks = Templates::default().untranslated(folder);
        missing.extend(lacks.iter().map(|(language, name)| format!("{language}: {name}")));
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn no_folder_of_words_is_overlooked() {
    let told = told(&[("locales/tlh/pages.ftl", "hide = x\n")]).unwrap_or_default();
    assert!(told.contains("tlh") && told.contains("en, de, es, fr and zh-CN"), "{told}");
}
