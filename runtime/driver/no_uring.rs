//! The rings of a system that has no io_uring: none can be made, so no call is ever made on one.

use std::io;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use super::asker::Asker;
use super::file::OpKind;
use super::leftover::Harvest;
use super::op::Op;
use super::options::Options;
use super::ticket::Ticket;
use crate::buf::FixedMemory;

/// No value exists.
#[derive(Debug)]
pub(super) enum Rings {}

impl Rings {
    pub(super) fn new(_options: &Options) -> io::Result<Rings> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "io_uring exists on Linux only; use HEIST_DRIVER=auto or HEIST_DRIVER=poll here",
        ))
    }

    pub(super) fn supports(&self, _code: OpKind) -> bool {
        match *self {}
    }

    pub(super) fn bind(&self, _index: usize) -> io::Result<()> {
        match *self {}
    }

    pub(super) fn release(&self, _index: usize) {
        match *self {}
    }

    pub(super) fn submit(&self, _index: usize, _asker: Asker, _op: Op) -> io::Result<()> {
        match *self {}
    }

    pub(super) fn cancel(&self, _local: bool, _ticket: Ticket) {
        match *self {}
    }

    pub(super) fn unregister(&self, _memory: &Arc<FixedMemory>) {
        match *self {}
    }

    pub(super) fn is_quiet(&self, _index: usize) -> bool {
        match *self {}
    }

    pub(super) fn harvest(&self, _index: usize, _harvest: &mut Harvest<'_>) -> io::Result<()> {
        match *self {}
    }

    pub(super) fn try_harvest(&self, _index: usize, _harvest: &mut Harvest<'_>) -> bool {
        match *self {}
    }

    pub(super) fn park(
        &self,
        _index: usize,
        _timeout: Option<Duration>,
        _harvest: &mut Harvest<'_>,
    ) -> io::Result<()> {
        match *self {}
    }

    pub(super) fn take_over(&self, _index: usize, _by: usize, _harvest: &mut Harvest<'_>) {
        match *self {}
    }

    pub(super) fn relieve(&self, _index: usize, _harvest: &mut Harvest<'_>) {
        match *self {}
    }

    pub(super) fn close_dropped(&self, _index: usize) {
        match *self {}
    }

    pub(super) fn ring_doorbell(&self, _index: usize) {
        match *self {}
    }

    pub(super) fn in_flight(&self, _index: usize) -> usize {
        match *self {}
    }

    pub(super) fn has_file_work(&self, _index: usize) -> bool {
        match *self {}
    }

    pub(super) fn stale_count(&self, _index: usize) -> u64 {
        match *self {}
    }

    pub(super) fn leaked_count(&self, _index: usize) -> usize {
        match *self {}
    }

    pub(super) fn shutdown(&self, _index: usize, _deadline: Duration, _wakers: &mut Vec<Waker>) {
        match *self {}
    }
}
