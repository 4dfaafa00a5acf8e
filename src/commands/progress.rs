//! The progress of a simulation: on a terminal a line per variant, drawn over itself; elsewhere nothing.

use esmeralda::simulate::{Progress, RunSettings, Scenario, SimulationOutcome, simulate as run};
use std::io::{IsTerminal as _, Write as _};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// The most variants with a line each; of more, only the number of finished ones is shown.
const LINES: usize = 12;
const BAR_CELLS: u64 = 20;
const NAME_CHARACTERS: usize = 16;

/// Runs all variants of `scenario` and shows their progress.
///
/// # Errors
/// A sentence with the variant that failed and the reason.
pub(super) fn simulate(scenario: &Scenario, settings: RunSettings) -> Result<SimulationOutcome, String> {
    let (told, heard) = channel();
    let names = scenario
        .variants
        .iter()
        .map(|variant| variant.name.clone())
        .collect();
    let outcome = thread::scope(|scope| {
        let screen = Screen::new(names);
        scope.spawn(move || screen.follow(&heard));
        let outcome = run(scenario, settings, &|progress| {
            // The run goes on if the screen has failed.
            let _ = told.send(progress);
        });
        drop(told);
        outcome
    });
    outcome.map_err(|error| error.to_string())
}

struct Screen {
    names: Vec<String>,
    variants: Vec<Option<Progress>>,
    /// The largest lag of each variant so far, which a full bar stands for.
    largest: Vec<u64>,
    lines_drawn: usize,
}

impl Screen {
    fn new(names: Vec<String>) -> Self {
        Self {
            variants: vec![None; names.len()],
            largest: vec![0; names.len()],
            names,
            lines_drawn: 0,
        }
    }

    /// Draws the progress until the run is over, and then removes it.
    fn follow(mut self, heard: &Receiver<Progress>) {
        let is_terminal = std::io::stderr().is_terminal();
        while let Ok(progress) = heard.recv() {
            self.note(progress);
            // Drawing may be slower than the run: everything that has come in since is drawn at once.
            heard.try_iter().for_each(|progress| self.note(progress));
            if is_terminal {
                self.draw();
            }
        }
        if is_terminal {
            self.clear();
        }
    }

    fn note(&mut self, progress: Progress) {
        self.largest[progress.variant] = self.largest[progress.variant].max(progress.lag);
        self.variants[progress.variant] = Some(progress);
    }

    fn draw(&mut self) {
        let mut text = self.erasure();
        let lines = match self.names.len() {
            0..=LINES => (0..self.names.len()).map(|index| self.line(index)).collect(),
            count => {
                let is_done =
                    |progress: &&Option<Progress>| progress.is_some_and(|progress| progress.is_done);
                let done = self.variants.iter().filter(is_done).count();
                vec![format!("{done} of {count} variants are finished")]
            }
        };
        for line in &lines {
            text.push_str(line);
            text.push('\n');
        }
        self.lines_drawn = lines.len();
        show(&text);
    }

    fn clear(&mut self) {
        let text = self.erasure();
        self.lines_drawn = 0;
        show(&text);
    }

    /// Returns the control sequence that moves up over the drawn lines and erases them.
    fn erasure(&self) -> String {
        match self.lines_drawn {
            0 => String::new(),
            lines => format!("\x1b[{lines}A\x1b[J"),
        }
    }

    fn line(&self, index: usize) -> String {
        let name: String = self.names[index].chars().take(NAME_CHARACTERS).collect();
        let Some(progress) = self.variants[index] else {
            return format!("{name:<NAME_CHARACTERS$} waiting");
        };
        // Rounded up, so that a lag of a single record still shows.
        let filled = (progress.lag * BAR_CELLS)
            .div_ceil(self.largest[index].max(1))
            .min(BAR_CELLS) as usize;
        let state = if progress.is_done { "done" } else { "" };
        format!(
            "{name:<NAME_CHARACTERS$} {:6.1} min {:<20} {:>9} {:>4} pollers {state}",
            progress.elapsed.as_secs_f64() / 60.0,
            "#".repeat(filled),
            progress.lag,
            progress.pollers,
        )
    }
}

fn show(text: &str) {
    let mut stderr = std::io::stderr();
    // A terminal that is gone does not end the run.
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
