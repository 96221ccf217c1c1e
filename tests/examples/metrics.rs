//! The example `metrics`. Apart from those of sockets, which need no feature: it is built on hyper, and the
//! packaged crate builds its examples without features of its own.

use crate::net::run_on_every_backend;

#[test]
fn the_metrics_of_a_busy_runtime_are_served() {
    run_on_every_backend("metrics", |printed| {
        assert!(printed.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"));
        assert!(printed.contains("\nheist_worker_polls_total{worker=\"0\"} "), "{printed}");
        assert!(printed.trim_end().ends_with("# EOF"), "{printed}");
    });
}
