//! `doorward accounts import`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::django::Dump;
use super::input::Input;
use super::lines::Lines;
use super::record::Refused;
use super::table::Table;
use super::{Entries, Unreadable};
use crate::app::Core;
use crate::cli::{ConfigArgs, Failure, core, write_json};
use crate::domain::account::ImportedAccount;
use crate::domain::time::Timestamp;
use crate::store::{AccountSource, Imported};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ImportArgs {
    /// The file; `-` is standard input.
    file: PathBuf,
    /// What is in it. Left out, the end of its name says it: .csv, .jsonl, .json (a dump of Django's).
    #[arg(long)]
    format: Option<Format>,
    /// Import what can be imported, though some is refused.
    #[arg(long)]
    partial: bool,
    /// Say what would come of it, and import nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// A line of column names, and a line for each account.
    Csv,
    /// An object of JSON on each line.
    Jsonl,
    /// What `manage.py dumpdata auth.user auth.group` writes.
    Django,
}

pub(in crate::cli) async fn import(
    args: &ImportArgs,
    out: &mut dyn Write,
) -> Result<ExitCode, Failure> {
    let name = args.file.display().to_string();
    let unreadable = |error: Unreadable| Failure::Refused(format!("{name}: {error}"));
    let format = args.format.or_else(|| by_name(&args.file)).ok_or_else(|| {
        Failure::Usage(format!("{name}: say what is in it: --format csv, jsonl or django"))
    })?;
    let input = Input::open(&args.file).map_err(unreadable)?;
    let core = core(&args.config).await?;
    let progress = Progress::of(input.length(), args.config.json);
    let entries = entries(format, &input, &progress.read).map_err(unreadable)?;
    let mut source = Source::new(entries, &core, args, progress);
    core.auth.import_accounts(&mut source, core.clock.now()).await?;
    let report = source.finish();
    if let Some(error) = report.unreadable {
        return Err(unreadable(error));
    }
    report.tell(args, format, out)?;
    let refused = !report.refused.is_empty() && !args.partial;
    Ok(if refused { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn by_name(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" => Some(Format::Csv),
        "jsonl" | "ndjson" => Some(Format::Jsonl),
        "json" => Some(Format::Django),
        _ => None,
    }
}

fn entries(format: Format, input: &Input, count: &Arc<AtomicU64>) -> Result<Entries, Unreadable> {
    Ok(match format {
        Format::Csv => Box::new(Table::new(input.read(count)?)?),
        Format::Jsonl => Box::new(Lines::new(input.read(count)?)),
        Format::Django => {
            // One reading has to end before the next begins: both are of one file.
            let groups = input.read(&Arc::default())?;
            Box::new(Dump::new(groups, || input.read(count))?)
        }
    })
}

/// The accounts of the file, and what comes of them.
struct Source<'a> {
    entries: Entries,
    core: &'a Core,
    now: Timestamp,
    partial: bool,
    dry_run: bool,
    /// Where the account stands that the store has now.
    number: u64,
    report: Report,
    progress: Progress,
}

/// What came of it all.
#[derive(Default)]
struct Report {
    fitting: u64,
    refused: Vec<(u64, Refused)>,
    unreadable: Option<Unreadable>,
    kept: bool,
}

impl<'a> Source<'a> {
    fn new(entries: Entries, core: &'a Core, args: &ImportArgs, progress: Progress) -> Self {
        Self {
            entries,
            core,
            now: core.clock.now(),
            partial: args.partial,
            dry_run: args.dry_run,
            number: 0,
            report: Report::default(),
            progress,
        }
    }

    fn finish(self) -> Report {
        self.progress.bar.finish_and_clear();
        self.report
    }
}

impl AccountSource for Source<'_> {
    fn next(&mut self) -> Option<ImportedAccount> {
        loop {
            let entry = match self.entries.next()? {
                Ok(entry) => entry,
                Err(error) => {
                    self.report.unreadable = Some(error);
                    return None;
                }
            };
            self.progress.show();
            self.number = entry.number;
            let (auth, now) = (&self.core.auth, self.now);
            let account = entry
                .record
                .and_then(|record| record.into_account(now, || auth.new_account_id(now)));
            match account {
                Ok(account) => return Some(account),
                Err(reason) => self.report.refused.push((entry.number, reason)),
            }
        }
    }

    fn came(&mut self, of_it: Imported) {
        match Refused::of(of_it) {
            None => self.report.fitting += 1,
            Some(reason) => self.report.refused.push((self.number, reason)),
        }
    }

    fn keep(&mut self) -> bool {
        let report = &mut self.report;
        let whole = report.unreadable.is_none() && (self.partial || report.refused.is_empty());
        report.kept = whole && !self.dry_run && report.fitting > 0;
        report.kept
    }
}

impl Report {
    fn tell(&self, args: &ImportArgs, format: Format, out: &mut dyn Write) -> io::Result<()> {
        let imported = if self.kept { self.fitting } else { 0 };
        if args.config.json {
            let refused: Vec<_> = self
                .refused
                .iter()
                .map(|(number, reason)| json!({ "line": number, "reason": reason.to_string() }))
                .collect();
            let told = json!({
                "imported": imported,
                "fitting": self.fitting,
                "refused": refused,
                "dry_run": args.dry_run,
            });
            return write_json(out, &told);
        }
        let what = if matches!(format, Format::Django) { "entry" } else { "line" };
        for (number, reason) in &self.refused {
            writeln!(out, "{what} {number}: {reason}")?;
        }
        let (fitting, refused) = (self.fitting, self.refused.len());
        match (args.dry_run, refused == 0 || args.partial) {
            (true, true) => writeln!(out, "{fitting} would be imported, {refused} refused"),
            (false, true) => writeln!(out, "{imported} imported, {refused} refused"),
            (_, false) => writeln!(
                out,
                "nothing imported: {refused} refused; --partial imports the other {fitting}"
            ),
        }
    }
}

/// A bar on a terminal, and nothing anywhere else.
struct Progress {
    bar: ProgressBar,
    read: Arc<AtomicU64>,
}

impl Progress {
    fn of(length: u64, silent: bool) -> Self {
        let target =
            if silent { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(length), target);
        let style =
            ProgressStyle::with_template("{bar:40} {percent}% {elapsed_precise} ({eta} left)");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self { bar, read: Arc::default() }
    }

    fn show(&self) {
        self.bar.set_position(self.read.load(Ordering::Relaxed));
    }
}
