//! Random sequences of operations, done by std in one directory and by heist in another: every result is the same.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use heist::fs;

use crate::generator::Generator;
use crate::support::on_every_runtime;
use crate::{directory, tree};

const NAMES: [&str; 9] = ["a", "b", "link", "d", "d/x", "d/e", "d/e/y", "none/z", "a/below"];
const SLOT_COUNT: usize = 3;

/// What an operation came to, in a form that can be compared.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Done(Vec<u8>, u64),
    Failed(io::ErrorKind, Option<i32>),
}

impl PartialEq for Outcome {
    /// An error that was found before the system was asked has no number.
    fn eq(&self, other: &Outcome) -> bool {
        match (self, other) {
            (Outcome::Done(bytes, number), Outcome::Done(others, another)) => {
                bytes == others && number == another
            }
            (Outcome::Failed(kind, code), Outcome::Failed(another, other)) => {
                kind == another && (code.is_none() || other.is_none() || code == other)
            }
            _ => false,
        }
    }
}

pub(crate) fn done<T>(result: io::Result<T>, value: impl FnOnce(T) -> (Vec<u8>, u64)) -> Outcome {
    match result {
        Ok(result) => {
            let (bytes, number) = value(result);
            Outcome::Done(bytes, number)
        }
        Err(error) => Outcome::Failed(error.kind(), error.raw_os_error()),
    }
}

fn unit(result: io::Result<()>) -> Outcome {
    done(result, |()| (Vec::new(), 0))
}

fn number(result: io::Result<u64>) -> Outcome {
    done(result, |number| (Vec::new(), number))
}

fn count(result: io::Result<usize>) -> Outcome {
    number(result.map(|count| count as u64))
}

/// An operation, as data, so that both sides do the same.
#[derive(Clone, Debug)]
enum Step {
    Open { slot: usize, name: &'static str, flags: u8 },
    Close { slot: usize },
    Clone { from: usize, to: usize },
    Read { slot: usize, len: usize },
    ReadExact { slot: usize, len: usize },
    ReadToEnd { slot: usize },
    Write { slot: usize, bytes: Vec<u8> },
    Seek { slot: usize, to: SeekFrom },
    ReadAt { slot: usize, len: usize, offset: u64, is_owned: bool },
    WriteAt { slot: usize, bytes: Vec<u8>, offset: u64, is_owned: bool },
    SetLen { slot: usize, len: u64 },
    Sync { slot: usize },
    FileStat { slot: usize },
    ReadWhole { name: &'static str },
    WriteWhole { name: &'static str, bytes: Vec<u8> },
    Copy { from: &'static str, to: &'static str },
    Rename { from: &'static str, to: &'static str },
    RemoveFile { name: &'static str },
    RemoveDir { name: &'static str },
    RemoveDirAll { name: &'static str },
    MakeDir { name: &'static str },
    MakeDirAll { name: &'static str },
    Link { original: &'static str, link: &'static str },
    Symlink { original: &'static str, link: &'static str },
    ReadLink { name: &'static str },
    Stat { name: &'static str, is_followed: bool },
    Exists { name: &'static str },
    List { name: &'static str },
}

fn step(random: &mut Generator) -> Step {
    let slot = random.below(SLOT_COUNT as u64) as usize;
    let (name, other) = (random.pick(&NAMES), random.pick(&NAMES));
    let len = random.pick(&[0, 1, 10, 4096, 5000, 100_000]);
    let offset = random.pick(&[0, 1, 50, 4096, 100_000, 5 << 30, u64::MAX, i64::MAX as u64 + 1]);
    let near = random.pick(&[0, 1, 50, 4096, 100_000]);
    let is_owned = random.chance(50);
    match random.below(41) {
        0..=5 => Step::Open { slot, name, flags: random.next() as u8 & 0x3f },
        6 => Step::Close { slot },
        7 => Step::Clone { from: slot, to: (slot + 1) % SLOT_COUNT },
        8..=10 => Step::Read { slot, len },
        11 => Step::ReadExact { slot, len },
        12 => Step::ReadToEnd { slot },
        13..=15 => Step::Write { slot, bytes: random.bytes() },
        16 => Step::Seek { slot, to: SeekFrom::Start(if is_owned { near } else { u64::MAX }) },
        17 => Step::Seek { slot, to: SeekFrom::Current(near as i64 - 60) },
        18 => Step::Seek { slot, to: SeekFrom::End(-(near as i64)) },
        19..=20 => Step::ReadAt { slot, len, offset, is_owned },
        21..=22 => Step::WriteAt { slot, bytes: random.bytes(), offset: near, is_owned },
        23 => Step::SetLen { slot, len: near },
        24 => Step::Sync { slot },
        25 => Step::FileStat { slot },
        26 => Step::ReadWhole { name },
        27 => Step::WriteWhole { name, bytes: random.bytes() },
        28 => Step::Copy { from: name, to: other },
        29 => Step::Rename { from: name, to: other },
        30 => Step::RemoveFile { name },
        31 => Step::RemoveDir { name },
        32 => Step::RemoveDirAll { name },
        33 => Step::MakeDir { name },
        34 => Step::MakeDirAll { name },
        35 => Step::Link { original: name, link: other },
        36 => Step::Symlink { original: random.pick(&["a", "d", "nowhere", "link"]), link: other },
        37 => Step::ReadLink { name },
        38 => Step::Stat { name, is_followed: is_owned },
        39 => Step::Exists { name },
        _ => Step::List { name },
    }
}

struct Std {
    root: PathBuf,
    slots: [Option<std::fs::File>; SLOT_COUNT],
}

struct Heist {
    root: PathBuf,
    slots: [Option<fs::File>; SLOT_COUNT],
}

fn no_file() -> Outcome {
    Outcome::Failed(io::ErrorKind::Other, None)
}

fn stat_of(is_dir: bool, len: u64, extra: u64) -> (Vec<u8>, u64) {
    // A directory's size is the file system's affair.
    (vec![u8::from(is_dir)], if is_dir { 0 } else { len.wrapping_mul(31).wrapping_add(extra) })
}

fn extra_of(metadata: &impl std::os::unix::fs::MetadataExt) -> u64 {
    u64::from(metadata.mode()) ^ metadata.nlink().wrapping_mul(7) ^ metadata.dev()
}

impl Std {
    fn open(&self, name: &str, flags: u8) -> io::Result<std::fs::File> {
        let bit = |place: u8| flags & (1 << place) != 0;
        std::fs::OpenOptions::new()
            .read(bit(0))
            .write(bit(1))
            .append(bit(2) && bit(5))
            .create(bit(3))
            .truncate(bit(4) && bit(5))
            .create_new(bit(5) && !bit(0))
            .open(self.root.join(name))
    }

    fn at_file(&mut self, step: &Step) -> Outcome {
        use std::os::unix::fs::FileExt;
        let file = |slot: usize| self.slots[slot].as_ref();
        match step {
            Step::Read { slot, len } => file(*slot).map(|mut file| {
                let mut buf = vec![0; *len];
                done(file.read(&mut buf), |count| (buf[..count].to_vec(), count as u64))
            }),
            Step::ReadExact { slot, len } => file(*slot).map(|mut file| {
                let mut buf = vec![0; *len];
                let result = file.read_exact(&mut buf);
                done(result, |()| (buf, 0))
            }),
            Step::ReadToEnd { slot } => file(*slot).map(|mut file| {
                let mut buf = Vec::new();
                let result = file.read_to_end(&mut buf);
                done(result, |count| (buf, count as u64))
            }),
            Step::Write { slot, bytes } => file(*slot).map(|mut file| count(file.write(bytes))),
            Step::Seek { slot, to } => file(*slot).map(|mut file| number(file.seek(*to))),
            Step::ReadAt { slot, len, offset, .. } => file(*slot).map(|file| {
                let mut buf = vec![0; *len];
                done(file.read_at(&mut buf, *offset), |count| (buf[..count].to_vec(), count as u64))
            }),
            Step::WriteAt { slot, bytes, offset, .. } => {
                file(*slot).map(|file| count(file.write_at(bytes, *offset)))
            }
            Step::SetLen { slot, len } => file(*slot).map(|file| unit(file.set_len(*len))),
            Step::Sync { slot } => file(*slot).map(|file| unit(file.sync_all())),
            Step::FileStat { slot } => file(*slot).map(|file| {
                done(file.metadata(), |metadata| {
                    stat_of(metadata.is_dir(), metadata.len(), extra_of(&metadata))
                })
            }),
            _ => unreachable!("not about an open file"),
        }
        .unwrap_or_else(no_file)
    }

    fn play(&mut self, step: &Step) -> Outcome {
        let path = |name: &str| self.root.join(name);
        match step {
            Step::Open { slot, name, flags } => {
                let opened = self.open(name, *flags);
                done(opened, |file| {
                    self.slots[*slot] = Some(file);
                    (Vec::new(), 0)
                })
            }
            Step::Close { slot } => {
                self.slots[*slot] = None;
                no_file()
            }
            Step::Clone { from, to } => {
                self.slots[*to] = self.slots[*from].as_ref().map(|file| file.try_clone().expect("a clone"));
                no_file()
            }
            Step::ReadWhole { name } => done(std::fs::read(path(name)), |bytes| (bytes, 0)),
            Step::WriteWhole { name, bytes } => unit(std::fs::write(path(name), bytes)),
            Step::Copy { from, to } => number(std::fs::copy(path(from), path(to))),
            Step::Rename { from, to } => unit(std::fs::rename(path(from), path(to))),
            Step::RemoveFile { name } => unit(std::fs::remove_file(path(name))),
            Step::RemoveDir { name } => unit(std::fs::remove_dir(path(name))),
            Step::RemoveDirAll { name } => unit(std::fs::remove_dir_all(path(name))),
            Step::MakeDir { name } => unit(std::fs::create_dir(path(name))),
            Step::MakeDirAll { name } => unit(std::fs::create_dir_all(path(name))),
            Step::Link { original, link } => unit(std::fs::hard_link(path(original), path(link))),
            Step::Symlink { original, link } => unit(std::os::unix::fs::symlink(original, path(link))),
            Step::ReadLink { name } => done(std::fs::read_link(path(name)), text_of),
            Step::Stat { name, is_followed } => {
                let result = if *is_followed {
                    std::fs::metadata(path(name))
                } else {
                    std::fs::symlink_metadata(path(name))
                };
                done(result, |metadata| stat_of(metadata.is_dir(), metadata.len(), extra_of(&metadata)))
            }
            Step::Exists { name } => number(std::fs::exists(path(name)).map(u64::from)),
            Step::List { name } => done(std::fs::read_dir(path(name)), |entries| {
                let names = entries.map(|entry| entry.expect("an entry").file_name());
                (sorted(names.collect()), 0)
            }),
            step => self.at_file(step),
        }
    }
}

impl Heist {
    async fn open(&self, name: &str, flags: u8) -> io::Result<fs::File> {
        let bit = |place: u8| flags & (1 << place) != 0;
        fs::OpenOptions::new()
            .read(bit(0))
            .write(bit(1))
            .append(bit(2) && bit(5))
            .create(bit(3))
            .truncate(bit(4) && bit(5))
            .create_new(bit(5) && !bit(0))
            .open(self.root.join(name))
            .await
    }

    async fn at_file(&mut self, step: &Step) -> Outcome {
        let (Step::Read { slot, .. }
        | Step::ReadExact { slot, .. }
        | Step::ReadToEnd { slot }
        | Step::Write { slot, .. }
        | Step::Seek { slot, .. }
        | Step::ReadAt { slot, .. }
        | Step::WriteAt { slot, .. }
        | Step::SetLen { slot, .. }
        | Step::Sync { slot }
        | Step::FileStat { slot }) = step
        else {
            unreachable!("not about an open file")
        };
        let Some(file) = &mut self.slots[*slot] else { return no_file() };
        match step {
            Step::Read { len, .. } => {
                let mut buf = vec![0; *len];
                done(file.read(&mut buf).await, |count| (buf[..count].to_vec(), count as u64))
            }
            Step::ReadExact { len, .. } => {
                let mut buf = vec![0; *len];
                let result = file.read_exact(&mut buf).await;
                done(result, |_| (buf, 0))
            }
            Step::ReadToEnd { .. } => {
                let mut buf = Vec::new();
                let result = file.read_to_end(&mut buf).await;
                done(result, |count| (buf, count as u64))
            }
            Step::Write { bytes, .. } => count(file.write(bytes).await),
            Step::Seek { to, .. } => number(file.seek(*to).await),
            Step::ReadAt { len, offset, is_owned: true, .. } => {
                let (result, buf) = file.read_owned_at(vec![0; *len].into_boxed_slice(), *offset).await;
                done(result, |count| (buf[..count].to_vec(), count as u64))
            }
            Step::ReadAt { len, offset, .. } => {
                let mut buf = vec![0; *len];
                done(file.read_at(&mut buf, *offset).await, |count| (buf[..count].to_vec(), count as u64))
            }
            Step::WriteAt { bytes, offset, is_owned: true, .. } => {
                count(file.write_owned_at(bytes.clone(), *offset).await.0)
            }
            Step::WriteAt { bytes, offset, .. } => count(file.write_at(bytes, *offset).await),
            Step::SetLen { len, .. } => unit(file.set_len(*len).await),
            Step::Sync { .. } => unit(file.sync_all().await),
            _ => done(file.metadata().await, |metadata| {
                stat_of(metadata.is_dir(), metadata.len(), extra_of(&metadata))
            }),
        }
    }

    async fn play(&mut self, step: &Step) -> Outcome {
        let path = |name: &str| self.root.join(name);
        match step {
            Step::Open { slot, name, flags } => done(self.open(name, *flags).await, |file| {
                self.slots[*slot] = Some(file);
                (Vec::new(), 0)
            }),
            Step::Close { slot } => {
                self.slots[*slot] = None;
                no_file()
            }
            Step::Clone { from, to } => {
                let clone = match &self.slots[*from] {
                    Some(file) => Some(file.try_clone().await.expect("a clone")),
                    None => None,
                };
                self.slots[*to] = clone;
                no_file()
            }
            Step::ReadWhole { name } => done(fs::read(path(name)).await, |bytes| (bytes, 0)),
            Step::WriteWhole { name, bytes } => unit(fs::write(path(name), bytes).await),
            Step::Copy { from, to } => number(fs::copy(path(from), path(to)).await),
            Step::Rename { from, to } => unit(fs::rename(path(from), path(to)).await),
            Step::RemoveFile { name } => unit(fs::remove_file(path(name)).await),
            Step::RemoveDir { name } => unit(fs::remove_dir(path(name)).await),
            Step::RemoveDirAll { name } => unit(fs::remove_dir_all(path(name)).await),
            Step::MakeDir { name } => unit(fs::create_dir(path(name)).await),
            Step::MakeDirAll { name } => unit(fs::create_dir_all(path(name)).await),
            Step::Link { original, link } => unit(fs::hard_link(path(original), path(link)).await),
            Step::Symlink { original, link } => unit(fs::symlink(original, path(link)).await),
            Step::ReadLink { name } => done(fs::read_link(path(name)).await, text_of),
            Step::Stat { name, is_followed } => {
                let result = if *is_followed {
                    fs::metadata(path(name)).await
                } else {
                    fs::symlink_metadata(path(name)).await
                };
                done(result, |metadata| stat_of(metadata.is_dir(), metadata.len(), extra_of(&metadata)))
            }
            Step::Exists { name } => number(fs::try_exists(path(name)).await.map(u64::from)),
            Step::List { name } => self.list(&path(name)).await,
            step => self.at_file(step).await,
        }
    }

    async fn list(&self, path: &Path) -> Outcome {
        let mut entries = match fs::read_dir(path).await {
            Ok(entries) => entries,
            Err(error) => return Outcome::Failed(error.kind(), error.raw_os_error()),
        };
        let mut names = Vec::new();
        while let Some(entry) = entries.next_entry().await.expect("an entry") {
            names.push(entry.file_name());
        }
        Outcome::Done(sorted(names), 0)
    }
}

fn text_of(path: PathBuf) -> (Vec<u8>, u64) {
    (path.into_os_string().into_encoded_bytes(), 0)
}

fn sorted(mut names: Vec<std::ffi::OsString>) -> Vec<u8> {
    names.sort();
    names.into_iter().flat_map(|name| [name.into_encoded_bytes(), vec![0]].concat()).collect()
}

/// To read or write nothing is done at once, as with sockets, even where the system would refuse to do it.
fn is_empty(step: &Step) -> bool {
    match step {
        Step::Read { len, .. } | Step::ReadAt { len, .. } => *len == 0,
        Step::Write { bytes, .. } | Step::WriteAt { bytes, .. } => bytes.is_empty(),
        _ => false,
    }
}

pub(crate) async fn compare(seed: u64, step_count: usize) {
    let (plain, own) = (directory(), directory());
    let mut std = Std { root: plain.path().to_owned(), slots: Default::default() };
    let mut heist = Heist { root: own.path().to_owned(), slots: Default::default() };
    let mut random = Generator::new(seed);
    let mut done_steps = Vec::new();
    let mut done_count = 0;
    for _ in 0..step_count {
        let step = step(&mut random);
        done_steps.push(step.clone());
        let (wanted, got) = (std.play(&step), heist.play(&step).await);
        done_count += usize::from(matches!(got, Outcome::Done(..)));
        assert!(
            wanted == got || is_empty(&step) && got == Outcome::Done(Vec::new(), 0),
            "seed {seed}: std {}, heist {} after {:?}",
            tree::short(&wanted),
            tree::short(&got),
            done_steps.iter().rev().take(12).map(tree::short).collect::<Vec<_>>(),
        );
    }
    assert!(done_count > step_count / 10, "seed {seed}: only {done_count} operations succeeded");
    assert_eq!(tree::of(plain.path()), tree::of(own.path()), "seed {seed}: the directories differ");
}

#[test]
fn random_operations_have_the_results_of_std() {
    on_every_runtime(|runtime| {
        for seed in 1..=10 {
            runtime.block_on(compare(seed, 150));
        }
    });
}
