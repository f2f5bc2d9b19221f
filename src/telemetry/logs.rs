//! Log lines: JSON for machines, or text for people, to standard error.
//!
//! One line a request ([`access`]), without path and query: both may hold what opens something (S12), and neither
//! says who was refused what; the request's id does, which the page shows too.
//!
//! The libraries below write headers, statements and targets into their finer lines. They are therefore held at
//! `warn` whatever the filter says in general, and speak only where the filter names them.

use std::sync::OnceLock;
use std::time::Duration;

use tracing::{Level, Subscriber};
use tracing_subscriber::filter::{EnvFilter, LevelFilter, ParseError};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use self::lines::StandardError;
use super::labels::DecisionLabel;
use crate::domain::id::RequestId;

mod access;
mod lines;

/// How to log.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// The form of the lines.
    pub format: Format,
    /// How much: `info`, or `warn,doorward::portal=debug`.
    pub filter: String,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line, its time in RFC 3339, its fields beside `timestamp`, `level`, `target` and `message`.
    Json,
    /// For people.
    Human(Colour),
}

/// Whether lines for people are coloured: at a terminal, unless `NO_COLOR` is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// With escape sequences.
    Coloured,
    /// Without.
    Plain,
}

/// Logging cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is none.
    #[error(
        "the log filter {filter:?} is not one of the form \"info\" or \"warn,doorward=debug\": {cause}"
    )]
    BadFilter {
        /// As it was given.
        filter: String,
        /// What is wrong with it.
        cause: ParseError,
    },
    /// It has begun before.
    #[error("logging has begun already")]
    AlreadyBegun,
}

/// Begins to log, for the whole process and once: what doorward says through `tracing`, and what libraries say
/// through `log`.
pub fn init(settings: &LogSettings) -> Result<(), LogError> {
    let filter = filter(&settings.filter)?;
    let begun = match settings.format {
        Format::Json => json(filter, StandardError).try_init(),
        Format::Human(colour) => human(filter, colour, StandardError).try_init(),
    };
    begun.map_err(|_| LogError::AlreadyBegun)?;
    let _ = FORMAT.set(settings.format);
    Ok(())
}

/// The form of the process' lines, once it has begun to log.
static FORMAT: OnceLock<Format> = OnceLock::new();

/// Whether `filter` is one that [`init`] takes; for checking a configuration.
pub fn check_filter(text: &str) -> Result<(), LogError> {
    filter(text).map(|_| ())
}

/// What is logged of a request when it is over.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// Its id, which error pages show.
    pub request: RequestId,
    /// The configured host of its site, or `none`.
    pub site: &'a str,
    /// Its method.
    pub method: &'a str,
    /// What was decided on it.
    pub decision: DecisionLabel,
    /// The status of the answer; 0 when the client left before there was one.
    pub status: u16,
    /// From its head to the end of its answer.
    pub duration: Duration,
}

impl Access<'_> {
    fn milliseconds(&self) -> f64 {
        self.duration.as_micros() as f64 / 1000.0
    }
}

/// The target of the lines of requests.
const ACCESS: &str = "doorward::access";

/// Writes what still waits to be written, for the end of the process.
pub fn flush() {
    lines::flush();
}

/// Writes the one line of a request.
pub fn access(request: &Access<'_>) {
    if FORMAT.get() == Some(&Format::Json) {
        if tracing::enabled!(target: ACCESS, Level::INFO) {
            access::with_line(request, lines::gather);
        }
        return;
    }
    tracing::info!(
        target: ACCESS,
        site = request.site,
        request.id = %request.request,
        method = request.method,
        decision = request.decision.as_str(),
        status = request.status,
        duration_ms = request.milliseconds(),
        "request"
    );
}

fn filter(text: &str) -> Result<EnvFilter, LogError> {
    let parse = |text: &str| {
        EnvFilter::builder()
            .parse(text)
            .map_err(|cause| LogError::BadFilter { filter: text.to_owned(), cause })
    };
    let asked = parse(text)?;
    // Only a filter that lets more through than warnings needs the hold; `error` and `off` mean what they say.
    if asked.max_level_hint().is_some_and(|level| level <= LevelFilter::WARN) {
        return Ok(asked);
    }
    // Of two directives for one target the later counts, and the longer target before the shorter.
    let held: String = HELD_AT_WARN.iter().map(|target| format!("{target}=warn,")).collect();
    parse(&format!("{held}{NOT_HEARD}{text}"))
}

fn json<W>(filter: EnvFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_writer(writer)
        .finish()
}

fn human<W>(filter: EnvFilter, colour: Colour, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .with_ansi(colour == Colour::Coloured)
        .with_env_filter(filter)
        .with_writer(writer)
        .finish()
}

/// The beginnings of the targets of libraries.
const HELD_AT_WARN: [&str; 9] =
    ["pingora", "h2", "hyper", "lettre", "reqwest", "rustls", "sqlx", "tower", "axum"];

/// Not heard at all unless somebody asks: an error of Pingora's proxy is a client that left or never was one, of which
/// whoever wants to can make thousands (S53). What an app does wrong is told by us.
const NOT_HEARD: &str = "pingora_proxy=off,";

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::domain::entropy::OsEntropy;
    use crate::domain::time::Timestamp;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Captured {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(settings: &str, format: Format, say: impl FnOnce()) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        let (filter, writer) = (filter(settings).unwrap(), move || writer.clone());
        match format {
            Format::Json => tracing::subscriber::with_default(json(filter, writer), say),
            Format::Human(colour) => {
                tracing::subscriber::with_default(human(filter, colour, writer), say);
            }
        }
        captured.text()
    }

    fn a_request() -> Access<'static> {
        Access {
            request: RequestId::generate(&OsEntropy, Timestamp::from_millis(0)),
            site: "wiki.example.com",
            method: "GET\"\n",
            decision: DecisionLabel::Forward,
            status: 200,
            duration: Duration::from_micros(1250),
        }
    }

    fn one_request() -> RequestId {
        let request = a_request();
        access(&request);
        request.request
    }

    #[test]
    fn the_line_that_is_written_directly_says_what_the_other_would() {
        let request = a_request();
        let usual = logged("info", Format::Json, || access(&request));
        let mut direct = Vec::new();
        access::with_line(&request, |line| direct.extend_from_slice(line));
        assert!(direct.ends_with(b"}\n"));
        let [mut usual, mut direct] = [usual.as_bytes(), &direct]
            .map(|line| serde_json::from_slice::<serde_json::Value>(line).unwrap());
        let rfc3339 = &time::format_description::well_known::Rfc3339;
        for line in [&mut usual, &mut direct] {
            let time = line["timestamp"].take();
            let time = time::OffsetDateTime::parse(time.as_str().unwrap(), rfc3339).unwrap();
            let now = crate::domain::time::Clock::now(&crate::domain::time::SystemClock);
            assert!((now.as_secs() - time.unix_timestamp()).abs() < 60);
        }
        assert_eq!(direct, usual);
    }

    #[test]
    fn a_request_is_one_line_of_json_with_its_fields_beside_the_time() {
        let mut id = None;
        let text = logged("info", Format::Json, || id = Some(one_request()));
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        let time = line["timestamp"].as_str().unwrap();
        let rfc3339 = &time::format_description::well_known::Rfc3339;
        assert!(time::OffsetDateTime::parse(time, rfc3339).is_ok(), "{time}");
        for (field, value) in [
            ("level", "INFO".into()),
            ("target", "doorward::access".into()),
            ("message", "request".into()),
            ("request.id", id.unwrap().to_string().into()),
            ("site", "wiki.example.com".into()),
            ("method", "GET\"\n".into()),
            ("decision", "forward".into()),
            ("status", serde_json::Value::from(200)),
            ("duration_ms", serde_json::Value::from(1.25)),
        ] {
            assert_eq!(line[field], value, "{field} in {text}");
        }
    }

    #[test]
    fn lines_for_people_have_colours_only_when_asked_to() {
        let line = |colour| {
            logged("info", Format::Human(colour), || {
                one_request();
            })
        };
        assert!(line(Colour::Coloured).contains('\u{1b}'));
        let plain = line(Colour::Plain);
        assert!(!plain.contains('\u{1b}') && plain.contains("wiki.example.com"), "{plain}");
    }

    fn libraries_talk() {
        tracing::debug!(target: "pingora_core::protocols", "pingora debug");
        tracing::info!(target: "h2::codec", "h2 info");
        tracing::warn!(target: "sqlx::query", "sqlx warning");
        tracing::debug!(target: "doorward::portal", "own debug");
    }

    #[test]
    fn s12_libraries_are_held_at_warnings_even_when_all_is_to_be_told() {
        let text = logged("trace", Format::Human(Colour::Plain), libraries_talk);
        assert!(text.contains("own debug") && text.contains("sqlx warning"), "{text}");
        assert!(!text.contains("pingora debug") && !text.contains("h2 info"), "{text}");
    }

    #[test]
    fn a_library_speaks_when_it_is_named() {
        let filter = "info,pingora_core=debug";
        let text = logged(filter, Format::Human(Colour::Plain), libraries_talk);
        assert!(text.contains("pingora debug") && !text.contains("own debug"), "{text}");
        let text = logged("error", Format::Human(Colour::Plain), libraries_talk);
        assert_eq!(text, "");
    }

    #[test]
    fn a_filter_that_is_none_is_refused() {
        assert!(check_filter("warn,doorward=debug").is_ok());
        let refused = check_filter("doorward=loud").unwrap_err().to_string();
        assert!(refused.contains("doorward=loud"), "{refused}");
    }
}
