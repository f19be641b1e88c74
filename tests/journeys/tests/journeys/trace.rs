//! One trace runs from the webhook to the carrier, seen by a real OTLP receiver.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use harness::frontdesk::Shape;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value::Value, trace::v1::Span,
};
use prost::Message;

use crate::{in_both_shapes, world::World};

type Seen = Arc<Mutex<Vec<(String, Span)>>>;

/// Takes spans as an OpenTelemetry collector does; each with the name of the service that sent it.
async fn collector() -> (String, Seen) {
    let seen = Seen::default();
    let router = Router::new().route("/v1/traces", post(take)).with_state(seen.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}"), seen)
}

async fn take(State(seen): State<Seen>, body: Bytes) -> &'static str {
    let request = ExportTraceServiceRequest::decode(body).expect("OTLP");
    let mut seen = seen.lock().expect("not poisoned");
    for spans in request.resource_spans {
        let attributes = spans.resource.map(|resource| resource.attributes).unwrap_or_default();
        let name = attributes.into_iter().find(|pair| pair.key == "service.name");
        let name = match name.and_then(|pair| pair.value?.value) {
            Some(Value::StringValue(name)) => name,
            _ => String::new(),
        };
        for scope in spans.scope_spans {
            seen.extend(scope.spans.into_iter().map(|span| (name.clone(), span)));
        }
    }
    ""
}

async fn one_trace_runs_from_the_webhook_to_the_answer(shape: Shape) {
    let (url, seen) = collector().await;
    let env = [("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "200")];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let mut world = World::start_with(shape, env).await;
    // a keyword is answered by the desk itself: webhook → ticketing → notifier → carrier without an agent in between
    world.text("+15557770005", "JOIN", "SM1").await;
    world.twilio.message_with("subscribed", Duration::from_secs(10)).await.expect("the answer");
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.product.stop().await;

    let seen = seen.lock().expect("not poisoned");
    let webhook =
        seen.iter().find(|(_, span)| span.name.contains("/webhooks/sms")).expect("the webhook's span");
    let trace: Vec<_> = seen.iter().filter(|(_, span)| span.trace_id == webhook.1.trace_id).collect();
    let names: Vec<_> = trace.iter().map(|(service, span)| format!("{service}: {}", span.name)).collect();
    assert!(names.iter().any(|name| name.contains("inbound.sms")), "ticketing took it in: {names:?}");
    assert!(names.iter().any(|name| name.contains("outbound.sms")), "the notifier sent it: {names:?}");
    if shape != Shape::Embedded {
        let services: BTreeSet<_> = trace.iter().map(|(service, _)| service.as_str()).collect();
        for role in ["frontdesk-sms-ingest", "frontdesk-ticketing", "frontdesk-notifier"] {
            assert!(services.contains(role), "{role} is part of the trace: {names:?}");
        }
    }
}

in_both_shapes!(one_trace_runs_from_the_webhook_to_the_answer);
