//! The demo's lines, as pure functions of what was seen: at most as wide as the terminal, coloured by a palette that may be plain.

use super::watch::{Frame, Lane, Outcome};
use console::{Color, Style};
use esmeralda::esm::trace::{Cap, Decision, Reason};
use std::time::Duration;

/// The columns of an ordinary terminal, and of output that goes elsewhere.
pub(super) const WIDTH: usize = 80;
/// Columns that are used at most: wider bars say no more.
const WIDEST: usize = 100;
/// The columns of a lane beside its bars.
const FIGURES_WIDTH: usize = 40;
const NAME_WIDTH: usize = 10;

/// The colours of the lanes, in their order.
const LANE_COLORS: [Color; 3] = [Color::Yellow, Color::Cyan, Color::Green];

/// The decoration of the lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Palette {
    /// Whether colours are written.
    pub(super) is_coloured: bool,
    /// The character that bars are made of.
    pub(super) bar: char,
}

impl Palette {
    /// No colours, and bars of ASCII.
    pub(super) const PLAIN: Self = Self {
        is_coloured: false,
        bar: '#',
    };

    fn lane(self, index: usize, text: &str) -> String {
        self.paint(Style::new().fg(LANE_COLORS[index % LANE_COLORS.len()]), text)
    }

    fn dim(self, text: &str) -> String {
        self.paint(Style::new().dim(), text)
    }

    fn bold(self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    fn paint(self, style: Style, text: &str) -> String {
        style.force_styling(self.is_coloured).apply_to(text).to_string()
    }
}

/// Returns the five lines that move: the clock with the state of the spike, the headings, and a lane per mapping.
pub(super) fn frame(frame: &Frame, width: usize, palette: Palette) -> Vec<String> {
    let bars = bars(width);
    let status = match frame.produced {
        produced if produced < frame.records => format!(
            "producing over TCP: {} of {} records",
            thousands(produced),
            thousands(frame.records)
        ),
        _ => format!("all {} records are produced", thousands(frame.records)),
    };
    let headings = format!(
        "{:NAME_WIDTH$} {:>9} {:lag_cells$} {:>7} {:>9}",
        "",
        "lag",
        "",
        "pollers",
        "running",
        lag_cells = bars.lag,
    );
    let mut lines = vec![
        clipped(&format!("{:>5}  {status}", minutes(frame.at)), width),
        palette.dim(clipped(&headings, width).trim_end()),
    ];
    let lanes = frame.lanes.iter().enumerate();
    lines.extend(lanes.map(|(index, lane)| lane_line(lane, index, frame, bars, palette)));
    lines
}

/// The widths of the bars of a lane, in columns, and of the whole line.
#[derive(Clone, Copy)]
struct Bars {
    width: usize,
    lag: usize,
    running: usize,
}

fn bars(width: usize) -> Bars {
    let room = width.min(WIDEST).saturating_sub(FIGURES_WIDTH);
    let lag = room * 3 / 5;
    Bars {
        width,
        lag,
        running: room - lag,
    }
}

fn lane_line(lane: &Lane, index: usize, frame: &Frame, bars: Bars, palette: Palette) -> String {
    let bar = |part: u64, whole: u64, cells: usize| {
        // Rounded up, so that a lag of a single record still shows.
        let filled = (part * cells as u64).div_ceil(whole.max(1)).min(cells as u64);
        palette.bar.to_string().repeat(filled as usize)
    };
    let lag_bar = bar(lane.lag, frame.records, bars.lag);
    let running_bar = bar(lane.running as u64, frame.partitions as u64, bars.running);
    let line = format!(
        "{:NAME_WIDTH$} {:>9} {lag_bar:lag_cells$} {:>7} {:>9} {running_bar}",
        lane.name,
        thousands(lane.lag),
        lane.pollers,
        lane.running,
        lag_cells = bars.lag,
    );
    palette.lane(index, clipped(&line, bars.width).trim_end())
}

/// Returns the line of a decision, `at` the time of the frames, that changed the fleet of the mapping in lane `index`.
pub(super) fn decision(
    index: usize,
    name: &str,
    at: Duration,
    decision: &Decision,
    palette: Palette,
) -> String {
    let Decision { from, to, lag, .. } = decision;
    let lag = thousands(*lag);
    let needed = decision.raw_target.unwrap_or(*to);
    let why = match (decision.reason, decision.capped_by) {
        (Reason::LagTooLong, Some(Cap::Step)) => {
            format!("lag {lag} needs {needed}; a step adds {}", to - from)
        }
        (Reason::LagTooLong, Some(Cap::Maximum)) => format!("lag {lag} needs {needed}; {to} is the most"),
        (Reason::LagTooLong, Some(Cap::Partitions)) => format!("lag {lag} needs {needed}; one a partition"),
        (Reason::LagTooLong, _) => format!("lag {lag} needs that many"),
        (Reason::Quiet, _) => "little to do for 5 minutes".to_owned(),
        (reason, _) => reason.words().to_owned(),
    };
    let change = format!("{from:>3} -> {to:<3}");
    event(index, name, at, &format!("{change} pollers  {why}"), palette)
}

/// Returns the line of an event of the mapping in lane `index`.
fn event(index: usize, name: &str, at: Duration, what: &str, palette: Palette) -> String {
    let name = palette.lane(index, &format!("{name:NAME_WIDTH$}"));
    format!("{:>5}  {name}  {what}", minutes(at))
}

/// Returns the line of a mapping whose lag is gone.
pub(super) fn drained(index: usize, name: &str, at: Duration, palette: Palette) -> String {
    let what = palette.bold("drained: every record is processed and committed");
    event(index, name, at, &what, palette)
}

/// Returns the table of outcomes, and what has to be said about it.
pub(super) fn summary(outcomes: &[Outcome], records: u64, palette: Palette) -> Vec<String> {
    let headings = format!(
        "{:NAME_WIDTH$} {:>10} {:>10} {:>12} {:>12}",
        "", "drained in", "peak lag", "most pollers", "poller cost"
    );
    let mut lines = vec![palette.bold(&headings)];
    for (index, outcome) in outcomes.iter().enumerate() {
        let cost = outcome
            .cost_usd
            .map_or("-".to_owned(), |usd| format!("{usd:.4} USD"));
        let line = format!(
            "{:NAME_WIDTH$} {:>10} {:>10} {:>12} {cost:>12}",
            outcome.name,
            format!("{} min", minutes(outcome.drained_in)),
            thousands(outcome.peak_lag),
            outcome.most_pollers,
        );
        lines.push(palette.lane(index, &line));
    }
    lines.extend([
        String::new(),
        format!(
            "Each mapping processed and committed {} records.",
            thousands(records)
        ),
        "AWS charges for the pollers of provisioned mode, here until the lag was gone, and not for those of on-demand mode (-)."
            .to_owned(),
    ]);
    lines
}

/// Returns the commands to go on with; `program` is the command's name as it was typed.
pub(super) fn next(program: &str, palette: Palette) -> Vec<String> {
    vec![
        String::new(),
        palette.bold("Go on with"),
        format!("  {program} simulate --reference --html report.html"),
        "      AWS's own benchmark of 20,000,000 records, in virtual time".to_owned(),
        format!("  {program}"),
        "      a Kafka cluster on 127.0.0.1:9092, the Lambda API on 127.0.0.1:8092".to_owned(),
    ]
}

/// The lines before the spike.
#[derive(Clone, Debug)]
pub(super) struct Introduction {
    /// The Kafka port.
    pub(super) kafka: String,
    /// The Lambda API's URL.
    pub(super) lambda: String,
    /// The producer's end of its connection.
    pub(super) producer: String,
    /// The number of APIs that ApiVersions listed to the producer.
    pub(super) api_count: usize,
    /// The topic.
    pub(super) topic: &'static str,
    /// The number of partitions that Metadata named to the producer.
    pub(super) partitions: usize,
    /// The number of records of the spike.
    pub(super) records: u64,
    /// The engine's time in which they arrive.
    pub(super) spike: Duration,
    /// `BatchSize`.
    pub(super) batch_size: u32,
    /// The function's duration for a batch.
    pub(super) function: Duration,
    /// The speed of the engine's time relative to real time.
    pub(super) time_scale: u32,
}

impl Introduction {
    /// Returns its lines.
    pub(super) fn lines(&self) -> Vec<String> {
        let row = |name: &str, what: String| format!("  {name:<9} {what}");
        vec![
            "Esmeralda: Kafka in memory, with AWS Lambda's event source mapping built in.".to_owned(),
            "One spike of records, read by three mappings that scale in different ways: on demand, and provisioned with at least 1 \
             and at least 10 pollers."
                .to_owned(),
            String::new(),
            row("Kafka", format!("{}, Lambda API {}", self.kafka, self.lambda)),
            row(
                "producer",
                format!(
                    "{}, connected over TCP; it sees {} APIs",
                    self.producer, self.api_count
                ),
            ),
            row("topic", format!("{}, {} partitions", self.topic, self.partitions)),
            row(
                "spike",
                format!(
                    "{} records within {} min",
                    thousands(self.records),
                    minutes(self.spike)
                ),
            ),
            row(
                "function",
                format!(
                    "simulated, {} s for a batch of {}",
                    self.function.as_secs(),
                    self.batch_size
                ),
            ),
            row(
                "time",
                format!(
                    "AWS's minutes and seconds, {} times as fast",
                    self.time_scale
                ),
            ),
            String::new(),
        ]
    }
}

/// Breaks a line between words so that each part fits; the parts after the first are indented.
pub(super) fn wrapped(line: &str, width: usize, indent: usize) -> Vec<String> {
    let mut parts: Vec<String> = vec![String::new()];
    // Leading and inner blanks of a first part are its layout and stay as they are.
    for word in line.split_inclusive(' ') {
        let is_first = parts.len() == 1;
        let last = parts.last_mut().expect("it begins with one");
        let fits = console::measure_text_width(last) + console::measure_text_width(word.trim_end()) <= width;
        let is_empty = last.trim().is_empty();
        if fits || (is_empty && is_first) {
            last.push_str(word);
        } else {
            parts.push(format!("{}{word}", " ".repeat(indent)));
        }
    }
    parts.iter().map(|part| part.trim_end().to_owned()).collect()
}

/// Returns minutes and seconds, such as `12:04`.
pub(super) fn minutes(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Returns a number with its thousands apart, such as `1,500,000`.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn clipped(text: &str, width: usize) -> String {
    text.chars().take(width).collect()
}

#[cfg(test)]
mod tests;
