//! `esmeralda demo`: the same spike of records through three ways of scaling, side by side, on one cluster.
//!
//! Nothing is played back. The records come in through the Kafka port, from a producer with a TCP connection of its own; three mappings
//! read them, each through a consumer group of pollers; and the engine scales them by the constants that were fitted to AWS's
//! announcement of provisioned mode. Only the engine's time passes faster, so that minutes of AWS's take seconds.

mod producer;
mod screen;
mod spike;
mod text;
mod watch;

use super::signals::Signals;
use crate::args::DemoArgs;
use crate::memory_limit;
use esmeralda::esm::invoker::SimulatedFunction;
use esmeralda::esm::{ApiError, GroupTimeouts, ProfileName};
use esmeralda::{Esmeralda, NewMapping, Options};
use producer::{Producer, ProducerError};
use screen::Screen;
use spike::Spike;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use text::Palette;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use watch::{Frame, Mode, News, Watched, lanes};

const TOPIC: &str = "orders";
const PARTITIONS: u32 = 100;
const BATCH_SIZE: u32 = 100;
/// Long enough that, scaled, the timer's millisecond is small beside it.
const FUNCTION_DURATION: Duration = Duration::from_secs(5);
/// The engine's time in which the spike arrives.
const SPIKE: Duration = Duration::from_secs(120);
const REFRESH: Duration = Duration::from_millis(100);
/// The columns before the text of an event's line, and of the introduction's.
const EVENT_INDENT: usize = 19;
const INTRODUCTION_INDENT: usize = 12;

/// The modes that are compared. The pollers of a mode read the topic through a group of their own.
const MODES: [Mode; 3] = [
    Mode {
        name: "on-demand",
        minimum_pollers: None,
    },
    Mode {
        name: "minimum-1",
        minimum_pollers: Some(1),
    },
    Mode {
        name: "minimum-10",
        minimum_pollers: Some(10),
    },
];

/// The reason why the demo did not reach its end.
enum Stop {
    /// A signal asked the demo to stop.
    Interrupted,
    /// Stdout was closed.
    Unread,
    /// A step failed.
    Failed(String),
}

impl Stop {
    fn failed(reason: impl ToString) -> Self {
        Self::Failed(reason.to_string())
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::Failed(format!("cannot write to stdout: {error}")),
        }
    }
}

/// Runs the demo to its summary, or until a signal comes.
///
/// # Errors
/// A sentence that says which step failed.
pub(crate) async fn run(args: DemoArgs) -> Result<(), String> {
    // Before the start, so that a signal meanwhile is not lost.
    let mut signals = Signals::new()?;
    let esmeralda = Esmeralda::start_with(options(&args))
        .await
        .map_err(|error| error.to_string())?;
    esmeralda.set_ready();
    let ended = tokio::select! {
        biased;
        () = signals.next() => Err(Stop::Interrupted),
        ended = show(&esmeralda, &args) => ended,
    };
    match ended {
        Ok(()) => esmeralda.stop(Duration::from_secs(5)).await,
        // The demo has nothing to keep, so it does not wait for what is in flight.
        Err(Stop::Interrupted) => eprintln!("Interrupted."),
        Err(Stop::Unread) => {}
        Err(Stop::Failed(reason)) => return Err(reason),
    }
    Ok(())
}

fn options(args: &DemoArgs) -> Options {
    Options {
        memory_limit_bytes: memory_limit::default_bytes(),
        scaling: ProfileName::Announcement2024.profile(),
        time_scale: args.time_scale,
        // Heartbeats keep real time: pollers have to hear of a rebalance well within its scaled pause.
        group_timeouts: GroupTimeouts {
            heartbeat: Duration::from_millis(100),
            ..Options::default().group_timeouts
        },
        ..Options::default()
    }
}

/// Shows everything from the introduction to the summary.
async fn show(esmeralda: &Esmeralda, args: &DemoArgs) -> Result<(), Stop> {
    let mut screen = Screen::stdout();
    let created = esmeralda.create_topic_with(TOPIC, PARTITIONS as i32).await;
    created.map_err(Stop::failed)?;
    let mut producer = Producer::connect(&esmeralda.bootstrap_servers())
        .await
        .map_err(Stop::failed)?;
    let introduction = introduction(esmeralda, &mut producer, args).await;
    screen.print(&introduction.map_err(Stop::failed)?, INTRODUCTION_INDENT)?;

    let watched = watched(esmeralda).await.map_err(Stop::failed)?;
    // The mappings become Enabled milliseconds apart, which are seconds on the scaled clock. With one start for all, lines are in the
    // order of their times.
    let enabled = watched.iter().map(Watched::enabled_at).min();
    let start = enabled.unwrap_or_else(|| esmeralda.elapsed());
    let produced = Arc::new(AtomicU64::new(0));
    let spike = Spike {
        topic: TOPIC,
        partitions: PARTITIONS,
        records: args.records,
        start,
        length: SPIKE,
        clock: esmeralda.clock().clone(),
        produced: Arc::clone(&produced),
    };
    let producing = tokio::spawn(spike.produce(producer));
    let follow = Follow {
        esmeralda,
        start,
        produced,
        records: u64::from(args.records),
        watched,
    };
    tokio::select! {
        biased;
        stop = failure(producing) => Err(stop),
        ended = follow.run_to_end(&mut screen) => ended,
    }
}

/// Waits until the producer fails; a producer that succeeds leaves it waiting.
async fn failure(producing: JoinHandle<Result<(), ProducerError>>) -> Stop {
    match producing.await {
        Ok(Ok(())) => std::future::pending().await,
        Ok(Err(error)) => Stop::failed(error),
        Err(panicked) => Stop::failed(panicked),
    }
}

/// Creates the three mappings at once, so that they start together.
async fn watched(esmeralda: &Esmeralda) -> Result<Vec<Watched>, ApiError> {
    let function = SimulatedFunction::fixed(FUNCTION_DURATION);
    let create = async |mode: Mode| {
        esmeralda.register_simulated_function(mode.name, function, 0);
        let new = NewMapping::new(mode.name, TOPIC).batch_size(BATCH_SIZE);
        let new = match mode.minimum_pollers {
            Some(pollers) => new.minimum_pollers(pollers),
            None => new,
        };
        Watched::new(esmeralda, mode, esmeralda.create_mapping(new).await?).await
    };
    let [one, two, three] = MODES;
    let (one, two, three) = tokio::try_join!(create(one), create(two), create(three))?;
    Ok(vec![one, two, three])
}

/// The mappings while they work the spike off.
struct Follow<'a> {
    esmeralda: &'a Esmeralda,
    /// The engine's time when the first mapping was Enabled; the lines' times count from it.
    start: Duration,
    /// The number of records that are produced so far.
    produced: Arc<AtomicU64>,
    records: u64,
    watched: Vec<Watched>,
}

impl Follow<'_> {
    /// Shows what happens until the lag of every mapping is gone, and then the summary.
    async fn run_to_end(mut self, screen: &mut Screen) -> Result<(), Stop> {
        let mut refresh = tokio::time::interval(REFRESH);
        // A terminal that is slow gets fewer frames, and not several at once.
        refresh.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.watched.iter().any(|one| one.outcome().is_none()) {
            refresh.tick().await;
            let produced = self.produced.load(Ordering::Relaxed);
            let lines = self.news(produced == self.records, screen.palette()).await;
            screen.print(&lines.map_err(Stop::failed)?, EVENT_INDENT)?;
            screen.show(&Frame {
                at: self.esmeralda.elapsed() - self.start,
                produced,
                records: self.records,
                partitions: PARTITIONS,
                lanes: lanes(self.esmeralda, &self.watched).await,
            })?;
        }
        let outcomes: Vec<_> = self
            .watched
            .iter()
            .filter_map(Watched::outcome)
            .cloned()
            .collect();
        let mut lines = vec![String::new()];
        lines.extend(text::summary(&outcomes, self.records, screen.palette()));
        lines.extend(text::next(&program(), screen.palette()));
        screen.print(&lines, 0)?;
        Ok(())
    }

    /// Returns a line for everything that has happened since the last call.
    async fn news(&mut self, is_produced: bool, palette: Palette) -> Result<Vec<String>, ApiError> {
        let mut lines = Vec::new();
        for (index, one) in self.watched.iter_mut().enumerate() {
            let (name, since) = (one.name(), one.enabled_at() - self.start);
            for news in one.news(is_produced).await? {
                lines.push(match news {
                    News::Decided(decision) => {
                        let at = since + decision.at;
                        (at, text::decision(index, name, at, &decision, palette))
                    }
                    News::Drained(outcome) => {
                        let at = since + outcome.drained_in;
                        (at, text::drained(index, name, at, palette))
                    }
                });
            }
        }
        lines.sort_by_key(|(at, _)| *at);
        Ok(lines.into_iter().map(|(_, line)| line).collect())
    }
}

/// Returns the introduction, with the answers that the producer got from the Kafka port.
async fn introduction(
    esmeralda: &Esmeralda,
    producer: &mut Producer,
    args: &DemoArgs,
) -> Result<Vec<String>, ProducerError> {
    let introduction = text::Introduction {
        kafka: esmeralda.bootstrap_servers(),
        lambda: esmeralda.http_url().unwrap_or_default(),
        producer: producer.local_address()?.to_string(),
        api_count: producer.api_count().await?,
        topic: TOPIC,
        partitions: producer.partition_count(TOPIC).await?,
        records: u64::from(args.records),
        spike: SPIKE,
        batch_size: BATCH_SIZE,
        function: FUNCTION_DURATION,
        time_scale: args.time_scale,
    };
    Ok(introduction.lines())
}

/// Returns the command as it was typed, so that the commands to go on with can be copied.
fn program() -> String {
    let typed = std::env::args().next().unwrap_or_default();
    match typed.is_empty() {
        true => "esmeralda".to_owned(),
        false => typed,
    }
}
