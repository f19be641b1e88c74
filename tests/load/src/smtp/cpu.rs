//! What a process and those it started have used, as Linux tells.

use std::{collections::HashMap, fs, time::Duration};

use tokio::time::sleep;

/// CPU time of a process and all below it, as far as they still run or were waited for.
pub fn used(pid: u32) -> Duration {
    let stats: HashMap<u32, Stat> = processes().filter_map(|pid| Some((pid, stat(pid)?))).collect();
    let is_below = |mut at: u32| loop {
        match stats.get(&at) {
            _ if at == pid => return true,
            Some(stat) if stat.parent > 1 => at = stat.parent,
            _ => return false,
        }
    };
    stats.iter().filter(|(at, _)| is_below(**at)).map(|(_, stat)| stat.used).sum()
}

/// Resident memory of a process and all below it.
pub fn resident_kib(pid: u32) -> u64 {
    let below = processes().filter(|at| *at != pid && stat(*at).is_some_and(|stat| stat.parent == pid));
    crate::resident_kib(pid) + below.map(resident_kib).sum::<u64>()
}

/// Waits until the machine has little to do: what a server does afterwards, such as Postfix with its queue, is not to be paid
/// by the next.
pub async fn settle() {
    for _ in 0..MOST_LOOKS {
        let before = idle_and_all();
        sleep(LOOK).await;
        let after = idle_and_all();
        if (after.0 - before.0) * 100 >= (after.1 - before.1) * QUIET {
            return;
        }
    }
}

/// How long is looked, how often at most, and how many hundredths of the time must be idle.
const LOOK: Duration = Duration::from_millis(500);
const MOST_LOOKS: usize = 60;
const QUIET: u64 = 90;

/// Time of all cores since the start, in hundredths of a second: idle, and all of it (proc_stat(5)).
fn idle_and_all() -> (u64, u64) {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let first = text.lines().next().unwrap_or_default();
    let times: Vec<u64> = first.split_whitespace().skip(1).take(8).filter_map(|n| n.parse().ok()).collect();
    (times.iter().skip(3).take(2).sum(), times.iter().sum())
}

struct Stat {
    parent: u32,
    used: Duration,
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Fields of `/proc/PID/stat` (proc_pid_stat(5)): the parent, and user and system time with that of children that ended,
/// in hundredths of a second.
fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |nth: usize| fields.get(nth)?.parse::<u64>().ok();
    let ticks: u64 = (11..15).filter_map(number).sum();
    Some(Stat { parent: fields.get(1)?.parse().ok()?, used: Duration::from_millis(ticks * 10) })
}
