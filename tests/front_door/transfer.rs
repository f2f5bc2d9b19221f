//! Accounts that come from elsewhere, and go elsewhere.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::Value;

use crate::support::browser::Browser;
use crate::support::site::{ADA, GRACE, Setup, Site};
use crate::support::tools::python;

const PASSWORD: &str = "violet tram, nine harbours";

/// Runs a command with the site's configuration: the exit code, and what it wrote to standard output and error.
async fn run(site: &Site, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let config = site.config().display().to_string();
    let arguments: Vec<&str> = arguments.iter().copied().chain(["-c", &config]).collect();
    let output = site.run(&arguments, input).await;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

async fn usernames(site: &Site) -> Vec<String> {
    let listed = site.cli(&["accounts", "list", "--json"], "").await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let accounts = listed.as_array().unwrap().iter();
    accounts.map(|account| account["username"].as_str().unwrap().to_owned()).collect()
}

/// The hash that is kept for this name.
async fn hash_of(site: &Site, name: &str) -> Value {
    let exported = site.cli(&["accounts", "export", "--with-hashes"], "").await;
    let mut records = exported.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.find(|record| record["username"] == name).unwrap()["password_hash"].clone()
}

/// The dump of a real Django that has one user for each of its hashers.
fn django_dump() -> String {
    let script =
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/front_door/support/django_accounts.py");
    let output = Command::new(python()).args([script, PASSWORD]).output().expect("Django runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn people_of_a_real_django_sign_in_with_their_passwords_and_their_hashes_become_better() {
    let dump = django_dump();
    let site = Site::with(Setup { people: vec![], ..Setup::default() }).await;
    std::fs::write(site.path("dump.json"), &dump).unwrap();
    let file = site.path("dump.json").display().to_string();

    let (code, told, _) = run(&site, &["accounts", "import", &file], "").await;
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("entry 13: username: "), "{told}");
    assert!(told.contains("entry 14: password_hash: the password hash is of a kind"), "{told}");
    assert!(told.contains("nothing imported: 2 refused"), "{told}");
    assert!(usernames(&site).await.is_empty(), "all or nothing");

    let (code, told, said) = run(&site, &["accounts", "import", &file, "--partial"], "").await;
    assert_eq!(code, Some(0), "{told}{said}");
    assert!(told.contains("12 imported, 2 refused"), "{told}");
    assert!(!(told + &said).contains('$'), "no hash is told");

    for name in [
        "pbkdf2",
        "pbkdf2-sha1",
        "bcrypt",
        "bcrypt-sha256",
        "scrypt",
        "argon2",
        "plain-bcrypt",
        "php-bcrypt",
        "plain-argon2i",
    ] {
        let before = hash_of(&site, name).await;
        assert!(!before.as_str().unwrap().starts_with("$argon2id$v=19$m=7168"), "{name}: {before}");
        let browser = Browser::new(&site);
        browser.submit_password(name, "violet tram, nine harbour").await.expect(401);
        assert_eq!(hash_of(&site, name).await, before, "{name}: a wrong password changes nothing");
        browser.submit_password(&format!("{name}@example.org"), PASSWORD).await.expect(303);
        let after = hash_of(&site, name).await;
        let upgraded = after.as_str().unwrap().starts_with("$argon2id$v=19$m=7168,t=5,p=1$");
        assert!(upgraded, "{name}: {before} became {after}");
        Browser::new(&site).submit_password(name, PASSWORD).await.expect(303);
        browser.submit_password(name, "violet tram, nine harbour").await.expect(401);
    }

    Browser::new(&site).submit_password("disabled", PASSWORD).await.expect(403);
    Browser::new(&site).submit_password("unusable", PASSWORD).await.expect(401);
    assert_eq!(hash_of(&site, "unusable").await, Value::Null);
    let shown = site.cli(&["accounts", "show", "pbkdf2"], "").await;
    assert!(shown.contains("Ada Lovelace") && shown.contains("Site-Editors,wiki"), "{shown}");
    let shown = site.cli(&["accounts", "show", "root"], "").await;
    assert!(shown.contains("django-staff,django-superuser"), "{shown}");
    assert!(!site.log().contains('$'), "no hash is logged");
}

const TABLE: &str = "\
username,email,name,groups,status
ada,ada@example.org,Ada Lovelace,admins; staff,active
-bad-,bad@example.org,,,
grace,grace@example.org,,,disabled
twin,ADA@example.org,,,
eve,eve@example.org,too,many,fields,here
odd,odd@example.org,,not a group,
last,last@example.org,,,asleep
";

#[tokio::test]
async fn every_line_that_is_refused_is_told_with_its_number_and_reason() {
    let site = Site::prepared(&Setup::default()).await;
    std::fs::write(site.path("accounts.csv"), TABLE).unwrap();
    let file = site.path("accounts.csv").display().to_string();
    let (code, told, said) = run(&site, &["accounts", "import", &file], "").await;
    assert_eq!(code, Some(1), "{told}{said}");
    let lines: Vec<&str> = told.lines().collect();
    let expected = [
        "line 3: username: a username is 1 to 64",
        "line 5: email: another account has it",
        "line 6: is no record: it has more or fewer fields than columns",
        "line 7: groups: a group is 1 to 64",
        "line 8: status: must be active or disabled",
        "nothing imported: 5 refused; --partial imports the other 2",
    ];
    assert_eq!(lines.len(), expected.len(), "{told}");
    for (line, begins) in lines.iter().zip(expected) {
        assert!(line.starts_with(begins), "{line:?} is not {begins:?}");
    }
    assert_eq!(said, "", "there is no bar where there is no terminal");
    assert!(usernames(&site).await.is_empty());

    let arguments = ["accounts", "import", &file, "--partial", "--dry-run"];
    let (code, told, _) = run(&site, &arguments, "").await;
    assert!(code == Some(0) && told.ends_with("2 would be imported, 5 refused\n"), "{told}");
    assert!(usernames(&site).await.is_empty());

    let arguments = ["accounts", "import", "-", "--format", "csv", "--partial", "--json"];
    let (code, told, _) = run(&site, &arguments, TABLE).await;
    assert_eq!(code, Some(0), "{told}");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((told["imported"].as_u64(), told["fitting"].as_u64()), (Some(2), Some(2)));
    assert_eq!(told["refused"][0]["line"], 3);
    assert_eq!(told["refused"].as_array().unwrap().len(), 5);
    assert_eq!(usernames(&site).await, ["ada", "grace"]);

    let audited = site.cli(&["audit", "--json"], "").await;
    assert_eq!(audited.matches("accounts_imported").count(), 1, "{audited}");
}

#[tokio::test]
async fn a_secret_in_the_wrong_place_is_not_repeated() {
    let site = Site::prepared(&Setup::default()).await;
    let secret = "$2b$12$R9h/cIPz0gi.URNNX3kh2O";
    let lines = format!(
        "{{\"username\": \"{secret}\", \"email\": \"a@example.org\"}}\n\
         {{\"username\": \"ada\", \"email\": [\"{secret}\"]}}\n\
         {{\"username\": \"ada\", \"email\": \"a@example.org\", \"password_hash\": \"{secret}\"}}\n\
         {secret}\n\
         {{\"username\": \"ada\", \"email\": \"a@example.org\", \"password\": \"{secret}\"}}\n\
         {{\"username\": \"ada\", \"email\": \"a@example.org\", \"created_at\": \"{secret}\"}}\n"
    );
    let arguments = ["accounts", "import", "-", "--format", "jsonl"];
    let (code, told, said) = run(&site, &arguments, &lines).await;
    assert_eq!(code, Some(1), "{told}");
    assert!(!(told.clone() + &said).contains("R9h"), "{told}{said}");
    assert!(told.contains("line 2: email: must be a text or null"), "{told}");
    assert!(told.contains("line 3: password_hash: the password hash is damaged"), "{told}");
    assert!(told.contains("line 4: is no record: it is no object of JSON"), "{told}");
    assert!(told.contains("line 5: has the key `password`, which is not known"), "{told}");
}

#[tokio::test]
async fn what_is_exported_and_imported_is_what_it_was() {
    let from = Site::with(Setup { people: vec![ADA, GRACE], ..Setup::default() }).await;
    from.cli(&["accounts", "disable", "grace"], "").await;
    for format in ["csv", "jsonl"] {
        let name = format!("accounts.{format}");
        let file = from.path(&name).display().to_string();
        let arguments = ["accounts", "export", "--format", format, "--with-hashes", "--out", &file];
        let (code, told, said) = run(&from, &arguments, "").await;
        assert!(code == Some(0) && told.starts_with("2 exported"), "{told}{said}");
        let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "it is its owner's alone");
        let (code, _, said) = run(&from, &arguments, "").await;
        assert!(code == Some(1) && said.contains("exists"), "no file is overwritten: {said}");

        let to = Site::with(Setup { people: vec![], ..Setup::default() }).await;
        let (code, told, said) = run(&to, &["accounts", "import", &file], "").await;
        assert!(code == Some(0) && told == "2 imported, 0 refused\n", "{told}{said}");
        let arguments = ["accounts", "export", "--format", format, "--with-hashes"];
        let again = to.cli(&arguments, "").await;
        assert_eq!(again, std::fs::read_to_string(&file).unwrap(), "{format}");
        Browser::new(&to).submit_password("ada", ADA.password).await.expect(303);
        Browser::new(&to).submit_password("grace", GRACE.password).await.expect(403);
        let (code, told, _) = run(&to, &["accounts", "import", &file], "").await;
        assert!(code == Some(1) && told.contains("another account has it"), "{told}");
    }
    let without = from.cli(&["accounts", "export"], "").await;
    assert!(!without.contains('$') && !without.contains("password_hash"), "{without}");
    let audited = from.cli(&["audit", "--json"], "").await;
    assert_eq!(audited.matches("accounts_exported").count(), 2, "{audited}");
}

#[tokio::test]
async fn a_file_that_is_not_what_it_says_changes_nothing_and_is_told_of() {
    let site = Site::prepared(&Setup::default()).await;
    for (name, contents, code, reason) in [
        ("a.csv", "ada,ada@example.org\n", 1, "the first line must name the columns"),
        ("b.csv", "username,email,shoe\nada,a@b.example,9\n", 1, "no such column as `shoe`"),
        ("c.json", "{\"users\": []}", 1, "it is no list of JSON as dumpdata writes one"),
        ("d.json", "[{\"model\": \"auth.user\", \"fields\": {\"username\": \"ada\",", 1, "no list"),
        ("e.txt", "", 2, "--format"),
    ] {
        std::fs::write(site.path(name), contents).unwrap();
        let file = site.path(name).display().to_string();
        let (ended, told, said) = run(&site, &["accounts", "import", &file, "--partial"], "").await;
        assert_eq!(ended, Some(code), "{name}: {told}{said}");
        assert!(said.contains(reason), "{name}: {said}");
    }
    let (code, _, said) = run(&site, &["accounts", "import", "nowhere.csv"], "").await;
    assert!(code == Some(1) && said.contains("nowhere.csv"), "{said}");
    assert!(usernames(&site).await.is_empty());
    for empty in ["[]", " [ ] \n"] {
        let arguments = ["accounts", "import", "-", "--format", "django"];
        let (code, told, _) = run(&site, &arguments, empty).await;
        assert!(code == Some(0) && told == "0 imported, 0 refused\n", "{told}");
    }
}
