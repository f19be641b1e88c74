//! Logs to stderr; traces over OTLP when the standard `OTEL_*` variables ask for them.

use std::{io::IsTerminal, time::Duration};

use anyhow::Context;
use opentelemetry::{global, trace::TracerProvider};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{LevelFilter, Targets},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// How the last spans may hold up the end.
const FLUSH_WITHIN: Duration = Duration::from_secs(2);
/// What the exporter itself uses: tracing it would never end.
const UNTRACED: [&str; 6] = ["hyper", "hyper_util", "h2", "reqwest", "rustls", "opentelemetry"];

/// How logs are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Holds the export of traces; flushed at the end.
pub(crate) struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

/// Sets up logs and traces for this process. Called before there is an async runtime: the exporter's blocking client
/// must not be made inside one.
///
/// # Errors
/// `FRONTDESK_LOG` or `RUST_LOG` cannot be read, or the exporter cannot be made.
pub(crate) fn begin(role: &str, format: LogFormat, usual: &str) -> anyhow::Result<Telemetry> {
    let directives =
        variable("FRONTDESK_LOG").or_else(|| variable("RUST_LOG")).unwrap_or_else(|| usual.to_owned());
    // The last ones count: these libraries write passwords and whole mails at their lowest levels.
    let levels =
        EnvFilter::try_new(format!("{directives},async_imap=info,lettre=info")).with_context(|| {
            format!("FRONTDESK_LOG (or RUST_LOG) {directives:?} cannot be read: write it as info,bus=debug")
        })?;
    let traces = exporter(role)?;
    let spans = traces.as_ref().map(|provider| {
        let quiet = UNTRACED.map(|target| (target, LevelFilter::OFF));
        let filter = Targets::new().with_default(LevelFilter::INFO).with_targets(quiet);
        tracing_opentelemetry::layer().with_tracer(provider.tracer("frontdesk")).with_filter(filter)
    });
    let lines = lines(format).with_filter(levels);
    // Set already only where tests begin several times in one process: the first stays.
    let _ = Registry::default().with(lines).with(spans).try_init();
    global::set_text_map_propagator(TraceContextPropagator::new());
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, panic = panic.payload_as_str().unwrap_or("no message"), "panicked");
    }));
    Ok(Telemetry { traces })
}

fn lines(format: LogFormat) -> Box<dyn Layer<Registry> + Send + Sync> {
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Text => layer.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => {
            layer.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
        }
    }
}

/// Only when an endpoint is named; where and how is read by the SDK itself from the standard variables
/// (<https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>).
fn exporter(role: &str) -> anyhow::Result<Option<SdkTracerProvider>> {
    let named = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"].map(variable);
    let off = variable("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let none = variable("OTEL_TRACES_EXPORTER").is_some_and(|value| value == "none");
    if off || none || named.iter().all(Option::is_none) {
        return Ok(None);
    }
    let exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).build();
    let exporter = exporter.context("the traces of OTEL_EXPORTER_OTLP_ENDPOINT cannot be exported")?;
    let mut resource = Resource::builder();
    if variable("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name(format!("frontdesk-{role}"));
    }
    Ok(Some(
        SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build(),
    ))
}

impl Telemetry {
    /// Sends the last spans. Called after the async runtime has ended.
    pub(crate) fn end(self) {
        if let Some(provider) = self.traces
            && let Err(error) = provider.shutdown_with_timeout(FLUSH_WITHIN)
        {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the standard variables of logs and traces")]
    let value = std::env::var(name).ok();
    value.filter(|value| !value.is_empty())
}
