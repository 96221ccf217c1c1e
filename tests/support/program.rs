//! The example programs, built as the test that runs them was.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where this test binary lies: in which target directory, for which target if one was named, in which profile.
struct Build {
    target_directory: PathBuf,
    triple: Option<String>,
    profile_directory: PathBuf,
}

impl Build {
    /// Cargo names the target directory when it compiles a test; what lies between that and the test's profile is the
    /// target that was asked for. None: somebody moved the test away from where it was built.
    fn of_this_test() -> Option<Build> {
        Build::of(&std::env::current_exe().ok()?, Path::new(env!("CARGO_TARGET_TMPDIR")))
    }

    fn of(test: &Path, target_tmpdir: &Path) -> Option<Build> {
        let target_directory = target_tmpdir.parent()?;
        let profile_directory = test.parent()?.parent()?;
        let mut between = profile_directory.strip_prefix(target_directory).ok()?.iter();
        let (first, second) = (between.next()?, between.next());
        let triple = second.map(|_profile| first.to_str().map(str::to_owned));
        if between.next().is_some() || triple == Some(None) {
            return None;
        }
        let [target_directory, profile_directory] =
            [target_directory, profile_directory].map(Path::to_path_buf);
        Some(Build { target_directory, triple: triple.flatten(), profile_directory })
    }

    fn profile(&self) -> &str {
        match self.profile_directory.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => "dev",
            Some(name) => name,
        }
    }

    fn program(&self, name: &str) -> PathBuf {
        beside(&self.profile_directory, name)
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into()));
        command.args([
            "build",
            "--quiet",
            "--package",
            "heist",
            "--example",
            name,
            "--profile",
            self.profile(),
        ]);
        command.arg("--manifest-path").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
        command.arg("--target-dir").arg(&self.target_directory);
        if let Some(triple) = &self.triple {
            command.args(["--target", triple]);
        }
        command
    }
}

fn beside(profile_directory: &Path, name: &str) -> PathBuf {
    profile_directory.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// The example of that name. A plain `cargo test` has built it, and then this takes no time; `cargo test --test NAME`
/// builds no examples.
#[track_caller]
pub(crate) fn example(name: &str) -> PathBuf {
    let program = match Build::of_this_test() {
        Some(build) => {
            let output = build.command(name).output().expect("cargo starts");
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            build.program(name)
        }
        None => {
            let test = std::env::current_exe().expect("a test binary knows its own path");
            let profile_directory = test.parent().and_then(Path::parent).expect("tests lie two levels deep");
            beside(profile_directory, name)
        }
    };
    assert!(program.exists(), "{} is missing: run `cargo build --example {name}`", program.display());
    program
}

#[test]
fn a_test_knows_where_it_was_built() {
    fn seen(test: &str) -> Option<(PathBuf, Option<String>, PathBuf, String)> {
        let build = Build::of(Path::new(test), Path::new("/a b/out/tmp"))?;
        let profile = build.profile().to_owned();
        Some((build.target_directory, build.triple, build.profile_directory, profile))
    }
    let out = PathBuf::from("/a b/out");
    let expected = [
        ("/a b/out/debug/deps/serve-1", Some((None, "debug", "dev"))),
        ("/a b/out/release/deps/serve-1", Some((None, "release", "release"))),
        ("/a b/out/small/deps/serve-1", Some((None, "small", "small"))),
        (
            "/a b/out/x86_64-unknown-linux-gnu/debug/deps/serve-1",
            Some((Some("x86_64-unknown-linux-gnu"), "x86_64-unknown-linux-gnu/debug", "dev")),
        ),
        ("/elsewhere/debug/deps/serve-1", None),
        ("/a b/out/one/two/three/deps/serve-1", None),
    ];
    for (test, wanted) in expected {
        let wanted = wanted.map(|(triple, profile_directory, profile)| {
            (out.clone(), triple.map(str::to_owned), out.join(profile_directory), profile.to_owned())
        });
        assert_eq!(seen(test), wanted, "{test}");
    }
}
