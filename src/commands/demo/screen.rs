//! The output of the demo: a terminal, whose last lines are drawn over themselves, or anything else, which gets plain lines.

use super::text::{self, Palette, WIDTH};
use super::watch::Frame;
use console::Term;
use std::io;
use std::time::Duration;

/// The engine's time of the first frame, and between two, if none is drawn over the one before.
// Not at zero, when there is nothing to show yet.
const PLAIN_START: Duration = Duration::from_secs(60);
const PLAIN_INTERVAL: Duration = Duration::from_secs(180);

/// Stdout. Dropping it leaves the lines that were printed, and the cursor as it was.
#[derive(Debug)]
pub(super) struct Screen {
    term: Term,
    is_terminal: bool,
    palette: Palette,
    /// The number of lines at the end that the next frame replaces.
    drawn_lines: usize,
    /// The time of the last frame that was printed to something other than a terminal.
    printed_at: Option<Duration>,
}

impl Screen {
    /// Returns stdout as it is: a terminal or not, with colours or not.
    pub(super) fn stdout() -> Self {
        let term = Term::buffered_stdout();
        let is_terminal = term.is_term() && !console::is_dumb();
        let palette = match is_terminal {
            true => Palette {
                is_coloured: console::colors_enabled(),
                bar: if speaks_utf8() { '█' } else { '#' },
            },
            false => Palette::PLAIN,
        };
        if is_terminal {
            // Flushed with the first lines; a terminal that cannot hide its cursor shows it.
            let _ = term.hide_cursor();
        }
        Self {
            term,
            is_terminal,
            palette,
            drawn_lines: 0,
            printed_at: None,
        }
    }

    /// Returns how lines are decorated.
    pub(super) fn palette(&self) -> Palette {
        self.palette
    }

    /// Prints lines that stay.
    ///
    /// # Errors
    /// The system's, such as a broken pipe.
    pub(super) fn print(&mut self, lines: &[String], indent: usize) -> io::Result<()> {
        self.erase()?;
        for line in lines {
            for part in text::wrapped(line, self.width(), indent) {
                self.term.write_line(&part)?;
            }
        }
        self.term.flush()
    }

    /// Shows a frame: in the place of the one before on a terminal, and now and then elsewhere.
    ///
    /// # Errors
    /// The system's, such as a broken pipe.
    pub(super) fn show(&mut self, frame: &Frame) -> io::Result<()> {
        if self.is_terminal {
            self.erase()?;
            let lines = text::frame(frame, self.width(), self.palette);
            self.term.write_line("")?;
            for line in &lines {
                self.term.write_line(line)?;
            }
            self.drawn_lines = lines.len() + 1;
        } else {
            let due_at = self.printed_at.map_or(PLAIN_START, |at| at + PLAIN_INTERVAL);
            if frame.at < due_at {
                return Ok(());
            }
            self.printed_at = Some(frame.at);
            for line in text::frame(frame, WIDTH, self.palette) {
                self.term.write_line(&line)?;
            }
        }
        self.term.flush()
    }

    /// Removes the frame that is drawn.
    fn erase(&mut self) -> io::Result<()> {
        self.term.clear_last_lines(self.drawn_lines)?;
        self.drawn_lines = 0;
        Ok(())
    }

    /// The terminal's columns; it may have been resized since the last frame.
    fn width(&self) -> usize {
        match self.is_terminal {
            true => usize::from(self.term.size().1),
            false => WIDTH,
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if self.is_terminal {
            // Below the frame is what was typed meanwhile, such as ^C. A terminal that is gone has no cursor to show.
            let _ = self.erase();
            let _ = self.term.clear_to_end_of_screen();
            let _ = self.term.show_cursor();
        }
        let _ = self.term.flush();
    }
}

/// Returns whether the locale says that the terminal reads UTF-8, in POSIX's order of precedence.
fn speaks_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(std::env::var_os)
        .find(|value| !value.is_empty());
    let locale = locale.unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}
