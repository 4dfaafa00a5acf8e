//! The options that choose scaling constants, which several commands share.

use super::values::{Property, given_once};
use clap::Args;
use esmeralda::declarations::Scaling;
use esmeralda::esm::ProfileName;

/// The choice of scaling constants.
#[derive(Clone, Debug, Args)]
pub(crate) struct ScalingArgs {
    /// Scaling profile: announcement-2024, current or instant [default: the file's; without one, instant
    /// in serve, and current in simulate and plan]
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<ProfileName>,
    /// Value that replaces a constant of the profile; repeatable. An unknown name
    /// is answered with the list of names
    #[arg(long = "scaling", value_name = "NAME=VALUE")]
    pub(crate) constants: Vec<Property>,
}

impl ScalingArgs {
    /// Returns `scaling` changed by the options that were given.
    ///
    /// # Errors
    /// A sentence with what is allowed.
    pub(crate) fn apply(&self, scaling: Scaling) -> Result<Scaling, String> {
        let mut scaling = match self.profile {
            Some(name) => scaling.based_on(name),
            None => scaling,
        };
        for (key, value) in &given_once("--scaling", &self.constants)? {
            let set = scaling.set(key, value);
            set.map_err(|error| format!("--scaling {key}={value}: {error}"))?;
        }
        Ok(scaling)
    }
}
