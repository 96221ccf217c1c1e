//! From the path of a request to a file of the directory, and never to one outside.
//!
//! 1. The path is split at `/` and only then decoded, so that an encoded slash is part of a name.
//! 2. A segment that no file can be named by (`..`, one with a slash or NUL in it) is refused.
//! 3. What is left is resolved through every symbolic link, and must still lie below the directory.
//! 4. Unless asked for, names that begin with a dot do not exist; a link to one is no way around.
//!
//! The answer is a path without links. Someone who may write to the directory can still swap a directory for a
//! link between this check and the opening of the file; who may write there can publish files anyway.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// A request path, decoded into names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) segments: Vec<OsString>,
    /// The path ended in a slash: it means a directory.
    pub(crate) is_directory: bool,
}

/// Why a path leads nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// A percent sign without two hexadecimal digits, a NUL, or bytes that cannot be a name here.
    Malformed,
    /// Nothing there, or nothing that may be seen.
    Missing,
    /// It is there, but the system does not let us read it.
    Forbidden,
}

impl Route {
    /// Decodes the path part of a URL.
    pub(crate) fn parse(path: &str) -> Result<Route, Lost> {
        let mut segments = Vec::new();
        for piece in path.split('/').filter(|piece| !piece.is_empty()) {
            let name = decode(piece).ok_or(Lost::Malformed)?;
            if name.contains(&0) {
                return Err(Lost::Malformed);
            }
            match name.as_slice() {
                b"." => {}
                b".." => return Err(Lost::Missing),
                name if name.iter().any(|&byte| std::path::is_separator(byte.into())) => {
                    return Err(Lost::Missing);
                }
                _ => segments.push(os_string(&name).ok_or(Lost::Malformed)?),
            }
        }
        Ok(Route { segments, is_directory: path.ends_with('/') || path.ends_with("/.") })
    }

    /// The URL path of this route as a directory. It begins with one slash, never with two.
    pub(crate) fn directory_url(&self) -> String {
        let mut url = String::from("/");
        for segment in &self.segments {
            url.push_str(&encode(segment));
            url.push('/');
        }
        url
    }
}

/// What `route` names below `root`, if no link is on the way; only opening it tells.
pub(crate) fn without_links(root: &Path, route: &Route, hidden: bool) -> Option<PathBuf> {
    let is_shown = hidden || !route.segments.iter().any(|name| is_hidden(name));
    if is_shown { join(root, route).ok() } else { None }
}

/// Finds what `route` names below `root`, which must be a canonical path.
pub(crate) fn resolve(root: &Path, route: &Route, hidden: bool) -> Result<PathBuf, Lost> {
    let wanted = join(root, route)?;
    let found = fs::canonicalize(&wanted).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => Lost::Forbidden,
        // Loops, names that are too long and files used as directories name nothing either.
        _ => Lost::Missing,
    })?;
    let below = found.strip_prefix(root).map_err(|_| Lost::Missing)?;
    if !hidden && below.iter().any(is_hidden) {
        return Err(Lost::Missing);
    }
    Ok(found)
}

fn join(root: &Path, route: &Route) -> Result<PathBuf, Lost> {
    let mut wanted = root.to_path_buf();
    for segment in &route.segments {
        // `push` would replace the whole path by an absolute segment, or take a drive letter on Windows.
        match Path::new(segment).components().collect::<Vec<_>>()[..] {
            [Component::Normal(name)] if name == segment => wanted.push(segment),
            _ => return Err(Lost::Missing),
        }
    }
    Ok(wanted)
}

/// Whether a name begins with a dot.
pub(crate) fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Writes a name so that it can stand in a URL. Everything but letters, digits and `-._~` is encoded.
pub(crate) fn encode(name: &OsStr) -> String {
    let mut text = String::new();
    for &byte in name.as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(byte.into());
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// Replaces each `%XX` by its byte; `None` where two hexadecimal digits are missing.
fn decode(piece: &str) -> Option<Vec<u8>> {
    let mut bytes = piece.bytes();
    let mut name = Vec::with_capacity(piece.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            name.push((high * 16 + low) as u8);
        } else {
            name.push(byte);
        }
    }
    Some(name)
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> Option<OsString> {
    use std::os::unix::ffi::OsStrExt;
    Some(OsStr::from_bytes(bytes).to_owned())
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> Option<OsString> {
    std::str::from_utf8(bytes).ok().map(OsString::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn names(path: &str) -> Result<Vec<String>, Lost> {
        let route = Route::parse(path)?;
        Ok(route.segments.iter().map(|name| name.to_string_lossy().into_owned()).collect())
    }

    fn find(root: &Path, path: &str) -> Result<PathBuf, Lost> {
        resolve(root, &Route::parse(path)?, false)
    }

    #[test]
    fn plain_and_encoded_names_are_decoded() {
        assert_eq!(names("/").unwrap(), Vec::<String>::new());
        assert_eq!(names("/a/b%20c/%c3%a4").unwrap(), ["a", "b c", "ä"]);
        assert_eq!(names("//a/./b//").unwrap(), ["a", "b"]);
        assert_eq!(names("/100%25").unwrap(), ["100%"]);
    }

    #[test]
    fn a_trailing_slash_means_a_directory() {
        assert!(Route::parse("/").unwrap().is_directory);
        assert!(Route::parse("/a/").unwrap().is_directory);
        assert!(!Route::parse("/a").unwrap().is_directory);
    }

    #[test]
    fn malformed_escapes_and_nul_are_refused() {
        for path in ["/%", "/%4", "/%zz", "/a%2", "/%+1", "/a%00b", "/%00"] {
            assert_eq!(names(path), Err(Lost::Malformed), "{path}");
        }
    }

    #[test]
    fn no_spelling_of_the_parent_is_a_name() {
        for path in
            ["/..", "/../x", "/a/../b", "/%2e%2e/x", "/.%2e", "/%2e%2e%2fx", "/..%2fx", "/a%2fb", "/%2fetc"]
        {
            assert_eq!(names(path), Err(Lost::Missing), "{path}");
        }
    }

    #[test]
    fn directory_urls_begin_with_one_slash() {
        assert_eq!(Route::parse("//evil.example/a b").unwrap().directory_url(), "/evil.example/a%20b/");
        assert_eq!(Route::parse("/").unwrap().directory_url(), "/");
    }

    #[test]
    fn encoding_and_decoding_agree() {
        let name = "a b%<>&\"'?#:ä";
        assert_eq!(decode(&encode(OsStr::new(name))).unwrap(), name.as_bytes());
    }

    #[test]
    fn files_below_the_directory_are_found() {
        let scratch = Scratch::new();
        scratch.write("sub/file.txt", b"x");
        assert_eq!(find(scratch.path(), "/sub/file.txt").unwrap(), scratch.path().join("sub/file.txt"));
        assert_eq!(find(scratch.path(), "/").unwrap(), scratch.path());
        assert_eq!(find(scratch.path(), "/sub/file.txt/more"), Err(Lost::Missing));
        assert_eq!(find(scratch.path(), "/absent"), Err(Lost::Missing));
        assert_eq!(find(scratch.path(), &format!("/{}", "n".repeat(5000))), Err(Lost::Missing));
    }

    #[test]
    fn dot_names_exist_only_when_asked_for() {
        let scratch = Scratch::new();
        scratch.write(".git/config", b"x");
        assert_eq!(find(scratch.path(), "/.git/config"), Err(Lost::Missing));
        let route = Route::parse("/.git/config").unwrap();
        assert!(resolve(scratch.path(), &route, true).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_inside_and_refused_outside() {
        use std::os::unix::fs::symlink;
        let outside = Scratch::new();
        outside.write("secret", b"x");
        let scratch = Scratch::new();
        scratch.write("inside", b"x");
        scratch.write(".dot/file", b"x");
        symlink("inside", scratch.path().join("good")).unwrap();
        symlink(outside.path(), scratch.path().join("directory")).unwrap();
        symlink(outside.path().join("secret"), scratch.path().join("file")).unwrap();
        symlink("../../../../../../../../etc", scratch.path().join("up")).unwrap();
        symlink(".dot", scratch.path().join("shown")).unwrap();
        symlink("loop", scratch.path().join("loop")).unwrap();
        assert_eq!(find(scratch.path(), "/good").unwrap(), scratch.path().join("inside"));
        for path in ["/directory", "/directory/secret", "/file", "/up", "/up/passwd", "/shown/file", "/loop"]
        {
            assert_eq!(find(scratch.path(), path), Err(Lost::Missing), "{path}");
        }
    }

    #[test]
    fn a_sibling_whose_name_begins_alike_is_outside() {
        let scratch = Scratch::new();
        scratch.write("root/x", b"x");
        scratch.write("root-twin/secret", b"x");
        #[cfg(unix)]
        std::os::unix::fs::symlink("../root-twin", scratch.path().join("root/link")).unwrap();
        assert_eq!(find(&scratch.path().join("root"), "/link/secret"), Err(Lost::Missing));
    }

    #[cfg(unix)]
    #[test]
    fn names_need_not_be_utf8() {
        use std::os::unix::ffi::OsStrExt;
        let scratch = Scratch::new();
        fs::write(scratch.path().join(OsStr::from_bytes(b"\xff")), b"x").unwrap();
        assert!(find(scratch.path(), "/%FF").is_ok());
    }
}
