//! Replies as they go over the wire (RFC 5321 §4.2, enhanced codes of RFC 3463).

/// One reply: a code and its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Three digits.
    pub code: u16,
    lines: Vec<String>,
}

impl Reply {
    /// A reply of one line; `text` begins with the enhanced status code where the reply has one.
    pub fn new(code: u16, text: impl Into<String>) -> Self {
        Self { code, lines: vec![text.into()] }
    }

    /// A reply of many lines.
    pub fn lines(code: u16, lines: Vec<String>) -> Self {
        Self { code, lines }
    }

    /// 5xx.
    pub fn is_permanent_failure(&self) -> bool {
        self.code >= 500
    }

    /// Writes it for the wire.
    pub fn write(&self, out: &mut Vec<u8>) {
        let last = self.lines.len().saturating_sub(1);
        for (at, line) in self.lines.iter().enumerate() {
            let mark = if at == last { ' ' } else { '-' };
            out.extend_from_slice(format!("{}{mark}{line}\r\n", self.code).as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_line_has_a_space_after_the_code() {
        let mut out = Vec::new();
        Reply::lines(250, vec!["desk".into(), "PIPELINING".into(), "SIZE 10".into()]).write(&mut out);
        Reply::new(221, "2.0.0 bye").write(&mut out);
        assert_eq!(out, b"250-desk\r\n250-PIPELINING\r\n250 SIZE 10\r\n221 2.0.0 bye\r\n");
    }
}
