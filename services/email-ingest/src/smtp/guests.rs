//! Who is connected now, and how often somebody knocks: everything is limited, in all and per address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use web::Limiter;

use super::Limits;

/// The guests of all mail doors together. Cheap to clone.
#[derive(Clone)]
pub struct Guests(Arc<Inner>);

struct Inner {
    limits: Limits,
    present: Mutex<Present>,
    knocks: Limiter<IpAddr>,
}

#[derive(Default)]
struct Present {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One connection's place; free again when dropped.
pub struct Guest {
    guests: Guests,
    /// The address counted; `None` for our own relays, who speak for many.
    address: Option<IpAddr>,
}

impl Guests {
    /// Nobody yet.
    pub fn new(limits: Limits) -> Self {
        let knocks = Limiter::new(limits.connections_per_minute, Duration::from_secs(60));
        Self(Arc::new(Inner { limits, present: Mutex::default(), knocks }))
    }

    /// A place for one whose address is not counted, or not yet known; `None` when all are taken.
    pub fn enter(&self) -> Option<Guest> {
        let mut present = self.present();
        if present.all >= self.0.limits.connections {
            return None;
        }
        present.all += 1;
        Some(Guest { guests: self.clone(), address: None })
    }

    fn present(&self) -> std::sync::MutexGuard<'_, Present> {
        self.0.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guest {
    /// From now on this place counts for that address; false when the address has used up its share.
    pub fn comes_from(&mut self, ip: IpAddr) -> bool {
        let (address, limits) = (counted(ip), self.guests.0.limits);
        if self.address == Some(address) {
            return true;
        }
        if self.guests.0.knocks.check(&address).is_err() {
            return false;
        }
        let mut present = self.guests.present();
        let there = present.by_address.entry(address).or_default();
        if *there >= limits.connections_per_ip {
            return false;
        }
        *there += 1;
        let before = self.address.replace(address);
        present.leave(before);
        true
    }
}

impl Present {
    fn leave(&mut self, address: Option<IpAddr>) {
        let Some(address) = address else { return };
        if let Some(count) = self.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&address);
            }
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut present = self.guests.present();
        present.all -= 1;
        present.leave(self.address);
    }
}

/// IPv6 is handed out in networks of 64 bits: who has one address there has them all.
fn counted(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(guests: &Guests, ip: &str) -> Option<Guest> {
        let mut guest = guests.enter()?;
        guest.comes_from(ip.parse().unwrap()).then_some(guest)
    }

    #[test]
    fn places_are_counted_in_all_and_per_address_and_given_back() {
        let limits = Limits { connections: 3, connections_per_ip: 2, ..Limits::with_max_size(1) };
        let guests = Guests::new(limits);
        let (first, second) = (from(&guests, "127.0.0.1"), from(&guests, "::ffff:127.0.0.1"));
        assert!(first.is_some() && second.is_some() && from(&guests, "127.0.0.1").is_none());
        let third = from(&guests, "127.0.0.2");
        assert!(third.is_some() && guests.enter().is_none(), "all places are taken");
        drop((first, second, third));
        assert!(guests.present().by_address.is_empty() && guests.present().all == 0);
        assert!(from(&guests, "127.0.0.1").is_some());
    }

    #[test]
    fn a_place_moves_with_the_address_that_a_relay_speaks_for() {
        let guests = Guests::new(Limits { connections_per_ip: 1, ..Limits::with_max_size(1) });
        let mut relayed = guests.enter().unwrap();
        assert!(relayed.comes_from("2001:db8::1".parse().unwrap()));
        assert!(from(&guests, "2001:db8::2").is_none(), "the same network");
        assert!(relayed.comes_from("2001:db8:0:1::1".parse().unwrap()));
        assert!(from(&guests, "2001:db8::2").is_some());
    }

    #[test]
    fn who_knocks_too_often_waits() {
        let guests = Guests::new(Limits { connections_per_minute: 3, ..Limits::with_max_size(1) });
        let entered = (0..9).filter(|_| from(&guests, "192.0.2.1").is_some()).count();
        assert_eq!(entered, 3);
        assert!(from(&guests, "192.0.2.2").is_some() && guests.enter().is_some());
        assert_eq!(guests.present().all, 0);
    }
}
