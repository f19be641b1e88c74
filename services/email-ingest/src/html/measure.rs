//! Whether HTML can be given to a tree builder at all. Tree building is quadratic in nesting (40,000 nested `<div>`,
//! 200 KB, take ammonia four seconds) and in attributes of one tag, so both are bounded here first, in linear time.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    rc::Rc,
};

use html5ever::{
    Attribute, ExpandedName, LocalName, ParseOpts, Parser, QualName,
    interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink},
    ns, parse_fragment,
    tendril::{StrTendril, TendrilSink},
};

/// Largest HTML that is parsed.
const MAX_BYTES: usize = 2 * 1024 * 1024;
/// Deepest nesting.
const MAX_DEPTH: usize = 256;
/// Most elements: misnested formatting multiplies them.
const MAX_ELEMENTS: usize = 50_000;
/// Most attributes of one tag.
const MAX_ATTRIBUTES: usize = 256;
/// Given to the parser at once; between two pieces it can be stopped.
const PIECE: usize = 1024;

/// Whether the HTML is small, flat and plain enough to be parsed into a tree.
pub fn is_tame(html: &str) -> bool {
    html.len() <= MAX_BYTES && has_few_attributes(html) && is_flat(html)
}

/// Whether no tag has too many attributes, wherever a tag may begin: a scan starts at every `<` and a letter, all
/// scans run side by side, and those in the same state become one.
pub fn has_few_attributes(html: &str) -> bool {
    /// Where a scan stands; its place in the array holds the most attributes any scan there has seen.
    const NAME: usize = 0;
    const BETWEEN: usize = 1;
    const ATTRIBUTE: usize = 2;
    const BEFORE_VALUE: usize = 3;
    const DOUBLE: usize = 4;
    const SINGLE: usize = 5;
    const UNQUOTED: usize = 6;
    let next = |state: usize, byte: u8| match (state, byte) {
        (DOUBLE, b'"') | (SINGLE, b'\'') => Some(BETWEEN),
        (DOUBLE | SINGLE, _) => Some(state),
        (_, b'>') => None,
        (BEFORE_VALUE, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c') => Some(BEFORE_VALUE),
        (BEFORE_VALUE, b'"') => Some(DOUBLE),
        (BEFORE_VALUE, b'\'') => Some(SINGLE),
        (_, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c') => Some(BETWEEN),
        (BEFORE_VALUE | UNQUOTED, _) => Some(UNQUOTED),
        (NAME, b'/') | (BETWEEN | ATTRIBUTE, b'/') => Some(BETWEEN),
        (NAME, _) => Some(NAME),
        (ATTRIBUTE, b'=') => Some(BEFORE_VALUE),
        _ => Some(ATTRIBUTE),
    };
    let bytes = html.as_bytes();
    let mut scans: [Option<usize>; 7] = [None; 7];
    for (at, byte) in bytes.iter().enumerate() {
        let mut after: [Option<usize>; 7] = [None; 7];
        for (state, seen) in scans.iter().enumerate() {
            let (Some(seen), Some(to)) = (*seen, next(state, *byte)) else { continue };
            let seen = seen + usize::from(to == ATTRIBUTE && state != ATTRIBUTE);
            if seen > MAX_ATTRIBUTES {
                return false;
            }
            after[to] = after[to].max(Some(seen));
        }
        if *byte == b'<' && bytes.get(at + 1).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'/') {
            after[NAME] = after[NAME].max(Some(0));
        }
        scans = after;
    }
    true
}

/// Whether the tree stays flat and small: builds it with the same parser as ammonia, keeping only each element's way
/// up, and stops as soon as it does not.
fn is_flat(html: &str) -> bool {
    let context = QualName::new(None, ns!(html), LocalName::from("div"));
    let mut parser: Parser<Gauge> =
        parse_fragment(Gauge::default(), ParseOpts::default(), context, vec![], false);
    let mut rest = html;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE.min(rest.len())));
        parser.process(StrTendril::from(piece));
        if parser.tokenizer.sink.sink.is_over() {
            return false;
        }
        rest = after;
    }
    !parser.finish().is_over()
}

/// A node: its name and its way up. Children are not kept.
struct Node {
    name: QualName,
    parent: RefCell<Option<Handle>>,
}

type Handle = Rc<Node>;

struct Gauge {
    document: Handle,
    deepest: Cell<usize>,
    elements: Cell<usize>,
}

impl Default for Gauge {
    fn default() -> Self {
        Self {
            document: node(QualName::new(None, ns!(), LocalName::from(""))),
            deepest: Cell::new(0),
            elements: Cell::new(0),
        }
    }
}

fn node(name: QualName) -> Handle {
    Rc::new(Node { name, parent: RefCell::new(None) })
}

impl Gauge {
    fn is_over(&self) -> bool {
        self.deepest.get() > MAX_DEPTH || self.elements.get() > MAX_ELEMENTS
    }

    fn put(&self, parent: Option<Handle>, child: NodeOrText<Handle>) {
        let NodeOrText::AppendNode(child) = child else { return };
        let (mut depth, mut up) = (1, parent.clone());
        while let Some(above) = up.filter(|_| depth <= MAX_DEPTH) {
            depth += 1;
            up = above.parent.borrow().clone();
        }
        self.deepest.set(self.deepest.get().max(depth));
        child.parent.replace(parent);
    }
}

impl TreeSink for Gauge {
    type Handle = Handle;
    type Output = Self;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Self {
        self
    }
    fn parse_error(&self, _message: Cow<'static, str>) {}
    fn get_document(&self) -> Handle {
        self.document.clone()
    }
    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        target.name.expanded()
    }
    fn create_element(&self, name: QualName, _attributes: Vec<Attribute>, _flags: ElementFlags) -> Handle {
        self.elements.set(self.elements.get() + 1);
        node(name)
    }
    fn create_comment(&self, _text: StrTendril) -> Handle {
        node(self.document.name.clone())
    }
    fn create_pi(&self, _target: StrTendril, _data: StrTendril) -> Handle {
        node(self.document.name.clone())
    }
    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.put(Some(parent.clone()), child);
    }
    fn append_based_on_parent_node(&self, element: &Handle, previous: &Handle, child: NodeOrText<Handle>) {
        let parent = element.parent.borrow().clone();
        self.put(Some(parent.unwrap_or_else(|| previous.clone())), child);
    }
    fn append_doctype_to_document(&self, _name: StrTendril, _public_id: StrTendril, _system_id: StrTendril) {}
    /// What is in a template counts as nested in it.
    fn get_template_contents(&self, target: &Handle) -> Handle {
        target.clone()
    }
    fn same_node(&self, one: &Handle, other: &Handle) -> bool {
        Rc::ptr_eq(one, other)
    }
    fn set_quirks_mode(&self, _mode: QuirksMode) {}
    fn append_before_sibling(&self, sibling: &Handle, new_node: NodeOrText<Handle>) {
        let parent = sibling.parent.borrow().clone();
        self.put(parent, new_node);
    }
    fn add_attrs_if_missing(&self, _target: &Handle, _attributes: Vec<Attribute>) {}
    fn remove_from_parent(&self, target: &Handle) {
        target.parent.replace(None);
    }
    /// The children's way up then lacks one step. Each such move costs the sender a start tag that is counted, so
    /// that the true depth stays within a small multiple of what is measured.
    fn reparent_children(&self, _node: &Handle, _new_parent: &Handle) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_mail_is_tame() {
        let rows =
            "<table><tr><td><p style=\"a:b; c:d\">x<br>y<ul><li>1<li>2</ul></td></tr></table>".repeat(500);
        assert!(is_tame(&format!(
            "<!doctype html><html><head><title>t</title></head><body>{rows}</body></html>"
        )));
        assert!(is_tame(&"<div>".repeat(200)));
        assert!(is_tame(""));
    }

    #[test]
    fn deep_nesting_is_not_whatever_it_is_hidden_behind() {
        for unit in [
            "<div>",
            "<b><i>",
            "<ul><li>",
            "<table><tr><td>",
            "<div><table></div></table>",
            "<div><select></div></select>",
            "<div><textarea></div></textarea>",
            "<div><svg><title><!--</title></svg></div>--></title></svg>",
            "<svg><g><style><!--</style></g>-->",
            "<p><b x=1><font color=1>",
            "<span a><template>",
        ] {
            let html: String = (0..2000).map(|n| unit.replace("=1", &format!("={n}"))).collect();
            assert!(!is_tame(&html), "{unit}");
        }
        assert!(!is_tame(&"x".repeat(MAX_BYTES + 1)));
    }

    #[test]
    fn misnested_formatting_cannot_multiply() {
        let open: String = (0..200).map(|n| format!("<b x={n}>")).collect();
        assert!(!is_tame(&format!("<div>{open}</div>{}", "<p>x".repeat(2000))));
    }

    #[test]
    fn a_tag_of_very_many_attributes_is_found_also_behind_quotes() {
        let many: String = (0..5000).map(|n| format!(" a{n}")).collect();
        for html in [
            format!("<a{many}>"),
            format!("<style><b \"</style><a{many}>"),
            format!("<!-- <b c=\" --><a{many}>"),
            format!("<a {}>", many.replace(' ', "/")),
            format!("</a{many}>"),
            format!("<a{}>", many.replace(' ', " x=\"y\"")),
        ] {
            assert!(!has_few_attributes(&html), "{}", &html[..30]);
        }
        assert!(has_few_attributes(
            &"<img src=\"data:image/png;base64,//8/x//\" alt='a b c'> text, text".repeat(1000)
        ));
    }
}
