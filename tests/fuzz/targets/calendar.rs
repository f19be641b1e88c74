//! A calendar file of any bytes gives at most a few events, each small and without a line break where a line is meant.
//! Slowness is a finding too: see `-timeout` in `run`.

#![no_main]

use domain::AttachmentId;
use email_ingest::calendar;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let file = AttachmentId::named(Default::default(), "0");
    let found = calendar::read(raw, file);
    assert!(found.len() <= 5);
    for one in found {
        assert!(!one.title.contains(['\n', '\0']) && one.title.chars().count() <= 300, "{:?}", one.title);
        assert!(one.guests.len() <= 50 && one.file == file);
        assert!(serde_json::to_vec(&one).is_ok_and(|json| json.len() < 256 * 1024));
    }
});
