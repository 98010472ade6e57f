//! Doing the same with many things on all processors, and hearing of them in order.

use std::{
    collections::BTreeMap,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

/// How many processors there are.
pub(super) fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Does `work` with every item, so many at a time, and hands the outcomes to `tell` in the order of the
/// items, each as soon as those before it are done.
///
/// # Errors
/// The first error of `tell`; what is under way then ends before this returns.
pub(super) fn each<I: Sync, O: Send, E>(
    items: &[I],
    jobs: usize,
    work: impl Fn(&I) -> O + Sync,
    mut tell: impl FnMut(O) -> Result<(), E>,
) -> Result<(), E> {
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..jobs.min(items.len()) {
            let (send, next, work) = (send.clone(), &next, &work);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    if send.send((index, work(item))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        let mut waiting = BTreeMap::new();
        let mut told = 0;
        for (index, outcome) in &receive {
            waiting.insert(index, outcome);
            while let Some(outcome) = waiting.remove(&told) {
                told += 1;
                if let Err(error) = tell(outcome) {
                    next.store(items.len(), Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_come_in_order_and_an_error_ends_it() {
        let items: Vec<u32> = (0..500).collect();
        let mut all = Vec::new();
        let slow_first = |item: &u32| {
            if *item == 0 {
                thread::yield_now();
            }
            item * 2
        };
        each(&items, 4, slow_first, |one| -> Result<(), ()> {
            all.push(one);
            Ok(())
        })
        .unwrap();
        assert_eq!(all, items.iter().map(|item| item * 2).collect::<Vec<_>>());

        let mut count = 0;
        let ended = each(
            &items,
            3,
            |item| *item,
            |one| {
                count += 1;
                if one == 7 { Err(one) } else { Ok(()) }
            },
        );
        assert_eq!((ended, count), (Err(7), 8));
    }
}
