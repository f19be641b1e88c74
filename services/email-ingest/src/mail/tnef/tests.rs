use proptest::prelude::*;

use super::*;

/// A container of these attributes.
fn container(attributes: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut out = SIGNATURE.to_le_bytes().to_vec();
    out.extend([1, 0]);
    for (id, data) in attributes {
        out.push(1);
        out.extend(id.to_le_bytes());
        out.extend((data.len() as u32).to_le_bytes());
        out.extend(data);
        let sum = data.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
        out.extend(sum.to_le_bytes());
    }
    out
}

fn list(props: &[Vec<u8>]) -> Vec<u8> {
    [(props.len() as u32).to_le_bytes().to_vec(), props.concat()].concat()
}

fn sized(kind: u16, id: u16, bytes: &[u8]) -> Vec<u8> {
    let mut out = [kind.to_le_bytes(), id.to_le_bytes()].concat();
    out.extend(1_u32.to_le_bytes());
    out.extend((bytes.len() as u32).to_le_bytes());
    out.extend(bytes);
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

fn wide(id: u16, text: &str) -> Vec<u8> {
    let bytes: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    sized(0x001f, id, &bytes)
}

fn binary(id: u16, bytes: &[u8]) -> Vec<u8> {
    sized(0x0102, id, bytes)
}

fn object(container: &[u8]) -> Vec<u8> {
    sized(0x000d, props::ATTACH_DATA, &[&[7; 16], container].concat())
}

fn attached(title: &[u8], data: &[u8], props: &[Vec<u8>]) -> Vec<(u32, Vec<u8>)> {
    vec![
        (attribute::RENDER_DATA, vec![0; 14]),
        (attribute::ATTACH_TITLE, title.to_vec()),
        (attribute::ATTACH_DATA, data.to_vec()),
        (attribute::ATTACHMENT_PROPS, list(props)),
    ]
}

fn shown(bytes: &[u8]) -> Vec<(String, String)> {
    let files = read(bytes).unwrap().files.into_iter();
    files.map(|file| (file.name, String::from_utf8_lossy(&file.bytes).into_owned())).collect()
}

fn pairs(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files.iter().map(|(name, bytes)| ((*name).to_owned(), (*bytes).to_owned())).collect()
}

#[test]
fn files_come_out_under_their_long_names() {
    let number = [&0x0003_u16.to_le_bytes()[..], &0x3705_u16.to_le_bytes(), &[1, 0, 0, 0]].concat();
    let many = [&0x1003_u16.to_le_bytes()[..], &0x6001_u16.to_le_bytes(), &[2, 0, 0, 0], &[9; 8]].concat();
    let mut named = [&0x001f_u16.to_le_bytes()[..], &0x8001_u16.to_le_bytes(), &[5; 16]].concat();
    named.extend([
        1, 0, 0, 0, 6, 0, 0, 0, b'a', 0, b'b', 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, b'x', 0, 0, 0,
    ]);
    let props = [
        number,
        many,
        named,
        wide(props::ATTACH_LONG_FILENAME, "Rechnung März.pdf"),
        wide(props::DISPLAY_NAME, "Rechnung"),
        wide(props::ATTACH_MIME_TAG, "application/pdf"),
        wide(props::ATTACH_CONTENT_ID, "<logo@x>"),
    ];
    let mut attributes = attached(b"RECHNU~1.PDF\0", b"%PDF", &props);
    attributes.extend(attached(b"b.txt\0", b"zwei", &[]));
    attributes.extend(attached(
        b"",
        b"",
        &[binary(props::ATTACH_DATA, b"drei"), wide(props::DISPLAY_NAME, "c.bin")],
    ));
    let bytes = container(&attributes);
    assert_eq!(shown(&bytes), pairs(&[("Rechnung März.pdf", "%PDF"), ("b.txt", "zwei"), ("c.bin", "drei")]));
    let tnef = read(&bytes).unwrap();
    assert_eq!(tnef.files[0].content_type.as_deref(), Some("application/pdf"));
    assert_eq!(tnef.files[0].content_id.as_deref(), Some("logo@x"));
    assert!(tnef.whole);
}

#[test]
fn words_are_read_in_their_code_page() {
    for (code_page, bytes, text) in [
        (None, &b"Gr\xfc\xdfe\0"[..], "Grüße"),
        (Some(1251_u32), b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
        (Some(932), b"\x82\xb1\x82\xf1", "こん"),
        (Some(65_001), "Ω".as_bytes(), "Ω"),
        (Some(4), b"abc", "abc"),
    ] {
        let code_page = code_page.map(|page| (attribute::CODE_PAGE, [page.to_le_bytes(), [0; 4]].concat()));
        let attributes: Vec<_> = code_page.into_iter().chain([(attribute::BODY, bytes.to_vec())]).collect();
        assert_eq!(read(&container(&attributes)).unwrap().text.as_deref(), Some(text));
    }
    let html = list(&[wide(props::BODY, "plain"), binary(props::BODY_HTML, "<p>ä</p>".as_bytes())]);
    let bytes = container(&[(attribute::BODY, b"older".to_vec()), (attribute::MESSAGE_PROPS, html)]);
    let tnef = read(&bytes).unwrap();
    assert_eq!((tnef.text.as_deref(), tnef.html.as_deref()), (Some("plain"), Some("<p>ä</p>")));
}

#[test]
fn a_message_within_gives_its_words_and_files_and_ends_at_some_depth() {
    let mut inner = vec![(attribute::MESSAGE_PROPS, list(&[wide(props::BODY, "inner words")]))];
    inner.extend(attached(b"in.txt", b"within", &[]));
    let outer = container(&attached(b"Re: old", b"", &[object(&container(&inner))]));
    assert_eq!(shown(&outer), pairs(&[("Re: old.txt", "inner words"), ("in.txt", "within")]));

    let deep =
        (0..50).fold(container(&inner), |within, _| container(&attached(b"deep", b"", &[object(&within)])));
    let files = read(&deep).unwrap().files;
    assert_eq!(files.len(), MAX_DEPTH + 1);
    let signature = SIGNATURE.to_le_bytes();
    assert!(files.iter().all(|file| file.bytes.starts_with(&signature)), "what has no words stays a file");
}

#[test]
fn what_breaks_off_gives_what_stands_before_the_break_and_says_so() {
    let mut attributes = attached(b"a.txt", b"eins", &[]);
    attributes.extend(attached(b"b.txt", b"zwei", &[]));
    let bytes = container(&attributes);
    let tnef = read(&bytes[..bytes.len() - 20]).unwrap();
    assert!(!tnef.whole);
    assert_eq!(tnef.files[0].bytes, &b"eins"[..]);
    assert_eq!(read(b"PK\x03\x04 a zip file"), None);
    assert_eq!(read(b""), None);
}

#[test]
fn counts_that_lie_cost_nothing() {
    let started = std::time::Instant::now();
    for kind in [0x1000_u16, 0x1001, 0x1003, 0x1048, 0x101f, 0x001e] {
        let lie = [&u32::MAX.to_le_bytes()[..], &kind.to_le_bytes(), &[0, 0x10], &[0xff; 40]].concat();
        read(&container(&[(attribute::MESSAGE_PROPS, lie)])).unwrap();
    }
    let empty = vec![(attribute::RENDER_DATA, Vec::new()); 200_000];
    assert_eq!(read(&container(&empty)).unwrap().files.len(), MAX_FILES);
    assert!(started.elapsed().as_secs() < 5);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(at in 0_usize..400, with in proptest::collection::vec(any::<u8>(), 0..12), cut in 0_usize..400) {
        let mut bytes = container(&attached(b"a", b"x", &[object(&container(&attached(b"b", b"y", &[wide(props::DISPLAY_NAME, "n")])))]));
        let at = at.min(bytes.len());
        let end = (at + with.len()).min(bytes.len());
        bytes.splice(at..end, with);
        bytes.truncate(bytes.len().saturating_sub(cut));
        if let Some(tnef) = read(&bytes) {
            let taken: usize = tnef.files.iter().map(|file| file.bytes.len()).sum();
            prop_assert!(taken <= 3 * bytes.len());
        }
    }
}
