//! Reads every file of a directory by `tokio::fs::read`: `read DIRECTORY [one-by-one]`. Prints the milliseconds that it
//! took, after one round that is not measured.

use std::path::PathBuf;
use std::time::Instant;

use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().expect("a directory");
    let is_one_by_one = arguments.next().is_some();
    let mut paths = Vec::new();
    let mut entries = tokio::fs::read_dir(directory).await?;
    while let Some(entry) = entries.next_entry().await? {
        paths.push(entry.path());
    }
    // In a task, as a program reads files.
    let rounds = tokio::spawn(async move {
        round(&paths, is_one_by_one).await?;
        let began = Instant::now();
        let bytes = round(&paths, is_one_by_one).await?;
        assert_eq!(bytes, paths.len() * 4096);
        std::io::Result::Ok(began.elapsed())
    });
    println!("{}", rounds.await??.as_secs_f64() * 1000.0);
    Ok(())
}

async fn round(paths: &[PathBuf], is_one_by_one: bool) -> std::io::Result<usize> {
    let mut bytes = 0;
    if is_one_by_one {
        for path in paths {
            bytes += tokio::fs::read(path).await?.len();
        }
        return Ok(bytes);
    }
    let mut reads = JoinSet::new();
    for path in paths {
        reads.spawn(tokio::fs::read(path.clone()));
    }
    while let Some(read) = reads.join_next().await {
        bytes += read??.len();
    }
    Ok(bytes)
}
