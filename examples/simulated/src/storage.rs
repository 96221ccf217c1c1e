//! What a node must not forget: the term and the vote in one file, the log in another.

use std::io;
use std::path::{Path, PathBuf};

use heist::fs::{self, File, OpenOptions};
use serde::{Deserialize, Serialize};

use crate::message::Entry;

/// The term that a node has seen, and its vote there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ballot {
    pub(crate) term: u64,
    pub(crate) voted_for: Option<String>,
}

/// The files of a node.
pub(crate) struct Storage {
    folder: PathBuf,
    syncs_ballots: bool,
}

impl Storage {
    /// Opens the folder, and reads what is there.
    pub(crate) async fn open(
        folder: &Path,
        syncs_ballots: bool,
    ) -> io::Result<(Storage, Ballot, Vec<Entry>)> {
        fs::create_dir_all(folder).await?;
        let storage = Storage { folder: folder.to_owned(), syncs_ballots };
        let ballot = match fs::read(storage.ballot()).await {
            // The planted fault makes light of a ballot that was not written whole.
            Ok(bytes) if !syncs_ballots => serde_json::from_slice(&bytes).unwrap_or_default(),
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ballot::default(),
            Err(error) => return Err(error),
        };
        let bytes = match fs::read(storage.log()).await {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        // What follows a record that is not whole was never confirmed.
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let entries: Vec<Entry> = lines.map_while(|line| serde_json::from_slice(line).ok()).collect();
        storage.write_log(&entries).await?;
        Ok((storage, ballot, entries))
    }

    fn ballot(&self) -> PathBuf {
        self.folder.join("ballot")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Replaces the ballot. It is durable when this returns.
    pub(crate) async fn write_ballot(&self, ballot: &Ballot) -> io::Result<()> {
        let bytes = serde_json::to_vec(ballot)?;
        if self.syncs_ballots {
            self.replace(&self.ballot(), &bytes).await
        } else {
            // The planted fault: a crash may lose it after the node has voted.
            fs::write(self.ballot(), &bytes).await
        }
    }

    /// Replaces the log, where entries of another leader give way. It is durable when this returns.
    pub(crate) async fn write_log(&self, entries: &[Entry]) -> io::Result<()> {
        self.replace(&self.log(), &lines(entries)?).await
    }

    /// Adds entries. They are durable when this returns.
    pub(crate) async fn append(&self, entries: &[Entry]) -> io::Result<()> {
        let mut file = OpenOptions::new().append(true).open(self.log()).await?;
        file.write_all(&lines(entries)?).await?;
        file.sync_data().await
    }

    /// Replaces a file by another one at once: either is there after a crash, and this one when the
    /// call has returned.
    async fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let new = path.with_extension("new");
        let mut file = File::create(&new).await?;
        file.write_all(bytes).await?;
        file.sync_all().await?;
        fs::rename(&new, path).await?;
        File::open(&self.folder).await?.sync_all().await
    }
}

fn lines(entries: &[Entry]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut bytes, entry)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}
