//! `doorward accounts export`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::lines;
use super::record::Record;
use super::table::TableWriter;
use crate::app::Core;
use crate::cli::{ConfigArgs, Failure, core, write_json};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ExportArgs {
    /// How to write them.
    #[arg(long, default_value = "jsonl")]
    format: Format,
    /// Write the password hashes as well. Whoever has them can guess passwords: keep the file as you keep the database.
    #[arg(long)]
    with_hashes: bool,
    /// Write a new file, which its owner alone can read, instead of to standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// A line of column names, and a line for each account.
    Csv,
    /// An object of JSON on each line.
    Jsonl,
}

pub(in crate::cli) async fn export(
    args: &ExportArgs,
    out: &mut dyn Write,
) -> Result<ExitCode, Failure> {
    let core = core(&args.config).await?;
    let Some(path) = &args.out else {
        write_all(&core, args, &mut BufWriter::new(out)).await?;
        return Ok(ExitCode::SUCCESS);
    };
    let file = new_private_file(path).map_err(|error| {
        Failure::Refused(format!("cannot make the file {}: {error}", path.display()))
    })?;
    let mut file = BufWriter::new(file);
    let count = write_all(&core, args, &mut file).await?;
    file.into_inner().map_err(io::Error::from)?.sync_all()?;
    if args.config.json {
        write_json(out, &serde_json::json!({ "exported": count }))?;
    } else {
        writeln!(out, "{count} exported to {}", path.display())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn new_private_file(path: &Path) -> io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes all accounts, page by page, and says how many those were.
async fn write_all<W: Write>(core: &Core, args: &ExportArgs, file: W) -> Result<u64, Failure> {
    const PAGE: u32 = 500;
    if args.with_hashes {
        core.auth.remember_export(core.clock.now()).await?;
    }
    let mut file = Written::new(args, file)?;
    let (mut count, mut after) = (0, None::<String>);
    loop {
        let page = core.auth.export_accounts(after.as_deref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.account.username.key());
        for account in page {
            file.write(&Record::from(account))?;
            count += 1;
        }
    }
    file.finish()?;
    Ok(count)
}

/// The file in one of the forms.
enum Written<W: Write> {
    Table(Box<TableWriter<W>>),
    Lines { file: W, with_hashes: bool },
}

impl<W: Write> Written<W> {
    fn new(args: &ExportArgs, file: W) -> Result<Self, Failure> {
        Ok(match args.format {
            Format::Csv => {
                Self::Table(Box::new(TableWriter::new(file, args.with_hashes).map_err(broken)?))
            }
            Format::Jsonl => Self::Lines { file, with_hashes: args.with_hashes },
        })
    }

    fn write(&mut self, record: &Record) -> Result<(), Failure> {
        match self {
            Self::Table(table) => table.write(record).map_err(broken),
            Self::Lines { file, with_hashes } => Ok(lines::write(file, record, *with_hashes)?),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Table(table) => table.finish(),
            Self::Lines { mut file, .. } => file.flush(),
        }
    }
}

fn broken(error: csv::Error) -> Failure {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Failure::Io(error),
        _ => Failure::Refused("a record could not be written".to_owned()),
    }
}
