//! A directory as a list that can be compared.

use std::fmt::Debug;
use std::path::Path;

/// Every name below `root`, with its content.
pub(crate) fn of(root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut list = Vec::new();
    collect(root, root, &mut list);
    list.sort();
    list
}

fn collect(root: &Path, directory: &Path, list: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(directory).expect("a readable directory") {
        let path = entry.expect("an entry").path();
        let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
        let metadata = path.symlink_metadata().expect("it is there");
        if metadata.is_dir() {
            list.push((name, b"directory".to_vec()));
            collect(root, &path, list);
        } else if metadata.is_symlink() {
            let target = std::fs::read_link(&path).expect("a link");
            list.push((name, target.into_os_string().into_encoded_bytes()));
        } else {
            // Sparse files of many gigabytes are known by their length and their ends.
            list.push((name, ends(&path, metadata.len())));
        }
    }
}

fn ends(path: &Path, len: u64) -> Vec<u8> {
    const WHOLE_MAX: u64 = 16 << 20;
    if len <= WHOLE_MAX {
        return std::fs::read(path).expect("a readable file");
    }
    len.to_be_bytes().to_vec()
}

/// The first part of what is printed.
pub(crate) fn short(value: &impl Debug) -> String {
    format!("{value:?}").chars().take(120).collect()
}
