use super::*;

#[derive(Debug, Deserialize)]
struct File {
    functions: Vec<FunctionEntry>,
}

fn parse(text: &str) -> Result<FunctionEntry, String> {
    let file = toml::from_str(&format!("[[functions]]\n{text}"));
    let mut file: File = file.map_err(|error| error.to_string())?;
    Ok(file.functions.remove(0))
}

fn simulated(text: &str) -> SimulatedFunction {
    match parse(text) {
        Ok(FunctionEntry::Simulated { function, .. }) => function,
        other => panic!("{text}: {other:?}"),
    }
}

const MS: fn(u64) -> Duration = Duration::from_millis;

#[test]
fn a_simulated_function_has_a_fixed_or_a_drawn_duration() {
    let fixed = SimulatedFunction::fixed;
    let drawn = |duration| SimulatedFunction {
        duration,
        ..fixed(Duration::ZERO)
    };
    let (uniform, normal) = (
        DurationModel::Uniform {
            from: MS(80),
            to: MS(120),
        },
        DurationModel::Normal {
            mean: MS(100),
            deviation: MS(15),
        },
    );
    let cases = [
        ("", fixed(Duration::ZERO)),
        ("duration_ms = 100", fixed(MS(100))),
        ("duration = { uniform_ms = [80, 120] }", drawn(uniform)),
        ("duration = { normal_ms = [100, 15] }", drawn(normal)),
        (
            "duration = { exponential_ms = 100 }",
            drawn(DurationModel::Exponential { mean: MS(100) }),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(simulated(&format!("name = \"f\"\n{text}\n")), expected, "{text}");
    }
    let all = parse("name = 'f'\ntype = 'simulated'\nerror_rate = 0.5\nconcurrency = 50\nseed = 7\n");
    let function = SimulatedFunction {
        error_rate: 0.5,
        concurrency: Some(50),
        ..fixed(Duration::ZERO)
    };
    let name = "f".to_owned();
    assert_eq!(
        all,
        Ok(FunctionEntry::Simulated {
            name,
            function,
            seed: 7
        })
    );
}

#[test]
fn an_http_function_has_limits() {
    let text = "name = 'f'\ntype = 'http'\nendpoint = 'http://a'\ntimeout_s = 3\nconcurrency = 1\n";
    let expected = FunctionEntry::Http {
        name: "f".to_owned(),
        endpoint: "http://a".to_owned(),
        timeout: Some(Duration::from_secs(3)),
        concurrency: Some(1),
    };
    assert_eq!(parse(text), Ok(expected));
}

#[test]
fn a_command_has_what_its_process_has() {
    let plain = CommandEntry {
        command: vec!["bootstrap".to_owned()],
        directory: None,
        environment: BTreeMap::new(),
        handler: None,
        memory_mb: 128,
        timeout: None,
        concurrency: None,
    };
    let full = CommandEntry {
        command: vec!["python3".to_owned(), "app.py".to_owned()],
        directory: Some("functions/orders".into()),
        environment: [("TABLE".to_owned(), "orders".to_owned())].into(),
        handler: Some("app.handler".to_owned()),
        memory_mb: 256,
        timeout: Some(Duration::from_secs(30)),
        concurrency: Some(10),
    };
    let text = "command = ['python3', 'app.py']\ndirectory = 'functions/orders'\nenvironment = { TABLE = 'orders' }\n\
                handler = 'app.handler'\nmemory_mb = 256\ntimeout_s = 30\nconcurrency = 10";
    for (text, expected) in [("command = ['bootstrap']", plain), (text, full)] {
        let name = "f".to_owned();
        let command = expected;
        let parsed = parse(&format!("name = 'f'\ntype = 'command'\n{text}\n"));
        assert_eq!(parsed, Ok(FunctionEntry::Command { name, command }));
    }
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_what_would_be_right() {
    let cases = [
        (
            "duration_ms = 1000000",
            3,
            "1000000 ms exceeds the longest duration of a Lambda function, 900000 ms",
        ),
        ("duration_ms = -1", 3, "invalid value: integer `-1`"),
        (
            "error_rate = 1.5",
            3,
            "invalid share 1.5: must be between 0.0 and 1.0",
        ),
        ("concurrency = -1", 3, "invalid value: integer `-1`"),
        (
            "duration = { uniform_ms = [120, 80] }",
            3,
            "invalid uniform_ms = [120, 80]: the shortest duration comes first",
        ),
        (
            "duration = { pareto_ms = 3 }",
            3,
            "unknown variant `pareto_ms`, expected one of `uniform_ms`, `normal_ms`, `exponential_ms`",
        ),
        (
            "duration_ms = 1\nduration = { exponential_ms = 1 }",
            1,
            "function `f`: `duration_ms` gives a fixed duration and `duration` a drawn one",
        ),
        (
            "endpoint = 'http://a'",
            1,
            "`endpoint` is only allowed for http functions, and this one is simulated",
        ),
        (
            "timeout_s = 3",
            1,
            "`timeout_s` is only allowed for http and command functions, and this one is simulated",
        ),
        (
            "type = 'http'\nendpoint = 'http://a'\ntimeout_s = 901",
            5,
            "invalid timeout of 901 s: must be between 1 and 900",
        ),
        (
            "type = 'command'",
            1,
            "type \"command\" requires `command`, a list of the program and its arguments",
        ),
        (
            "type = 'command'\ncommand = ['a']\nmemory_mb = 64",
            5,
            "invalid memory of 64 MB: must be between 128 and 10240",
        ),
        (
            "command = ['a']",
            1,
            "`command` is only allowed for command functions, and this one is simulated",
        ),
        ("type = 'http'", 1, "type \"http\" requires `endpoint`"),
        (
            "type = 'http'\nendpoint = 'http://a'\nseed = 1",
            1,
            "`seed` is only allowed for simulated functions, and this one is http",
        ),
        (
            "type = 'magic'",
            3,
            "unknown variant `magic`, expected one of `http`, `command`, `simulated`",
        ),
        ("duration_s = 3", 3, "unknown field `duration_s`"),
    ];
    for (text, line, expected) in cases {
        let error = parse(&format!("name = 'f'\n{text}\n")).expect_err(text);
        assert!(
            error.contains(expected) && error.contains(&format!("line {line}")),
            "{text}: {error}"
        );
    }
}
