use std::path::Path;

#[test]
#[expect(clippy::disallowed_methods, reason = "the way to write the snapshot anew")]
fn the_description_is_the_one_that_is_kept() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let is = inbox::description();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &is).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == is,
        "openapi.json is not what the calls are: run the tests with UPDATE_OPENAPI=1 and look at it"
    );
}

#[test]
fn every_call_says_what_it_answers_and_may_be_refused() {
    let api: serde_json::Value = serde_json::from_str(&inbox::description()).unwrap();
    let paths = api["paths"].as_object().unwrap();
    assert!(paths.len() >= 20 && paths.keys().all(|path| path.starts_with("/api/v1/")), "{paths:#?}");
    for (path, methods) in paths {
        for (method, call) in methods.as_object().unwrap() {
            assert!(call["responses"]["default"].is_object(), "{method} {path}");
            let said = call["summary"].as_str().or(call["description"].as_str()).unwrap_or_default();
            assert!(said.len() > 10, "{method} {path} says nothing");
        }
    }
}
