//! Every gRPC method against everybody.
use super::callers::{Caller, Shown, Standing, gather};
use super::matrix::find_project;
use crate::harness::Server;
use crate::harness::grpc::GrpcClient;
use crate::harness::person::SAME_ORIGIN;
use cognobserve_server::auth::power::Right;
use cognobserve_wire::grpc::reflection::DESCRIPTORS;
use prost::Message;
use prost_types::FileDescriptorSet;
use std::collections::BTreeSet;
use tonic::Code;

/// Methods that need the right to ingest, and what they say of an empty message who may.
const INGEST: [(&str, Code); 5] = [
    // A trace has an id or a name.
    (
        "/cognobserve.v1.IngestService/IngestTrace",
        Code::InvalidArgument,
    ),
    ("/cognobserve.v1.IngestService/IngestBatch", Code::Ok),
    (
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Code::Ok,
    ),
    (
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        Code::Ok,
    ),
    (
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        Code::Ok,
    ),
];

/// Methods for anybody.
const PUBLIC: [&str; 2] = [
    "/cognobserve.v1.IngestService/Health",
    "/grpc.health.v1.Health/Check",
];

#[test]
fn the_lists_have_every_method() {
    let files = FileDescriptorSet::decode(DESCRIPTORS).unwrap();
    let mut known = BTreeSet::new();
    // Of gRPC's own services only what is listed is spoken.
    let spoken = |package: &str| !package.starts_with("grpc.");
    for file in files.file.iter().filter(|file| spoken(file.package())) {
        for service in &file.service {
            for method in &service.method {
                let name = format!("{}.{}", file.package(), service.name());
                known.insert(format!("/{name}/{}", method.name()));
            }
        }
    }
    assert!(known.len() > 3);
    let listed = INGEST.iter().map(|(path, _)| *path).chain(PUBLIC);
    let listed: BTreeSet<String> = listed.map(str::to_owned).collect();
    let missing: Vec<_> = known.difference(&listed).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn everybody_may_call_what_they_may_send() {
    let server = Server::start();
    let project = find_project(&server);
    let grpc = GrpcClient::new(&server);
    let mut wrong = Vec::new();
    for caller in gather(&server) {
        let cookie;
        let mut metadata = vec![("x-project-id", project.as_str()), SAME_ORIGIN];
        match &caller.shown {
            Shown::Nothing => {}
            Shown::Header(name, value) => metadata.push((name, value)),
            Shown::Browser(person) => {
                cookie = format!("co_session={}", person.cookie());
                metadata.push(("cookie", &cookie));
            }
        }
        let ingest = INGEST.map(|(path, done)| (path, expect(&caller, done)));
        let public = PUBLIC.map(|path| (path, Code::Ok));
        for (path, expected) in ingest.into_iter().chain(public) {
            let found = grpc.call(path, &metadata);
            if found != expected {
                let name = &caller.name;
                wrong.push(format!("{path} as {name}: {found:?}, not {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn expect(caller: &Caller, done: Code) -> Code {
    match &caller.standing {
        // No page of ours calls: whoever does it with a browser's cookie is somebody else.
        _ if caller.is_logged_in() => Code::PermissionDenied,
        Standing::Nobody => Code::Unauthenticated,
        Standing::Stranger => Code::NotFound,
        Standing::Powerful(power) if power.may(Right::Ingest) => done,
        Standing::Powerful(_) => Code::PermissionDenied,
    }
}
