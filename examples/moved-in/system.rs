//! tokio's own `process`, `signal` and `fs`: children with pipes on all sides, many at once, killed, given up and
//! dropped; signals; files written, sought, copied, watched for what `flush` promises; a directory tree.
//!
//! ```text
//! $ cargo run --bin system
//! driver: io_uring
//! 200 children at once, each with its own status
//! 8 MiB through `cat`
//! a child is killed, another one dies with its handle; none is left
//! SIGUSR1 ten times, SIGTERM ends a loop
//! 500 files written and read at once
//! a file: written behind, flushed, sought, truncated
//! a tree of 40 directories
//! ```

use std::io::SeekFrom;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use moved_in::{Failure, check, soon};
use tokio::fs;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, BufWriter};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", moved_in::driver()?);
    many_children().await?;
    pipes().await?;
    ends().await?;
    signals().await?;
    let directory = tempfile::tempdir()?;
    many_files(directory.path()).await?;
    one_file(directory.path()).await?;
    tree(directory.path()).await
}

async fn many_children() -> Result<(), Failure> {
    let mut children = JoinSet::new();
    for number in 0..200 {
        children.spawn(async move {
            let script = format!("echo out {number}; echo err {number} >&2; exit {}", number % 7);
            Ok::<_, std::io::Error>((number, Command::new("sh").arg("-c").arg(script).output().await?))
        });
    }
    while let Some(end) = soon("a child", children.join_next()).await? {
        let (number, output) = end??;
        check!(output.status.code() == Some(number % 7), "child {number} ended with {}", output.status);
        check!(output.stdout == format!("out {number}\n").as_bytes(), "child {number} wrote otherwise");
        check!(output.stderr == format!("err {number}\n").as_bytes(), "child {number} complained otherwise");
    }
    println!("200 children at once, each with its own status");
    Ok(())
}

async fn pipes() -> Result<(), Failure> {
    let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().ok_or("no stdin")?;
    let mut stdout = child.stdout.take().ok_or("no stdout")?;
    let bytes: Vec<u8> = (0..8_u32 << 20).map(|index| (index / 251) as u8).collect();
    let sent = bytes.clone();
    let writing = tokio::spawn(async move { stdin.write_all(&sent).await });
    let mut back = Vec::new();
    soon("what cat writes", stdout.read_to_end(&mut back)).await??;
    writing.await??;
    check!(back == bytes, "other bytes came back");
    check!(soon("the end of cat", child.wait()).await??.success(), "cat failed");
    println!("8 MiB through `cat`");
    Ok(())
}

/// Has the process ended, and been waited for?
fn is_gone(process: u32) -> bool {
    !Path::new(&format!("/proc/{process}")).exists()
}

async fn ends() -> Result<(), Failure> {
    use std::os::unix::process::ExitStatusExt;
    let mut killed = Command::new("sleep").arg("600").spawn()?;
    let process = killed.id().ok_or("no id")?;
    check!(tokio::time::timeout(Duration::from_millis(30), killed.wait()).await.is_err(), "600 s in 30 ms");
    check!(killed.try_wait()?.is_none(), "the child has ended by itself");
    soon("the end of the child", killed.kill()).await??;
    check!(killed.wait().await?.signal() == Some(9), "the child ended otherwise");
    check!(is_gone(process) && killed.id().is_none(), "the child is still there");

    let dropped = Command::new("sleep").arg("600").kill_on_drop(true).spawn()?;
    let process = dropped.id().ok_or("no id")?;
    drop(dropped);
    let left = async {
        while !is_gone(process) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    soon("the end of the dropped child", left).await?;
    let missing = Command::new("/nowhere/at-all").spawn();
    check!(missing.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound), "started nothing");
    println!("a child is killed, another one dies with its handle; none is left");
    Ok(())
}

async fn signals() -> Result<(), Failure> {
    let this = std::process::id().to_string();
    let mut user = signal(SignalKind::user_defined1())?;
    for _ in 0..10 {
        check!(Command::new("kill").args(["-USR1", &this]).status().await?.success(), "kill failed");
        check!(soon("SIGUSR1", user.recv()).await?.is_some(), "the signals ended");
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    let killer = tokio::spawn(async move { Command::new("kill").args(["-TERM", &this]).status().await });
    let turns = soon("SIGTERM", async {
        let mut turns = 0;
        loop {
            tokio::select! {
                _ = ticks.tick() => turns += 1,
                _ = terminate.recv() => return turns,
                _ = tokio::signal::ctrl_c() => return -1,
            }
        }
    })
    .await?;
    check!(turns >= 0, "Ctrl-C was not pressed");
    killer.await??;
    println!("SIGUSR1 ten times, SIGTERM ends a loop");
    Ok(())
}

async fn many_files(directory: &Path) -> Result<(), Failure> {
    let mut tasks = JoinSet::new();
    for number in 0..500_usize {
        let path = directory.join(format!("{number}.bin"));
        tasks.spawn(async move {
            let bytes = vec![number as u8; number * 97];
            fs::write(&path, &bytes).await?;
            let is_equal = fs::read(&path).await? == bytes;
            let length_bytes = fs::metadata(&path).await?.len();
            fs::remove_file(&path).await?;
            Ok::<bool, std::io::Error>(is_equal && length_bytes == bytes.len() as u64)
        });
    }
    while let Some(end) = soon("a file", tasks.join_next()).await? {
        check!(end??, "a file is read otherwise than it was written");
    }
    println!("500 files written and read at once");
    Ok(())
}

async fn one_file(directory: &Path) -> Result<(), Failure> {
    let path = directory.join("one");
    let mut file = fs::OpenOptions::new().read(true).write(true).create_new(true).open(&path).await?;
    for number in 0..1000_u32 {
        // Each returns when the bytes are taken; the next call waits for those before.
        file.write_all(&number.to_be_bytes()).await?;
    }
    file.flush().await?;
    check!(std::fs::read(&path)?.len() == 4000, "flush returned before the file was written");
    file.seek(SeekFrom::Start(4 * 500)).await?;
    check!(file.read_u32().await? == 500, "not what stands there");
    check!(file.seek(SeekFrom::Current(-8)).await? == 4 * 499, "the position is another one");
    check!(file.read_u32().await? == 499, "not what stands there");
    file.set_len(8).await?;
    file.rewind().await?;
    let mut rest = Vec::new();
    file.read_to_end(&mut rest).await?;
    check!(rest == [0, 0, 0, 0, 0, 0, 0, 1], "the rest is {rest:?}");
    file.sync_all().await?;
    drop(file);

    let mut lines = BufWriter::new(fs::File::create(&path).await?);
    for number in 0..5000 {
        lines.write_all(format!("line {number}\n").as_bytes()).await?;
    }
    lines.shutdown().await?;
    let copy = directory.join("copy");
    let copied_bytes = fs::copy(&path, &copy).await?;
    check!(copied_bytes == fs::metadata(&path).await?.len(), "{copied_bytes} bytes were copied");
    let mut lines = BufReader::new(fs::File::open(&copy).await?).lines();
    let mut count = 0;
    while let Some(line) = lines.next_line().await? {
        check!(line == format!("line {count}"), "line {count} is {line:?}");
        count += 1;
    }
    check!(count == 5000, "{count} lines");
    println!("a file: written behind, flushed, sought, truncated");
    Ok(())
}

async fn tree(directory: &Path) -> Result<(), Failure> {
    let root = directory.join("tree");
    for number in 0..40 {
        fs::create_dir_all(root.join(format!("{}/{number}", number % 4))).await?;
    }
    fs::symlink("1", root.join("link")).await?;
    check!(fs::read_link(root.join("link")).await? == Path::new("1"), "the link leads elsewhere");
    fs::rename(root.join("0"), root.join("moved")).await?;
    check!(!fs::try_exists(root.join("0")).await?, "the old name is still there");
    let (mut count, mut open) = (0, vec![root.clone()]);
    while let Some(path) = open.pop() {
        let mut entries = fs::read_dir(path).await?;
        while let Some(entry) = entries.next_entry().await? {
            if entry.file_type().await?.is_dir() {
                open.push(entry.path());
                count += 1;
            }
        }
    }
    check!(count == 44, "{count} directories");
    fs::remove_dir_all(&root).await?;
    check!(!fs::try_exists(&root).await?, "the tree is still there");
    println!("a tree of 40 directories");
    Ok(())
}
