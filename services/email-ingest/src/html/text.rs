//! HTML as plain text, in linear time and without a tree.

use std::cell::RefCell;

use html5ever::{
    tendril::StrTendril,
    tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, states::RawKind},
};

use super::measure::has_few_attributes;

/// HTML looked at, in bytes.
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// The text a person would see, lines broken where blocks end. Of very long HTML, the text of its beginning.
pub fn to_text(html: &str) -> String {
    let html = &html[..html.floor_char_boundary(html.len().min(MAX_BYTES))];
    if !has_few_attributes(html) {
        // The tokenizer compares every attribute of a tag with every other. This one only skips tags.
        return mail_parser::decoders::html::html_to_text(html);
    }
    let tokenizer = Tokenizer::new(Writer::default(), Default::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.finish()
}

/// Tags whose content is no text.
fn is_hidden(name: &str) -> bool {
    matches!(name, "style" | "script" | "title" | "template" | "noembed" | "noframes" | "iframe")
}

/// Line breaks before and after a block: 2 leaves an empty line.
fn breaks(name: &str) -> usize {
    match name {
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "dl" | "blockquote" | "pre"
        | "table" | "hr" => 2,
        "div" | "tr" | "li" | "dt" | "dd" | "section" | "article" | "header" | "footer" | "address"
        | "center" | "caption" | "figure" | "form" | "fieldset" | "body" | "html" | "tbody" | "thead" => 1,
        _ => 0,
    }
}

#[derive(Default)]
struct Writer(RefCell<State>);

#[derive(Default)]
struct State {
    out: String,
    /// Line breaks at the end of `out`.
    broken: usize,
    /// White space was seen since the last word.
    space: bool,
    /// The tag whose content is skipped.
    hidden: Option<String>,
    /// Open `<pre>`.
    preformatted: usize,
}

impl State {
    fn break_line(&mut self, wanted: usize) {
        self.space &= wanted == 0;
        while !self.out.is_empty() && self.broken < wanted {
            self.out.push('\n');
            self.broken += 1;
        }
    }

    fn line_break(&mut self) {
        self.space = false;
        if self.broken < 3 {
            self.out.push('\n');
            self.broken += 1;
        }
    }

    fn write(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\n' if self.preformatted > 0 => self.line_break(),
                ' ' | '\t' if self.preformatted > 0 => self.put(' '),
                ' ' | '\t' | '\n' | '\r' | '\x0c' => self.space = true,
                '\u{a0}' => self.put(' '),
                '\0' | '\u{ad}' | '\u{200b}' | '\u{feff}' => {}
                c => {
                    if self.space && self.broken == 0 && !self.out.is_empty() {
                        self.out.push(' ');
                    }
                    self.space = false;
                    self.put(c);
                }
            }
        }
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.broken = 0;
    }

    fn tag(&mut self, tag: &Tag) {
        let name = &*tag.name;
        match (name, tag.kind) {
            ("br", _) => self.line_break(),
            ("td" | "th", TagKind::EndTag) => self.space = true,
            ("pre", TagKind::StartTag) => self.preformatted += 1,
            ("pre", TagKind::EndTag) => self.preformatted = self.preformatted.saturating_sub(1),
            ("img", TagKind::StartTag) => {
                if let Some(alt) = tag.attrs.iter().find(|a| &*a.name.local == "alt") {
                    self.write(&alt.value);
                }
            }
            _ => {}
        }
        self.break_line(breaks(name));
        if (name, tag.kind) == ("li", TagKind::StartTag) {
            self.write("- ");
            self.space = true;
        }
    }
}

impl Writer {
    fn finish(self) -> String {
        let lines: Vec<String> =
            self.0.into_inner().out.lines().map(|line| line.trim_end().to_owned()).collect();
        lines.join("\n").trim_matches('\n').to_owned()
    }
}

impl TokenSink for Writer {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) if state.hidden.is_none() => state.write(&text),
            Token::TagToken(tag) => {
                let name = tag.name.to_string();
                if state.hidden.is_some() {
                    if tag.kind == TagKind::EndTag && state.hidden.as_deref() == Some(&name) {
                        state.hidden = None;
                    }
                } else if tag.kind == TagKind::StartTag && is_hidden(&name) && !tag.self_closing {
                    state.hidden = Some(name.clone());
                } else {
                    state.tag(&tag);
                }
                if tag.kind == TagKind::StartTag && state.hidden.as_deref() == Some(&name) {
                    return raw(&name);
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// How the tokenizer reads what is in such a tag (WHATWG HTML §13.2.6.4).
fn raw(name: &str) -> TokenSinkResult<()> {
    match name {
        "title" => TokenSinkResult::RawData(RawKind::Rcdata),
        "script" => TokenSinkResult::RawData(RawKind::ScriptData),
        "template" => TokenSinkResult::Continue,
        _ => TokenSinkResult::RawData(RawKind::Rawtext),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_lines_and_white_space_is_folded() {
        for (html, text) in [
            ("<div>Hello</div><div>World</div>", "Hello\nWorld"),
            ("<p>Hello,</p>\n<p>two  words<br>next\nline</p>", "Hello,\n\ntwo words\nnext line"),
            ("a<br class=\"x\"><br>b", "a\n\nb"),
            ("<ul><li>one</li><li>two</li></ul>after", "- one\n- two\n\nafter"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
            ("x &lt;b&gt; &amp;amp; &euro;&nbsp;5", "x <b> &amp; € 5"),
            ("<head><title>T</title><style>p > a {}</style></head><script>if (a<b) {}</script>hi", "hi"),
            ("<pre>a\n  b</pre>", "a\n  b"),
            ("in <b>the</b> <i>middle</i>.", "in the middle."),
            ("<p>logo: <img src=x alt=\"ACME\"></p>", "logo: ACME"),
            ("<!-- no --><p>yes", "yes"),
            ("", ""),
            ("<<<", "<<<"),
        ] {
            assert_eq!(to_text(html), text, "{html}");
        }
    }

    #[test]
    fn hostile_html_costs_no_more_than_its_length() {
        let many: String = (0..60_000).map(|n| format!(" a{n}")).collect();
        for html in
            [format!("<a{many}>x"), "<div>".repeat(60_000), "<script>".repeat(60_000), "<!--".repeat(60_000)]
        {
            let started = std::time::Instant::now();
            to_text(&html);
            println!("{}: {:?}", &html[..8], started.elapsed());
            assert!(started.elapsed().as_secs() < 10, "{}: {:?}", &html[..8], started.elapsed());
        }
    }
}
