//! The output of a function's process: each line goes to the log with the function's name and the request's id, within a bound.
//!
//! # Differs from Lambda
//! - A line longer than 16 KiB is logged in parts, and of one invocation 1 MiB is logged. What exceeds it is read and dropped, at
//!   about 6 MB/s, so that a function that writes without end has to wait and the engine has not.

mod lines;

use crate::Clock;
use lines::Lines;
use std::future::pending;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::unix::pipe;
use tokio::process::{ChildStderr, ChildStdout};
use tokio::task::JoinSet;

/// The most bytes of one invocation that are logged.
const LOGGED_BYTES: usize = 1024 * 1024;

/// The bytes that are read at once.
const READ_BYTES: usize = 64 * 1024;

/// The pause after each read beyond the bound.
const FLOOD_PAUSE: Duration = Duration::from_millis(10);

/// The bytes of the log that an invocation can answer with. Source: Lambda API reference, `LogResult`.
const TAIL_BYTES: usize = 4 * 1024;

/// The output of one process. Dropping it ends its reading.
#[derive(Debug)]
pub(super) struct Output {
    streams: [Arc<Stream>; 2],
    log: Arc<Mutex<Log>>,
    // Never joined: the set's only use is that it ends the readers when it is dropped.
    _readers: JoinSet<()>,
}

/// One of the two pipes.
#[derive(Debug)]
struct Stream {
    name: &'static str,
    receiver: pipe::Receiver,
    /// Locked while bytes are read and logged, so that whoever has locked it knows that all that was read is logged.
    lines: Mutex<Lines>,
    log: Arc<Mutex<Log>>,
}

/// The log of a process.
#[derive(Debug)]
struct Log {
    function_name: String,
    /// The invocation that lines belong to; empty before the first one.
    request_id: String,
    tail: Vec<u8>,
    logged_bytes: usize,
    dropped_bytes: usize,
}

impl Output {
    /// Reads the output of a process of the function.
    ///
    /// # Errors
    /// The system's error if the pipes cannot be read without blocking.
    pub(super) fn start(
        function_name: &str,
        stdout: ChildStdout,
        stderr: ChildStderr,
    ) -> std::io::Result<Self> {
        let log = Arc::new(Mutex::new(Log {
            function_name: function_name.to_owned(),
            request_id: String::new(),
            tail: Vec::new(),
            logged_bytes: 0,
            dropped_bytes: 0,
        }));
        let stream = |name, pipe: OwnedFd| -> std::io::Result<Arc<Stream>> {
            Ok(Arc::new(Stream {
                name,
                receiver: pipe::Receiver::from_owned_fd(pipe)?,
                lines: Mutex::default(),
                log: Arc::clone(&log),
            }))
        };
        let streams = [
            stream("stdout", stdout.into_owned_fd()?)?,
            stream("stderr", stderr.into_owned_fd()?)?,
        ];
        let mut readers = JoinSet::new();
        for stream in &streams {
            readers.spawn(read_all(Arc::clone(stream)));
        }
        Ok(Self {
            streams,
            log,
            _readers: readers,
        })
    }

    /// Begins the log of an invocation. What was written before it belongs to the one before.
    pub(super) fn begin(&self, request_id: &str) {
        self.settle();
        let mut log = lock(&self.log);
        request_id.clone_into(&mut log.request_id);
        (log.logged_bytes, log.dropped_bytes) = (0, 0);
        log.tail.clear();
        log.keep(format!("START RequestId: {request_id} Version: $LATEST").as_bytes());
    }

    /// Ends the log of an invocation with `report`, and returns its last 4 KiB.
    pub(super) fn end(&self, report: &str) -> Vec<u8> {
        self.settle();
        let mut log = lock(&self.log);
        if log.dropped_bytes > 0 {
            tracing::warn!(
                function_name = log.function_name,
                request_id = log.request_id,
                logged_bytes = log.logged_bytes,
                dropped_bytes = log.dropped_bytes,
                "a function wrote more than is logged of one invocation"
            );
        }
        let end = format!("END RequestId: {}", log.request_id);
        log.keep(end.as_bytes());
        log.keep(report.as_bytes());
        log.tail.clone()
    }

    /// Logs what has been written so far, also the beginning of a line that has not ended.
    fn settle(&self) {
        for stream in &self.streams {
            stream.settle();
        }
    }
}

impl Stream {
    /// Reads what there is, but not more than an invocation may log: a process can write faster than this reads.
    fn settle(&self) {
        let mut lines = lock(&self.lines);
        let mut buffer = [0; 4096];
        let mut read_bytes = 0;
        while read_bytes < LOGGED_BYTES {
            // Directly from the pipe, because tokio would ask its own notes first, which may not have heard of the last bytes yet.
            match rustix::io::read(&self.receiver, &mut buffer) {
                Ok(0) | Err(_) => break,
                Ok(count) => {
                    read_bytes += count;
                    self.take(&mut lines, &buffer[..count]);
                }
            }
        }
        lines.flush(|line| self.write(line));
    }

    /// Reads once what there is. Returns the number of bytes, 0 at the end.
    fn read(&self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut lines = lock(&self.lines);
        let count = self.receiver.try_read(buffer)?;
        self.take(&mut lines, &buffer[..count]);
        Ok(count)
    }

    fn take(&self, lines: &mut Lines, bytes: &[u8]) {
        let mut log = lock(&self.log);
        if log.is_full() {
            log.dropped_bytes += bytes.len();
            return;
        }
        drop(log);
        lines.split(bytes, |line| self.write(line));
    }

    fn write(&self, line: &[u8]) {
        lock(&self.log).write(self.name, line);
    }

    fn is_flooded(&self) -> bool {
        lock(&self.log).is_full()
    }
}

async fn read_all(stream: Arc<Stream>) {
    let mut buffer = vec![0; READ_BYTES];
    while stream.receiver.readable().await.is_ok() {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(_) if stream.is_flooded() => {
                Clock::within_real_time(FLOOD_PAUSE, pending::<()>()).await;
            }
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
}

impl Log {
    fn is_full(&self) -> bool {
        self.logged_bytes >= LOGGED_BYTES
    }

    fn write(&mut self, stream: &str, line: &[u8]) {
        if self.is_full() {
            self.dropped_bytes += line.len();
            return;
        }
        self.logged_bytes += line.len() + 1;
        tracing::info!(
            function_name = self.function_name,
            request_id = self.request_id,
            stream,
            "{}",
            String::from_utf8_lossy(line)
        );
        self.keep(line);
    }

    /// Adds a line to the tail.
    fn keep(&mut self, line: &[u8]) {
        self.tail.extend_from_slice(line);
        self.tail.push(b'\n');
        let surplus = self.tail.len().saturating_sub(TAIL_BYTES);
        self.tail.drain(..surplus);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Lines and counters stay usable whatever panicked: at worst a line is missing.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
