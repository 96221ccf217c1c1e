//! What requests are answered with.

use std::fs;
use std::path::Path;

use crate::client::{Client, ask, get, pattern};
use crate::process::{Server, on_each_driver};

/// Several chunks, and not a multiple of one.
const BIG: usize = 300_001;

fn fill(directory: &Path) {
    fs::create_dir_all(directory.join("sub/deep")).unwrap();
    fs::create_dir_all(directory.join("site")).unwrap();
    fs::write(directory.join("hello.txt"), "hello, world\n").unwrap();
    fs::write(directory.join("empty"), "").unwrap();
    fs::write(directory.join("big.bin"), pattern(BIG)).unwrap();
    fs::write(directory.join("a b & <c>.html"), "<p>named").unwrap();
    fs::write(directory.join("site/index.html"), "<p>index").unwrap();
    fs::write(directory.join(".secret"), "hidden").unwrap();
}

fn start(driver: &str) -> Server {
    Server::start(driver, &[], fill)
}

#[test]
fn the_start_is_announced() {
    on_each_driver(|driver| {
        let server = start(driver);
        let directory = server.directory().canonicalize().unwrap();
        assert_eq!(server.greeting[0], format!("directory: {}", directory.display()));
        let name = if driver == "uring" { "io_uring" } else { "poll" };
        assert_eq!(server.greeting[2], format!("driver: {name}"));
        assert_eq!(server.greeting[3], "workers: 2");
        server.stop();
    });
}

#[test]
fn files_arrive_whole_and_typed() {
    on_each_driver(|driver| {
        let server = start(driver);
        let hello = get(&server, "/hello.txt");
        assert_eq!((hello.status, hello.text()), (200, "hello, world\n"));
        assert_eq!(hello.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(hello.header("content-length"), Some("13"));
        assert!(hello.header("date").is_some());
        let big = get(&server, "/big.bin");
        assert!(big.body == pattern(BIG), "{} bytes", big.body.len());
        assert_eq!(big.header("content-type"), Some("application/octet-stream"));
        let named = get(&server, "/a%20b%20%26%20%3Cc%3E.html?x=1");
        assert_eq!((named.status, named.text()), (200, "<p>named"));
        let empty = get(&server, "/empty");
        assert_eq!((empty.status, empty.header("content-length")), (200, Some("0")));
        server.stop();
    });
}

#[test]
fn directories_are_listed() {
    on_each_driver(|driver| {
        let server = start(driver);
        let root = get(&server, "/");
        assert_eq!(root.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(root.text().contains("<a href=\"a%20b%20%26%20%3Cc%3E.html\">a b &amp; &lt;c&gt;.html</a>"));
        assert!(root.text().contains("<a href=\"sub/\">sub/</a>"));
        assert!(!root.text().contains(".secret"));
        assert!(get(&server, "/sub/").text().contains("<a href=\"../\">../</a>"));
        let moved = get(&server, "/sub/deep");
        assert_eq!((moved.status, moved.header("location")), (301, Some("/sub/deep/")));
        assert_eq!(get(&server, "/site/").text(), "<p>index");
        server.stop();
    });
}

#[test]
fn dot_names_are_served_on_demand() {
    on_each_driver(|driver| {
        let server = Server::start(driver, &["--hidden"], fill);
        assert_eq!(get(&server, "/.secret").text(), "hidden");
        assert!(get(&server, "/").text().contains(".secret"));
        server.stop();
    });
}

#[test]
fn head_and_other_methods() {
    on_each_driver(|driver| {
        let server = start(driver);
        for path in ["/hello.txt", "/big.bin", "/", "/nothing"] {
            let (get, head) = (get(&server, path), ask(&server, "HEAD", path, ""));
            assert_eq!(head.status, get.status, "{path}");
            for name in ["content-length", "content-type", "etag", "last-modified"] {
                assert_eq!(head.header(name), get.header(name), "{path}");
            }
            assert!(head.body.is_empty(), "{path}");
        }
        let options = ask(&server, "OPTIONS", "/hello.txt", "");
        assert_eq!((options.status, options.header("allow")), (204, Some("GET, HEAD, OPTIONS")));
        for method in ["POST", "PUT", "DELETE", "PATCH", "BREW"] {
            let refused = ask(&server, method, "/hello.txt", "Content-Length: 0\r\n");
            assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
        }
        server.stop();
    });
}

#[test]
fn nothing_outside_the_directory_is_reached() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "the secret").unwrap();
    on_each_driver(|driver| {
        let server = Server::start(driver, &[], |directory| {
            fill(directory);
            #[cfg(unix)]
            for (name, target) in [("out", outside.path()), ("passwd", Path::new("/etc/passwd"))] {
                std::os::unix::fs::symlink(target, directory.join(name)).unwrap();
            }
        });
        let absolute = format!("/{}/secret", outside.path().display());
        let up = "/..".repeat(20);
        let paths = [
            "/../secret",
            "/sub/../../secret",
            "/%2e%2e/secret",
            "/%2e%2e%2fsecret",
            "/..%2f..%2f..%2fetc%2fpasswd",
            "/sub/%2E%2E/%2E%2E/etc/passwd",
            "/%2fetc%2fpasswd",
            "//etc/passwd",
            "/hello.txt%00.html",
            "/%00",
            "/%",
            "/out/secret",
            "/out/",
            "/passwd",
            "/.secret",
            "/sub/../hello.txt",
            absolute.as_str(),
            &format!("{up}/etc/passwd"),
            &format!("{}/etc/passwd", up.replace('.', "%2e")),
        ];
        for path in paths {
            let answer = get(&server, path);
            assert!(matches!(answer.status, 400 | 404), "{path}: {}", answer.status);
            let text = answer.text();
            assert!(!text.contains("the secret") && !text.contains("root:"), "{path}");
        }
        assert_eq!(get(&server, "/hello.txt").status, 200);
        server.stop();
    });
}

#[test]
fn ranges_are_cut() {
    on_each_driver(|driver| {
        let server = start(driver);
        let whole = pattern(BIG);
        let part = |range: &str| ask(&server, "GET", "/big.bin", &format!("Range: {range}\r\n"));
        let cases = [
            ("bytes=0-0", 0..1),
            ("bytes=65530-131080", 65_530..131_081),
            ("bytes=300000-", 300_000..BIG),
            ("bytes=-7", BIG - 7..BIG),
            ("bytes=1-99999999", 1..BIG),
        ];
        for (range, expected) in cases {
            let answer = part(range);
            let content = format!("bytes {}-{}/{BIG}", expected.start, expected.end - 1);
            assert_eq!((answer.status, answer.header("content-range")), (206, Some(content.as_str())));
            assert!(answer.body == whole[expected], "{range}");
        }
        let beyond = part("bytes=300001-");
        assert_eq!((beyond.status, beyond.header("content-range")), (416, Some("bytes */300001")));
        for ignored in ["bytes=0-1,5-6", "bytes=5-1", "pages=1-2"] {
            assert_eq!((part(ignored).status, part(ignored).body.len()), (200, BIG), "{ignored}");
        }
        let etag = get(&server, "/big.bin").header("etag").unwrap().to_owned();
        assert_eq!(part(&format!("bytes=0-1\r\nIf-Range: {etag}")).status, 206);
        assert_eq!(part("bytes=0-1\r\nIf-Range: \"another\"").status, 200);
        server.stop();
    });
}

#[test]
fn known_versions_are_not_sent_again() {
    on_each_driver(|driver| {
        let server = start(driver);
        let first = get(&server, "/hello.txt");
        let etag = first.header("etag").unwrap();
        let date = first.header("last-modified").unwrap();
        let ask = |header: String| ask(&server, "GET", "/hello.txt", &format!("{header}\r\n"));
        for header in [format!("If-None-Match: {etag}"), format!("If-Modified-Since: {date}")] {
            let answer = ask(header);
            assert_eq!((answer.status, answer.body.len()), (304, 0));
            assert_eq!(answer.header("etag"), Some(etag));
        }
        assert_eq!(ask("If-None-Match: \"another\"".into()).status, 200);
        assert_eq!(ask("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT".into()).status, 200);
        assert_eq!(ask("If-Match: \"another\"".into()).status, 412);
        fs::write(server.directory().join("hello.txt"), "changed").unwrap();
        assert_eq!(ask(format!("If-None-Match: {etag}")).text(), "changed");
        server.stop();
    });
}

#[test]
fn a_connection_serves_many_requests_in_order() {
    on_each_driver(|driver| {
        let server = start(driver);
        let mut client = Client::connect(server.address);
        for _ in 0..3 {
            client.request("GET", "/hello.txt", "");
            assert_eq!(client.answer().text(), "hello, world\n");
        }
        // All at once, in pieces that do not end where requests end.
        let one = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n");
        let text = [one("/big.bin"), one("/absent"), one("/hello.txt"), one("/big.bin")].concat();
        let (start, end) = text.split_at(50);
        client.send(start);
        client.send(end);
        assert!(client.answer().body == pattern(BIG));
        assert_eq!(client.answer().status, 404);
        assert_eq!(client.answer().text(), "hello, world\n");
        assert!(client.answer().body == pattern(BIG));
        client.request("GET", "/hello.txt", "Connection: close\r\n");
        assert_eq!(client.answer().header("connection"), Some("close"));
        assert!(client.rest().is_empty());
        let outcome = server.stop();
        assert!(outcome.stdout.contains("connections: 1, requests: 8,"), "{outcome:?}");
    });
}

/// Their files are sent without a copy, where the system can do that.
#[test]
fn answers_to_requests_that_came_together_keep_their_files_apart() {
    on_each_driver(|driver| {
        let server = start(driver);
        let mut client = Client::connect(server.address);
        let get = |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n");
        let (part, wide) = ("Range: bytes=7-99\r\n", "Range: bytes=100000-\r\n");
        let requests = [("/big.bin", ""), ("/hello.txt", ""), ("/big.bin", wide), ("/big.bin", part)];
        client.send(&requests.map(|(path, more)| get(path, more)).concat());
        let big = pattern(BIG);
        for expected in [&big[..], b"hello, world\n", &big[100_000..], &big[7..100]] {
            let answer = client.answer();
            assert!(answer.body == expected, "{} bytes, not {}", answer.body.len(), expected.len());
        }
        server.stop();
    });
}

/// A file that was asked for before stays open for a while.
#[test]
fn a_file_that_changes_between_two_requests_is_served_as_it_is() {
    on_each_driver(|driver| {
        let server = start(driver);
        let mut client = Client::connect(server.address);
        let path = server.directory().join("hello.txt");
        let mut body = || {
            client.request("GET", "/hello.txt", "");
            let answer = client.answer();
            (answer.status, answer.body)
        };
        assert_eq!(body(), (200, b"hello, world\n".to_vec()));
        fs::write(&path, "another text").unwrap();
        assert_eq!(body(), (200, b"another text".to_vec()));
        fs::write(server.directory().join("new"), "a third text").unwrap();
        fs::rename(server.directory().join("new"), &path).unwrap();
        assert_eq!(body(), (200, b"a third text".to_vec()));
        fs::remove_file(&path).unwrap();
        assert_eq!(body().0, 404);
        server.stop();
    });
}

#[test]
fn old_and_half_closing_clients_are_served() {
    on_each_driver(|driver| {
        let server = start(driver);
        let mut old = Client::connect(server.address);
        old.send("GET /hello.txt HTTP/1.0\r\n\r\n");
        assert_eq!(old.head().status, 200);
        assert_eq!(old.rest(), b"hello, world\n");
        let mut half = Client::connect(server.address);
        half.request("GET", "/big.bin", "");
        half.finish();
        assert!(half.answer().body == pattern(BIG));
        assert!(half.rest().is_empty());
        server.stop();
    });
}

#[test]
fn malformed_and_oversized_requests_end_in_an_answer() {
    on_each_driver(|driver| {
        let server = start(driver);
        let cases = [
            ("NONSENSE\r\n\r\n".to_owned(), 400),
            ("GET /hello.txt HTTP/1.1\r\n\r\n".to_owned(), 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_owned(), 400),
            (format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(40_000)), 404),
            (format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(200_000)), 431),
            (format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(1_000)), 431),
        ];
        for (text, status) in cases {
            let mut client = Client::connect(server.address);
            // The server may answer and close before it has read it all.
            let _ = client.try_send(text.as_bytes());
            assert_eq!(client.head().status, status, "{}", &text[..text.len().min(60)]);
        }
        assert_eq!(get(&server, "/hello.txt").status, 200);
        server.stop();
    });
}
