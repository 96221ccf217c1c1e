//! A second without descriptors: calls that need one say so, and afterwards everything goes on.

use std::io;
use std::time::Duration;

use heist::fs::File;
use heist::net::{TcpListener, TcpStream, UdpSocket};
use heist::runtime::Builder;
use heist::time::{sleep, timeout};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::ledger::Count;
use crate::plant::Plant;
use crate::scarcity::is_shortage;
use crate::shift::Shift;
use crate::violation::{MustWork, Violation};

/// Only the standard streams fit: every new descriptor is refused, and those that are open stay.
const DESCRIPTORS_MAX: u64 = 3;

/// Puts the limit back, however the room ends.
struct Lowered<'a> {
    shift: &'a Shift,
    before: Rlimit,
}

impl<'a> Lowered<'a> {
    fn new(shift: &'a Shift) -> Result<Lowered<'a>, Violation> {
        let before = getrlimit(Resource::Nofile);
        shift.scarcity.change();
        let lowered = Lowered { shift, before };
        if !shift.plants(Plant::NoLimit) {
            let low = Rlimit { current: Some(DESCRIPTORS_MAX), ..lowered.before };
            setrlimit(Resource::Nofile, low).map_err(io::Error::from).must("setrlimit")?;
        }
        Ok(lowered)
    }
}

impl Drop for Lowered<'_> {
    fn drop(&mut self) {
        setrlimit(Resource::Nofile, self.before).expect("the limit was this one before");
        self.shift.scarcity.change();
    }
}

/// Once in a shift, in its middle.
pub(crate) async fn run(shift: Shift) -> Result<(), Violation> {
    let length = shift.until.saturating_duration_since(std::time::Instant::now());
    sleep(length / 3).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.must("bind")?;
    let address = listener.local_addr().must("local_addr")?;
    let lowered = Lowered::new(&shift)?;
    expect_refusal(&shift, "TcpStream::connect", TcpStream::connect(address).await.err())?;
    expect_refusal(&shift, "UdpSocket::bind", UdpSocket::bind("127.0.0.1:0").await.err())?;
    expect_refusal(&shift, "File::open", File::open("/dev/zero").await.err())?;
    let build = || Builder::new_current_thread().build().err();
    let built = heist::task::spawn_blocking(build).await;
    let built = built.map_err(|error| Violation::new(format!("Builder::build: {error}")))?;
    expect_refusal(&shift, "Builder::build", built)?;
    sleep((length / 3).min(Duration::from_secs(1))).await;
    drop(lowered);
    // What was refused before works again.
    let echo = heist::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let mut buf = [0; 4];
        stream.read_exact(&mut buf).await?;
        stream.write_all(&buf).await
    });
    let asked = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"ping").await?;
        let mut buf = [0; 4];
        stream.read_exact(&mut buf).await?;
        io::Result::Ok(buf)
    };
    let answer = timeout(shift.patience, asked).await;
    let answer = answer.map_err(|_| Violation::new("no service after descriptors were scarce"))?;
    if answer.must("service after descriptors were scarce")? != *b"ping" {
        return Err(Violation::new("altered: the first answer after descriptors were scarce"));
    }
    let served = echo.await.map_err(|error| Violation::new(format!("the echo: {error}")))?;
    served.must("the echo after descriptors were scarce")
}

fn expect_refusal(shift: &Shift, call: &str, error: Option<io::Error>) -> Result<(), Violation> {
    match error {
        Some(error) if is_shortage(&error) => {
            shift.count(Count::Shortages);
            Ok(())
        }
        Some(error) => Err(Violation::new(format!("{call} without descriptors: not EMFILE, but {error}"))),
        None => Err(Violation::new(format!("{call} worked without descriptors"))),
    }
}
