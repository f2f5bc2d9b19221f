//! What was found, as a table for people and as JSON for programs.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};
use url::Url;

use super::probes::Probe;
use super::verdict::{Baseline, Verdict};
use crate::cli::write_json;

/// Which way requests went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Route {
    Gateway,
    Direct,
}

impl Route {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Direct => "direct",
        }
    }

    const fn for_people(self) -> &'static str {
        match self {
            Self::Gateway => "through the gateway",
            Self::Direct => "straight to the app",
        }
    }
}

/// What came of one request.
pub(super) struct Row {
    pub(super) probe: Probe,
    pub(super) verdict: Verdict,
}

/// Everything that was found.
pub(super) struct Report {
    url: Url,
    direct: Option<Url>,
    to_nobody: BTreeMap<Route, String>,
    rows: Vec<(Route, Row)>,
    notes: Vec<String>,
    is_open: bool,
}

impl Report {
    pub(super) fn new(url: Url, direct: Option<Url>) -> Self {
        let (to_nobody, rows, notes) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { url, direct, to_nobody, rows, notes, is_open: false }
    }

    /// What somebody gets who claims nothing.
    pub(super) fn nobody(&mut self, route: Route, nobody: &Baseline) {
        let status = nobody.answer.status;
        let says = if nobody.asks_to_sign_in() { "asks to sign in" } else { "answers" };
        self.to_nobody.insert(route, format!("{says} ({status})"));
        if route == Route::Gateway && nobody.asks_to_sign_in() {
            self.notes.push(
                "The gateway asks for a sign-in there, so nothing has reached the app through it. Name a page that\n\
                 is open, or give the cookie of a signed-in browser (--cookie-stdin)."
                    .to_owned(),
            );
        }
        if !nobody.steady {
            self.notes.push(format!(
                "The page changes by itself {}, so that only what it shows and its status count.",
                route.for_people()
            ));
        }
    }

    /// The app cannot be reached past the gateway: so it should be.
    pub(super) fn out_of_reach(&mut self, why: String) {
        self.to_nobody.insert(Route::Direct, format!("out of reach: {why}"));
    }

    /// Whether the app gives away, past the gateway, what that asks a sign-in for.
    pub(super) const fn is_open(&mut self, open: bool) {
        self.is_open = open;
    }

    pub(super) fn add(&mut self, route: Route, row: Row) {
        self.rows.push((route, row));
    }

    /// The app still acts on an earlier request once the last has gone.
    pub(super) fn keeps(&mut self, route: Route) {
        self.notes.push(format!(
            "The app keeps what it was told {}: after the first thing that it believed, the rest may be its echo.",
            route.for_people()
        ));
    }

    /// Whether anything got through.
    pub(super) fn got_through(&self) -> bool {
        self.is_open || self.rows.iter().any(|(_, row)| row.verdict.got_through())
    }

    fn requests(&self, route: Route) -> usize {
        self.rows.iter().filter(|(of, _)| *of == route).count()
    }

    pub(super) fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let row = |(route, row): &(Route, Row)| {
            let mut value = json!({
                "route": route.as_str(),
                "header": row.probe.header,
                "spelling": row.probe.how,
                "verdict": row.verdict.as_str(),
                "got_through": row.verdict.got_through(),
            });
            let detail = match &row.verdict {
                Verdict::Refused(status) => Some(("status", Value::from(*status))),
                Verdict::NoAnswer(why) => Some(("why", Value::from(why.as_str()))),
                _ => None,
            };
            if let (Some((name, detail)), Some(fields)) = (detail, value.as_object_mut()) {
                fields.insert(name.to_owned(), detail);
            }
            value
        };
        write_json(
            out,
            &json!({
                "url": self.url.as_str(),
                "direct": self.direct.as_ref().map(Url::as_str),
                "got_through": self.got_through(),
                "open_past_the_gateway": self.is_open,
                "to_nobody": {
                    "gateway": self.to_nobody.get(&Route::Gateway),
                    "direct": self.to_nobody.get(&Route::Direct),
                },
                "tried": self.rows.iter().map(row).collect::<Vec<_>>(),
                "notes": self.notes,
            }),
        )
    }

    pub(super) fn write_table(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{:<41}{:<27}STRAIGHT TO THE APP", "CLAIM", "THROUGH THE GATEWAY")?;
        let nobody = |route| self.to_nobody.get(&route).map_or("not tried", String::as_str);
        let (gateway, direct) = (nobody(Route::Gateway), nobody(Route::Direct));
        writeln!(out, "{:<41}{gateway:<27}{direct}", "nobody")?;
        for (header, spellings) in self.headers() {
            let sum = |route| self.sum(route, header);
            let claim = format!("{header} ({spellings})");
            let line = format!("{claim:<41}{:<27}{}", sum(Route::Gateway), sum(Route::Direct));
            writeln!(out, "{}", line.trim_end())?;
        }
        self.write_findings(out)?;
        for note in &self.notes {
            writeln!(out, "\n{note}")?;
        }
        Ok(())
    }

    /// The headers in the order in which they were tried, and how many spellings of each there are.
    fn headers(&self) -> Vec<(&str, usize)> {
        let mut headers: Vec<(&str, usize)> = Vec::new();
        for (_, row) in self.rows.iter().filter(|(route, _)| *route == Route::Gateway) {
            match headers.iter_mut().find(|(known, _)| *known == row.probe.header) {
                Some((_, count)) => *count += 1,
                None => headers.push((&row.probe.header, 1)),
            }
        }
        headers
    }

    /// What came of all spellings of a header, in a few words: the worst first.
    fn sum(&self, route: Route, header: &str) -> String {
        let of_header =
            self.rows.iter().filter(|(of, row)| *of == route && row.probe.header == header);
        let verdicts: Vec<&Verdict> = of_header.map(|(_, row)| &row.verdict).collect();
        let count = |wanted: fn(&Verdict) -> bool| verdicts.iter().filter(|v| wanted(v)).count();
        let words: [(usize, &str); 6] = [
            (count(|v| *v == Verdict::Believed), "BELIEVED"),
            (count(|v| *v == Verdict::Different), "CHANGED THE ANSWER"),
            (count(|v| *v == Verdict::NoEffect), "no effect"),
            (count(|v| *v == Verdict::AsksToSignIn), "asks to sign in"),
            (count(|v| matches!(v, Verdict::Refused(_))), "refused"),
            (count(|v| matches!(v, Verdict::NoAnswer(_))), "no answer"),
        ];
        match words.iter().find(|(count, _)| *count > 0) {
            Some((count, word))
                if *count < verdicts.len() && word.starts_with(char::is_uppercase) =>
            {
                format!("{word} ({count})")
            }
            Some((_, word)) => (*word).to_owned(),
            None => String::new(),
        }
    }

    fn write_findings(&self, out: &mut dyn Write) -> io::Result<()> {
        let tried = self.requests(Route::Gateway);
        if !self.got_through() {
            let both = if self.requests(Route::Direct) > 0 { ", and as many past it" } else { "" };
            return writeln!(
                out,
                "\nNothing got through: {tried} claims through the gateway{both}."
            );
        }
        writeln!(out, "\nGot through:")?;
        if self.is_open {
            writeln!(
                out,
                "  anybody, straight to the app: it answers there what the gateway asks a sign-in for"
            )?;
        }
        for (route, row) in self.rows.iter().filter(|(_, row)| row.verdict.got_through()) {
            let what = match row.verdict {
                Verdict::Believed => "believed",
                _ => "changed the answer",
            };
            let (header, how) = (&row.probe.header, row.probe.how);
            writeln!(out, "  {header} {how}, {}: {what}", route.for_people())?;
        }
        let through = |wanted| {
            self.rows.iter().any(|(route, row)| *route == wanted && row.verdict.got_through())
        };
        if through(Route::Gateway) {
            writeln!(
                out,
                "\nThrough the gateway: name that header under `headers` of the site, so that doorward writes it and\n\
                 takes every other off; or have the app believe Remote-User alone."
            )?;
        }
        if through(Route::Direct) || self.is_open {
            writeln!(
                out,
                "\nStraight to the app: let it listen where nobody but doorward reaches it (127.0.0.1, a socket,\n\
                 a network of their own), or have it check the signature that doorward sends with each request."
            )?;
        }
        Ok(())
    }
}
