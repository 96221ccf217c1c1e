//! The page that shows what is in a directory.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use crate::page::{self, escape};
use crate::paths::{self, Route};

/// One name in a directory.
#[derive(Debug)]
struct Entry {
    name: OsString,
    is_directory: bool,
    size: u64,
    modified: Option<SystemTime>,
}

/// Lists `directory`, which `route` led to. What a request for it would not be given is not shown.
pub(crate) fn html(root: &Path, directory: &Path, route: &Route, hidden: bool) -> io::Result<String> {
    let entries = read(root, directory, hidden)?;
    let title = format!("/{}", joined(route));
    Ok(page::html(&title, &breadcrumbs(route), &table(&entries, !route.segments.is_empty())))
}

fn read(root: &Path, directory: &Path, hidden: bool) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for found in fs::read_dir(directory)? {
        let found = found?;
        let name = found.file_name();
        let is_shown = hidden || !paths::is_hidden(&name);
        if is_shown {
            entries.extend(entry(root, &found.path(), name, hidden));
        }
    }
    entries.sort_by_cached_key(|entry| (!entry.is_directory, entry.name.to_string_lossy().to_lowercase()));
    Ok(entries)
}

/// `None` for what cannot be served: links that lead out, pipes, devices, names that vanished meanwhile.
fn entry(root: &Path, path: &Path, name: OsString, hidden: bool) -> Option<Entry> {
    if fs::symlink_metadata(path).ok()?.is_symlink() {
        let below = path.strip_prefix(root).ok()?;
        let segments = below.iter().map(OsString::from).collect();
        paths::resolve(root, &Route { segments, is_directory: false }, hidden).ok()?;
    }
    let metadata = fs::metadata(path).ok()?;
    let is_servable = metadata.is_file() || metadata.is_dir();
    is_servable.then(|| Entry {
        name,
        is_directory: metadata.is_dir(),
        size: metadata.len(),
        modified: metadata.modified().ok(),
    })
}

fn joined(route: &Route) -> String {
    route.segments.iter().map(|segment| format!("{}/", segment.to_string_lossy())).collect()
}

/// The path as links: each part leads to its directory, but the last, which is this one.
fn breadcrumbs(route: &Route) -> String {
    let mut names = vec![String::from("home")];
    let mut urls = vec![String::from("/")];
    for segment in &route.segments {
        names.push(escape(&segment.to_string_lossy()).into_owned());
        urls.push(format!("{}{}/", urls[urls.len() - 1], paths::encode(segment)));
    }
    let here = names.pop().unwrap_or_default();
    let links = names.iter().zip(&urls).map(|(name, url)| format!("<a href=\"{url}\">{name}</a> / "));
    links.chain([here]).collect()
}

fn table(entries: &[Entry], has_parent: bool) -> String {
    let mut html = String::from(
        "<table>\n<thead><tr><th>Name</th><th class=\"size\">Size</th>\
         <th class=\"time\">Modified (UTC)</th></tr></thead>\n<tbody>\n",
    );
    if has_parent {
        html.push_str("<tr><td class=\"directory\"><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
    }
    for entry in entries {
        html.push_str(&row(entry));
    }
    let directories = entries.iter().filter(|entry| entry.is_directory).count();
    let files = entries.len() - directories;
    html.push_str("</tbody>\n</table>\n");
    html.push_str(&format!(
        "<footer>{}, {}</footer>\n",
        count(directories, "directory", "directories"),
        count(files, "file", "files")
    ));
    html
}

fn row(entry: &Entry) -> String {
    let (slash, class) = if entry.is_directory { ("/", " class=\"directory\"") } else { ("", "") };
    let size = if entry.is_directory {
        "<td></td>".to_owned()
    } else {
        format!(
            "<td class=\"size\" title=\"{}\">{}</td>",
            count(entry.size, "byte", "bytes"),
            human_size(entry.size)
        )
    };
    let time = entry.modified.and_then(minute).unwrap_or_else(|| "\u{2014}".into());
    format!(
        "<tr><td{class}><a href=\"{}{slash}\">{}{slash}</a></td>{size}<td class=\"time\">{time}</td></tr>\n",
        paths::encode(&entry.name),
        escape(&entry.name.to_string_lossy()),
    )
}

fn count<N: PartialEq + From<u8> + std::fmt::Display>(number: N, one: &str, many: &str) -> String {
    let noun = if number == N::from(1) { one } else { many };
    format!("{number} {noun}")
}

/// A size with three or four digits, in powers of 1024.
pub(crate) fn human_size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1024.0;
    let mut unit = 0;
    // Not 1024: what rounds up to it belongs to the next unit.
    while size >= 1023.95 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}

/// `2026-11-21 10:55`; `None` for times outside the years that HTTP dates have, 1970 to 9999.
fn minute(time: SystemTime) -> Option<String> {
    const FIRST: SystemTime = SystemTime::UNIX_EPOCH;
    const SECONDS_TO_YEAR_9999: u64 = 253_370_764_800;
    if time.duration_since(FIRST).ok()?.as_secs() >= SECONDS_TO_YEAR_9999 {
        return None;
    }
    // An HTTP date reads `Sat, 21 Nov 2026 10:55:00 GMT`: its parts are all that is needed here.
    let date = httpdate::fmt_http_date(time);
    let month = "JanFebMarAprMayJunJulAugSepOctNovDec".find(&date[8..11])? / 3 + 1;
    Some(format!("{}-{month:02}-{} {}", &date[12..16], &date[5..7], &date[17..22]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;
    use std::time::Duration;

    fn listing(scratch: &Scratch, path: &str, hidden: bool) -> String {
        let route = Route::parse(path).unwrap();
        let directory = paths::resolve(scratch.path(), &route, hidden).unwrap();
        html(scratch.path(), &directory, &route, hidden).unwrap()
    }

    #[test]
    fn directories_come_first_then_names_in_order() {
        let scratch = Scratch::new();
        for name in ["b.txt", "A.txt", "z/x", "c.txt"] {
            scratch.write(name, b"12345");
        }
        let page = listing(&scratch, "/", false);
        let order =
            [">z/</a>", ">A.txt</a>", ">b.txt</a>", ">c.txt</a>"].map(|name| page.find(name).unwrap());
        assert!(order.is_sorted(), "{page}");
        assert!(page.contains("title=\"5 bytes\">5 B<"));
        assert!(page.contains("1 directory, 3 files"));
    }

    #[test]
    fn only_directories_below_the_root_have_a_parent() {
        let scratch = Scratch::new();
        scratch.write("sub/x", b"");
        assert!(!listing(&scratch, "/", false).contains("../"));
        assert!(listing(&scratch, "/sub/", false).contains("<a href=\"../\">"));
    }

    #[test]
    fn the_heading_leads_to_every_directory_above() {
        assert_eq!(breadcrumbs(&Route::parse("/").unwrap()), "home");
        let deep = breadcrumbs(&Route::parse("/a%20b/c/%3Cd%3E/").unwrap());
        let links = "<a href=\"/\">home</a> / <a href=\"/a%20b/\">a b</a> / <a href=\"/a%20b/c/\">c</a> / ";
        assert_eq!(deep, format!("{links}&lt;d&gt;"));
    }

    #[test]
    fn names_are_escaped_as_text_and_encoded_as_links() {
        let scratch = Scratch::new();
        scratch.write("<i>&\"'%20 #?.txt", b"");
        let page = listing(&scratch, "/", false);
        assert!(page.contains("href=\"%3Ci%3E%26%22%27%2520%20%23%3F.txt\""), "{page}");
        assert!(page.contains(">&lt;i&gt;&amp;&quot;&#39;%20 #?.txt</a>"), "{page}");
        assert!(!page.contains("<i>"));
    }

    #[test]
    fn dot_names_show_only_when_asked_for() {
        let scratch = Scratch::new();
        scratch.write(".secret", b"");
        assert!(!listing(&scratch, "/", false).contains("secret"));
        assert!(listing(&scratch, "/", true).contains(".secret"));
    }

    #[cfg(unix)]
    #[test]
    fn what_could_not_be_served_is_not_shown() {
        use std::os::unix::{fs::symlink, net::UnixListener};
        let scratch = Scratch::new();
        scratch.write("file", b"");
        symlink("file", scratch.path().join("alias")).unwrap();
        symlink("/etc", scratch.path().join("escape")).unwrap();
        symlink("nowhere", scratch.path().join("dangling")).unwrap();
        let _socket = UnixListener::bind(scratch.path().join("socket")).unwrap();
        let page = listing(&scratch, "/", false);
        assert!(page.contains("alias"));
        for absent in ["escape", "dangling", "socket"] {
            assert!(!page.contains(absent), "{absent}");
        }
    }

    #[test]
    fn sizes_read_well() {
        let cases = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (1024 * 1024 - 1, "1.0 MiB"),
            (1 << 30, "1.0 GiB"),
            (u64::MAX, "16.0 EiB"),
        ];
        for (bytes, text) in cases {
            assert_eq!(human_size(bytes), text);
        }
    }

    #[test]
    fn times_read_well() {
        let at = |seconds| minute(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0).unwrap(), "1970-01-01 00:00");
        assert_eq!(at(1_795_258_559).unwrap(), "2026-11-21 10:55");
        assert_eq!(at(253_370_764_799).unwrap(), "9998-12-31 23:59");
        assert_eq!(at(253_370_764_800), None);
        assert_eq!(minute(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), None);
    }
}
