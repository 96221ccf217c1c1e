//! Who may ask: the one who has the address with the key. Other users of the machine reach the
//! port, and so do pages of other sites in the browser of this user.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};

use hyper::header::HOST;
use hyper::{Method, Request, StatusCode};

use super::query::Query;
use super::refusal::Refusal;

/// 128 random bits, as hexadecimal digits.
#[derive(Clone)]
pub(super) struct Secret(String);

impl Secret {
    pub(super) fn random() -> io::Result<Secret> {
        let mut bits = [0; 16];
        File::open("/dev/urandom")?.read_exact(&mut bits)?;
        Ok(Secret(bits.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// Takes the same time wherever the two differ.
    fn is(&self, text: &str) -> bool {
        let differing = self.0.bytes().zip(text.bytes()).fold(0, |all, (own, other)| all | (own ^ other));
        self.0.len() == text.len() && differing == 0
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(super) struct Guard {
    hosts: Vec<String>,
    secret: Secret,
}

impl Guard {
    pub(super) fn new(port: u16, secret: Secret) -> Guard {
        let names = ["127.0.0.1", "localhost"];
        let mut hosts: Vec<String> = names.iter().map(|name| format!("{name}:{port}")).collect();
        // Browsers leave the port of the scheme out.
        if port == 80 {
            hosts.extend(names.map(str::to_owned));
        }
        Guard { hosts, secret }
    }

    /// Refuses a request that came under another name, as those of a site do whose name was pointed
    /// at this machine, and one with another method.
    pub(super) fn check<Body>(&self, request: &Request<Body>) -> Result<(), Refusal> {
        let mut named = request.headers().get_all(HOST).iter();
        let is_own = |name: &str| self.hosts.iter().any(|host| host.eq_ignore_ascii_case(name));
        let is_named = named.next().and_then(|name| name.to_str().ok()).is_some_and(is_own);
        let is_named_twice = named.next().is_some();
        let is_elsewhere = request.uri().authority().is_some_and(|authority| !is_own(authority.as_str()));
        if !is_named || is_named_twice || is_elsewhere {
            let text = format!("this is {}, and the request is for another host", self.hosts.join(" or "));
            return Err(Refusal::new(StatusCode::MISDIRECTED_REQUEST, text));
        }
        if request.method() != Method::GET {
            return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered"));
        }
        Ok(())
    }

    /// Refuses those who have not the key.
    pub(super) fn check_key(&self, query: &Query<'_>) -> Result<(), Refusal> {
        if query.key.is_some_and(|key| self.secret.is(key)) {
            return Ok(());
        }
        let text = "the key is missing or wrong: open the address that `heist web` has printed";
        Err(Refusal::new(StatusCode::FORBIDDEN, text))
    }
}

#[cfg(test)]
mod tests {
    use hyper::{Request, StatusCode};

    use super::{Guard, Query, Secret};

    fn guard(port: u16) -> Guard {
        Guard::new(port, Secret("0123".to_owned()))
    }

    fn status(guard: &Guard, method: &str, uri: &str, hosts: &[&str]) -> Option<StatusCode> {
        let request = hosts
            .iter()
            .fold(Request::builder().method(method).uri(uri), |request, host| request.header("host", *host));
        guard.check(&request.body(()).expect("a request")).err().map(|refusal| refusal.status)
    }

    #[test]
    fn only_requests_for_this_machine_by_its_own_names_are_let_in() {
        let misdirected = Some(StatusCode::MISDIRECTED_REQUEST);
        for (hosts, expected) in [
            (&["127.0.0.1:4000"][..], None),
            (&["LOCALHOST:4000"], None),
            (&["127.0.0.1"], misdirected),
            (&["127.0.0.1:4001"], misdirected),
            (&["evil.example:4000"], misdirected),
            (&["127.0.0.1:4000.evil.example"], misdirected),
            (&[], misdirected),
            (&["127.0.0.1:4000", "evil.example"], misdirected),
            (&["127.0.0.1:4000", "127.0.0.1:4000"], misdirected),
        ] {
            assert_eq!(status(&guard(4000), "GET", "/", hosts), expected, "{hosts:?}");
        }
        let absolute = |uri| status(&guard(4000), "GET", uri, &["127.0.0.1:4000"]);
        assert_eq!(absolute("http://127.0.0.1:4000/"), None);
        assert_eq!(absolute("http://evil.example:4000/"), misdirected);
        assert_eq!(status(&guard(80), "GET", "/", &["localhost"]), None);
        for method in ["POST", "HEAD", "OPTIONS", "DELETE"] {
            let expected = Some(StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(status(&guard(4000), method, "/", &["127.0.0.1:4000"]), expected);
        }
    }

    #[test]
    fn only_the_key_itself_opens() {
        let opens = |query| guard(1).check_key(&Query::parse(query).expect("a query")).is_ok();
        assert!(opens("key=0123"));
        for wrong in ["", "key=", "key=012", "key=01234", "key=0124", "key=x"] {
            assert!(!opens(wrong), "{wrong}");
        }
    }
}
