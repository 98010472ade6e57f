//! The command line: one file for each subcommand. Exit codes: 0 good, 1 invalid, 2 usage,
//! 3 refused by policy, 4 unavailable, 5 indeterminate or unsigned.

mod audit;
mod demo;
mod doctor;
mod draw_pages;
mod exit;
mod extend;
mod init;
mod openapi;
mod picture;
mod pictures;
mod policy;
mod seal;
mod serve;
mod token;
mod validation;
mod verify;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::config::Config;
pub use exit::Exit;

/// 电子印章与电子签名服务: electronic seals and signatures with keys in a hardware security module.
#[derive(Debug, Parser)]
#[command(name = "sealwright", version)]
struct Arguments {
    /// The configuration file; `hsm-config/service.toml` explains every option.
    #[arg(
        long,
        global = true,
        env = "SEALWRIGHT_CONFIG",
        default_value = "/etc/sealwright/service.toml"
    )]
    config: PathBuf,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Task(Task),
    /// Draw pages for verification; this program starts it itself.
    #[command(hide = true)]
    DrawPages(draw_pages::Arguments),
}

/// What people ask for.
#[derive(Debug, Subcommand)]
enum Task {
    /// Serve until told to stop.
    Serve,
    /// Create database, service keys and the first administrator; run once.
    Init(init::Arguments),
    /// Do the main job on bundled documents, with SQLite and SoftHSM; nothing to configure.
    Demo(demo::Arguments),
    /// Have files sealed by a service.
    Seal(Box<seal::Arguments>),
    /// Verify files, without a server.
    Verify(verify::Arguments),
    /// Keep sealed PDF files for the time when their certificates have ended, without a server.
    Extend(extend::Arguments),
    /// See how a seal is drawn.
    Picture(picture::Arguments),
    /// Look at the token.
    #[command(subcommand)]
    Token(token::Arguments),
    /// Probe database, token and clock for real, and say what to do about what fails.
    Doctor,
    /// Look at the audit trail.
    #[command(subcommand)]
    Audit(audit::Arguments),
    /// Look at the policies.
    #[command(subcommand)]
    Policy(policy::Arguments),
    /// Print the OpenAPI document.
    Openapi(openapi::Arguments),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let Arguments { config, json, command } = Arguments::parse();
    let task = match command {
        Command::Task(task) => task,
        // It has neither threads nor a log.
        Command::DrawPages(arguments) => return draw_pages::run(&arguments).into(),
    };
    log_to_stderr(matches!(task, Task::Serve));
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return Exit::Unavailable.with(&error.into(), false),
    };
    match runtime.block_on(run(task, &config, json)) {
        Ok(exit) => exit.into(),
        Err(error) => exit::classify(&error).with(&error, json),
    }
}

async fn run(task: Task, config: &Path, json: bool) -> anyhow::Result<Exit> {
    match task {
        Task::Serve => serve::run(Config::load(config)?).await,
        Task::Init(arguments) => init::run(Config::load(config)?, arguments, json).await,
        Task::Demo(arguments) => demo::run(arguments, json).await,
        Task::Seal(arguments) => {
            tokio::task::spawn_blocking(move || seal::run(&arguments, json)).await?
        }
        Task::Verify(arguments) => verify::run(&arguments, json),
        Task::Extend(arguments) => {
            tokio::task::spawn_blocking(move || extend::run(&arguments)).await?
        }
        Task::Picture(arguments) => picture::run(&arguments),
        Task::Token(arguments) => token::run(Config::load(config)?, &arguments, json).await,
        Task::Doctor => doctor::run(Config::load(config)?, json).await,
        Task::Audit(arguments) => audit::run(Config::load(config)?, &arguments, json).await,
        Task::Policy(arguments) => policy::run(&arguments, json),
        Task::Openapi(arguments) => openapi::run(arguments),
    }
}

/// Structured lines on standard error; `RUST_LOG` chooses how many.
fn log_to_stderr(serving: bool) {
    let default = if serving { "info" } else { "error" };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// Prints a value as JSON, for `--json`.
fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    print(&serde_json::to_string_pretty(value)?)
}

/// Prints a line. A reader who went away is no error.
fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
