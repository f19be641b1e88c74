//! The lines of a calendar file (RFC 5545 §3.1): unfolded, taken apart, and put under the component they stand in.

/// Lines that are looked at, as they stand in the file.
const MOST_LINES: usize = 20_000;
/// Bytes of one line that are kept; a description may be longer, and is not needed.
const LONGEST: usize = 8 * 1024;
/// Parameters of a line.
const MOST_PARAMS: usize = 20;
/// Components within components.
const DEEPEST: usize = 10;
/// Components of one file.
const MOST_COMPONENTS: usize = 1_000;

/// `NAME;PARAM=value:value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// In capitals.
    pub name: String,
    /// Their names in capitals.
    params: Vec<(String, String)>,
    /// As it stands there.
    pub value: String,
}

/// `BEGIN:NAME` up to `END:NAME`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// In capitals; empty for the file itself.
    pub name: String,
    /// What it says.
    pub lines: Vec<Line>,
    /// What is in it.
    pub within: Vec<Component>,
}

impl Line {
    /// The value of a parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value as text: `\n`, `\,`, `\;` and `\\` are what they stand for.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.value.len());
        let mut rest = self.value.chars();
        while let Some(c) = rest.next() {
            if c != '\\' {
                text.push(c);
                continue;
            }
            match rest.next() {
                Some('n' | 'N') => text.push('\n'),
                Some(other) => text.push(other),
                None => {}
            }
        }
        text
    }

    fn read(line: &str) -> Option<Self> {
        let end = line.find([':', ';'])?;
        let (name, mut rest) = line.split_at(end);
        let mut params = Vec::new();
        while let Some(after) = rest.strip_prefix(';') {
            let (name, value) = after.split_once('=')?;
            let (value, after) = param_value(value)?;
            rest = after;
            if params.len() < MOST_PARAMS {
                params.push((name.trim().to_ascii_uppercase(), decoded(value)));
            }
        }
        let value = rest.strip_prefix(':')?.to_owned();
        Some(Self { name: name.trim().to_ascii_uppercase(), params, value })
    }
}

/// The value of a parameter, quoted or not, and what comes behind it.
fn param_value(text: &str) -> Option<(&str, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (value, rest) = quoted.split_once('"')?;
        // a list of quoted values: the first one says enough
        return Some((value, &rest[rest.find([':', ';'])?..]));
    }
    let end = text.find([':', ';'])?;
    Some(text.split_at(end))
}

/// `^n`, `^'` and `^^` in parameters (RFC 6868).
fn decoded(value: &str) -> String {
    if !value.contains('^') {
        return value.to_owned();
    }
    value.replace("^n", " ").replace("^'", "\"").replace("^^", "^")
}

impl Component {
    /// Reads a file; what is no line is passed over, what is not closed ends with the file.
    pub fn read(file: &str) -> Self {
        let mut open = vec![Self::default()];
        // components that are too many or too deep: nothing in them is looked at
        let (mut beyond, mut count) = (0_usize, 0);
        for line in unfolded(file).iter().filter_map(|line| Line::read(line)) {
            match line.name.as_str() {
                "BEGIN" if beyond > 0 || open.len() > DEEPEST || count >= MOST_COMPONENTS => beyond += 1,
                "BEGIN" => {
                    count += 1;
                    let name = line.value.trim().to_ascii_uppercase();
                    open.push(Self { name, ..Self::default() });
                }
                "END" if beyond > 0 => beyond -= 1,
                "END" => close(&mut open),
                _ if beyond > 0 => {}
                _ => {
                    if let Some(component) = open.last_mut() {
                        component.lines.push(line);
                    }
                }
            }
        }
        while open.len() > 1 {
            close(&mut open);
        }
        open.pop().unwrap_or_default()
    }

    /// The first line of that name.
    pub fn line(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.name == name)
    }

    /// The text of the first line of that name.
    pub fn text(&self, name: &str) -> Option<String> {
        self.line(name).map(Line::text)
    }

    /// The components of that name in it.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.within.iter().filter(move |one| one.name == name)
    }
}

fn close(open: &mut Vec<Component>) {
    if open.len() < 2 {
        return;
    }
    let Some(done) = open.pop() else { return };
    if let Some(around) = open.last_mut() {
        around.within.push(done);
    }
}

/// Lines that begin with white space go on with the one before them.
fn unfolded(file: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in file.split('\n').take(MOST_LINES) {
        let line = line.strip_suffix('\r').unwrap_or(line);
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some(last)) => {
                let room = LONGEST.saturating_sub(last.len());
                last.push_str(&more[..more.floor_char_boundary(room.min(more.len()))]);
            }
            _ => lines.push(line[..line.floor_char_boundary(LONGEST.min(line.len()))].to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_unfolded_and_taken_apart() {
        let file = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Lunch\\, and\r\n  a walk\\; then\\nhome\r\n\
             attendee;CN=\"Lee; Anna\";partstat=ACCEPTED:mailto:a@b.c\r\nnonsense\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let file = Component::read(file);
        let calendar = file.all("VCALENDAR").next().unwrap();
        assert_eq!(calendar.text("METHOD").as_deref(), Some("REQUEST"));
        let event = calendar.all("VEVENT").next().unwrap();
        assert_eq!(event.text("SUMMARY").as_deref(), Some("Lunch, and a walk; then\nhome"));
        let guest = event.line("ATTENDEE").unwrap();
        assert_eq!((guest.param("CN"), guest.param("PARTSTAT")), (Some("Lee; Anna"), Some("ACCEPTED")));
        assert_eq!((guest.value.as_str(), guest.param("ROLE")), ("mailto:a@b.c", None));
    }

    #[test]
    fn odd_files_give_what_can_be_read() {
        assert_eq!(Component::read(""), Component::default());
        assert_eq!(Component::read("END:VEVENT\nEND:X\nA:1").lines.len(), 1);
        let open = Component::read("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:never closed");
        assert_eq!(open.within[0].within[0].text("SUMMARY").as_deref(), Some("never closed"));
        for broken in ["A;B:1", "A;B=\"x:1", ";:", "A;B=c", "\u{feff}"] {
            assert_eq!(Component::read(broken).lines.len(), 0, "{broken}");
        }
    }

    #[test]
    fn wild_files_cost_little() {
        let deep = "BEGIN:X\n".repeat(100_000);
        let file = Component::read(&deep);
        let mut depth = 0;
        let mut at = &file;
        while let Some(next) = at.within.first() {
            (depth, at) = (depth + 1, next);
        }
        assert_eq!(depth, DEEPEST);
        let wide = "BEGIN:X\nEND:X\n".repeat(9_000);
        assert_eq!(Component::read(&wide).within.len(), MOST_COMPONENTS);
        let long = format!("A:{}\n{}", "x".repeat(1 << 20), " y\n".repeat(10_000));
        assert!(Component::read(&long).lines[0].value.len() <= LONGEST);
        let params = format!("A{}:1", ";B=1".repeat(5_000));
        assert_eq!(Component::read(&params).lines.len(), 0, "cut off before its value");
    }
}
