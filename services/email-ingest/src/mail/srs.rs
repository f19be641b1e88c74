//! Envelope senders that forwarders rewrote, as they were before: SRS (`SRS0=hash=tt=domain=user@forwarder`, and `SRS1`
//! after a second forwarder) and Gmail's `owner+caf_=us=domain@gmail.com`. Pure.

/// The address behind a rewritten one; the same address where nothing was rewritten.
pub fn original(address: &str) -> String {
    unwrapped(address).unwrap_or_else(|| address.to_owned())
}

fn unwrapped(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    let head = local.get(..5)?.to_ascii_lowercase();
    if local.contains("+caf_=") {
        let (owner, _) = local.split_once("+caf_=")?;
        return Some(format!("{owner}@{domain}")).filter(|_| !owner.is_empty());
    }
    let rest = &local[5..];
    match head.as_str() {
        "srs0=" | "srs0+" | "srs0-" => first(rest),
        // SRS1=hash=first forwarder==hash=tt=domain=user
        "srs1=" | "srs1+" | "srs1-" => {
            let (_, inner) = rest.split_once('=')?.1.split_once('=')?;
            first(inner.trim_start_matches(['=', '+', '-']))
        }
        _ => None,
    }
}

/// `hash=tt=domain=user`; the user may hold further `=`.
fn first(rest: &str) -> Option<String> {
    let mut parts = rest.splitn(4, '=');
    let (_hash, _day, domain, user) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    (!user.is_empty() && domain.contains('.')).then(|| format!("{user}@{domain}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rewritten_senders_are_read_back() {
        for (rewritten, address) in [
            ("SRS0=HHH=TT=customer.example=anna@forwarder.example", "anna@customer.example"),
            ("srs0+HHH=TT=customer.example=an=na@forwarder.example", "an=na@customer.example"),
            ("SRS1=GGG=first.example==HHH=TT=customer.example=anna@second.example", "anna@customer.example"),
            ("owner+caf_=support=in.example.net@gmail.com", "owner@gmail.com"),
            ("anna@customer.example", "anna@customer.example"),
            ("SRS0=odd@forwarder.example", "SRS0=odd@forwarder.example"),
            ("SRS0=HHH=TT=nodomain=anna@f.example", "SRS0=HHH=TT=nodomain=anna@f.example"),
            ("srs1=x@f.example", "srs1=x@f.example"),
            ("ä€ü@f.example", "ä€ü@f.example"),
            ("", ""),
        ] {
            assert_eq!(original(rewritten), address, "{rewritten}");
        }
    }
}
