//! From a path to what it leads to.
//!
//! A file that the kernel finds without waiting is opened by the worker itself; everything else that may block is done by
//! one call on the blocking pool. What is opened is read through heist.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use heist::fs::File;
use hyper::HeaderMap;

use crate::conditional::Validators;
use crate::known;
use crate::listing;
use crate::paths::{self, Lost, Route};
use crate::refusal::{Refusal, refusal_of};
use crate::shared::{Page, Pages};

const INDEX: &str = "index.html";

/// What a path leads to.
pub(crate) enum Target {
    File(Arc<Found>),
    /// A directory that was asked for without the slash at the end.
    Moved,
    /// A directory without an index, as a page.
    Listing(Arc<Page>),
}

/// A file that is open.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) file: File,
    pub(crate) metadata: Metadata,
    pub(crate) validators: Validators,
    /// The headers of an answer with all of it, once somebody has asked for it.
    pub(crate) headers: OnceLock<HeaderMap>,
}

impl Found {
    pub(crate) fn new(path: PathBuf, file: fs::File, metadata: Metadata) -> Arc<Found> {
        let validators = Validators::of(&metadata, SystemTime::now());
        let file = File::from_std(file);
        Arc::new(Found { path, file, metadata, validators, headers: OnceLock::new() })
    }
}

/// The file, if it can be had at once.
pub(crate) fn at_once(root: &Path, route: &Route, hidden: bool) -> Option<Arc<Found>> {
    let path = paths::without_links(root, route, hidden).filter(|_| !route.is_directory)?;
    let (file, metadata) = known::open(&path)?;
    Some(Found::new(path, file, metadata))
}

/// Whatever the route leads to; blocks.
pub(crate) fn find(root: &Path, mut route: Route, hidden: bool, pages: &Pages) -> Result<Target, Refusal> {
    let path = paths::resolve(root, &route, hidden)?;
    let metadata = fs::metadata(&path).map_err(refusal_of)?;
    if !metadata.is_dir() {
        // Opening a pipe would wait for its writer.
        let is_file = metadata.is_file() && !route.is_directory;
        return if is_file { open(path) } else { Err(Refusal::from(Lost::Missing)) };
    }
    if !route.is_directory {
        return Ok(Target::Moved);
    }
    route.segments.push(INDEX.into());
    let index = paths::resolve(root, &route, hidden).ok().filter(|index| index.is_file());
    if let Some(index) = index {
        return open(index);
    }
    route.segments.pop();
    let page = pages.get(&path, || listing::html(root, &path, &route, hidden));
    page.map(Target::Listing).map_err(refusal_of)
}

fn open(path: PathBuf) -> Result<Target, Refusal> {
    let file = fs::File::open(&path).map_err(refusal_of)?;
    let metadata = file.metadata().map_err(refusal_of)?;
    Ok(Target::File(Found::new(path, file, metadata)))
}
