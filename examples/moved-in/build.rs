//! Writes the gRPC service that `grpc.rs` includes. Its messages are derived by prost in `grpc.rs` itself, so no
//! `protoc` is needed.

use tonic_build::manual::{Builder, Method, Service};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // For console-subscriber: the programs see its server without tokio's unstable parts.
    println!("cargo::rustc-check-cfg=cfg(console_without_tokio_unstable)");
    let method = |name: &str, route: &str, input: &str, output: &str| {
        Method::builder()
            .name(name)
            .route_name(route)
            .input_type(format!("crate::{input}"))
            .output_type(format!("crate::{output}"))
            .codec_path("tonic_prost::ProstCodec")
    };
    let service = Service::builder()
        .package("moved.v1")
        .name("Ledger")
        .method(method("add", "Add", "Entry", "Balance").build())
        .method(method("history", "History", "Account", "Entry").server_streaming().build())
        .method(method("import", "Import", "Entry", "Balance").client_streaming().build())
        .method(method("follow", "Follow", "Entry", "Balance").client_streaming().server_streaming().build())
        .build();
    Builder::new().compile(&[service]);
}
