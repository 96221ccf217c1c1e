//! axum: a JSON greeting, and files by tower-http's `ServeDir`: `http DIRECTORY`. Prints its address.

use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

#[derive(Serialize)]
struct Greeting {
    message: &'static str,
    number: u32,
}

async fn greeting() -> Json<Greeting> {
    Json(Greeting { message: "hello, world", number: 42 })
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let directory = std::env::args().nth(1).expect("a directory");
    let app = Router::new().route("/hello", get(greeting)).nest_service("/files", ServeDir::new(directory));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    axum::serve(listener, app).await
}
