//! `doorward templates`: for those who change how pages and mails look and what they say.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::{Failure, write_json};
use crate::app::gallery::{self, Gallery, GalleryError, Kind};
use crate::config;
use crate::config::settings::Settings;
use crate::domain::language::Language;

#[derive(Debug, clap::Subcommand)]
pub(super) enum TemplatesCommand {
    /// Try every page and every mail with made-up data, and write them down to be looked at.
    Render(RenderArgs),
    /// List the files that a templates folder can override.
    List(ListArgs),
    /// Copy the files that doorward comes with into a folder, to begin with.
    Export(ExportArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct RenderArgs {
    /// Write them here, with an index.html; without it they are only tried.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// In this language alone: en, de, es, fr or zh-CN.
    #[arg(long, value_name = "TAG")]
    language: Option<Language>,
    #[command(flatten)]
    of: OfArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    of: OfArgs,
}

/// Whose templates.
#[derive(Debug, clap::Args)]
struct OfArgs {
    /// With the name, colours and templates folder of this configuration; without it, as doorward comes.
    #[arg(short, long, value_name = "FILE", env = "DOORWARD_CONFIG")]
    config: Option<PathBuf>,
    /// Say it as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    /// The folder. What is there stays as it is.
    folder: PathBuf,
    /// Only these, as `doorward templates list` names them.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

pub(super) fn run(command: &TemplatesCommand, out: &mut dyn Write) -> Result<ExitCode, Failure> {
    match command {
        TemplatesCommand::Render(args) => render(args, out)?,
        TemplatesCommand::List(args) => list(args, out)?,
        TemplatesCommand::Export(args) => export(args, out)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn render(args: &RenderArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let settings = settings(&args.of)?;
    let languages = args.language.map_or_else(|| Language::ALL.to_vec(), |one| vec![one]);
    let gallery = Gallery::render(settings.as_ref(), &languages)?;
    if let Some(folder) = &args.out {
        gallery.write(folder)?;
    }
    if args.of.json {
        let rows: Vec<_> = gallery
            .pictures()
            .iter()
            .map(|picture| {
                json!({
                    "name": picture.name,
                    "kind": picture.kind.as_str(),
                    "language": picture.language.tag(),
                    "subject": picture.subject,
                    "file": args.out.as_ref().map(|folder| folder.join(&picture.path)),
                })
            })
            .collect();
        return Ok(write_json(out, &json!(rows))?);
    }
    let count = |kind| gallery.pictures().iter().filter(|picture| picture.kind == kind).count();
    let each = languages.len();
    let (pages, mails) = (count(Kind::Page) / each, count(Kind::MailHtml) / each);
    let tags: Vec<&str> = languages.iter().map(|language| language.tag()).collect();
    writeln!(out, "{pages} pages and {mails} mails work, in {}.", tags.join(", "))?;
    if let Some(folder) = &args.out {
        writeln!(out, "Look at them: {}", folder.join("index.html").display())?;
    }
    Ok(())
}

fn list(args: &ListArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let files = gallery::overridable(settings(&args.of)?.as_ref());
    if args.of.json {
        let row = |(name, overridden)| json!({ "name": name, "overridden": overridden });
        let rows: Vec<_> = files.into_iter().map(row).collect();
        return Ok(write_json(out, &json!(rows))?);
    }
    for (name, overridden) in files {
        let note = if overridden { "  (yours)" } else { "" };
        writeln!(out, "{name}{note}")?;
    }
    Ok(())
}

fn export(args: &ExportArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let known: Vec<String> = gallery::overridable(None).into_iter().map(|(name, _)| name).collect();
    if let Some(unknown) = args.names.iter().find(|name| !known.contains(name)) {
        let told = format!("there is no file {unknown}; `doorward templates list` names them all");
        return Err(Failure::Refused(told));
    }
    let names = if args.names.is_empty() { &known } else { &args.names };
    let kept = gallery::export(names, &args.folder)?;
    for path in &kept {
        writeln!(out, "{} was there already and stays as it is", path.display())?;
    }
    let written = names.len() - kept.len();
    writeln!(out, "{written} files written to {}", args.folder.display())?;
    writeln!(out, "Set portal.templates to that folder, and remove there what you do not change.")?;
    Ok(())
}

fn settings(args: &OfArgs) -> Result<Option<Settings>, Failure> {
    Ok(args.config.as_deref().map(config::load).transpose()?)
}

impl From<GalleryError> for Failure {
    fn from(error: GalleryError) -> Self {
        match error {
            GalleryError::Start(error) => Self::Start(error),
            GalleryError::Mail { .. } => Self::Usage(error.to_string()),
            GalleryError::Write { .. } => Self::Refused(error.to_string()),
        }
    }
}
