//! What a forwarder wrote down of the checks it made (`ARC-Authentication-Results`, RFC 8617 §4.1.1 and RFC 8601 §2.2). Pure.

/// Whether it found this domain verified: by DMARC, or by a signature of it.
pub fn vouch_for(header: &str, author: &str) -> bool {
    plain(header).split(';').any(|result| {
        let mut words = result.split_whitespace();
        let method = words.next().unwrap_or_default().to_ascii_lowercase();
        let mut said = words.filter_map(|word| word.split_once('='));
        match method.as_str() {
            "dmarc=pass" => said.any(|(name, value)| name == "header.from" && is(value, author)),
            "dkim=pass" => said.any(|(name, value)| match name {
                "header.d" => is(value, author),
                "header.i" => value.rsplit_once('@').is_some_and(|(_, domain)| is(domain, author)),
                _ => false,
            }),
            _ => false,
        }
    })
}

fn is(value: &str, author: &str) -> bool {
    value.eq_ignore_ascii_case(author)
}

/// Without comments, which may stand anywhere and in each other, and without what is quoted: a local part in quotes is the
/// sender's to choose, `;` and `dkim=pass` included.
fn plain(header: &str) -> String {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let mut plain = String::with_capacity(header.len());
    for c in header.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if depth > 0 || quoted => escaped = true,
            '"' if depth == 0 => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            _ => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_pass_for_this_very_domain_counts() {
        for (header, expected) in [
            ("i=1; mx.google.com; dkim=pass header.i=@acme.example header.s=s1; spf=pass", true),
            ("i=1; mx.google.com; dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=acme.example", true),
            ("i=1; mx.microsoft.com 1; dkim=pass header.d=ACME.example;", true),
            (
                "i=1; mx.google.com; dkim=pass header.i=@other.example; dmarc=fail header.from=acme.example",
                false,
            ),
            ("i=1; mx.google.com; spf=pass smtp.mailfrom=acme.example", false),
            ("i=1; mx.google.com; spf=none (; dkim=pass header.d=acme.example; \\) )", false),
            ("i=1; mx.google.com; dkim=fail header.d=acme.example", false),
            ("i=1; mx.google.com; dmarc=pass header.from=acme.example.evil.example", false),
            (
                "i=1; mx.google.com; spf=pass smtp.mailfrom=\"x; dkim=pass header.d=acme.example; \"@evil.example",
                false,
            ),
            (
                r#"i=1; m; spf=pass smtp.mailfrom="\"; dmarc=pass header.from=acme.example ;"@evil.example"#,
                false,
            ),
            ("i=1; m; dkim=pass header.i=\"x@acme.example\"@evil.example", false),
            ("i=1; m; dkim=pass header.i=\"first last\"@acme.example", true),
            ("", false),
        ] {
            assert_eq!(vouch_for(header, "acme.example"), expected, "{header}");
        }
    }
}
