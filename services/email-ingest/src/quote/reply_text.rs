//! The words of this mail apart from the mails it quotes and the signature under it. Nothing is deleted: the whole text
//! stays, and the rest can be unfolded. When in doubt nothing is cut: words that are lost are worse than a quote that
//! is left.

use super::lines::{
    block, introduction, is_blank, is_device_signature, is_quote, is_rule, is_signature_mark, marker,
};

/// Most lines of a signature.
const LONGEST_SIGNATURE: usize = 12;
/// Longer texts are not looked at, in lines.
const MOST_LINES: usize = 20_000;

/// The reply in a text, or the whole text where it is all of it.
pub fn reply_text(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() > MOST_LINES {
        return text.to_owned();
    }
    let mut kept =
        Reader { lines: &lines, kept: Vec::new(), words: false, over: vec![None; lines.len()] }.read();
    while kept.last().is_some_and(|line| is_blank(line) || is_rule(line) || is_device_signature(line)) {
        kept.pop();
    }
    let first = kept.iter().position(|line| !is_blank(line)).unwrap_or(kept.len());
    if first == kept.len() {
        return text.trim_end().to_owned();
    }
    kept[first..].join("\n")
}

struct Reader<'a> {
    lines: &'a [&'a str],
    kept: Vec<&'a str>,
    /// Whether the kept lines hold words of the writer's.
    words: bool,
    /// What [`Reader::is_over`] has found of each line: so all its ways together are no longer than the text.
    over: Vec<Option<bool>>,
}

impl<'a> Reader<'a> {
    /// Goes down the lines until everything from there on is quoted.
    fn read(mut self) -> Vec<&'a str> {
        let mut at = 0;
        while at < self.lines.len() {
            at = match self.step(at) {
                Some(next) => next,
                None => break,
            };
        }
        self.kept
    }

    /// The next line to look at; `None` where the reply ends.
    fn step(&mut self, at: usize) -> Option<usize> {
        let line = self.lines[at];
        if is_quote(line) {
            return self.quote(at);
        }
        if let Some((_, behind)) = marker(line).filter(|(_, behind)| behind.len() < 200 || !self.words) {
            let head = self.next_words(at + 1).and_then(|next| block(self.lines, next));
            return match (self.words, head) {
                (true, _) => None,
                (false, Some(head)) => Some(head.end),
                (false, None) if behind.is_empty() => Some(at + 1),
                (false, None) => self.keep(at),
            };
        }
        if let Some(head) = block(self.lines, at).filter(|head| head.is_head()) {
            return if self.words { None } else { Some(head.end) };
        }
        if let Some(end) = self.introduction_from(at) {
            return self.introduced(end);
        }
        if is_signature_mark(line) && self.words && self.is_signature(at + 1) {
            return None;
        }
        self.keep(at)
    }

    fn keep(&mut self, at: usize) -> Option<usize> {
        let line = self.lines[at];
        self.words = self.words || !(is_blank(line) || is_rule(line) || is_device_signature(line));
        self.kept.push(line);
        Some(at + 1)
    }

    /// Quoted lines without an introduction: the end, unless words follow them, or none came before.
    fn quote(&mut self, at: usize) -> Option<usize> {
        let end = self.end_of_quote(at);
        if self.words && self.is_over(end) {
            return None;
        }
        self.kept.extend(&self.lines[at..end]);
        Some(end)
    }

    /// What follows an introduction that ends before `end`. The introduction itself goes in any case.
    fn introduced(&mut self, end: usize) -> Option<usize> {
        let Some(next) = self.next_words(end) else { return self.words.then_some(self.lines.len()) };
        if !is_quote(self.lines[next]) {
            return if self.words { None } else { Some(next) };
        }
        if self.words && self.is_over(self.end_of_quote(next)) { None } else { Some(next) }
    }

    /// Where an introduction that begins at a line ends, exclusively.
    fn introduction_from(&self, at: usize) -> Option<usize> {
        let last = (at + 4).min(self.lines.len());
        (at..last)
            .take_while(|end| !is_blank(self.lines[*end]))
            .find(|end| introduction(self.lines, *end) == Some(at))
            .map(|end| end + 1)
    }

    /// Past the quoted lines, the blank ones between them, and single lines that were wrapped out of the quote.
    fn end_of_quote(&self, at: usize) -> usize {
        let (mut end, mut look) = (at, at);
        while look < self.lines.len() {
            let wrapped = || {
                let next = self.lines.get(look + 1);
                look > 0 && is_quote(self.lines[look - 1]) && next.is_some_and(|next| is_quote(next))
            };
            if is_quote(self.lines[look]) {
                end = look + 1;
            } else if !is_blank(self.lines[look]) && !wrapped() {
                break;
            }
            look += 1;
        }
        end
    }

    /// Whether nothing of the writer's follows: only blank lines, quotes, rules and signatures.
    fn is_over(&mut self, from: usize) -> bool {
        let (mut at, mut way) = (from, Vec::new());
        let over = loop {
            let Some(line) = self.lines.get(at) else { break true };
            if let Some(known) = self.over[at] {
                break known;
            }
            way.push(at);
            if is_signature_mark(line) && self.is_signature(at + 1) {
                break true;
            }
            let goes = is_blank(line) || is_quote(line) || is_rule(line) || is_device_signature(line);
            match (goes, self.introduction_from(at)) {
                (true, _) => at += 1,
                (false, Some(end)) => at = end,
                (false, None) => break false,
            }
        };
        for at in way {
            self.over[at] = Some(over);
        }
        over
    }

    /// Whether a few lines follow, and then nothing or quotes.
    fn is_signature(&self, from: usize) -> bool {
        let rest = &self.lines[from.min(self.lines.len())..];
        let own = rest.iter().enumerate().take_while(|(index, line)| {
            !is_quote(line) && marker(line).is_none() && self.introduction_from(from + index).is_none()
        });
        own.filter(|(_, line)| !is_blank(line)).take(LONGEST_SIGNATURE + 1).count() <= LONGEST_SIGNATURE
    }

    fn next_words(&self, from: usize) -> Option<usize> {
        (from..self.lines.len()).find(|at| !is_blank(self.lines[*at]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reply_stands_alone_and_nothing_the_writer_said_is_lost() {
        for (text, reply) in [
            ("Thanks!\n\nOn Mon, 2 Nov 2026 at 10:00, Desk <d@x.org> wrote:\n> hi\n> there\n", "Thanks!"),
            (
                "Thanks!\n\nOn Mon, 2 Nov 2026 at 10:00, A Person With A Long Name\n<d@x.org> wrote:\n\n> hi",
                "Thanks!",
            ),
            ("Merci !\nLe 4 janv. 2026 19:03, \"N L\"\n<n@x.org>\na écrit :\n\n> bonjour", "Merci !"),
            ("Yes.\n\nFrom: Desk <d@x.org>\nSent: Monday\nTo: Anna\nSubject: Order\n\nHello", "Yes."),
            ("Ja.\n\n-----Ursprüngliche Nachricht-----\nVon: Desk\nHallo", "Ja."),
            ("Ok\n-- \nAnna Berg\nACME", "Ok"),
            ("Ok\n\nSent from my iPhone\n", "Ok"),
            // answers between the quoted lines: everything stays but the introduction
            (
                "On 2 Nov 2026, Desk <d@x.org> wrote:\n> Which size?\nXL\n> Which colour?\nBlue",
                "> Which size?\nXL\n> Which colour?\nBlue",
            ),
            ("> Which size?\n\nXL, please", "> Which size?\n\nXL, please"),
            ("> only a quote", "> only a quote"),
            // words that only look like a quote's head
            ("He wrote:\nI am late", "He wrote:\nI am late"),
            ("From: now on I want\nTo: pay less", "From: now on I want\nTo: pay less"),
            (
                "We were sent from one desk to another.\nPlease help",
                "We were sent from one desk to another.\nPlease help",
            ),
            ("Sent from my iPhone\n\nbut the text is here", "Sent from my iPhone\n\nbut the text is here"),
            ("", ""),
        ] {
            assert_eq!(reply_text(text), reply, "{text}");
        }
    }

    #[test]
    fn a_long_text_of_quotes_and_introductions_costs_no_more_than_its_length() {
        let text = format!("yes\n{}no", "> q\na@b.cd 2020:\n".repeat(9_000));
        let started = std::time::Instant::now();
        assert!(reply_text(&text).starts_with("yes"));
        assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
    }
}
