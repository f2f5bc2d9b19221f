//! `doorward check`: says what is wrong with a configuration, or that nothing is. What its rules mean for a request
//! is in `explain`.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::explain::ExplainArgs;
use crate::config::settings::{self, ListenMode, MailTransport, Settings};
use crate::config::{self, ConfigErrors};

/// Says what is wrong with a configuration file, and how to put it right.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The configuration file.
    #[arg(value_name = "FILE", env = "DOORWARD_CONFIG", required_unless_present = "schema")]
    pub file: Option<PathBuf>,
    /// Say it as JSON.
    #[arg(long)]
    pub json: bool,
    /// Print the configuration as it is in effect: defaults written out, secrets masked.
    #[arg(long, conflicts_with = "json")]
    pub print: bool,
    /// Print the JSON schema of configuration files, for editors, and do nothing else.
    #[arg(long, conflicts_with_all = ["json", "print"])]
    pub schema: bool,
    /// What is to be explained.
    #[command(flatten)]
    pub about: ExplainArgs,
}

/// How it went: the process's exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Nothing is wrong.
    Sound = 0,
    /// Something is wrong, or nothing could be said.
    Faulty = 2,
}

impl From<Checked> for std::process::ExitCode {
    fn from(checked: Checked) -> Self {
        Self::from(checked as u8)
    }
}

/// Checks as `args` say. What was asked for goes to `out`, faults for people to `err`, faults as JSON to `out`.
pub fn run(args: &CheckArgs, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Checked> {
    let Some(file) = args.file.as_deref().filter(|_| !args.schema) else {
        out.write_all(config::schema::schema().as_bytes())?;
        return Ok(Checked::Sound);
    };
    match config::load(file) {
        Ok(settings) if args.print => write!(out, "{}", config::effective_yaml(&settings))?,
        Ok(settings) if args.json => {
            writeln!(
                out,
                "{}",
                serde_json::json!({ "file": file.display().to_string(), "faults": [], "sites": sites(&settings) })
            )?;
        }
        Ok(settings) => write!(out, "{}: no faults\n{}", file.display(), summary(&settings))?,
        Err(errors) if args.json => {
            writeln!(out, "{}", errors.to_json())?;
            return Ok(Checked::Faulty);
        }
        Err(errors) => {
            writeln!(err, "{errors}\n{}", tally(&errors))?;
            return Ok(Checked::Faulty);
        }
    }
    Ok(Checked::Sound)
}

fn tally(errors: &ConfigErrors) -> String {
    match errors.faults().len() {
        1 => "1 fault. Nothing was started or changed.".to_owned(),
        count => format!("{count} faults. Nothing was started or changed."),
    }
}

fn sites(settings: &Settings) -> Vec<String> {
    settings.sites.iter().map(|site| site.origin.to_string()).collect()
}

/// What the configuration comes to, in a few lines for people.
fn summary(settings: &Settings) -> String {
    let mut lines = Vec::new();
    for listener in &settings.listen {
        let what = match listener.mode {
            ListenMode::Plain => "plain HTTP",
            ListenMode::Tls(_) => "TLS",
            ListenMode::RedirectToHttps => "redirect to HTTPS",
        };
        lines.push(format!("  listen    {} ({what})", listener.address));
    }
    lines.extend(settings.acme.iter().map(|acme| authority(acme, settings)));
    lines.push(format!("  sign-in   {}", settings.portal.origin));
    for site in &settings.sites {
        let mut behind: Vec<String> =
            site.upstreams.iter().map(|to| format!("{}:{}", to.host, to.port)).collect();
        behind.extend(site.forward_auth.map(|proxy| format!("asked by {proxy}")));
        let rules = match site.rules.len() {
            1 => "1 rule".to_owned(),
            count => format!("{count} rules"),
        };
        lines.push(format!("  site      {} → {} ({rules})", site.origin, behind.join(", ")));
    }
    let way = match &settings.mail.transport {
        MailTransport::Smtp(server) => format!("{}:{}", server.host, server.port),
        MailTransport::Files(folder) => format!("files in {}", folder.display()),
        MailTransport::Inbox => "the inbox of the demo".to_owned(),
    };
    lines.push(format!("  mail      from {} by {way}", settings.mail.from));
    lines.push(String::new());
    lines.join("\n")
}

/// What a certificate authority would be asked for.
fn authority(acme: &settings::Acme, settings: &Settings) -> String {
    let sites = settings.sites.iter().map(|site| &site.origin);
    let origins = sites.chain(settings.portal.single_sign_on.then_some(&settings.portal.origin));
    let hosts: BTreeSet<&str> =
        origins.filter(|origin| origin.is_secure()).map(|origin| origin.host.as_str()).collect();
    let hosts: Vec<&str> = hosts.into_iter().collect();
    format!(
        "  acme      {} would be asked to sign for {} (http-01), kept in {}",
        acme.directory,
        hosts.join(", "),
        acme.folder.display()
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: CheckArgs,
    }

    const SOUND: &str = "\
listen: [{ address: \"127.0.0.1:8000\" }]
portal: { origin: \"http://localhost:8000\" }
mail: { from: no-reply@example.com, files: mails }
sites: [{ host: wiki.localhost, upstreams: [\"http://127.0.0.1:8080\"] }]
";

    /// What `doorward check` with these arguments says of `text`: to `out`, to `err`, and as its code.
    fn check(text: &str, more: &[&str]) -> (String, String, Checked) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("doorward.yaml");
        std::fs::write(&file, text).unwrap();
        let words = ["check", file.to_str().unwrap()].into_iter().chain(more.iter().copied());
        let line = Line::try_parse_from(words).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let checked = run(&line.args, &mut out, &mut err).unwrap();
        let text = |bytes: Vec<u8>| {
            let folder = folder.path().display().to_string();
            String::from_utf8(bytes).unwrap().replace(&folder, "")
        };
        (text(out), text(err), checked)
    }

    #[test]
    fn a_sound_configuration_is_summed_up() {
        let (out, err, checked) = check(SOUND, &[]);
        assert_eq!(
            out,
            "/doorward.yaml: no faults\n  \
             listen    127.0.0.1:8000 (plain HTTP)\n  \
             sign-in   http://localhost:8000\n  \
             site      http://wiki.localhost:8000 → 127.0.0.1:8080 (1 rule)\n  \
             mail      from no-reply@example.com by files in /mails\n"
        );
        assert_eq!((err.as_str(), checked), ("", Checked::Sound));
        let (out, _, checked) = check(SOUND, &["--json"]);
        assert_eq!(checked, Checked::Sound);
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(json["faults"], serde_json::json!([]));
        assert_eq!(json["sites"], serde_json::json!(["http://wiki.localhost:8000"]));
        let (out, _, _) = check(SOUND, &["--print"]);
        assert!(out.contains("cool_down: 30s"), "{out}");
    }

    #[test]
    fn what_a_certificate_authority_would_be_asked_for_is_told() {
        let acme = "\
listen: [{ address: \"0.0.0.0:443\", tls: acme }, { address: \"0.0.0.0:80\", redirect_to_https: true }]
acme: { agree_to_terms: true, directory: \"https://staging.example/dir\" }
portal: { origin: \"https://id.example.com\", single_sign_on: true }
secret_file: secret
mail: { from: no-reply@example.com, files: mails }
sites: [{ host: wiki.example.com, upstreams: [\"http://127.0.0.1:8080\"] }]
";
        let (out, err, _) = check(acme, &[]);
        let told = "  acme      https://staging.example/dir would be asked to sign for id.example.com, wiki.example.com \
                    (http-01), kept in /acme\n";
        assert!(out.contains(told), "{out}{err}");
    }

    #[test]
    fn a_faulty_configuration_is_told_of_and_ends_with_2() {
        let faulty = format!("{SOUND}otp: {{ sends: 0 }}\nuser: x\n");
        let (out, err, checked) = check(&faulty, &[]);
        assert_eq!((out.as_str(), checked as u8), ("", 2));
        assert!(err.contains("/doorward.yaml:5:15: otp.sends: must be from 1 to 10\n"), "{err}");
        assert!(err.ends_with("2 faults. Nothing was started or changed.\n"), "{err}");
        let (out, err, checked) = check(&faulty, &["--json"]);
        assert_eq!((err.as_str(), checked as u8), ("", 2));
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(json["faults"][1]["message"], "unknown key `user`");
    }

    #[test]
    fn a_file_that_is_not_there_is_told_of() {
        let args = CheckArgs {
            file: Some("/nowhere.yaml".into()),
            json: false,
            print: false,
            schema: false,
            about: ExplainArgs::default(),
        };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        assert_eq!(run(&args, &mut out, &mut err).unwrap(), Checked::Faulty);
        let err = String::from_utf8(err).unwrap();
        assert!(err.starts_with("/nowhere.yaml: cannot be read: No such file"), "{err}");
    }

    #[test]
    fn the_schema_is_printed_without_a_file() {
        let args = Line::try_parse_from(["check", "--schema"]).unwrap().args;
        let (mut out, mut err) = (Vec::new(), Vec::new());
        assert_eq!(run(&args, &mut out, &mut err).unwrap(), Checked::Sound);
        assert!(String::from_utf8(out).unwrap().contains("\"$schema\""));
    }
}
