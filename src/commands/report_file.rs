//! A file that a report is written to, opened before the run: a path that cannot be written is refused before the time is spent.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The path that stands for standard output.
const STDOUT: &str = "-";

/// The place of a report.
#[derive(Debug)]
pub(super) enum ReportFile {
    /// Standard output, given as `-`.
    Stdout,
    /// A file.
    File {
        path: PathBuf,
        file: File,
        /// Whether opening it created it.
        is_new: bool,
    },
}

impl ReportFile {
    /// Opens `path` for writing. What it holds stays until the report is written.
    ///
    /// # Errors
    /// A sentence with the path and the system's error.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        if path == Path::new(STDOUT) {
            return Ok(Self::Stdout);
        }
        let is_new = !path.exists();
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path);
        let file = file.map_err(|error| cannot_write(path, &error))?;
        Ok(Self::File {
            path: path.to_owned(),
            file,
            is_new,
        })
    }

    /// Returns whether it is standard output, which then has nothing but the report.
    pub(super) fn is_stdout(&self) -> bool {
        matches!(self, Self::Stdout)
    }

    /// Writes the report, and says where.
    ///
    /// # Errors
    /// A sentence with the path and the system's error.
    pub(super) fn write(self, text: &str) -> Result<(), String> {
        match self {
            Self::Stdout => print!("{text}"),
            Self::File { path, mut file, .. } => {
                let written = file.set_len(0).and_then(|()| file.write_all(text.as_bytes()));
                written.map_err(|error| cannot_write(&path, &error))?;
                eprintln!("Written: {}", path.display());
            }
        }
        Ok(())
    }

    /// Removes a file that was created for a report that is not written, because the run failed.
    pub(super) fn discard(self) {
        if let Self::File {
            path, is_new: true, ..
        } = self
        {
            // An empty file is left at worst.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> String {
    format!("cannot write {}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_cannot_be_written_is_refused_at_once() {
        let error =
            ReportFile::open(Path::new("/no-such-directory/report.json")).expect_err("no such directory");
        assert!(
            error.starts_with("cannot write /no-such-directory/report.json: "),
            "{error}"
        );
        assert!(
            ReportFile::open(Path::new("-"))
                .expect("standard output")
                .is_stdout()
        );
    }

    #[test]
    fn a_file_keeps_what_it_holds_until_the_report_is_written() {
        let directory = std::env::temp_dir();
        let [old, new] = ["old", "new"]
            .map(|name| directory.join(format!("esmeralda-report-{}-{name}", std::process::id())));
        std::fs::write(&old, "an older and longer report").expect("it can be written");
        ReportFile::open(&old).expect("it can be written").discard();
        assert_eq!(
            std::fs::read_to_string(&old).expect("it is there"),
            "an older and longer report"
        );
        ReportFile::open(&old)
            .expect("it can be written")
            .write("report")
            .expect("it can be written");
        assert_eq!(std::fs::read_to_string(&old).expect("it is there"), "report");
        ReportFile::open(&new).expect("it can be written").discard();
        assert!(!new.exists());
        std::fs::remove_file(old).expect("it is there");
    }
}
