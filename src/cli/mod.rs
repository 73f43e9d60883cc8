//! The command line. Errors are one sentence that says what and where; exit codes are those of
//! sysexits(3), so that a unit file and a script can tell them apart.

mod check;
mod demo;
mod journal;
mod keys;
mod ledger;
mod log;
mod opener;
mod operator;
mod owner;
mod reload;
mod serve;
mod show;
mod shred;
mod spend;
mod utc;

use std::ffi::OsString;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use inferlayer_accounts::TenantName;
use inferlayer_filter::Registration;

use crate::config::{ConfigError, Overrides, Source as Place};
use crate::operations::Reason;
use crate::server::StartError;
use crate::state::{BooksError, Insist};

/// OpenAI-compatible LLM gateway with a ledger that auditors recompute.
#[derive(Parser)]
#[command(name = "inferlayer", version, arg_required_else_help = false)]
struct Arguments {
    /// The configuration file. When absent: /etc/inferlayer/inferlayer.yaml where that is, or else
    /// an embedded default; an empty name stands for the latter.
    #[arg(long, global = true, value_name = "FILE", env = "INFERLAYER_CONFIG")]
    config: Option<OsString>,
    /// The data folder, in place of the configuration's `data_dir`.
    #[arg(long, global = true, value_name = "FOLDER", env = "INFERLAYER_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// Where clients connect, in place of the configuration's `listen.http`.
    #[arg(long, global = true, value_name = "ADDRESS", env = "INFERLAYER_LISTEN")]
    listen: Option<SocketAddr>,
    /// Where Prometheus connects, in place of the configuration's `listen.metrics`; `none` turns
    /// metrics off.
    #[arg(
        long,
        global = true,
        value_name = "ADDRESS",
        env = "INFERLAYER_METRICS",
        value_parser = metrics_address
    )]
    metrics: Option<Metrics>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the gateway (the default).
    Serve(Insist),
    /// Let the running gateway take the configuration over that is there now, without a restart;
    /// SIGHUP does the same. What is wrong with it leaves the gateway as it is.
    Reload,
    /// Read the configuration and say whether it can work, and what in it is likely not meant.
    Check(check::Arguments),
    /// Show in half a minute what the gateway does: real requests to a gateway of its own.
    Demo,
    /// Create, list and revoke tenant keys; beside a running gateway too.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Verify, read, copy and keep the ledger; beside a running gateway where nothing else is said.
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// What each tenant has spent: as the running gateway counts it, or as the records say.
    Spend(spend::Arguments),
}

/// Where metrics listen, or that they do not.
#[derive(Clone, Copy)]
struct Metrics(Option<SocketAddr>);

/// Where a package puts the configuration.
const INSTALLED: &str = "/etc/inferlayer/inferlayer.yaml";

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// The configuration has warnings, and they were to be mistakes; told already.
    #[error("{count} warning{s} in {file}", s = if *.count == 1 { "" } else { "s" })]
    Warnings { count: usize, file: String },
    #[error("{0}")]
    Start(#[from] StartError),
    #[error("{0}")]
    Books(#[from] BooksError),
    #[error("{0}")]
    Client(#[from] crate::admin::ClientError),
    #[error("{0}")]
    Key(#[from] crate::operations::KeyError),
    #[error("{0}")]
    Shred(#[from] crate::operations::ShredError),
    #[error("{0}")]
    Rotate(#[from] crate::operations::RotateError),
    #[error("{0}")]
    Retain(#[from] crate::operations::RetainError),
    /// The gateway that runs does not take the configuration over.
    #[error(
        "{} mistake{s}; the gateway serves as before",
        .0.len(),
        s = if .0.len() == 1 { "" } else { "s" }
    )]
    Refused(Vec<String>),
    #[error("{0}; the gateway serves as before")]
    Reload(String),
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Data(String),
    /// The demo went another way than told; said already.
    #[error("{0} answers were not as told")]
    Demo(usize),
    /// The ledger does not hold what it must; said already.
    #[error("the ledger does not verify")]
    Verdict,
    /// It holds, and none of the evidence confirms it; that was printed.
    #[error("no evidence confirms the ledger")]
    Unconfirmed,
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
}

/// Reads the arguments and does what they say.
pub(crate) fn run(filters: &'static [Registration]) -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(EX_USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let Arguments { config, data_dir, listen, metrics, command } = arguments;
    let metrics = metrics.map(|Metrics(address)| address);
    let overrides = Overrides { data_dir, listen, metrics };
    let place = Place { file: chosen(config), overrides, filters };
    let done = match command.unwrap_or(Command::Serve(Insist::default())) {
        Command::Serve(insist) => serve::run(&place, insist),
        Command::Reload => reload::run(&place),
        Command::Check(arguments) => check::run(&place, &arguments),
        Command::Demo => demo::run(&place),
        Command::Keys(command) => keys::run(&place, command),
        Command::Ledger(command) => ledger::run(&place, command),
        Command::Spend(arguments) => spend::run(&place, arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read has read enough, as `head` does.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::from(EX_BROKEN_PIPE)
        }
        Err(failure) => {
            failure.tell(&mut io::stderr().lock());
            ExitCode::from(failure.exit_code())
        }
    }
}

fn reason(text: &str) -> Result<Reason, String> {
    Reason::try_from(text.to_owned()).map_err(|error| error.to_string())
}

fn tenant_name(text: &str) -> Result<TenantName, String> {
    TenantName::try_from(text.to_owned()).map_err(|error| error.to_string())
}

/// The configuration file, if there is one.
fn chosen(named: Option<OsString>) -> Option<PathBuf> {
    match named {
        Some(path) if path.is_empty() => None,
        Some(path) => Some(path.into()),
        None => Some(PathBuf::from(INSTALLED)).filter(|path| path.exists()),
    }
}

fn metrics_address(text: &str) -> Result<Metrics, String> {
    let address = (text != "none").then(|| text.parse()).transpose();
    let expected = |_| "neither `none` nor an address such as 127.0.0.1:9464".to_owned();
    address.map(Metrics).map_err(expected)
}

/// As a shell has it of a program that SIGPIPE ended.
const EX_BROKEN_PIPE: u8 = 128 + 13;
/// Of our own: the same as `inferlayer-verify`'s.
const EX_UNCONFIRMED: u8 = 3;
const EX_USAGE: u8 = 64;
const EX_DATAERR: u8 = 65;
const EX_UNAVAILABLE: u8 = 69;
const EX_IOERR: u8 = 74;
const EX_CONFIG: u8 = 78;

impl Failure {
    /// Mistakes of a configuration are lines that an editor can jump to, and then their number;
    /// any other failure is one sentence. Nobody is left to be told that it cannot be written.
    fn tell(&self, out: &mut impl Write) {
        if let Failure::Refused(mistakes) = self {
            mistakes.iter().for_each(|mistake| drop(writeln!(out, "{mistake}")));
        }
        let (Failure::Config(error)
        | Failure::Start(StartError::Config(error))
        | Failure::Books(BooksError::Config(error))) = self
        else {
            let _ = writeln!(out, "inferlayer: {self}");
            return;
        };
        let count = error.mistakes.len();
        let s = if count == 1 { "" } else { "s" };
        let _ = writeln!(out, "{error}\ninferlayer: {count} mistake{s} in {}", error.file);
    }

    fn exit_code(&self) -> u8 {
        match self {
            Failure::Config(_)
            | Failure::Warnings { .. }
            | Failure::Start(StartError::Config(_))
            | Failure::Books(BooksError::Config(_))
            | Failure::Refused(_) => EX_CONFIG,
            Failure::Start(_) | Failure::Books(_) | Failure::Client(_) | Failure::Reload(_) => {
                EX_UNAVAILABLE
            }
            Failure::Key(_) | Failure::Shred(_) | Failure::Usage(_) => EX_USAGE,
            Failure::Rotate(_) | Failure::Retain(_) | Failure::Data(_) => EX_DATAERR,
            Failure::Verdict | Failure::Demo(_) => 1,
            Failure::Unconfirmed => EX_UNCONFIRMED,
            Failure::Output(_) => EX_IOERR,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// Every command of the block under "Running it", as printed: each alternative, with and
    /// without what stands in brackets.
    fn printed() -> Vec<String> {
        let readme = include_str!("../../README.md");
        let block = readme.split("## Running it").nth(1).and_then(|rest| rest.split("```").nth(1));
        let lines = block.unwrap().lines().filter(|line| line.starts_with("inferlayer "));
        // What a command does stands behind two spaces; some are set apart from their options.
        let command = |line: &str| match line.split_once(" --config ") {
            Some((words, rest)) => {
                let rest = rest.split("  ").next().unwrap_or_default();
                format!("{} --config {rest}", words.trim_end())
            }
            None => {
                let line = line.replacen("demo   ", "demo ", 1);
                line.split("  ").next().unwrap_or_default().to_owned()
            }
        };
        lines.map(command).collect()
    }

    #[test]
    fn the_commands_of_the_readme_are_taken_as_printed() {
        let printed = printed();
        assert!(printed.len() >= 15, "{printed:?}");
        for command in printed {
            let plain = command.replace(['[', ']'], "").replace("list | revoke", "revoke");
            let plain = plain.replace("receipt | proof", "proof");
            let filled = plain
                .replace(" ID", " 01941f2971aa")
                .replace("--request 01941f2971aa", "--request 01941f29-71aa-7000-8000-000000000000")
                .replace("NAME", "a")
                .replace(" N ", " 7 ");
            let parsed = Arguments::try_parse_from(filled.split_whitespace());
            assert!(parsed.is_ok(), "{command}: {}", parsed.err().unwrap());
            let destroys =
                ["shred", "retain", "rotate-key"].iter().any(|word| plain.contains(word));
            assert_eq!(plain.contains("--yes"), destroys, "{command}");
        }
    }

    #[test]
    fn the_arguments_are_sound() {
        Arguments::command().debug_assert();
    }
}
