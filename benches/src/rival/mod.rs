//! The rivals. `contract` is what each of them is asked for, `contender` what a program knows of one, `ports` what they are
//! served on; here is the list of them all.

mod channels;
mod compio;
pub(crate) mod contender;
pub(crate) mod contract;
mod glommio;
mod go;
mod heist;
mod locks;
mod monoio;
pub(crate) mod ports;
mod raw;
mod small;
mod smol;
mod tokio;

use contender::{Contender, Stealing};
use contract::{Http, PerCore, Rival};

use crate::{echo, stream, udp, workload};

/// A rival whose tasks may move between threads.
fn moving<R: Rival>() -> Contender {
    Contender {
        serve_echo: Some(echo::serve::<R>),
        serve_udp: Some(udp::serve::<R>),
        serve_stream: Some(stream::serve::<R>),
        stealing: Some(Stealing {
            run: workload::run::<R>,
            idle: workload::idle::run::<R>,
            sleepers: workload::sleepers::run::<R>,
        }),
        ..Contender::new(R::NAME, R::EXPLANATION)
    }
}

/// The same, which serves HTTP as well.
fn with_http<R: Http>() -> Contender {
    Contender { serve_hello: Some(workload::hyper_hello::serve::<R>), ..moving::<R>() }
}

/// A rival with one thread per core.
fn per_core<P: PerCore>() -> Contender {
    Contender {
        serve_echo: Some(echo::serve_per_core::<P>),
        serve_udp: Some(udp::serve_per_core::<P>),
        ..Contender::new(P::NAME, P::EXPLANATION)
    }
}

/// Everyone, the subject first.
pub(crate) fn all() -> Vec<Contender> {
    let mut all = vec![
        with_http::<heist::MultiThread>(),
        with_http::<tokio::Tokio>(),
        with_http::<heist::SingleThread>(),
        with_http::<heist::OnPoll>(),
        heist::POOLED,
        moving::<heist::ZeroCopy>(),
        moving::<smol::Smol>(),
        per_core::<monoio::Monoio>(),
        per_core::<compio::Compio>(),
        per_core::<glommio::Glommio>(),
        go::GO,
    ];
    all.extend(small::CONTENDERS);
    all.extend(raw::CONTENDERS);
    all.extend(workload::hand_over::CONTENDERS);
    all
}

/// The rival called `name`.
pub(crate) fn by_name(name: &str) -> Result<Contender, String> {
    let rivals = all();
    rivals.iter().find(|rival| rival.name == name).copied().ok_or_else(|| {
        let names: Vec<_> = rivals.iter().map(|rival| rival.name).collect();
        format!("no such rival; there are: {}", names.join(", "))
    })
}
