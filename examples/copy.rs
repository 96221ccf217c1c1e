//! Copies a file or a whole tree, several files at a time.
//!
//! ```text
//! cargo run --release --example copy -- FROM TO
//! ```
//!
//! `TO` must not exist: nothing is overwritten, merged or resumed. Links are copied as links, permissions as they are,
//! empty directories too. What cannot be copied is told with its path and the cause, the rest is copied, and the exit code is 1.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use futures::stream::{self, StreamExt};
use heist::fs::{self, File};
use indicatif::{ProgressBar, ProgressStyle};

/// Copies a file or a tree to a place where there is nothing yet.
#[derive(Parser)]
struct Args {
    /// What to copy.
    from: PathBuf,
    /// The name of the copy.
    to: PathBuf,
    /// Files copied at the same time.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
}

/// Where something is, and where its copy goes.
#[derive(Clone)]
struct Pair {
    from: PathBuf,
    to: PathBuf,
}

/// What a walk has found.
#[derive(Default)]
struct Plan {
    /// Each behind the directory that it is in.
    directories: Vec<(Pair, std::fs::Permissions)>,
    files: Vec<Pair>,
    links: Vec<Pair>,
    total_bytes: u64,
    failures: Vec<Failure>,
}

/// What was not copied, and why.
struct Failure(PathBuf, io::Error);

#[heist::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let failures = match check(&args).await {
        Ok(()) => copy(args).await,
        Err(failure) => vec![failure],
    };
    for Failure(path, cause) in &failures {
        eprintln!("copy: {}: {cause}", path.display());
    }
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Refuses what would overwrite, or never end.
async fn check(args: &Args) -> Result<(), Failure> {
    let refuse = |text: &str| Err(Failure(args.to.clone(), io::Error::other(text)));
    if fs::symlink_metadata(&args.to).await.is_ok() {
        return refuse("exists already; remove it, or name another target");
    }
    let parent = args.to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let parent = fs::canonicalize(parent).await.map_err(|cause| Failure(parent.to_owned(), cause))?;
    let from = fs::canonicalize(&args.from).await;
    if from.is_ok_and(|from| parent.starts_with(from)) {
        return refuse("lies within what is to be copied; name a target outside");
    }
    Ok(())
}

async fn copy(args: Args) -> Vec<Failure> {
    let mut plan = walk(Pair { from: args.from, to: args.to }).await;
    let bar = ProgressBar::new(plan.total_bytes);
    let style = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
    bar.set_style(style.expect("the template is well formed"));
    for (Pair { to, .. }, _) in &plan.directories {
        if let Err(cause) = fs::create_dir(to).await {
            plan.failures.push(Failure(to.clone(), cause));
        }
    }
    let copies = stream::iter(plan.files).map(|pair| heist::spawn(copy_file(pair, bar.clone())));
    let mut copies = copies.buffer_unordered(args.jobs.into());
    while let Some(copied) = copies.next().await {
        plan.failures.extend(copied.expect("copying does not panic").err());
    }
    for pair in plan.links {
        plan.failures.extend(copy_link(&pair).await.map_err(|cause| Failure(pair.from, cause)).err());
    }
    // Only now: a directory may forbid to write into it. The innermost first, for one may forbid to enter it.
    for (Pair { to, .. }, permissions) in plan.directories.into_iter().rev() {
        plan.failures
            .extend(fs::set_permissions(&to, permissions).await.map_err(|cause| Failure(to, cause)).err());
    }
    bar.finish_and_clear();
    plan.failures
}

/// Finds everything below, and what it can not.
async fn walk(root: Pair) -> Plan {
    let mut plan = Plan::default();
    let mut unseen = vec![root];
    while let Some(pair) = unseen.pop() {
        let from = pair.from.clone();
        if let Err(cause) = visit(pair, &mut plan, &mut unseen).await {
            plan.failures.push(Failure(from, cause));
        }
    }
    plan
}

async fn visit(pair: Pair, plan: &mut Plan, unseen: &mut Vec<Pair>) -> io::Result<()> {
    let metadata = fs::symlink_metadata(&pair.from).await?;
    if metadata.is_symlink() {
        plan.links.push(pair);
    } else if metadata.is_file() {
        plan.total_bytes += metadata.len();
        plan.files.push(pair);
    } else if metadata.is_dir() {
        plan.directories.push((pair.clone(), metadata.permissions()));
        let mut entries = fs::read_dir(&pair.from).await?;
        while let Some(entry) = entries.next_entry().await? {
            unseen.push(Pair { from: entry.path(), to: pair.to.join(entry.file_name()) });
        }
    } else {
        return Err(io::Error::other("is no file, directory or link, and is not copied"));
    }
    Ok(())
}

/// A copy that fails leaves no half of a file behind.
async fn copy_file(Pair { from, to }: Pair, bar: ProgressBar) -> Result<(), Failure> {
    let mut source = File::open(&from).await.map_err(|cause| Failure(from.clone(), cause))?;
    let mut target = File::create_new(&to).await.map_err(|cause| Failure(to.clone(), cause))?;
    let result = copy_content(&mut source, &mut target, &bar).await;
    if result.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&to).await;
    }
    result.map_err(|cause| Failure(from, cause))
}

async fn copy_content(source: &mut File, target: &mut File, bar: &ProgressBar) -> io::Result<()> {
    let mut before = 0;
    let told = |total| {
        bar.inc(total - before);
        before = total;
    };
    heist::io::copy_with(source, target, told).await?;
    target.set_permissions(source.metadata().await?.permissions()).await
}

#[cfg(unix)]
async fn copy_link(Pair { from, to }: &Pair) -> io::Result<()> {
    fs::symlink(fs::read_link(from).await?, to).await
}

#[cfg(not(unix))]
async fn copy_link(_: &Pair) -> io::Result<()> {
    Err(io::Error::other("links are copied on Unix only"))
}
