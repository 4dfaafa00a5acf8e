//! The test that holds `docs/options.md` to the options.

use super::Cli;

/// Returns the row of one option: its name with its value, its default, and its help.
fn option_row(option: &clap::Arg) -> String {
    let takes_value = option.get_action().takes_values();
    let name = option
        .get_long()
        .map(|long| format!("--{long}"))
        .unwrap_or_default();
    let value = match option.get_value_names() {
        Some([value]) if takes_value => format!(" {value}"),
        _ => String::new(),
    };
    let help = option.get_help().map(ToString::to_string).unwrap_or_default();
    let help = help.replace('\n', " ");
    let fixed = option.get_default_values().first().filter(|_| takes_value);
    let fixed = fixed
        .map(|value| value.to_string_lossy().into_owned())
        .unwrap_or_default();
    // A default that depends on something else stands in the help.
    let (help, default) = match help
        .strip_suffix(']')
        .and_then(|help| help.split_once(" [default: "))
    {
        Some((help, default)) => (help, default),
        None => (help.as_str(), fixed.as_str()),
    };
    let name = format!("{name}{value}");
    format!("| `{}` | {default} | {help} |", name.trim())
}

#[test]
fn the_options_page_lists_every_option() {
    let mut command = <Cli as clap::CommandFactory>::command();
    command.build();
    let mut page = String::new();
    for subcommand in command.get_subcommands().filter(|one| one.get_name() != "help") {
        page += &format!("\n## esmeralda {}\n\n", subcommand.get_name());
        page += &format!(
            "{}.\n\n",
            subcommand.get_about().expect("each command says what it does")
        );
        page += "| option | default | meaning |\n| --- | --- | --- |\n";
        let options = subcommand
            .get_arguments()
            .filter(|option| option.get_id() != "help");
        for option in options {
            page += &format!("{}\n", option_row(option));
        }
    }
    page.push('\n');
    let (_, written) = include_str!("../../docs/options.md")
        .split_once("<!-- options: kept equal to the code's list by a test -->\n")
        .expect("the marker before the tables");
    let (written, _) = written
        .split_once("<!-- /options -->")
        .expect("the marker after the tables");
    assert_eq!(written, page, "docs/options.md should have these tables:\n{page}");
}
