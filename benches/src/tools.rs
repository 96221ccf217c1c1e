//! Programs that the benches need and do not build.

use std::path::PathBuf;

/// A program, and the Debian package that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tool {
    pub(crate) program: &'static str,
    pub(crate) package: &'static str,
}

pub(crate) const WRK: Tool = Tool { program: "wrk", package: "wrk" };
pub(crate) const NGINX: Tool = Tool { program: "nginx", package: "nginx-light" };
pub(crate) const GO: Tool = Tool { program: "go", package: "golang-go" };
pub(crate) const STRACE: Tool = Tool { program: "strace", package: "strace" };
pub(crate) const VALGRIND: Tool = Tool { program: "valgrind", package: "valgrind" };
pub(crate) const FIO: Tool = Tool { program: "fio", package: "fio" };

impl Tool {
    /// Where it is, if it is installed.
    pub(crate) fn path(self) -> Option<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        // Debian has servers where only root looks.
        let places = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
        places.map(|place| place.join(self.program)).find(|file| file.is_file())
    }

    /// Is it installed?
    pub(crate) fn is_installed(self) -> bool {
        self.path().is_some()
    }

    /// What to say when it is not.
    pub(crate) fn complaint(self) -> String {
        format!("MISSING: {} is not installed: apt-get install {}", self.program, self.package)
    }
}

#[cfg(test)]
mod tests {
    use super::Tool;

    #[test]
    fn a_program_that_nobody_has_is_missing() {
        assert!(Tool { program: "sh", package: "dash" }.is_installed());
        let nobody = Tool { program: "no-such-program-here", package: "nothing" };
        assert!(!nobody.is_installed());
        assert!(nobody.complaint().contains("apt-get install nothing"));
    }
}
