//! The runtimes that compete, each with two threads.

use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use compio::io::{AsyncReadAt, AsyncWriteAt};
use heist::io::{AlignedBuf, FixedBuf, FixedBufPool};

use super::lane::{BLOCK_BYTES, CHUNK_BYTES, Io, Lane, Mode, follow};

const THREAD_COUNT: usize = 2;
/// `O_DIRECT` on x86-64 and on aarch64.
const DIRECT: i32 = if cfg!(target_arch = "aarch64") { 0o200_000 } else { 0o40_000 };

pub(super) struct Heist;

impl Heist {
    pub(super) fn drive(lanes: Vec<Lane>) -> io::Result<()> {
        Heist::drive_by(THREAD_COUNT, lanes)
    }

    /// One core, as a bare ring has it.
    pub(super) fn drive_by_one(lanes: Vec<Lane>) -> io::Result<()> {
        Heist::drive_by(1, lanes)
    }

    fn drive_by(workers_count: usize, lanes: Vec<Lane>) -> io::Result<()> {
        heist_runtime(workers_count)?.block_on(async {
            let spawn = |lane| heist::spawn(follow::<Heist>(lane, AlignedBuf::new));
            all(lanes.into_iter().map(spawn).collect()).await
        })
    }
}

fn heist_runtime(workers_count: usize) -> io::Result<heist::runtime::Runtime> {
    let mut builder = heist::runtime::Builder::new_multi_thread();
    builder.worker_threads(workers_count).enable_all().build()
}

async fn all(tasks: Vec<heist::task::JoinHandle<io::Result<()>>>) -> io::Result<()> {
    for task in tasks {
        task.await.map_err(io::Error::other)??;
    }
    Ok(())
}

async fn heist_open(path: &Path, mode: Mode) -> io::Result<heist::fs::File> {
    let mut options = heist::fs::OpenOptions::new();
    match mode {
        Mode::Read => options.read(true),
        Mode::ReadDirect => options.read(true).custom_flags(DIRECT),
        Mode::Write => options.write(true).create(true).truncate(true),
    };
    options.open(path).await
}

impl Io for Heist {
    type File = heist::fs::File;
    type Buf = AlignedBuf;

    async fn open(path: &Path, mode: Mode) -> io::Result<heist::fs::File> {
        heist_open(path, mode).await
    }

    async fn read_at(file: &heist::fs::File, buf: AlignedBuf, place: u64) -> (io::Result<usize>, AlignedBuf) {
        file.read_owned_at(buf, place).await
    }

    async fn write_at(
        file: &heist::fs::File,
        buf: AlignedBuf,
        place: u64,
    ) -> (io::Result<usize>, AlignedBuf) {
        file.write_owned_at(buf, place).await
    }
}

/// The same with buffers that the rings have registered.
pub(super) struct HeistFixed;

impl HeistFixed {
    pub(super) fn drive(lanes: Vec<Lane>) -> io::Result<()> {
        HeistFixed::drive_by(THREAD_COUNT, lanes)
    }

    /// One core, as a bare ring has it.
    pub(super) fn drive_by_one(lanes: Vec<Lane>) -> io::Result<()> {
        HeistFixed::drive_by(1, lanes)
    }

    fn drive_by(workers_count: usize, lanes: Vec<Lane>) -> io::Result<()> {
        heist_runtime(workers_count)?.block_on(async {
            let pool = FixedBufPool::new(lanes.len(), BLOCK_BYTES)?;
            let spawn = |lane| {
                let buf = pool.take();
                heist::spawn(follow::<HeistFixed>(lane, |len| {
                    debug_assert_eq!(len, BLOCK_BYTES, "only random reads are asked for");
                    buf
                }))
            };
            all(lanes.into_iter().map(spawn).collect()).await?;
            pool.refusal().map_or(Ok(()), Err)
        })
    }
}

impl Io for HeistFixed {
    type File = heist::fs::File;
    type Buf = FixedBuf;

    async fn open(path: &Path, mode: Mode) -> io::Result<heist::fs::File> {
        heist_open(path, mode).await
    }

    async fn read_at(file: &heist::fs::File, buf: FixedBuf, place: u64) -> (io::Result<usize>, FixedBuf) {
        file.read_owned_at(buf, place).await
    }

    async fn write_at(file: &heist::fs::File, buf: FixedBuf, place: u64) -> (io::Result<usize>, FixedBuf) {
        file.write_owned_at(buf, place).await
    }
}

/// As `tokio::fs` does it, a call on the blocking pool each; but at places, which `tokio::fs` has not: it would need a
/// second call to seek.
pub(super) struct Tokio;

impl Tokio {
    pub(super) fn drive(lanes: Vec<Lane>) -> io::Result<()> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(THREAD_COUNT).enable_all().build()?;
        runtime.block_on(async {
            let tasks: Vec<_> =
                lanes.into_iter().map(|lane| tokio::spawn(follow::<Tokio>(lane, AlignedBuf::new))).collect();
            for task in tasks {
                task.await.map_err(io::Error::other)??;
            }
            Ok(())
        })
    }
}

async fn on_pool<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(call).await.expect("the call does not panic")
}

impl Io for Tokio {
    type File = Arc<std::fs::File>;
    type Buf = AlignedBuf;

    async fn open(path: &Path, mode: Mode) -> io::Result<Self::File> {
        let path = path.to_owned();
        on_pool(move || std_open(&path, mode).map(Arc::new)).await
    }

    async fn read_at(file: &Self::File, buf: AlignedBuf, place: u64) -> (io::Result<usize>, AlignedBuf) {
        let (file, mut buf) = (file.clone(), buf);
        on_pool(move || (file.read_at(&mut buf, place), buf)).await
    }

    async fn write_at(file: &Self::File, buf: AlignedBuf, place: u64) -> (io::Result<usize>, AlignedBuf) {
        let file = file.clone();
        on_pool(move || (file.write_at(&buf, place), buf)).await
    }
}

pub(super) fn std_open(path: &Path, mode: Mode) -> io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    match mode {
        Mode::Read => options.read(true),
        Mode::ReadDirect => options.read(true).custom_flags(DIRECT),
        Mode::Write => options.write(true).create(true).truncate(true),
    };
    options.open(path)
}

pub(super) struct Compio;

impl Compio {
    pub(super) fn drive(lanes: Vec<Lane>) -> io::Result<()> {
        on_threads(lanes, |lanes| {
            let mut settings = compio::driver::ProactorBuilder::new();
            settings.single_issuer(true).coop_taskrun(true).taskrun_flag(true);
            let runtime = compio::runtime::Runtime::builder().with_proactor(settings).build()?;
            runtime.block_on(async {
                futures::future::try_join_all(
                    lanes.into_iter().map(|lane| follow::<Compio>(lane, |len| vec![0; len])),
                )
                .await
            })?;
            Ok(())
        })
    }
}

impl Io for Compio {
    type File = compio::fs::File;
    type Buf = Vec<u8>;

    async fn open(path: &Path, mode: Mode) -> io::Result<compio::fs::File> {
        match mode {
            Mode::Read | Mode::ReadDirect => compio::fs::File::open(path).await,
            Mode::Write => compio::fs::File::create(path).await,
        }
    }

    async fn read_at(file: &compio::fs::File, mut buf: Vec<u8>, place: u64) -> (io::Result<usize>, Vec<u8>) {
        buf.clear();
        let compio::BufResult(result, buf) = file.read_at(buf, place).await;
        (result, buf)
    }

    async fn write_at(file: &compio::fs::File, buf: Vec<u8>, place: u64) -> (io::Result<usize>, Vec<u8>) {
        debug_assert_eq!(buf.len(), CHUNK_BYTES);
        let mut file = file;
        let compio::BufResult(result, buf) = file.write_at(buf, place).await;
        (result, buf)
    }
}

pub(super) struct Monoio;

impl Monoio {
    pub(super) fn drive(lanes: Vec<Lane>) -> io::Result<()> {
        on_threads(lanes, |lanes| {
            let mut settings = io_uring_of_monoio::IoUring::builder();
            settings.setup_single_issuer().setup_coop_taskrun().setup_taskrun_flag();
            let builder = monoio::RuntimeBuilder::<monoio::IoUringDriver>::new().uring_builder(settings);
            let mut runtime = builder.build()?;
            runtime.block_on(async {
                futures::future::try_join_all(
                    lanes.into_iter().map(|lane| follow::<Monoio>(lane, |len| vec![0; len])),
                )
                .await
            })?;
            Ok(())
        })
    }
}

impl Io for Monoio {
    type File = monoio::fs::File;
    type Buf = Vec<u8>;

    async fn open(path: &Path, mode: Mode) -> io::Result<monoio::fs::File> {
        match mode {
            Mode::Read | Mode::ReadDirect => monoio::fs::File::open(path).await,
            Mode::Write => monoio::fs::File::create(path).await,
        }
    }

    async fn read_at(file: &monoio::fs::File, buf: Vec<u8>, place: u64) -> (io::Result<usize>, Vec<u8>) {
        file.read_at(buf, place).await
    }

    async fn write_at(file: &monoio::fs::File, buf: Vec<u8>, place: u64) -> (io::Result<usize>, Vec<u8>) {
        file.write_at(buf, place).await
    }
}

/// With its own buffers: one is made for each read, and given back to its allocator after it.
pub(super) struct Glommio;

impl Glommio {
    pub(super) fn drive(lanes: Vec<Lane>) -> io::Result<()> {
        on_threads(lanes, |lanes| {
            // Bound to a core it could not make way for others, as everyone else can.
            let executor = glommio::LocalExecutorBuilder::new(glommio::Placement::Unbound).make()?;
            executor.run(async {
                futures::future::try_join_all(lanes.into_iter().map(|lane| follow::<Glommio>(lane, |_| ())))
                    .await
            })?;
            Ok(())
        })
    }
}

impl Io for Glommio {
    type File = glommio::io::DmaFile;
    type Buf = ();

    async fn open(path: &Path, mode: Mode) -> io::Result<glommio::io::DmaFile> {
        debug_assert_eq!(mode, Mode::ReadDirect, "its files know nothing else");
        Ok(glommio::io::DmaFile::open(path).await?)
    }

    async fn read_at(file: &glommio::io::DmaFile, (): (), place: u64) -> (io::Result<usize>, ()) {
        let result = file.read_at_aligned(place, BLOCK_BYTES).await;
        (result.map(|bytes| bytes.len()).map_err(io::Error::from), ())
    }

    async fn write_at(_file: &glommio::io::DmaFile, (): (), _place: u64) -> (io::Result<usize>, ()) {
        (Err(io::ErrorKind::Unsupported.into()), ())
    }
}

/// Every second lane on each of two threads.
fn on_threads(lanes: Vec<Lane>, run: impl Fn(Vec<Lane>) -> io::Result<()> + Sync) -> io::Result<()> {
    let mut shares = vec![Vec::new(); THREAD_COUNT];
    for (index, lane) in lanes.into_iter().enumerate() {
        shares[index % THREAD_COUNT].push(lane);
    }
    thread::scope(|scope| {
        let run = &run;
        let busy = shares.into_iter().filter(|share| !share.is_empty());
        let threads: Vec<_> = busy.map(|share| scope.spawn(move || run(share))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no rival panics"))
    })
}
