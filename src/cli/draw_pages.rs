//! `sealwright draw-pages`: the process in which pages are drawn. It is started by `verify` and by
//! the service, reads a file from standard input and says what it saw.

use std::io;

use super::Exit;
use crate::drawing::{Bounds, Order, draw};

/// What to draw, and within which bounds.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where the revisions end that are compared with the whole file, bytes.
    #[arg(long, value_delimiter = ',')]
    ends: Vec<u64>,
    /// For how many pages of a revision the pictures are wanted.
    #[arg(long)]
    pictures: usize,
    /// Time on a processor, seconds.
    #[arg(long)]
    seconds: u64,
    /// Memory, bytes.
    #[arg(long)]
    memory: u64,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Exit {
    let Arguments { ends, pictures, seconds, memory } = arguments;
    let bounds = Bounds { seconds: *seconds, memory: *memory };
    let order = Order { ends: ends.clone(), pictures: *pictures, bounds };
    match draw(&order, io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => Exit::Good,
        Err(_) => Exit::Unavailable,
    }
}
