//! What a process and those it started have used, as Linux tells.

use std::{collections::HashMap, fs, time::Duration};

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
