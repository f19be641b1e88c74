//! Publishes what waits. Of one order (a customer's texts, the receipts of one message) only one parcel is on its way at
//! a time, so that none overtakes another even when some of those sent together fail.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bus::{Bus, PublishError};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Shared, Spool, shelf::Batch};
use crate::packing::Parcel;

/// Parcels read at once.
const PARCELS: usize = 1024;
/// Bytes read at once.
const BYTES: u64 = 2 << 20;
/// The wait after the bus did not confirm. A try while it is away costs it nothing.
const PAUSE: Duration = Duration::from_millis(200);
/// The bus answers by itself long before.
const PUBLISHED_WITHIN: Duration = Duration::from_secs(15);

/// Publishes what waits and what comes, until `stopping`; what waits then stays for the next start.
pub async fn drain(spool: Spool, bus: Bus, stopping: CancellationToken) {
    let drained = async {
        loop {
            spool.shared.clone().drain_some(&bus).await;
        }
    };
    tokio::select! {
        () = drained => {}
        () = stopping.cancelled() => {}
    }
}

impl Shared {
    /// The next batch, when there is one.
    async fn drain_some(self: Arc<Self>, bus: &Bus) {
        let front = self.shelf().front();
        let Some(front) = front else { return self.changed.notified().await };
        let read = tokio::task::spawn_blocking(move || front.read(PARCELS, BYTES)).await;
        let batch = match read.map_err(io::Error::other).flatten() {
            Ok(batch) => batch,
            Err(error) => {
                tracing::error!(%error, "the spool cannot be read");
                return sleep(PAUSE * 5).await;
            }
        };
        if let Some(at) = batch.oldest() {
            self.shelf().oldest_is(at);
        }
        for round in rounds(&batch.parcels) {
            self.publish(bus, round).await;
        }
        let finished = tokio::task::spawn_blocking(move || self.finish(&batch)).await;
        if let Err(panic) = finished {
            tracing::error!(%panic, "the spool could not be tidied");
        }
    }

    /// Returns when every parcel is durable on the bus, or set aside because it never can be.
    async fn publish(&self, bus: &Bus, mut round: Vec<&Parcel>) {
        loop {
            let packets = round.iter().map(|parcel| parcel.packet.clone()).collect();
            let results = timeout(PUBLISHED_WITHIN, bus.publish_all(packets)).await.unwrap_or_default();
            let mut nth = 0..;
            round.retain(|parcel| match nth.next().and_then(|nth| results.get(nth)) {
                Some(Ok(_)) => false,
                Some(Err(PublishError::Refused(why))) => !self.set_aside(parcel, why),
                Some(Err(PublishError::Unavailable(_))) | None => true,
            });
            self.show();
            if round.is_empty() {
                return;
            }
            sleep(PAUSE).await;
        }
    }

    fn finish(&self, batch: &Batch) {
        let published = {
            let mut shelf = self.shelf();
            let before = shelf.parcels();
            shelf.done(batch);
            before - shelf.parcels()
        };
        let before = self.waiting.fetch_sub(published, Ordering::AcqRel);
        self.remember(None);
        self.show();
        if before == published {
            tracing::info!("the spool is empty: the bus confirms again");
        }
    }

    /// What the bus will never take is kept beside the spool, for people: it must not hold up the rest.
    fn set_aside(&self, parcel: &Parcel, why: &str) -> bool {
        let id = &parcel.packet.envelope.id;
        tracing::error!(id, why, "the bus refuses an event of the spool for ever: it is set aside");
        self.shelf()
            .set_aside(parcel)
            .inspect_err(|error| tracing::error!(%error, "it cannot be set aside"))
            .is_ok()
    }
}

/// The first of each order, then the second of each, and so on.
fn rounds(parcels: &[Parcel]) -> Vec<Vec<&Parcel>> {
    let mut rounds: Vec<Vec<&Parcel>> = Vec::new();
    let mut seen: HashMap<u64, usize> = HashMap::new();
    for parcel in parcels {
        let nth = seen.entry(parcel.order).or_default();
        match rounds.get_mut(*nth) {
            Some(round) => round.push(parcel),
            None => rounds.push(vec![parcel]),
        }
        *nth += 1;
    }
    rounds
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::spool::tests::parcel;

    proptest! {
        #[test]
        fn in_a_round_every_order_is_once_and_over_the_rounds_in_its_sequence(
            orders in proptest::collection::vec(0_u64..6, 0..60),
        ) {
            let all: Vec<_> = (0..).zip(&orders).map(|(number, order)| parcel(number, *order)).collect();
            let rounds = rounds(&all);
            for round in &rounds {
                let mut orders: Vec<_> = round.iter().map(|parcel| parcel.order).collect();
                orders.sort_unstable();
                orders.dedup();
                prop_assert_eq!(orders.len(), round.len());
            }
            for order in 0..6 {
                let ids = |parcels: &mut dyn Iterator<Item = &Parcel>| -> Vec<String> {
                    let own = parcels.filter(|parcel| parcel.order == order);
                    own.map(|parcel| parcel.packet.envelope.id.clone()).collect()
                };
                prop_assert_eq!(ids(&mut rounds.iter().flatten().copied()), ids(&mut all.iter()));
            }
        }
    }
}
