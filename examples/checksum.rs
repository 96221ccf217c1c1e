//! Hashes files and whole trees on all cores, and prints what `sha256sum` prints.
//!
//! ```text
//! cargo run --release --example checksum -- PATH...      one line per file: `find PATH... -type f | xargs sha256sum`
//! ```
//!
//! Directories are walked in the order of their names; links in them are left out. What cannot be read is told with its path and
//! the cause, the rest is hashed, and the exit code is 1. A task hashes a file: a single large file keeps one core busy.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use futures::stream::{self, StreamExt};
use heist::fs::{self, File};
use sha2::{Digest, Sha256};

/// So much is read and hashed at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// Prints the SHA-256 of files, and of all files below directories.
#[derive(Parser)]
struct Args {
    /// Files and directories.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Files read at the same time.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
}

#[heist::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let mut failure_count = 0;
    let mut fail = |path: &Path, cause: io::Error| {
        failure_count += 1;
        eprintln!("checksum: {}: {cause}", path.display());
    };
    let mut files = Vec::new();
    for path in args.paths {
        walk(path, &mut files, &mut fail).await;
    }
    let hashing = |path: PathBuf| heist::spawn(async move { (hash(&path).await, path) });
    let mut hashes = stream::iter(files).map(hashing).buffered(args.jobs.into());
    let mut stdout = heist::io::stdout();
    while let Some(hashed) = hashes.next().await {
        let (result, path) = hashed.expect("hashing does not panic");
        let printed = match result {
            Ok(hash) => stdout.write_all(&line(&hash, &path)).await,
            Err(cause) => {
                fail(&path, cause);
                Ok(())
            }
        };
        if let Err(cause) = printed {
            eprintln!("checksum: the standard output: {cause}");
            return ExitCode::FAILURE;
        }
    }
    if failure_count == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Collects the files at and below `root`, by name.
async fn walk(root: PathBuf, files: &mut Vec<PathBuf>, fail: &mut impl FnMut(&Path, io::Error)) {
    // Who names a link means what it leads to.
    match fs::metadata(&root).await {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => return files.push(root),
        Err(cause) => return fail(&root, cause),
    }
    let mut unseen = vec![(root, true)];
    while let Some((path, is_directory)) = unseen.pop() {
        if !is_directory {
            files.push(path);
            continue;
        }
        match list(&path).await {
            // The first is taken next.
            Ok(entries) => unseen.extend(entries.into_iter().rev()),
            Err(cause) => fail(&path, cause),
        }
    }
}

/// The files and directories in a directory, by name, and which of them are directories.
async fn list(directory: &Path) -> io::Result<Vec<(PathBuf, bool)>> {
    let mut found = Vec::new();
    let mut entries = fs::read_dir(directory).await?;
    while let Some(entry) = entries.next_entry().await? {
        let kind = entry.file_type().await?;
        if kind.is_file() || kind.is_dir() {
            found.push((entry.path(), kind.is_dir()));
        }
    }
    found.sort();
    Ok(found)
}

async fn hash(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path).await?;
    let mut hasher = Sha256::new();
    let mut buf = vec![0; CHUNK_BYTES];
    loop {
        match file.read(&mut buf).await? {
            0 => return Ok(hasher.finalize().into()),
            count => hasher.update(&buf[..count]),
        }
    }
}

/// As `sha256sum` writes it: a name that would break the line is escaped, and a backslash in front says so.
fn line(hash: &[u8], path: &Path) -> Vec<u8> {
    let mut name = Vec::new();
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'\\' => name.extend(b"\\\\"),
            b'\n' => name.extend(b"\\n"),
            b'\r' => name.extend(b"\\r"),
            _ => name.push(byte),
        }
    }
    let mut line = Vec::new();
    if name.len() > path.as_os_str().len() {
        line.push(b'\\');
    }
    line.extend(hash.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()));
    line.extend(b"  ");
    line.extend(name);
    line.push(b'\n');
    line
}
