//! Writes the gRPC service that `tests/grpc.rs` includes. Its messages are derived by prost there.

use tonic_build::manual::{Builder, Method, Service};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let method = |name: &str, route: &str, input: &str, output: &str| {
        Method::builder()
            .name(name)
            .route_name(route)
            .input_type(format!("crate::{input}"))
            .output_type(format!("crate::{output}"))
            .codec_path("tonic_prost::ProstCodec")
    };
    let service = Service::builder()
        .package("worlds.v1")
        .name("Ledger")
        .method(method("add", "Add", "Entry", "Count").build())
        .method(method("history", "History", "Count", "Entry").server_streaming().build())
        .method(method("import", "Import", "Entry", "Count").client_streaming().build())
        .method(method("follow", "Follow", "Entry", "Count").client_streaming().server_streaming().build())
        .build();
    Builder::new().compile(&[service]);
}
