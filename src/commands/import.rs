//! `esmeralda import`: turns a template of a deployment tool into a config file, or only checks its mappings.

use crate::args::ImportArgs;
use esmeralda::declarations;
use esmeralda::import::{Import, Severity, import};
use std::io::Write as _;

/// Prints the configuration, and on standard error what there is to say about the file.
///
/// # Errors
/// A sentence with what could not be read or written, or with the number of errors.
pub(crate) fn run(args: &ImportArgs) -> Result<(), String> {
    let file = args.file.display().to_string();
    let text = declarations::read_text(&args.file).map_err(|error| error.to_string())?;
    let imported = import(&file, &text, args.settings()?).map_err(|error| format!("{file}: {error}"))?;
    for finding in &imported.findings {
        eprintln!("{}", finding.in_file(&file));
    }
    let Some(configuration) = &imported.configuration else {
        return Err(format!("{file}: {}", summary(&imported)));
    };
    match &args.output {
        _ if args.check => eprintln!("{file}: {}", summary(&imported)),
        Some(path) => {
            std::fs::write(path, configuration)
                .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
            eprintln!("Written: {}", path.display());
        }
        // A reader that has seen enough closes the pipe.
        None => {
            let _ = std::io::stdout().write_all(configuration.as_bytes());
        }
    }
    Ok(())
}

fn summary(imported: &Import) -> String {
    let number = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    format!(
        "{}: {} and {}",
        number(imported.mappings, "mapping"),
        number(imported.count(Severity::Error), "error"),
        number(imported.count(Severity::Warning), "warning")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Cli;
    use crate::commands::serve::{self, FunctionSettings};
    use crate::config_file::ConfigFile;
    use clap::Parser as _;
    use esmeralda::Esmeralda;
    use std::path::Path;

    /// The expected outputs of the import's own tests.
    const CONFIGURATIONS: [&str; 4] = [
        include_str!("../import/examples/sam.toml"),
        include_str!("../import/examples/cdk.toml"),
        include_str!("../import/examples/plan.toml"),
        include_str!("../import/examples/serverless.toml"),
    ];

    #[test]
    fn what_is_printed_can_be_served() {
        let settings = FunctionSettings::of(&Cli::parse_from(["esmeralda"]).serve);
        for configuration in CONFIGURATIONS {
            let file = ConfigFile::parse(Path::new("imported.toml"), configuration).expect(configuration);
            let settings = &settings;
            Esmeralda::simulated(1, |esmeralda| async move {
                let declared = serve::declare(&esmeralda, &file, settings).await;
                assert_eq!(declared, Ok(()), "{configuration}");
            });
        }
    }

    #[test]
    fn the_summary_counts() {
        let imported = Import {
            configuration: None,
            findings: Vec::new(),
            mappings: 1,
        };
        assert_eq!(summary(&imported), "1 mapping: 0 errors and 0 warnings");
    }
}
