//! The product in a process of its own, whose memory and time are measured from outside.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A running product. Dropping it kills the process.
pub(crate) struct Product {
    child: Child,
    /// The address of the broker, `host:port`.
    pub(crate) address: String,
}

impl Product {
    /// Starts the product on free ports, and returns when it is ready.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_esmeralda"))
            .args(["serve", "--kafka", "127.0.0.1:0", "--http", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the product starts");
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut ready = String::new();
        BufReader::new(stdout)
            .read_line(&mut ready)
            .expect("the product tells that it is ready");
        let ready: serde_json::Value = serde_json::from_str(&ready).expect("the line is JSON");
        let address = ready["bootstrap_servers"].as_str().expect("it has an address");
        Self {
            address: address.to_owned(),
            child,
        }
    }

    /// Returns the resident memory of the process, in bytes.
    pub(crate) fn resident_bytes(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("the process lives");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kibibytes: usize = kibibytes.and_then(|text| text.parse().ok()).expect("a number");
        kibibytes * 1024
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
