//! Files that are read and written at random offsets, beside a model of their content.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fastrand::Rng;
use futures::future::try_join_all;
use heist::fs::{self, File};
use heist::time::{sleep, timeout};

use crate::ledger::Count;
use crate::plant::Plant;
use crate::shift::{Shift, pause};
use crate::violation::{MustWork, Violation};

/// The length of each file.
const FILE_BYTES: usize = 256 * 1024;

/// The longest read or write.
const CHUNK_BYTES_MAX: usize = 24 * 1024;

/// Files at the same time, each used by one task.
const FILES_COUNT: u64 = 4;

/// File after file, until the shift is over.
pub(crate) async fn run(shift: Shift) -> Result<(), Violation> {
    let tasks = (0..FILES_COUNT).map(|index| {
        let task = heist::spawn(use_again(shift.clone(), index));
        async move { task.await.map_err(|error| Violation::new(format!("a task of files: {error}")))? }
    });
    try_join_all(tasks).await.map(drop)
}

async fn use_again(shift: Shift, index: u64) -> Result<(), Violation> {
    let mut rng = shift.rng(5000 + index);
    while !shift.is_over() {
        let path = shift.path(&format!("file-{index}"));
        let since = shift.scarcity.epoch();
        let opened = File::options().read(true).write(true).create(true).truncate(true).open(&path).await;
        match shift.granted(since, "File::open", opened)? {
            Some(file) => {
                let mut modelled = Modelled { file, path, content: Vec::new() };
                modelled.wear(&shift, &mut rng).await?;
                modelled.compare_whole(&shift).await?;
            }
            None => sleep(Duration::from_millis(20)).await,
        }
    }
    Ok(())
}

/// A file, and what it must contain.
struct Modelled {
    file: File,
    path: PathBuf,
    content: Vec<u8>,
}

impl Modelled {
    /// A random number of random operations.
    async fn wear(&mut self, shift: &Shift, rng: &mut Rng) -> Result<(), Violation> {
        self.file.set_len(FILE_BYTES as u64).await.must("set_len")?;
        self.content = vec![0; FILE_BYTES];
        for _operation in 0..rng.u32(20..400) {
            let length = rng.usize(1..=CHUNK_BYTES_MAX);
            let offset = rng.usize(0..=FILE_BYTES - length);
            match rng.u8(0..20) {
                0..7 => self.write(shift, offset, random_bytes(rng, length), rng.bool()).await?,
                7..10 => self.write_briefly(shift, offset, random_bytes(rng, length), rng).await?,
                10..12 => self.read_briefly(shift, offset, length, rng).await,
                12 => self.rename(shift, rng).await?,
                13 => self.file.sync_data().await.must("sync_data")?,
                14 => self.resize(rng).await?,
                _ => self.read(shift, offset, length, rng.bool()).await?,
            }
            if shift.is_over() {
                break;
            }
        }
        if shift.plants(Plant::WrongByte) {
            let wrong = [!self.content[FILE_BYTES / 2]];
            self.file.write_all_at(&wrong, (FILE_BYTES / 2) as u64).await.must("write_all_at")?;
        }
        shift.count(Count::Files);
        Ok(())
    }

    async fn write(
        &mut self,
        shift: &Shift,
        offset: usize,
        bytes: Vec<u8>,
        is_owned: bool,
    ) -> Result<(), Violation> {
        let (written, bytes) = if is_owned {
            self.file.write_owned_at(bytes, offset as u64).await
        } else {
            (self.file.write_at(&bytes, offset as u64).await, bytes)
        };
        // A disk that is full would write less; then the model follows.
        let count = written.must("write_at")?;
        self.content[offset..offset + count].copy_from_slice(&bytes[..count]);
        shift.count(Count::Writes);
        Ok(())
    }

    /// Drops a write in the middle: each byte is then the old or the new one, and stays so.
    async fn write_briefly(
        &mut self,
        shift: &Shift,
        offset: usize,
        bytes: Vec<u8>,
        rng: &mut Rng,
    ) -> Result<(), Violation> {
        let length = bytes.len();
        let writing = self.file.write_owned_at(bytes.clone(), offset as u64);
        if let Ok((written, _)) = timeout(pause(rng, 60), writing).await {
            let count = written.must("write_owned_at")?;
            self.content[offset..offset + count].copy_from_slice(&bytes[..count]);
            return Ok(());
        }
        shift.count(Count::Cancels);
        let mut found = vec![0; length];
        // It begins when the dropped write is over.
        self.file.read_exact_at(&mut found, offset as u64).await.must("read_exact_at")?;
        let old = &self.content[offset..offset + length];
        let is_neither = |index: &usize| found[*index] != old[*index] && found[*index] != bytes[*index];
        if let Some(index) = (0..length).find(is_neither) {
            let at = offset + index;
            return Err(Violation::new(format!(
                "file byte {at}: {}, neither {} nor {}, the one that a dropped write was to write",
                found[index], old[index], bytes[index]
            )));
        }
        self.content[offset..offset + length].copy_from_slice(&found);
        Ok(())
    }

    /// Drops a read in the middle. Its buffer goes with it.
    async fn read_briefly(&self, shift: &Shift, offset: usize, length: usize, rng: &mut Rng) {
        let reading = self.file.read_owned_at(Vec::with_capacity(length), offset as u64);
        if timeout(pause(rng, 60), reading).await.is_err() {
            shift.count(Count::Cancels);
        }
    }

    async fn read(
        &self,
        shift: &Shift,
        offset: usize,
        length: usize,
        is_owned: bool,
    ) -> Result<(), Violation> {
        let mut found = vec![0; length];
        if is_owned {
            let (count, read) = self.file.read_owned_at(Vec::with_capacity(length), offset as u64).await;
            let count = count.must("read_owned_at")?;
            found.truncate(count);
            found.copy_from_slice(&read[..count]);
        } else {
            self.file.read_exact_at(&mut found, offset as u64).await.must("read_exact_at")?;
        }
        shift.count(Count::Reads);
        self.compare(offset, &found)
    }

    /// Cuts the end off, and extends the file with zeros.
    async fn resize(&mut self, rng: &mut Rng) -> Result<(), Violation> {
        let length = rng.usize(FILE_BYTES / 2..=FILE_BYTES);
        self.file.set_len(length as u64).await.must("set_len")?;
        self.file.set_len(FILE_BYTES as u64).await.must("set_len")?;
        self.content[length..].fill(0);
        Ok(())
    }

    /// The open file goes on under another name.
    async fn rename(&mut self, shift: &Shift, rng: &mut Rng) -> Result<(), Violation> {
        let new = self.path.with_extension(rng.u16(..).to_string());
        let since = shift.scarcity.epoch();
        let renamed = fs::rename(&self.path, &new).await;
        if shift.granted(since, "rename", renamed)?.is_some() && new != self.path {
            let old = std::mem::replace(&mut self.path, new);
            expect_missing(shift, &old, "a renamed file").await?;
        }
        Ok(())
    }

    /// Another descriptor sees the same; then the file goes.
    async fn compare_whole(self, shift: &Shift) -> Result<(), Violation> {
        let since = shift.scarcity.epoch();
        let read = fs::read(&self.path).await;
        if let Some(found) = shift.granted(since, "fs::read", read)? {
            if found.len() != FILE_BYTES {
                return Err(Violation::new(format!("a file has {} bytes, not {FILE_BYTES}", found.len())));
            }
            self.compare(0, &found)?;
        }
        fs::remove_file(&self.path).await.must("remove_file")?;
        expect_missing(shift, &self.path, "a removed file").await?;
        // It still has its content while it is open.
        self.read(shift, FILE_BYTES / 4, FILE_BYTES / 2, false).await
    }

    fn compare(&self, offset: usize, found: &[u8]) -> Result<(), Violation> {
        let right = &self.content[offset..offset + found.len()];
        match found.iter().zip(right).position(|(found, right)| found != right) {
            None => Ok(()),
            Some(index) => Err(Violation::new(format!(
                "file byte {}: {}, but {} was written",
                offset + index,
                found[index],
                right[index]
            ))),
        }
    }
}

fn random_bytes(rng: &mut Rng, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rng.fill(&mut bytes);
    bytes
}

/// The file is not there: looking for it says so.
async fn expect_missing(shift: &Shift, path: &Path, what: &str) -> Result<(), Violation> {
    let since = shift.scarcity.epoch();
    match fs::metadata(path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(_) => Err(Violation::new(format!("{what} is still there"))),
        other => shift.granted(since, "metadata", other.map(drop)).map(drop),
    }
}
