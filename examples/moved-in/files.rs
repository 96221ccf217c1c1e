//! tower-http's `ServeDir` under `axum::serve`: whole files, ranges, conditional requests, a missing file, a path
//! that climbs out; all of it compared with what was written.
//!
//! ```text
//! $ cargo run --bin files
//! driver: io_uring
//! 32 files at once, from 0 B to 4 MiB, all as written
//! bytes 1000000-1000099 of the largest
//! not modified since
//! not found, and not outside of the directory
//! ```

use std::net::SocketAddr;

use axum::Router;
use moved_in::{Failure, check, soon};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE, IF_MODIFIED_SINCE, LAST_MODIFIED, RANGE};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower_http::services::ServeDir;

const FILE_COUNT: usize = 32;
const LARGEST: usize = FILE_COUNT - 1;

/// Every file has bytes of its own, so that an exchange of two files is seen.
fn content(number: usize) -> Vec<u8> {
    let length_bytes = (number * number * number * 4 * 1024 * 1024).div_ceil(LARGEST * LARGEST * LARGEST);
    (0..length_bytes).map(|index| (index * (number + 3) / 7 + number) as u8).collect()
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    println!("driver: {}", moved_in::driver()?);
    moved_in::choose_cryptography()?;
    let directory = tempfile::tempdir()?;
    let root = directory.path().join("site");
    tokio::fs::create_dir(&root).await?;
    tokio::fs::write(root.join("index.html"), "<h1>the index</h1>").await?;
    tokio::fs::write(directory.path().join("secret.txt"), "outside").await?;
    for number in 0..FILE_COUNT {
        tokio::fs::write(root.join(format!("{number}.bin")), content(number)).await?;
    }

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let app = Router::new().fallback_service(ServeDir::new(root));
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    let site = format!("http://{address}");

    whole_files(&site).await?;
    index(&site).await?;
    range(&site).await?;
    conditional(&site).await?;
    refused(&site, address).await?;
    serving.abort();
    check!(serving.await.is_err_and(|end| end.is_cancelled()), "the server ended by itself");
    Ok(())
}

async fn whole_files(site: &str) -> Result<(), Failure> {
    let client = reqwest::Client::new();
    let mut downloads = JoinSet::new();
    for number in 0..FILE_COUNT {
        let request = client.get(format!("{site}/{number}.bin"));
        downloads.spawn(async move {
            let answer = request.send().await?.error_for_status()?;
            Ok::<_, reqwest::Error>((number, answer.content_length(), answer.bytes().await?))
        });
    }
    while let Some(download) = soon("a file", downloads.join_next()).await? {
        let (number, length_bytes, bytes) = download??;
        check!(
            length_bytes == Some(bytes.len() as u64),
            "{number}.bin has not the length that was announced"
        );
        check!(bytes == content(number), "{number}.bin is not as written");
    }
    println!("{FILE_COUNT} files at once, from 0 B to 4 MiB, all as written");
    Ok(())
}

async fn index(site: &str) -> Result<(), Failure> {
    let answer = reqwest::get(format!("{site}/")).await?;
    check!(answer.headers()[CONTENT_TYPE] == "text/html", "the index is no page");
    let text = answer.text().await?;
    check!(text == "<h1>the index</h1>", "the index is {text:?}");
    Ok(())
}

async fn range(site: &str) -> Result<(), Failure> {
    let request = reqwest::Client::new().get(format!("{site}/{LARGEST}.bin"));
    let answer = request.header(RANGE, "bytes=1000000-1000099").send().await?;
    check!(answer.status() == StatusCode::PARTIAL_CONTENT, "a range is answered by {}", answer.status());
    check!(answer.headers()[CONTENT_RANGE] == "bytes 1000000-1000099/4194304", "another range came");
    check!(answer.bytes().await? == content(LARGEST)[1_000_000..1_000_100], "the range has other bytes");
    println!("bytes 1000000-1000099 of the largest");
    Ok(())
}

async fn conditional(site: &str) -> Result<(), Failure> {
    let client = reqwest::Client::new();
    let first = client.head(format!("{site}/1.bin")).send().await?;
    let date = first.headers().get(LAST_MODIFIED).ok_or("no date")?.clone();
    let second = client.get(format!("{site}/1.bin")).header(IF_MODIFIED_SINCE, date).send().await?;
    check!(second.status() == StatusCode::NOT_MODIFIED, "unchanged, and answered by {}", second.status());
    println!("not modified since");
    Ok(())
}

async fn refused(site: &str, address: SocketAddr) -> Result<(), Failure> {
    let answer = reqwest::get(format!("{site}/missing")).await?;
    check!(answer.status() == StatusCode::NOT_FOUND, "a missing file is answered by {}", answer.status());
    // reqwest takes the dots out, so they are sent by hand.
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET /../secret.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await?;
    let mut text = String::new();
    soon("a refusal", stream.read_to_string(&mut text)).await??;
    check!(text.starts_with("HTTP/1.1 404"), "a path that climbs out is answered by {text:?}");
    println!("not found, and not outside of the directory");
    Ok(())
}
