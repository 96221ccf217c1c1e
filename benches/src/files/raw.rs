//! The floor of random reads: one thread, one ring, and no runtime; and fio, where it is installed.
//!
//! `unsafe`: requests name memory by address. Every buffer lives until the last completion of its round has come.

#![allow(unsafe_code)]

use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::Command;

use heist::io::AlignedBuf;
use io_uring::{IoUring, opcode, types};

use super::lane::{BLOCK_BYTES, Mode, places};
use super::rivals::std_open;

/// Reads `count` blocks, `depth` at a time. `is_fixed`: into buffers that the ring has registered.
pub(super) fn random_read(
    path: &Path,
    mode: Mode,
    is_fixed: bool,
    file_bytes: u64,
    depth: usize,
    count: u64,
) -> io::Result<()> {
    let file = std_open(path, mode)?;
    let mut bufs: Vec<_> = (0..depth).map(|_| AlignedBuf::new(BLOCK_BYTES)).collect();
    let mut builder = IoUring::builder();
    builder.setup_single_issuer().setup_coop_taskrun().setup_taskrun_flag();
    let mut ring: IoUring = builder.build(depth.next_power_of_two() as u32)?;
    if is_fixed {
        let vector = |buf: &mut AlignedBuf| nix::libc::iovec {
            iov_base: buf.as_mut_ptr().cast(),
            iov_len: BLOCK_BYTES,
        };
        let vectors: Vec<_> = bufs.iter_mut().map(vector).collect();
        // SAFETY: the buffers outlive every request.
        unsafe { ring.submitter().register_buffers(&vectors) }?;
    }
    let mut places = places(1, file_bytes).take(count as usize);
    let mut idle: Vec<usize> = (0..depth).collect();
    let mut done_count = 0;
    while done_count < count {
        while let Some(index) = idle.pop() {
            let Some(place) = places.next() else { break };
            let target = bufs[index].as_mut_ptr();
            let (fd, len) = (types::Fd(file.as_raw_fd()), BLOCK_BYTES as u32);
            let entry = if is_fixed {
                opcode::ReadFixed::new(fd, target, len, index as u16).offset(place).build()
            } else {
                opcode::Read::new(fd, target, len).offset(place).build()
            };
            let entry = entry.user_data(index as u64);
            // SAFETY: the buffer is used by one request at a time, and outlives the ring.
            unsafe { ring.submission().push(&entry) }.map_err(io::Error::other)?;
        }
        ring.submit_and_wait(1)?;
        for entry in ring.completion() {
            if usize::try_from(entry.result()).ok() != Some(BLOCK_BYTES) {
                return Err(io::Error::from_raw_os_error(-entry.result()));
            }
            idle.push(entry.user_data() as usize);
            done_count += 1;
        }
    }
    Ok(())
}

/// Operations per second and CPU microseconds per operation of fio's engine for rings. None: it is not installed.
pub(super) fn fio(path: &Path, file_bytes: u64, depth: usize, count: u64) -> io::Result<Option<(f64, f64)>> {
    let mut command = Command::new("fio");
    command.args(["--name=floor", "--ioengine=io_uring", "--rw=randread", "--bs=4k", "--direct=1"]);
    command.args(["--norandommap", "--output-format=json", "--thread", "--gtod_reduce=1"]);
    command.arg(format!("--filename={}", path.display())).arg(format!("--size={file_bytes}"));
    command.arg(format!("--iodepth={depth}")).arg(format!("--number_ios={count}"));
    let output = match command.output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        output => output?,
    };
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).map_err(io::Error::other)?;
    let job = &report["jobs"][0];
    let number = |value: &serde_json::Value| {
        value
            .as_f64()
            .ok_or_else(|| io::Error::other(format!("fio's report lacks a number: {}", output.status)))
    };
    let iops = number(&job["read"]["iops"])?;
    let cpu_share = (number(&job["usr_cpu"])? + number(&job["sys_cpu"])?) / 100.0;
    Ok(Some((iops, cpu_share * 1e6 / iops)))
}
