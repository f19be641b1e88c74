//! States of the United States and provinces of Canada: codes, names and zones. Where a state is divided, the zone of
//! most of its people comes first.

/// A state or province.
pub(super) struct State {
    code: &'static str,
    name: &'static str,
    /// Its country: `us` or `ca`.
    country: &'static str,
    /// Its zones.
    pub zones: &'static [&'static str],
}

const fn us(code: &'static str, name: &'static str, zones: &'static [&'static str]) -> State {
    State { code, name, country: "us", zones }
}

const fn ca(code: &'static str, name: &'static str, zones: &'static [&'static str]) -> State {
    State { code, name, country: "ca", zones }
}

const EASTERN: &str = "America/New_York";
const CENTRAL: &str = "America/Chicago";
const MOUNTAIN: &str = "America/Denver";
const PACIFIC: &str = "America/Los_Angeles";

const STATES: &[State] = &[
    us("al", "alabama", &[CENTRAL]),
    us("ak", "alaska", &["America/Anchorage", "America/Adak"]),
    us("az", "arizona", &["America/Phoenix", MOUNTAIN]),
    us("ar", "arkansas", &[CENTRAL]),
    us("ca", "california", &[PACIFIC]),
    us("co", "colorado", &[MOUNTAIN]),
    us("ct", "connecticut", &[EASTERN]),
    us("de", "delaware", &[EASTERN]),
    us("dc", "district of columbia", &[EASTERN]),
    us("fl", "florida", &[EASTERN, CENTRAL]),
    us("ga", "georgia", &[EASTERN]),
    us("hi", "hawaii", &["Pacific/Honolulu"]),
    us("id", "idaho", &["America/Boise", PACIFIC]),
    us("il", "illinois", &[CENTRAL]),
    us("in", "indiana", &["America/Indiana/Indianapolis", CENTRAL]),
    us("ia", "iowa", &[CENTRAL]),
    us("ks", "kansas", &[CENTRAL, MOUNTAIN]),
    us("ky", "kentucky", &[EASTERN, CENTRAL]),
    us("la", "louisiana", &[CENTRAL]),
    us("me", "maine", &[EASTERN]),
    us("md", "maryland", &[EASTERN]),
    us("ma", "massachusetts", &[EASTERN]),
    us("mi", "michigan", &["America/Detroit", CENTRAL]),
    us("mn", "minnesota", &[CENTRAL]),
    us("ms", "mississippi", &[CENTRAL]),
    us("mo", "missouri", &[CENTRAL]),
    us("mt", "montana", &[MOUNTAIN]),
    us("ne", "nebraska", &[CENTRAL, MOUNTAIN]),
    us("nv", "nevada", &[PACIFIC, MOUNTAIN]),
    us("nh", "new hampshire", &[EASTERN]),
    us("nj", "new jersey", &[EASTERN]),
    us("nm", "new mexico", &[MOUNTAIN]),
    us("ny", "new york", &[EASTERN]),
    us("nc", "north carolina", &[EASTERN]),
    us("nd", "north dakota", &[CENTRAL, MOUNTAIN]),
    us("oh", "ohio", &[EASTERN]),
    us("ok", "oklahoma", &[CENTRAL]),
    us("or", "oregon", &[PACIFIC, MOUNTAIN]),
    us("pa", "pennsylvania", &[EASTERN]),
    us("ri", "rhode island", &[EASTERN]),
    us("sc", "south carolina", &[EASTERN]),
    us("sd", "south dakota", &[CENTRAL, MOUNTAIN]),
    us("tn", "tennessee", &[CENTRAL, EASTERN]),
    us("tx", "texas", &[CENTRAL, MOUNTAIN]),
    us("ut", "utah", &[MOUNTAIN]),
    us("vt", "vermont", &[EASTERN]),
    us("va", "virginia", &[EASTERN]),
    us("wa", "washington", &[PACIFIC]),
    us("wv", "west virginia", &[EASTERN]),
    us("wi", "wisconsin", &[CENTRAL]),
    us("wy", "wyoming", &[MOUNTAIN]),
    ca("ab", "alberta", &["America/Edmonton"]),
    ca("bc", "british columbia", &["America/Vancouver", "America/Edmonton", "America/Fort_Nelson"]),
    ca("mb", "manitoba", &["America/Winnipeg"]),
    ca("nb", "new brunswick", &["America/Moncton"]),
    ca("nl", "newfoundland and labrador", &["America/St_Johns", "America/Goose_Bay"]),
    ca("ns", "nova scotia", &["America/Halifax"]),
    ca("nt", "northwest territories", &["America/Yellowknife"]),
    ca("nu", "nunavut", &["America/Iqaluit", "America/Rankin_Inlet", "America/Cambridge_Bay"]),
    ca("on", "ontario", &["America/Toronto", "America/Winnipeg"]),
    ca("pe", "prince edward island", &["America/Halifax"]),
    ca("qc", "quebec", &["America/Toronto", "America/Blanc-Sablon"]),
    ca("qc", "québec", &["America/Toronto", "America/Blanc-Sablon"]),
    ca("sk", "saskatchewan", &["America/Regina", "America/Edmonton"]),
    ca("yt", "yukon", &["America/Whitehorse"]),
];

/// The state of a code or name, in small letters; of that country, if one is given.
pub(super) fn find(word: &str, country: Option<&str>) -> Option<&'static State> {
    let is_there = |state: &&State| country.is_none_or(|country| state.country == country);
    STATES.iter().filter(is_there).find(|state| state.code == word || state.name == word)
}

#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    STATES.iter().flat_map(|state| state.zones.iter().copied())
}
