//! A kernel that refuses io_uring, in child processes under a seccomp filter.
#![expect(unsafe_code, reason = "installing a seccomp filter in the child")]

use std::process::Command;
use std::{env, io};

use crate::driver::{Driver, DriverKind, Options};

/// The system call that the child is refused: `<system call number>:<errno>`.
const REFUSE: &str = "HEIST_TEST_REFUSE";

/// Every later call of `number` on this thread fails with `errno`.
fn refuse(number: u32, errno: u32) {
    let code = |bits: u32| u16::try_from(bits).expect("an instruction code has 16 bits");
    let filter = [
        // Load the number, which is at the beginning of the record.
        libc::sock_filter { code: code(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS), jt: 0, jf: 0, k: 0 },
        libc::sock_filter {
            code: code(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K),
            jt: 0,
            jf: 1,
            k: number,
        },
        libc::sock_filter { code: code(libc::BPF_RET), jt: 0, jf: 0, k: libc::SECCOMP_RET_ERRNO | errno },
        libc::sock_filter { code: code(libc::BPF_RET), jt: 0, jf: 0, k: libc::SECCOMP_RET_ALLOW },
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
    // SAFETY: the program lives through the calls, and its length is that of the array.
    let outcome = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
            | libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program)
    };
    assert_eq!(outcome, 0, "{}", io::Error::last_os_error());
}

#[test]
#[ignore = "the child of the tests below; alone it has nothing to refuse"]
fn child() {
    let asked = env::var(REFUSE).expect("run by the tests below");
    let (number, errno) = asked.split_once(':').expect("number:errno");
    refuse(number.parse().expect("number"), errno.parse().expect("errno"));
    for kind in [DriverKind::Auto, DriverKind::Uring, DriverKind::Poll] {
        match Driver::new(&Options { kind, workers: 2, ..Options::default() }) {
            Ok(driver) => {
                assert_eq!(driver.refusal().is_some(), kind == DriverKind::Auto);
                println!("{kind} => {}", driver.name());
            }
            Err(error) => println!("{kind} => {error}"),
        }
    }
}

fn lines_of_child(number: i64, errno: i32) -> Vec<String> {
    let output = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", "driver::tests::refused::child", "--ignored", "--nocapture", "--test-threads=1"])
        .env(REFUSE, format!("{number}:{errno}"))
        .output()
        .expect("run the child");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{text}");
    let lines: Vec<String> = text.lines().filter(|line| line.contains(" => ")).map(str::to_owned).collect();
    assert_eq!(lines.len(), 3, "{text}");
    lines
}

#[test]
fn auto_falls_back_and_uring_names_the_cause_and_the_remedy() {
    for (number, call) in [
        (libc::SYS_io_uring_setup, "io_uring_setup"),
        (libc::SYS_io_uring_register, "io_uring_register"),
        (libc::SYS_io_uring_enter, "io_uring_enter"),
    ] {
        for (errno, name, cause) in [
            (libc::EPERM, "EPERM", "kernel.io_uring_disabled"),
            (libc::EACCES, "EACCES", "seccomp"),
            (libc::ENOSYS, "ENOSYS", "kernel"),
            (libc::ENOMEM, "ENOMEM", "ulimit -l"),
            (libc::EINVAL, "EINVAL", "5.11"),
            (libc::EMFILE, "EMFILE", "ulimit -n"),
        ] {
            let lines = lines_of_child(number, errno);
            assert!(lines[0].ends_with("auto => poll"), "{lines:?}");
            for word in [call, name, cause, "HEIST_DRIVER=poll"] {
                assert!(lines[1].contains(word), "{word:?} is missing: {lines:?}");
            }
            assert!(lines[2].ends_with("poll => poll"), "{lines:?}");
        }
    }
}
