//! One case of the test binary: its name, its requirements and its steps.

use crate::clients::Client;
use crate::context::Context;
use crate::setup::Toolchain;

/// One case of the test binary.
pub struct Case {
    /// The name, `CLIENT::a_sentence_of_behaviour`.
    pub name: String,
    /// The names of the clients that the case needs.
    pub clients: Vec<&'static str>,
    toolchains: Vec<Toolchain>,
    /// The steps and their assertions.
    pub run: CaseSteps,
}

/// The steps of a case. They panic if the product misbehaves.
pub type CaseSteps = Box<dyn FnOnce(&Context) + Send>;

impl Case {
    /// Returns the toolchains that must be set up before the case runs.
    pub fn toolchains(&self) -> Vec<Toolchain> {
        self.toolchains.clone()
    }

    /// Returns the case `CLIENT::sentence` with the steps `run`.
    pub(crate) fn of(client: &'static Client, sentence: &str, run: fn(&Context, &Client)) -> Case {
        Case {
            name: format!("{}::{sentence}", client.name),
            clients: vec![client.name],
            toolchains: vec![client.toolchain],
            run: Box::new(move |context| run(context, client)),
        }
    }

    /// Returns the case `subject::sentence` with the steps `run`, which needs `toolchains`.
    pub(crate) fn with(
        subject: &'static str,
        sentence: &str,
        toolchains: &[Toolchain],
        run: impl Fn(&Context) + Send + 'static,
    ) -> Case {
        Case {
            name: format!("{subject}::{sentence}"),
            clients: vec![subject],
            toolchains: toolchains.to_vec(),
            run: Box::new(run),
        }
    }
}
