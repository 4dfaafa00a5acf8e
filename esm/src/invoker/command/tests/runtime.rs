//! A runtime as a child process: this test binary, run again for the test below with the behaviour as its handler.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

/// An answer of the Runtime API.
struct Answer {
    status: u16,
    headers: HashMap<String, String>,
    body: String,
}

/// Makes one call, with a connection of its own.
fn call(start: &str, headers: &str, body: &[u8]) -> Answer {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let mut stream = TcpStream::connect(&api).unwrap();
    let length = body.len();
    let head = format!(
        "{start} HTTP/1.1\r\nHost: {api}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    read_answer(BufReader::new(stream))
}

fn read_answer(mut stream: BufReader<TcpStream>) -> Answer {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers
        .get("content-length")
        .map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    Answer {
        status,
        headers,
        body: String::from_utf8(body).unwrap(),
    }
}

fn next() -> Answer {
    let next = call("GET /2018-06-01/runtime/invocation/next", "", b"");
    assert_eq!(next.status, 200, "{}", next.body);
    next
}

fn post(invocation: &Answer, to: &str, headers: &str, body: &[u8]) -> Answer {
    let id = &invocation.headers["lambda-runtime-aws-request-id"];
    call(
        &format!("POST /2018-06-01/runtime/invocation/{id}/{to}"),
        headers,
        body,
    )
}

fn respond(invocation: &Answer, body: &[u8]) {
    let answer = post(invocation, "response", "", body);
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (202, "{\"status\":\"OK\"}\n")
    );
}

fn sleep_for_ever() -> ! {
    loop {
        std::thread::park();
    }
}

/// Starts a child that outlives its parent, and keeps its output open.
#[expect(clippy::zombie_processes, reason = "this process ends first")]
fn start_child() {
    Command::new("sleep")
        .arg("600")
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
}

/// The runtime, which `_HANDLER` tells what to do.
#[test]
#[ignore = "a process that other tests start"]
fn runtime() {
    let handler = std::env::var("_HANDLER").unwrap();
    match handler.as_str() {
        "init_error" => {
            let error = br#"{"errorMessage":"no module","errorType":"Runtime.ImportModuleError"}"#;
            let answer = call("POST /2018-06-01/runtime/init/error", "", error);
            assert_eq!(answer.status, 202);
            std::process::exit(1);
        }
        "exit_before_next" => std::process::exit(127),
        _ => {}
    }
    let mut count = 0;
    loop {
        count += 1;
        let invocation = next();
        match handler.as_str() {
            "count" => respond(&invocation, count.to_string().as_bytes()),
            "echo" => respond(&invocation, invocation.body.as_bytes()),
            "headers" => {
                let mut names: Vec<_> = invocation.headers.iter().collect();
                names.sort();
                let text = serde_json::to_string(&names).unwrap();
                respond(&invocation, text.as_bytes());
            }
            "variables" => {
                let variables: HashMap<_, _> = std::env::vars().collect();
                respond(&invocation, serde_json::to_string(&variables).unwrap().as_bytes());
            }
            "error" => {
                let body = br#"{"errorMessage":"out of tea","errorType":"TeaError"}"#;
                assert_eq!(post(&invocation, "error", "", body).status, 202);
            }
            "exit" => std::process::exit(3),
            "exit_zero" => std::process::exit(0),
            "abort" => std::process::abort(),
            "hang" => sleep_for_ever(),
            "fork_and_hang" => {
                start_child();
                sleep_for_ever();
            }
            "fork_and_exit" => {
                start_child();
                std::process::exit(1);
            }
            "print" => {
                println!("to stdout");
                eprintln!("to stderr");
                print!("without end");
                std::io::stdout().flush().unwrap();
                respond(&invocation, b"null");
            }
            "flood" => {
                let line = [&[b'x'; 1023][..], b"\n"].concat();
                for _ in 0..2_048 {
                    std::io::stdout().write_all(&line).unwrap();
                }
                respond(&invocation, b"null");
            }
            "flood_for_ever" => loop {
                std::io::stdout().write_all(&[b'x'; 4096]).unwrap();
            },
            "large" => {
                let answer = post(&invocation, "response", "", &vec![b'x'; 6 * 1024 * 1024 + 101]);
                assert_eq!(answer.status, 413);
                assert_eq!(
                    answer.body,
                    r#"{"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).","errorType":"RequestEntityTooLarge"}"#
                );
            }
            "largest" => respond(&invocation, &vec![b'x'; 6 * 1024 * 1024 + 100]),
            "endless_response" => {
                let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
                let id = &invocation.headers["lambda-runtime-aws-request-id"];
                let mut stream = TcpStream::connect(api).unwrap();
                write!(stream, "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n")
                    .unwrap();
                while stream.write_all(&[b'x'; 65_536]).is_ok() {}
                sleep_for_ever();
            }
            "stream_and_fail" => {
                let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
                let id = &invocation.headers["lambda-runtime-aws-request-id"];
                let mut stream = TcpStream::connect(api).unwrap();
                write!(
                    stream,
                    "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\
                     Lambda-Runtime-Function-Response-Mode: streaming\r\n\
                     Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n\
                     4\r\nhalf\r\n0\r\nLambda-Runtime-Function-Error-Type: Late\r\nLambda-Runtime-Function-Error-Body: bGF0ZQ==\r\n\r\n"
                )
                .unwrap();
                assert_eq!(read_answer(BufReader::new(stream)).status, 202);
            }
            "expect_continue" => {
                let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
                let id = &invocation.headers["lambda-runtime-aws-request-id"];
                let mut stream = TcpStream::connect(api).unwrap();
                write!(
                    stream,
                    "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
                )
                .unwrap();
                let mut stream = BufReader::new(stream);
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                assert_eq!(line, "HTTP/1.1 100 Continue\r\n");
                stream.read_line(&mut line).unwrap();
                stream.get_mut().write_all(b"null").unwrap();
                assert_eq!(read_answer(stream).status, 202);
            }
            "wrong_answers" => {
                let wrong = call("POST /2018-06-01/runtime/invocation/other/response", "", b"1");
                let attempt = "Lambda-Runtime-Invocation-Id: another\r\n";
                let old = post(&invocation, "response", attempt, b"1");
                let early = call("GET /2018-06-01/runtime/invocation/next", "", b"");
                let late_init = call("POST /2018-06-01/runtime/init/error", "", b"{}");
                let extension = call("POST /2020-01-01/extension/register", "", b"{}");
                let answers = [wrong, old, early, late_init, extension];
                let answers = answers.map(|answer| format!("{} {}", answer.status, answer.body));
                respond(&invocation, serde_json::to_string(&answers).unwrap().as_bytes());
                assert_eq!(post(&invocation, "response", "", b"2").status, 403);
            }
            "fill_memory" => {
                let mut held = Vec::new();
                loop {
                    held.push(vec![1u8; 1 << 20]);
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
            "works_on" => {
                respond(&invocation, std::process::id().to_string().as_bytes());
                if invocation.body == "\"work on\"" {
                    sleep_for_ever();
                }
            }
            other => panic!("unknown behaviour {other}"),
        }
    }
}
