//! Has the crate built again when a step of the schema is added: the macro that copies them into the binary sees
//! changes of the steps it knows, and no new ones. And lays out a release so that little of it is in memory (docs/adr/0037).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// What runs from start to a signed-in request: beginnings of the names of functions.
const LAYOUT: &str = "src/layout.txt";

/// The first glibc that reads packed relocations.
const PACKED_SINCE: (u32, u32) = (2, 36);

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=src/store/sqlite/migrations");
    println!("cargo:rerun-if-changed={LAYOUT}");
    if !is_laid_out() {
        return Ok(());
    }
    let script = write_script(Path::new(&variable("OUT_DIR")))?;
    println!("cargo:rustc-link-arg-bin=doorward=-Wl,-T,{}", script.display());
    if glibc().is_some_and(|version| version >= PACKED_SINCE) {
        println!("cargo:rustc-link-arg-bin=doorward=-Wl,-z,pack-relative-relocs");
    }
    Ok(())
}

/// Whether this is a release for the machine that builds it, by a linker that is known to take the script: that of the
/// compiler (LLD), or GNU's. Elsewhere nothing is done, and the binary is the same with more of it in memory.
fn is_laid_out() -> bool {
    let target = variable("TARGET");
    let flags = variable("CARGO_ENCODED_RUSTFLAGS");
    variable("PROFILE") == "release"
        && target == "x86_64-unknown-linux-gnu"
        && variable("HOST") == target
        && variable("RUSTC_LINKER").is_empty()
        && !flags.contains("linker")
        && !flags.contains("-fuse-ld")
}

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script everything by variables")]
fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

/// Writes a script for the linker that puts what is listed before the rest of the code.
fn write_script(folder: &Path) -> io::Result<PathBuf> {
    let listed = fs::read_to_string(LAYOUT)?;
    let beginnings = listed.lines().filter(|line| !line.starts_with('#'));
    // Each function is a section of its own; some are marked as unlikely.
    let sections = beginnings.map(|name| format!("    .text.{name}* .text.unlikely.{name}*\n"));
    let script = folder.join("layout.ld");
    let text: String = sections.collect();
    fs::write(
        &script,
        format!("SECTIONS {{ .text.runs : {{ *(\n{text}) }} }} INSERT BEFORE .text;\n"),
    )?;
    Ok(script)
}

/// The version of the C library that is linked to; `None` where it is another than glibc.
fn glibc() -> Option<(u32, u32)> {
    let told = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    let (major, minor) = told.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}
