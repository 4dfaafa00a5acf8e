//! The set-up of the clients of each language: from committed lock files, below the target directory.
//!
//! This module owns the toolchains and their directories. A set-up is repeated if a lock file or a program has changed.

use std::collections::hash_map::DefaultHasher;
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The variable with the names of clients or toolchains, joined by commas, whose cases are skipped.
pub const SKIP_VARIABLE: &str = "ESMERALDA_SKIP_CLIENTS";

/// The variable that makes a child of the test binary run as the client program of this name.
pub const PROGRAM_VARIABLE: &str = "ESMERALDA_CLIENT_PROGRAM";

/// The releases of Apache's own client that are set up beside the one of the other cases.
pub const JAVA_RELEASES: &[&str] = &["2.1.1", "2.8.2", "3.9.1", "4.1.1", "4.4.0"];

/// The directory, within the virtual environment, of a release of boto3 that speaks CloudWatch's older protocol.
const OLDER_BOTO3: &str = "older-boto3";

/// The directory of the client programs' sources.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients");

/// The directory of the programs that run Kafka's own tests.
const KAFKA_TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/kafka-tests");

/// The tools that build or run a client program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Toolchain {
    /// Rust crates, which are linked into the test binary.
    Rust,
    /// A function with AWS's runtime for Rust, which has a lock file of its own.
    RustFunction,
    /// A Python virtual environment with pinned requirements.
    Python,
    /// Node.js with packages from a lock file.
    Node,
    /// A Maven project.
    Java,
    /// A Maven project with Kafka Streams, Connect and Kafka itself.
    JavaApps,
    /// A Go module.
    Go,
    /// The program kcat, if it is on the PATH.
    Kcat,
    /// Kafka's own tests, which `kafka-tests/run.py` runs.
    KafkaTests,
}

impl Toolchain {
    /// Returns the toolchain's name, as [`SKIP_VARIABLE`] takes it.
    pub fn name(self) -> &'static str {
        match self {
            Toolchain::Rust => "rust",
            Toolchain::RustFunction => "rust-function",
            Toolchain::Python => "python",
            Toolchain::Node => "node",
            Toolchain::Java => "java",
            Toolchain::JavaApps => "java-apps",
            Toolchain::Go => "go",
            Toolchain::Kcat => "kcat",
            Toolchain::KafkaTests => "kafka-tests",
        }
    }

    /// Returns the programs that must be on the PATH, and the software that contains them.
    fn prerequisites(self) -> (&'static [&'static str], &'static str) {
        match self {
            Toolchain::Rust | Toolchain::Kcat => (&[], ""),
            Toolchain::RustFunction => (&["cargo"], "Rust with cargo"),
            Toolchain::Python => (&["python3"], "Python 3.10 or newer with its venv module"),
            Toolchain::Node => (&["node", "npm"], "Node.js 20 or newer with npm"),
            Toolchain::Java | Toolchain::JavaApps => {
                (&["java", "javac", "mvn"], "a JDK 17 or newer, and Maven")
            }
            Toolchain::Go => (&["go"], "Go 1.21 or newer"),
            Toolchain::KafkaTests => (
                &["python3", "java", "javac", "mvn"],
                "Python 3.10 or newer, a JDK 17 or newer, and Maven",
            ),
        }
    }

    /// Returns the reason to skip the toolchain's cases, if it is absent and optional.
    pub fn why_absent_is_fine(self) -> Option<String> {
        (self == Toolchain::Kcat && !on_the_path("kcat")).then(|| "kcat is not on the PATH".to_owned())
    }
}

/// The directory of all set-ups.
#[derive(Clone)]
pub struct Setup {
    root: PathBuf,
}

impl Setup {
    /// Returns the set-ups below `root`.
    pub fn below(root: PathBuf) -> Setup {
        Setup { root }
    }

    /// Returns the directory of the client programs' sources.
    pub fn sources() -> &'static Path {
        Path::new(SOURCES)
    }

    /// Returns the directory below which the test run writes everything.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Sets up `toolchain` unless that is done already. Other test runs wait meanwhile.
    ///
    /// # Errors
    /// A sentence with the missing program or the failed step, and how to skip the clients of this toolchain.
    pub fn prepare(&self, toolchain: Toolchain) -> Result<(), String> {
        self.try_to_prepare(toolchain).map_err(|problem| {
            let name = toolchain.name();
            format!("{problem}. To skip the clients that need it, set {SKIP_VARIABLE}={name}.")
        })
    }

    fn try_to_prepare(&self, toolchain: Toolchain) -> Result<(), String> {
        let (programs, package) = toolchain.prerequisites();
        if let Some(missing) = programs.iter().find(|program| !on_the_path(program)) {
            return Err(format!("{missing} is not on the PATH: install {package}"));
        }
        if programs.is_empty() {
            return Ok(());
        }
        let dir = self.root.join(toolchain.name());
        std::fs::create_dir_all(&dir).map_err(|error| format!("cannot create {}: {error}", dir.display()))?;
        let lock = File::create(dir.join("lock"))
            .and_then(|file| file.lock().map(|()| file))
            .map_err(|error| format!("cannot lock {}: {error}", dir.display()))?;
        let stamp = dir.join("stamp");
        let wanted = fingerprint(toolchain)?;
        if std::fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
            return Ok(());
        }
        println!("setting up the clients of {}", toolchain.name());
        match toolchain {
            Toolchain::Rust | Toolchain::Kcat => {}
            Toolchain::RustFunction => set_up_rust_function(&dir)?,
            Toolchain::Python => set_up_python(&dir)?,
            Toolchain::Node => set_up_node(&dir)?,
            Toolchain::Java => set_up_java(&dir)?,
            Toolchain::JavaApps => build_java(&dir, toolchain.name())?,
            Toolchain::Go => set_up_go(&dir)?,
            Toolchain::KafkaTests => set_up_kafka_tests(&dir)?,
        }
        std::fs::write(&stamp, wanted)
            .map_err(|error| format!("cannot write {}: {error}", stamp.display()))?;
        drop(lock);
        Ok(())
    }

    /// Returns the command that starts `program` of `toolchain`.
    pub fn command(&self, toolchain: Toolchain, program: &str) -> Command {
        let dir = self.root.join(toolchain.name());
        match toolchain {
            Toolchain::Rust => {
                let mut command = Command::new(std::env::current_exe().expect("this binary has a path"));
                command.env(PROGRAM_VARIABLE, program);
                command
            }
            Toolchain::RustFunction => Command::new(dir.join("debug").join(program)),
            Toolchain::Python => {
                let mut command = Command::new(dir.join("venv/bin/python"));
                command
                    .env("PYTHONDONTWRITEBYTECODE", "1")
                    .arg(Path::new(SOURCES).join("python").join(program));
                command
            }
            Toolchain::Node => {
                let mut command = Command::new("node");
                command.arg(dir.join(program));
                command
            }
            Toolchain::Java | Toolchain::JavaApps => {
                let mut command = Command::new("java");
                // These options shorten the start, which matters more here than speed later on.
                command.args(["-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp"]);
                command
                    .arg(format!("{0}/build/classes:{0}/libraries/*", dir.display()))
                    .arg(program);
                command
            }
            Toolchain::Go => Command::new(dir.join("bin").join(program)),
            Toolchain::Kcat => Command::new(program),
            Toolchain::KafkaTests => kafka_tests(&dir, program),
        }
    }

    /// Returns the command that starts a program of Java with a release of Apache's own client: one of [`JAVA_RELEASES`].
    pub fn java_release(&self, release: &str, program: &str) -> Command {
        let dir = self.root.join(Toolchain::Java.name());
        let mut command = Command::new("java");
        command.args(["-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp"]);
        command
            // The release comes before the other one among the libraries.
            .arg(format!(
                "{0}/build/classes:{0}/releases/kafka-clients-{release}.jar:{0}/libraries/*",
                dir.display()
            ))
            .arg(program);
        command
    }

    /// Returns the command that starts MirrorMaker 2. It comes with Kafka's own tests, because the release 4.4.0 came without it.
    pub fn mirror_maker(&self) -> Command {
        let mut command = Command::new("java");
        command
            .args(["-XX:TieredStopAtLevel=1", "-cp"])
            .arg(self.root.join("kafka-tests/run/libraries/*"))
            .arg("org.apache.kafka.connect.mirror.MirrorMaker");
        command
    }

    /// Returns the command that starts a Python program with a release of boto3 that speaks CloudWatch's older protocol.
    pub fn older_boto3(&self, program: &str) -> Command {
        let mut command = self.command(Toolchain::Python, program);
        command.env("PYTHONPATH", self.root.join("python/venv").join(OLDER_BOTO3));
        command
    }

    /// Returns the command that starts a program of a Python package.
    pub fn python_script(&self, name: &str) -> Command {
        let mut command = Command::new(self.root.join("python/venv/bin/python"));
        command.arg(self.root.join("python/venv/bin").join(name));
        command
    }
}

fn on_the_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// Returns a fingerprint that changes if a lock file, a program or this file changes.
fn fingerprint(toolchain: Toolchain) -> Result<String, String> {
    let mut hasher = DefaultHasher::new();
    include_str!("setup.rs").hash(&mut hasher);
    include_str!("../kafka-tests/pom.xml").hash(&mut hasher);
    let sources = match toolchain {
        // The results beside the sources change more often, and need no set-up.
        Toolchain::KafkaTests => Path::new(KAFKA_TESTS).join("src"),
        _ => Path::new(SOURCES).join(toolchain.name()),
    };
    hash_directory(&sources, &mut hasher)?;
    Ok(format!("{:016x}", hasher.finish()))
}

fn hash_directory(directory: &Path, hasher: &mut DefaultHasher) -> Result<(), String> {
    for path in sorted_entries(directory)? {
        path.file_name().hash(hasher);
        if path.is_dir() {
            hash_directory(&path, hasher)?;
        } else {
            std::fs::read(&path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?
                .hash(hasher);
        }
    }
    Ok(())
}

fn sorted_entries(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(directory)
        .map_err(|error| format!("cannot read {}: {error}", directory.display()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

fn set_up_rust_function(dir: &Path) -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = Path::new(SOURCES).join("rust-function/Cargo.toml");
    let mut command = Command::new(cargo);
    command
        .args(["build", "--locked", "--manifest-path"])
        .arg(manifest)
        .arg("--target-dir")
        .arg(dir);
    run(&mut command, dir)
}

fn set_up_python(dir: &Path) -> Result<(), String> {
    let venv = dir.join("venv");
    run(
        Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv),
        dir,
    )?;
    run(&mut pip_install(&venv, "requirements.txt"), dir)?;
    // Beside the other packages and not over them.
    let mut older = pip_install(&venv, "requirements-older-boto3.txt");
    run(older.arg("--target").arg(venv.join(OLDER_BOTO3)), dir)
}

/// Returns the command that installs the packages of a file into a virtual environment.
fn pip_install(venv: &Path, requirements: &str) -> Command {
    let mut command = Command::new(venv.join("bin/python"));
    command
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ])
        .arg(Path::new(SOURCES).join("python").join(requirements));
    command
}

/// Sets up the Node.js clients. The project is copied, because npm keeps its packages beside the lock file.
fn set_up_node(dir: &Path) -> Result<(), String> {
    for path in sorted_entries(&Path::new(SOURCES).join("node"))? {
        let name = path.file_name().expect("an entry of a directory has a name");
        std::fs::copy(&path, dir.join(name))
            .map_err(|error| format!("cannot copy {}: {error}", path.display()))?;
    }
    run(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(dir),
        dir,
    )?;
    run(
        Command::new("node")
            .args([
                "node_modules/typescript/bin/tsc",
                "--strict",
                "--target",
                "es2022",
            ])
            .args([
                "--module",
                "commonjs",
                "--types",
                "node,aws-lambda",
                "typed_event.ts",
            ])
            .current_dir(dir),
        dir,
    )
}

/// Returns Maven for the project of that name, which writes below `dir`.
fn maven(dir: &Path, project: &str) -> Command {
    let mut command = Command::new("mvn");
    command
        .args(["--batch-mode", "--quiet", "-f"])
        .arg(Path::new(SOURCES).join(project).join("pom.xml"))
        .arg(format!("-Dmaven.repo.local={}", dir.join("repository").display()))
        .arg(format!("-Dclient.build={}", dir.join("build").display()));
    command
}

fn build_java(dir: &Path, project: &str) -> Result<(), String> {
    let libraries = format!("-DoutputDirectory={}", dir.join("libraries").display());
    run(
        maven(dir, project)
            .arg("compile")
            .arg("dependency:copy-dependencies")
            .arg(libraries),
        dir,
    )
}

fn set_up_java(dir: &Path) -> Result<(), String> {
    let project = Toolchain::Java.name();
    build_java(dir, project)?;
    for release in JAVA_RELEASES {
        let artifact = format!("-Dartifact=org.apache.kafka:kafka-clients:{release}");
        let releases = format!("-DoutputDirectory={}", dir.join("releases").display());
        run(
            maven(dir, project)
                .arg("dependency:copy")
                .arg(artifact)
                .arg(releases),
            dir,
        )?;
    }
    Ok(())
}

fn set_up_go(dir: &Path) -> Result<(), String> {
    let mut command = Command::new("go");
    command
        .current_dir(Path::new(SOURCES).join("go"))
        // The module cache must be writable, or the target directory could not be deleted.
        .env("GOFLAGS", "-modcacherw -mod=readonly -buildvcs=false")
        .env("GOMODCACHE", dir.join("modules"))
        .env("GOCACHE", dir.join("cache"))
        .args(["build", "-o"])
        .arg(format!("{}/", dir.join("bin").display()))
        .arg("./...");
    std::fs::create_dir_all(dir.join("bin"))
        .map_err(|error| format!("cannot create {}: {error}", dir.display()))?;
    run(&mut command, dir)
}

fn set_up_kafka_tests(dir: &Path) -> Result<(), String> {
    let repository = format!("--maven=-Dmaven.repo.local={}", dir.join("repository").display());
    run(kafka_tests(dir, "set-up").arg(repository), dir)
}

/// Returns the command that starts `kafka-tests/run.py COMMAND`, which writes below `dir`.
fn kafka_tests(dir: &Path, command: &str) -> Command {
    let mut run = Command::new("python3");
    run.env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(Path::new(KAFKA_TESTS).join("run.py"))
        .arg(command)
        .arg("--work")
        .arg(dir.join("run"));
    run
}

/// Runs one step of a set-up. Its output is kept in `dir`, and part of the error if the step fails.
fn run(command: &mut Command, dir: &Path) -> Result<(), String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run {command:?}: {error}"))?;
    let text = [output.stdout, output.stderr].concat();
    let _ = std::fs::write(dir.join("setup.log"), &text);
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{command:?} ended with {}:\n{}",
        output.status,
        String::from_utf8_lossy(&text)
    ))
}
