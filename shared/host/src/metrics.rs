//! Numbers for Prometheus, in its text format
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>).

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

/// Upper bounds of a histogram's buckets, in seconds.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// More series than this in one family are counted but not shown: a label holds something it should not.
const LARGEST_FAMILY: usize = 1000;

/// The numbers of this process. Cheap to clone. Names follow Prometheus: `frontdesk_webhooks_total`, seconds, bytes.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Mutex<BTreeMap<&'static str, Family>>>);

/// Only grows.
#[derive(Clone, Default)]
pub struct Counter(Arc<AtomicU64>);

/// Goes up and down.
#[derive(Clone, Default)]
pub struct Gauge(Arc<AtomicI64>);

/// How long things take.
#[derive(Clone, Default)]
pub struct Histogram(Arc<Durations>);

#[derive(Default)]
struct Durations {
    buckets: [AtomicU64; BUCKETS.len()],
    count: AtomicU64,
    micros: AtomicU64,
}

#[derive(Default)]
struct Family {
    help: Option<&'static str>,
    series: BTreeMap<Vec<(&'static str, String)>, Series>,
}

enum Series {
    Counter(Counter),
    Gauge(Gauge),
    Histogram(Histogram),
}

impl Counter {
    /// One more.
    pub fn increment(&self) {
        self.add(1);
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// That many more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }
}

impl Gauge {
    /// How it is now.
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// As it is now.
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// Up, or down when negative.
    pub fn add(&self, more: i64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }
}

impl Histogram {
    /// One that took so long.
    pub fn record(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        if let Some(bucket) = BUCKETS.iter().position(|bound| seconds <= *bound) {
            self.0.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        }
        self.0.count.fetch_add(1, Ordering::Relaxed);
        self.0.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl Metrics {
    /// The counter of that name and labels; the same one at every call. Keep it where it is counted often.
    pub fn counter(&self, name: &'static str, labels: &[(&'static str, &str)]) -> Counter {
        let fresh = Counter::default();
        match self.series(name, labels, || Series::Counter(fresh.clone())) {
            Some(Series::Counter(known)) => known,
            _ => fresh,
        }
    }

    /// The gauge of that name and labels.
    pub fn gauge(&self, name: &'static str, labels: &[(&'static str, &str)]) -> Gauge {
        let fresh = Gauge::default();
        match self.series(name, labels, || Series::Gauge(fresh.clone())) {
            Some(Series::Gauge(known)) => known,
            _ => fresh,
        }
    }

    /// The histogram of that name and labels; the name ends in `_seconds`.
    pub fn histogram(&self, name: &'static str, labels: &[(&'static str, &str)]) -> Histogram {
        let fresh = Histogram::default();
        match self.series(name, labels, || Series::Histogram(fresh.clone())) {
            Some(Series::Histogram(known)) => known,
            _ => fresh,
        }
    }

    /// Says what a name means.
    pub fn describe(&self, name: &'static str, help: &'static str) {
        let mut families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        families.entry(name).or_default().help = Some(help);
    }

    /// Everything, as Prometheus reads it.
    pub fn text(&self) -> String {
        let families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        for (name, family) in families.iter() {
            family.write(name, &mut text);
        }
        text
    }

    fn series(
        &self,
        name: &'static str,
        labels: &[(&'static str, &str)],
        fresh: impl FnOnce() -> Series,
    ) -> Option<Series> {
        let labels: Vec<_> = labels.iter().map(|(label, value)| (*label, (*value).to_owned())).collect();
        let mut families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let family = families.entry(name).or_default();
        let full = family.series.len() >= LARGEST_FAMILY && !family.series.contains_key(&labels);
        (!full).then(|| family.series.entry(labels).or_insert_with(fresh).share())
    }
}

impl Series {
    fn share(&self) -> Self {
        match self {
            Self::Counter(counter) => Self::Counter(counter.clone()),
            Self::Gauge(gauge) => Self::Gauge(gauge.clone()),
            Self::Histogram(histogram) => Self::Histogram(histogram.clone()),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Counter(_) => "counter",
            Self::Gauge(_) => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

impl Family {
    fn write(&self, name: &str, text: &mut String) {
        let Some(first) = self.series.values().next() else { return };
        let help = self.help.map_or_else(|| name.replace('_', " "), str::to_owned);
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {}", first.kind());
        for (labels, series) in &self.series {
            let labels = labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value)));
            let labels = labels.collect::<Vec<_>>().join(",");
            let braces = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
            let _ = match series {
                Series::Counter(Counter(value)) => {
                    writeln!(text, "{name}{braces} {}", value.load(Ordering::Relaxed))
                }
                Series::Gauge(Gauge(value)) => {
                    writeln!(text, "{name}{braces} {}", value.load(Ordering::Relaxed))
                }
                Series::Histogram(Histogram(durations)) => durations.write(name, &labels, &braces, text),
            };
        }
    }
}

impl Durations {
    fn write(&self, name: &str, labels: &str, braces: &str, text: &mut String) -> std::fmt::Result {
        let comma = if labels.is_empty() { "" } else { "," };
        let mut below = 0;
        for (bound, bucket) in BUCKETS.iter().zip(&self.buckets) {
            below += bucket.load(Ordering::Relaxed);
            writeln!(text, "{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {below}")?;
        }
        let count = self.count.load(Ordering::Relaxed).max(below);
        writeln!(text, "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {count}")?;
        let sum = Duration::from_micros(self.micros.load(Ordering::Relaxed)).as_secs_f64();
        writeln!(text, "{name}_sum{braces} {sum}\n{name}_count{braces} {count}")
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_prometheus_reads_them() {
        let metrics = Metrics::default();
        metrics.describe("frontdesk_webhooks_total", "Webhooks by provider.");
        metrics.counter("frontdesk_webhooks_total", &[("provider", "twilio")]).increment();
        metrics.counter("frontdesk_webhooks_total", &[("provider", "twilio")]).add(2);
        metrics.counter("frontdesk_webhooks_total", &[("provider", "a\"b\\c\nd")]).increment();
        metrics.gauge("frontdesk_open_sockets", &[]).set(-1);
        let taken = metrics.histogram("frontdesk_send_seconds", &[("to", "sms")]);
        taken.record(Duration::from_millis(3));
        taken.record(Duration::from_secs(60));
        let text = metrics.text();
        for line in [
            "# HELP frontdesk_webhooks_total Webhooks by provider.",
            "# TYPE frontdesk_webhooks_total counter",
            "frontdesk_webhooks_total{provider=\"twilio\"} 3",
            "frontdesk_webhooks_total{provider=\"a\\\"b\\\\c\\nd\"} 1",
            "frontdesk_open_sockets -1",
            "frontdesk_send_seconds_bucket{to=\"sms\",le=\"0.0025\"} 0",
            "frontdesk_send_seconds_bucket{to=\"sms\",le=\"0.005\"} 1",
            "frontdesk_send_seconds_bucket{to=\"sms\",le=\"10\"} 1",
            "frontdesk_send_seconds_bucket{to=\"sms\",le=\"+Inf\"} 2",
            "frontdesk_send_seconds_sum{to=\"sms\"} 60.003",
            "frontdesk_send_seconds_count{to=\"sms\"} 2",
        ] {
            assert!(text.lines().any(|written| written == line), "{line}\n{text}");
        }
    }

    #[test]
    fn a_label_of_strangers_cannot_fill_the_memory() {
        let metrics = Metrics::default();
        for caller in 0..LARGEST_FAMILY * 2 {
            metrics.counter("frontdesk_calls_total", &[("caller", &caller.to_string())]).increment();
        }
        assert_eq!(metrics.text().lines().count(), LARGEST_FAMILY + 2);
    }
}
