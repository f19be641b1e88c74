//! The one thread that writes. Whatever waits is written together and synced once: many webhooks share one sync.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
    sync::{Arc, atomic::Ordering},
};

use tokio::sync::{mpsc, oneshot};

use super::{Shared, Unspooled};

/// Jobs that may wait for the disk.
pub const QUEUE: usize = 4096;
/// Most bytes of one write.
const LARGEST: usize = 4 << 20;

/// Records to be written, of one webhook.
pub struct Job {
    pub bytes: Vec<u8>,
    pub parcels: u64,
    pub reply: oneshot::Sender<Result<(), Unspooled>>,
}

/// The file written to.
struct Open {
    number: u64,
    file: File,
}

/// Writes until nobody can give it a job any more.
pub fn run(shared: &Arc<Shared>, mut jobs: mpsc::Receiver<Job>) {
    let mut open = None;
    while let Some(first) = jobs.blocking_recv() {
        let mut group = vec![first];
        let mut bytes = group[0].bytes.len();
        while bytes < LARGEST
            && let Ok(job) = jobs.try_recv()
        {
            bytes += job.bytes.len();
            group.push(job);
        }
        write(shared, &mut open, group);
    }
}

fn write(shared: &Shared, open: &mut Option<Open>, group: Vec<Job>) {
    let mut free = shared.max_bytes.saturating_sub(shared.shelf().used());
    let (mut taken, mut bytes, mut refused) = (Vec::with_capacity(group.len()), Vec::new(), false);
    for job in group {
        match free.checked_sub(job.bytes.len() as u64) {
            Some(left) => {
                free = left;
                bytes.extend_from_slice(&job.bytes);
                taken.push(job);
            }
            None => {
                refused = true;
                shared.remember(Some(&Unspooled::Full));
                answer(shared, job, Err(Unspooled::Full));
            }
        }
    }
    if taken.is_empty() {
        return;
    }
    let parcels = taken.iter().map(|job| job.parcels).sum();
    let outcome = append(shared, open, &bytes, parcels).map_err(|error| {
        tracing::error!(%error, "the spool cannot be written");
        Unspooled::Disk(error.to_string())
    });
    match &outcome {
        Ok(()) if refused => {}
        outcome => shared.remember(outcome.as_ref().err()),
    }
    taken.into_iter().for_each(|job| answer(shared, job, outcome.clone()));
}

/// Who hears "no" is not waited for any more.
fn answer(shared: &Shared, job: Job, outcome: Result<(), Unspooled>) {
    match outcome {
        Ok(()) => shared.changed.notify_one(),
        Err(_) => _ = shared.waiting.fetch_sub(job.parcels, Ordering::AcqRel),
    }
    // Nobody hears it when the carrier hung up or its time was over.
    let _ = job.reply.send(outcome);
}

fn append(shared: &Shared, open: &mut Option<Open>, bytes: &[u8], parcels: u64) -> io::Result<()> {
    let current = open.as_ref().map(|open| open.number);
    let (number, at, path) = shared.shelf().begin(current, shared.volume_bytes);
    let appended = into_file(open, number, at, &path, bytes);
    match &appended {
        Ok(()) => shared.shelf().written(number, bytes.len() as u64, parcels, shared.clock.now()),
        Err(_) => {
            // After a failed sync nobody knows what the disk has: what follows goes into another file. A half-written
            // record gives its space back where it can; where it cannot, it is torn and nobody was told it is kept.
            let file = open.take();
            let _ =
                if at == 0 { fs::remove_file(&path) } else { file.map_or(Ok(()), |o| o.file.set_len(at)) };
            shared.shelf().not_written();
        }
    }
    appended
}

fn into_file(open: &mut Option<Open>, number: u64, at: u64, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = match open {
        Some(open) if open.number == number => &open.file,
        _ => {
            let file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
            &open.insert(Open { number, file }).file
        }
    };
    file.write_all_at(bytes, at)?;
    file.sync_data()?;
    if at == 0
        && let Some(folder) = path.parent()
    {
        // The name of a new file must survive too.
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
