//! What was given up answers nothing else, and is over before anything else of the open file begins.

use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;

use heist::fs::File;

use crate::support::on_every_backend;
use crate::{directory, file_with};

async fn open_both(path: &std::path::Path) -> File {
    File::options().read(true).write(true).open(path).await.unwrap()
}

/// One of the operations that a sequence is made of.
#[derive(Clone, Copy, Debug)]
enum Step {
    Read,
    Write,
    Seek,
    End,
    SetLen,
    WriteAt,
}

const STEPS: [Step; 6] = [Step::Read, Step::Write, Step::Seek, Step::End, Step::SetLen, Step::WriteAt];

/// A file as POSIX has it, with one cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Model {
    bytes: Vec<u8>,
    cursor: usize,
    appends: bool,
}

impl Model {
    fn put(&mut self, place: usize, bytes: &[u8]) {
        let end = place + bytes.len();
        self.bytes.resize(self.bytes.len().max(end), 0);
        self.bytes[place..end].copy_from_slice(bytes);
    }

    fn write_place(&self) -> usize {
        if self.appends { self.bytes.len() } else { self.cursor }
    }

    /// What the operation answers.
    fn play(&mut self, step: Step, letter: u8) -> Vec<u8> {
        match step {
            Step::Read => {
                let begin = self.cursor.min(self.bytes.len());
                let end = (begin + 3).min(self.bytes.len());
                let read = self.bytes[begin..end].to_vec();
                self.cursor += read.len();
                return read;
            }
            Step::Write => {
                let place = self.write_place();
                self.put(place, &[letter; 4]);
                self.cursor = place + 4;
            }
            Step::Seek => self.cursor = 1,
            Step::End => self.cursor = self.bytes.len(),
            Step::SetLen => self.bytes.resize(2, 0),
            Step::WriteAt => {
                // Linux appends there as well.
                let place = if self.appends { self.bytes.len() } else { 2 };
                self.put(place, &[letter; 2]);
            }
        }
        Vec::new()
    }

    /// All that an operation may leave behind that was given up.
    fn give_up(&self, step: Step, letter: u8) -> Vec<Model> {
        let mut changed = self.clone();
        changed.play(step, letter);
        if !(self.appends && matches!(step, Step::Write)) {
            changed.cursor = self.cursor;
        }
        vec![self.clone(), changed]
    }
}

async fn begin(file: &mut File, step: Step, letter: u8) -> Vec<u8> {
    match step {
        Step::Read => {
            let mut buf = [0; 3];
            let count = file.read(&mut buf).await.unwrap();
            return buf[..count].to_vec();
        }
        Step::Write => assert_eq!(file.write(&[letter; 4]).await.unwrap(), 4),
        Step::Seek => assert_eq!(file.seek(SeekFrom::Start(1)).await.unwrap(), 1),
        Step::End => drop(file.seek(SeekFrom::End(0)).await.unwrap()),
        Step::SetLen => file.set_len(2).await.unwrap(),
        Step::WriteAt => assert_eq!(file.write_at(&[letter; 2], 2).await.unwrap(), 2),
    }
    Vec::new()
}

/// Every sequence of three operations by two handles, each of them awaited or given up: one of the states that the table in
/// the docs of `File` allows.
async fn play_all(path: &std::path::Path, appends: bool) {
    const WAY_COUNT: usize = STEPS.len() * 4;
    for sequence in 0..WAY_COUNT.pow(3) {
        std::fs::write(path, b"012345").unwrap();
        let mut first = File::options().read(true).write(!appends).append(appends).open(path).await.unwrap();
        let mut clone = first.try_clone().await.unwrap();
        let mut models = vec![Model { bytes: b"012345".to_vec(), cursor: 0, appends }];
        let mut told = Vec::new();
        for place in 0..3 {
            let way = sequence / WAY_COUNT.pow(place) % WAY_COUNT;
            let (step, is_clone, is_given_up) = (STEPS[way / 4], way & 1 == 1, way & 2 == 2);
            // The same bytes each time: only they could be mistaken for one another.
            let letter = b'w';
            told.push((step, is_clone, is_given_up));
            let file = if is_clone { &mut clone } else { &mut first };
            let answer = {
                let mut operation = Box::pin(begin(file, step, letter));
                if is_given_up {
                    match futures::poll!(operation.as_mut()) {
                        std::task::Poll::Ready(answer) => Some(answer),
                        std::task::Poll::Pending => None,
                    }
                } else {
                    Some(operation.await)
                }
            };
            models = match answer {
                None => models.iter().flat_map(|model| model.give_up(step, letter)).collect(),
                Some(answer) => {
                    models.retain_mut(|model| model.play(step, letter) == answer);
                    models
                }
            };
            assert!(!models.is_empty(), "append {appends}: no state fits after {told:?}");
        }
        first.flush().await.unwrap();
        let cursor = first.stream_position().await.unwrap() as usize;
        let bytes = std::fs::read(path).unwrap();
        let found = Model { bytes, cursor, appends };
        assert!(
            models.contains(&found),
            "append {appends}: {found:?} after {told:?}, wanted one of {models:?}"
        );
    }
}

#[test]
fn every_sequence_of_three_operations_by_two_clones_is_one_of_the_table() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, b"");
        runtime.block_on(play_all(&path, false));
        runtime.block_on(play_all(&path, true));
    });
}

#[test]
fn writes_of_clones_at_the_same_time_are_all_there() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, b"");
        runtime.block_on(async {
            let mut file = open_both(&path).await;
            let writers: Vec<_> = [b'a', b'b', b'c'].map(|letter| (letter, ())).into_iter().collect();
            let mut tasks = Vec::new();
            for (letter, ()) in writers {
                let mut clone = file.try_clone().await.unwrap();
                tasks.push(heist::spawn(async move {
                    for _ in 0..300 {
                        clone.write_all(&[letter; 8]).await.unwrap();
                    }
                }));
            }
            for task in tasks {
                task.await.unwrap();
            }
            assert_eq!(file.stream_position().await.unwrap(), 3 * 300 * 8);
        });
        let bytes = std::fs::read(&path).unwrap();
        for letter in [b'a', b'b', b'c'] {
            assert_eq!(bytes.chunks(8).filter(|record| *record == [letter; 8]).count(), 300);
        }
    });
}

#[test]
fn a_write_that_a_clone_comes_behind_is_done_once() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, b"................");
        runtime.block_on(async {
            let mut file = open_both(&path).await;
            let mut clone = file.try_clone().await.unwrap();
            let mut write = Box::pin(file.write(b"AAAA"));
            let is_pending = futures::poll!(write.as_mut()).is_pending();
            assert_eq!(clone.seek(SeekFrom::Start(8)).await.unwrap(), 8);
            if is_pending {
                assert_eq!(write.await.unwrap(), 4);
            }
            assert_eq!(std::fs::read(&path).unwrap(), b"AAAA............");
            assert_eq!(clone.stream_position().await.unwrap(), 8);
        });
    });
}

#[test]
fn a_duplicate_of_std_goes_on_where_the_file_is() {
    on_every_backend(|runtime| {
        let directory = directory();
        let path = file_with(&directory, b"");
        runtime.block_on(async {
            let mut file = open_both(&path).await;
            file.write_all(b"one ").await.unwrap();
            let mut other = std::fs::File::from(file.as_fd().try_clone_to_owned().unwrap());
            other.write_all(b"two ").unwrap();
            file.write_all(b"three").await.unwrap();
            other.rewind().unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "one two three");
            assert_eq!(other.read(&mut [0]).unwrap(), 0);
        });
    });
}

#[cfg(target_os = "linux")]
mod streams {
    use std::io::ErrorKind;
    use std::os::fd::{FromRawFd, OwnedFd};
    use std::time::Duration;

    use heist::fs::File;
    use heist::time::timeout;

    use crate::support::on_every_backend;

    #[expect(unsafe_code, reason = "std has no name for an eventfd")]
    fn eventfd(count: u32, flags: i32) -> File {
        // SAFETY: a system call without pointers.
        let fd = unsafe { libc::eventfd(count, flags) };
        assert!(fd >= 0);
        // SAFETY: new, and nobody else's.
        File::from_std(unsafe { OwnedFd::from_raw_fd(fd) }.into())
    }

    /// A read waits, whether or not the descriptor blocks; a read that was given up holds up no write.
    #[test]
    fn an_eventfd_is_waited_for() {
        on_every_backend(|runtime| {
            runtime.block_on(async {
                for flags in [0, libc::EFD_NONBLOCK] {
                    let mut event = eventfd(5, flags);
                    let mut clone = event.try_clone().await.unwrap();
                    let mut count = [0; 8];
                    assert_eq!(event.read(&mut count).await.unwrap(), 8);
                    assert_eq!(u64::from_ne_bytes(count), 5);
                    assert!(timeout(Duration::from_millis(20), event.read(&mut count)).await.is_err());
                    let write = heist::spawn(async move { clone.write(&7_u64.to_ne_bytes()).await });
                    assert_eq!(event.read(&mut count).await.unwrap(), 8);
                    assert_eq!(u64::from_ne_bytes(count), 7);
                    assert_eq!(write.await.unwrap().unwrap(), 8);
                    // No more than that has room.
                    event.write_all(&(u64::MAX - 1).to_ne_bytes()).await.unwrap();
                    assert!(timeout(Duration::from_millis(20), event.write(&[1; 8])).await.is_err());
                    let read_at = event.read_at(&mut count, 0).await.unwrap_err();
                    assert_eq!(read_at.kind(), ErrorKind::NotSeekable);
                    let write_at = event.write_at(&count, 0).await.unwrap_err();
                    assert_eq!(write_at.kind(), ErrorKind::NotSeekable);
                    // Lets go of what waits.
                    assert_eq!(event.read(&mut count).await.unwrap(), 8);
                }
            });
        });
    }

    #[test]
    fn a_pipe_has_no_offsets() {
        on_every_backend(|runtime| {
            runtime.block_on(async {
                let (reader, writer) = std::io::pipe().unwrap();
                let reader = File::from_std(OwnedFd::from(reader).into());
                let writer = File::from_std(OwnedFd::from(writer).into());
                let refused = writer.write_at(b"x", 0).await.unwrap_err();
                assert_eq!(refused.kind(), ErrorKind::NotSeekable);
                let refused = reader.read_at(&mut [0], 0).await.unwrap_err();
                assert_eq!(refused.kind(), ErrorKind::NotSeekable);
            });
        });
    }
}
