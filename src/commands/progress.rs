//! The progress of a simulation: on a terminal a line per variant and a bar, drawn over themselves; elsewhere a line now and then.

use esmeralda::simulate::{
    Plan, PlanOutcome, Progress, RunSettings, Scenario, SimulationError, SimulationOutcome, simulate as run,
};
use std::io::{IsTerminal as _, Write as _};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;
use tokio::time::Instant;

/// The interval of lines where they are not drawn over each other. A run that is shorter prints none.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// The least time after which an estimate is shown: the first steps of a run say little about the rest.
const ESTIMATED_AFTER: Duration = Duration::from_secs(2);

/// The least share of the run that is extrapolated. Before it, filling the topics has taken most of the time, and the estimate is days.
const ESTIMATED_SHARE: f64 = 0.01;

/// The most variants with a line each; of more, only the number of finished ones is shown.
const LINES: usize = 12;
const BAR_CELLS: u64 = 20;
const NAME_CHARACTERS: usize = 16;

/// Runs all variants of `scenario` and shows their progress.
///
/// # Errors
/// A sentence with the variant that failed and the reason.
pub(super) fn simulate(scenario: &Scenario, settings: RunSettings) -> Result<SimulationOutcome, String> {
    shown(scenario, |progress| run(scenario, settings, progress))
}

/// Tries all settings of `plan` and shows their progress.
///
/// # Errors
/// A sentence with the setting that failed and the reason.
pub(super) fn plan(plan: &Plan, settings: RunSettings) -> Result<PlanOutcome, String> {
    shown(plan.scenario(), |progress| plan.run(settings, progress))
}

/// Runs `run`, which tells the progress of the variants of `scenario`, and shows that.
fn shown<T>(
    scenario: &Scenario,
    run: impl FnOnce(&(dyn Fn(Progress) + Sync)) -> Result<T, SimulationError>,
) -> Result<T, String> {
    let (told, heard) = channel();
    let outcome = thread::scope(|scope| {
        let screen = Screen::new(scenario);
        scope.spawn(move || screen.follow(&heard));
        let outcome = run(&|progress| {
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
    /// The length of each variant's run; `None` if it runs until it is drained.
    run_for: Option<Duration>,
    began: Instant,
    lines_drawn: usize,
}

impl Screen {
    fn new(scenario: &Scenario) -> Self {
        let names: Vec<String> = scenario
            .variants
            .iter()
            .map(|variant| variant.name.clone())
            .collect();
        Self {
            variants: vec![None; names.len()],
            largest: vec![0; names.len()],
            names,
            run_for: scenario.run_for,
            began: Instant::now(),
            lines_drawn: 0,
        }
    }

    /// Draws the progress until the run is over, and then removes it.
    fn follow(mut self, heard: &Receiver<Progress>) {
        let is_terminal = std::io::stderr().is_terminal();
        let mut line_due = self.began + LINE_INTERVAL;
        while let Ok(progress) = heard.recv() {
            self.note(progress);
            // Drawing may be slower than the run: everything that has come in since is drawn at once.
            heard.try_iter().for_each(|progress| self.note(progress));
            if is_terminal {
                self.draw();
            } else if line_due <= Instant::now() {
                line_due = Instant::now() + LINE_INTERVAL;
                show(&format!("{}\n", self.summary()));
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
        let mut lines: Vec<String> = match self.names.len() {
            0..=LINES => (0..self.names.len()).map(|index| self.line(index)).collect(),
            _ => Vec::new(),
        };
        let filled = (self.share() * BAR_CELLS as f64) as usize;
        lines.push(format!("[{:<20}] {}", "#".repeat(filled), self.summary()));
        for line in &lines {
            text.push_str(line);
            text.push('\n');
        }
        self.lines_drawn = lines.len();
        show(&text);
    }

    /// Returns the share of the run that is done, 0.0 to 1.0. Without a length, a variant is done as far as its largest lag is gone.
    fn share(&self) -> f64 {
        let share = |(progress, largest): (&Option<Progress>, &u64)| match (progress, self.run_for) {
            (None, _) => 0.0,
            (Some(progress), _) if progress.is_done => 1.0,
            (Some(progress), Some(run_for)) => progress.elapsed.as_secs_f64() / run_for.as_secs_f64(),
            (Some(progress), None) => 1.0 - progress.lag as f64 / (*largest).max(1) as f64,
        };
        let shares = self.variants.iter().zip(&self.largest).map(share);
        shares.sum::<f64>() / self.names.len().max(1) as f64
    }

    fn summary(&self) -> String {
        summary(
            self.share(),
            self.variants
                .iter()
                .flatten()
                .filter(|progress| progress.is_done)
                .count(),
            self.names.len(),
            self.began.elapsed(),
        )
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

/// Returns the progress in one line: the share, the finished variants, and an estimate of the time that is left.
fn summary(share: f64, done: usize, count: usize, took: Duration) -> String {
    let mut line = format!("{:.0} %, {done} of {count} variants are finished", share * 100.0);
    if share >= ESTIMATED_SHARE && took >= ESTIMATED_AFTER {
        let left_s = (took.as_secs_f64() * (1.0 - share) / share).round() as u64;
        let left = match left_s {
            ..100 => format!("{left_s} s"),
            100..6_000 => format!("{} min", left_s.div_ceil(60)),
            _ => format!("{} h", left_s.div_ceil(3_600)),
        };
        line.push_str(&format!(", about {left} left"));
    }
    line
}

fn show(text: &str) {
    let mut stderr = std::io::stderr();
    // A terminal that is gone does not end the run.
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_is_left_is_estimated_from_what_is_done() {
        let seconds = Duration::from_secs;
        let cases = [
            (0.0, 1, "0 %, 0 of 4 variants are finished"),
            (0.0001, 30, "0 %, 0 of 4 variants are finished"),
            (0.1, 1, "10 %, 0 of 4 variants are finished"),
            (0.25, 10, "25 %, 0 of 4 variants are finished, about 30 s left"),
            (0.1, 60, "10 %, 0 of 4 variants are finished, about 9 min left"),
            (0.01, 120, "1 %, 0 of 4 variants are finished, about 4 h left"),
        ];
        for (share, took_s, expected) in cases {
            assert_eq!(summary(share, 0, 4, seconds(took_s)), expected);
        }
    }
}
