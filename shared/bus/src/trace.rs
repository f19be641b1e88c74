//! W3C trace context (<https://www.w3.org/TR/trace-context/>) in and out of envelopes, so that one trace runs from
//! the webhook to the reply.

use opentelemetry::{
    Context, SpanId, TraceFlags, TraceId,
    trace::{SpanContext, TraceContextExt, TraceState},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The `traceparent` of the present span, if it is part of a trace.
pub fn current() -> Option<String> {
    write(Span::current().context().span().span_context())
}

/// Makes a new span, one that was not entered yet, a child of the span that a `traceparent` names. Anything else
/// than a well-formed `traceparent` leaves it as it is.
pub fn adopt(span: &Span, traceparent: Option<&str>) {
    let Some(parent) = traceparent.and_then(read) else { return };
    // The errors say that the span is not recorded or that nothing records traces: nothing is lost then.
    let _ = span.set_parent(Context::new().with_remote_span_context(parent));
}

fn write(context: &SpanContext) -> Option<String> {
    context.is_valid().then(|| {
        format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), context.trace_flags().to_u8())
    })
}

/// Reads a `traceparent`; later versions may carry more fields, which are ignored.
fn read(traceparent: &str) -> Option<SpanContext> {
    let mut fields = traceparent.split('-');
    let (version, trace, span, flags) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let more = fields.next().is_some();
    let sizes = [version.len(), trace.len(), span.len(), flags.len()];
    if sizes != [2, 32, 16, 2] || version == "ff" || (version == "00" && more) {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let context = SpanContext::new(trace, span, flags, true, TraceState::NONE);
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
    use tracing_subscriber::{Registry, layer::SubscriberExt};

    use super::*;
    use crate::{BoxFuture, Delivery, Envelope};

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn traced(test: impl FnOnce()) -> Vec<opentelemetry_sdk::trace::SpanData> {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        tracing::subscriber::with_default(Registry::default().with(layer), test);
        exporter.get_finished_spans().unwrap()
    }

    fn delivery(traceparent: Option<&str>) -> Delivery {
        let at = domain::Timestamp::from_millis(0);
        let envelope = Envelope::wrap("x:1", at, traceparent.map(Into::into), &1).unwrap();
        Delivery { subject: "inbound.sms".into(), seq: 1, attempt: 1, envelope }
    }

    #[test]
    fn a_traceparent_survives_reading_and_writing() {
        assert_eq!(write(&read(PARENT).unwrap()).unwrap(), PARENT);
    }

    #[test]
    fn a_later_version_is_read_and_nonsense_is_not() {
        assert!(read(&format!("01{}-more", &PARENT[2..])).is_some());
        for bad in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "00-4bf92f3577b34da6a3ce929d0e0e473é-00f067aa0ba902b7-01",
        ] {
            assert!(read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn without_a_trace_there_is_no_traceparent() {
        assert_eq!(current(), None);
        let span = tracing::info_span!("nobody records this");
        assert_eq!(span.in_scope(current), None);
    }

    #[test]
    fn a_span_of_a_delivery_and_what_is_packed_in_it_stay_in_its_trace() {
        let mut packed = None;
        let spans = traced(|| {
            let span = delivery(Some(PARENT)).span("take in");
            let now = domain::Timestamp::from_millis(0);
            let packet =
                span.in_scope(|| crate::pack(crate::Topic::new("inbound.sms"), "id", now, &7).unwrap());
            packed = packet.envelope.traceparent;
        });
        let span = &spans[0];
        assert_eq!(span.name, "take in");
        assert_eq!(span.span_context.trace_id().to_string(), &PARENT[3..35]);
        assert_eq!(span.parent_span_id.to_string(), &PARENT[36..52]);
        assert!(span.parent_span_is_remote);
        assert_eq!(packed.unwrap(), write(&span.span_context).unwrap());
    }

    #[test]
    fn what_a_handler_packs_stays_in_the_trace_of_its_event() {
        struct Packs;
        impl crate::Handler for Packs {
            fn handle<'a>(&'a self, _: &'a [Delivery]) -> BoxFuture<'a, Vec<Result<(), crate::Failure>>> {
                let now = domain::Timestamp::from_millis(0);
                let packed = crate::pack(crate::Topic::new("inbound.sms"), "id", now, &7).unwrap();
                let traceparent = packed.envelope.traceparent.unwrap();
                Box::pin(async { vec![Err(crate::Failure::reject(traceparent))] })
            }
        }
        let mut verdicts = vec![];
        let spans = traced(|| {
            let tuning = crate::Tuning::default();
            let worker = crate::worker::Worker { consumer: "test", stream: crate::Stream::Inbound, tuning };
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            verdicts = runtime.block_on(worker.run(&Packs, &[delivery(Some(PARENT))])).outcomes;
        });
        assert_eq!((spans[0].name.as_ref(), spans[0].parent_span_is_remote), ("consume inbound.sms", true));
        assert_eq!(spans[0].parent_span_id.to_string(), &PARENT[36..52]);
        let reason = write(&spans[0].span_context).unwrap();
        assert_eq!(reason[3..35], PARENT[3..35]);
        assert_eq!(verdicts, [crate::worker::Outcome::Dead { reason }]);
    }

    #[test]
    fn a_span_of_a_delivery_without_a_trace_starts_one() {
        let spans = traced(|| drop(delivery(None).span("take in").entered()));
        assert!(spans[0].span_context.is_valid());
        assert_eq!(spans[0].parent_span_id, SpanId::INVALID);
    }
}
