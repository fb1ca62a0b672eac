//! Server reflection (`grpc.reflection.v1`, and `v1alpha` with the same messages): what tools ask to learn the services.
//! Invariant: it tells of the files compiled in and of nothing else; each question has one answer.
//! The files are `proto/descriptors.binpb`, made of the .proto files by `scripts/descriptors.py`.

use crate::protobuf::Fields;
use prost::Message;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A `FileDescriptorSet` of all services that are spoken here, and what they import.
pub const DESCRIPTORS: &[u8] = include_bytes!("../../../../proto/descriptors.binpb");

/// gRPC's NOT_FOUND, INVALID_ARGUMENT and UNIMPLEMENTED.
const NOT_FOUND: i32 = 5;
const INVALID_ARGUMENT: i32 = 3;
const UNIMPLEMENTED: i32 = 12;

#[derive(Clone, PartialEq, Message)]
struct Response {
    #[prost(string, tag = "1")]
    valid_host: String,
    #[prost(bytes = "vec", tag = "2")]
    original_request: Vec<u8>,
    #[prost(message, optional, tag = "4")]
    files: Option<Files>,
    #[prost(message, optional, tag = "6")]
    services: Option<Services>,
    #[prost(message, optional, tag = "7")]
    error: Option<Failure>,
}

#[derive(Clone, PartialEq, Message)]
struct Files {
    #[prost(bytes = "vec", repeated, tag = "1")]
    file_descriptor_proto: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct Services {
    #[prost(message, repeated, tag = "1")]
    service: Vec<Service>,
}

#[derive(Clone, PartialEq, Message)]
struct Service {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
struct Failure {
    #[prost(int32, tag = "1")]
    error_code: i32,
    #[prost(string, tag = "2")]
    error_message: String,
}

/// Answers a `ServerReflectionRequest` with a `ServerReflectionResponse`.
pub fn answer(request: &[u8]) -> Vec<u8> {
    let mut response = Response {
        original_request: request.to_vec(),
        ..Response::default()
    };
    let mut question = None;
    for field in Fields(request) {
        match field {
            Ok((1, host)) => response.valid_host = host.text().into_owned(),
            Ok((number @ 3..=7, value)) => question = Some((number, value.text())),
            Ok(_) => {}
            Err(fault) => {
                response.error = Some(refuse(INVALID_ARGUMENT, fault));
                return response.encode_to_vec();
            }
        }
    }
    let index = read_index();
    let find = |found: Option<&&[u8]>, what| match found {
        Some(file) => Ok(Files {
            file_descriptor_proto: vec![file.to_vec()],
        }),
        None => Err(refuse(NOT_FOUND, what)),
    };
    let files = match question {
        Some((3, name)) => find(index.files.get(&*name), "there is no such file"),
        Some((4, name)) => {
            let name = name.trim_start_matches('.');
            find(index.symbols.get(name), "there is no such symbol")
        }
        Some((7, _)) => {
            let names = index.services.iter().cloned();
            response.services = Some(Services {
                service: names.map(|name| Service { name }).collect(),
            });
            return response.encode_to_vec();
        }
        Some(_) => Err(refuse(NOT_FOUND, "there are no extensions")),
        None => Err(refuse(UNIMPLEMENTED, "there is no such question")),
    };
    match files {
        Ok(files) => response.files = Some(files),
        Err(error) => response.error = Some(error),
    }
    response.encode_to_vec()
}

fn refuse(error_code: i32, message: &str) -> Failure {
    Failure {
        error_code,
        error_message: message.to_owned(),
    }
}

/// What can be asked for, and the file that it is in.
#[derive(Default)]
struct Index {
    files: BTreeMap<String, &'static [u8]>,
    symbols: BTreeMap<String, &'static [u8]>,
    services: Vec<String>,
}

fn read_index() -> &'static Index {
    static INDEX: OnceLock<Index> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut index = Index::default();
        for (number, file) in read_fields(DESCRIPTORS) {
            if number == 1 {
                index_file(file, &mut index);
            }
        }
        index.services.sort();
        index
    })
}

/// Fields that are bytes; the file is ours and tested, so nothing in it is broken.
fn read_fields(message: &'static [u8]) -> impl Iterator<Item = (u32, &'static [u8])> {
    let fields = Fields(message).filter_map(Result::ok);
    fields.map(|(number, value)| (number, value.bytes()))
}

fn read_text(message: &'static [u8], number: u32) -> String {
    let found = read_fields(message).find(|(n, _)| *n == number);
    found.map_or_else(String::new, |(_, text)| {
        String::from_utf8_lossy(text).into_owned()
    })
}

/// By the numbers of `FileDescriptorProto`: 1 name, 2 package, 4 messages, 5 enums, 6 services.
fn index_file(file: &'static [u8], index: &mut Index) {
    index.files.insert(read_text(file, 1), file);
    let package = read_text(file, 2);
    for (number, part) in read_fields(file) {
        let name = format!("{package}.{}", read_text(part, 1));
        match number {
            4 => index_message(part, name, file, index),
            5 => drop(index.symbols.insert(name, file)),
            6 => {
                for (_, method) in read_fields(part).filter(|(number, _)| *number == 2) {
                    let method = format!("{name}.{}", read_text(method, 1));
                    index.symbols.insert(method, file);
                }
                index.services.push(name.clone());
                index.symbols.insert(name, file);
            }
            _ => {}
        }
    }
}

/// By the numbers of `DescriptorProto`: 2 fields, 3 messages, 4 enums.
fn index_message(message: &'static [u8], name: String, file: &'static [u8], index: &mut Index) {
    for (number, part) in read_fields(message) {
        let inner = || format!("{name}.{}", read_text(part, 1));
        match number {
            3 => index_message(part, inner(), file, index),
            2 | 4 => drop(index.symbols.insert(inner(), file)),
            _ => {}
        }
    }
    index.symbols.insert(name, file);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(number: u8, text: &str) -> Response {
        let mut request = vec![number << 3 | 2, u8::try_from(text.len()).unwrap()];
        request.extend_from_slice(text.as_bytes());
        let answer = answer(&request);
        let answer = Response::decode(answer.as_slice()).unwrap();
        assert_eq!(answer.original_request, request);
        answer
    }

    #[test]
    fn services_are_listed_and_found() {
        let services = ask(7, "").services.unwrap().service;
        let names: Vec<_> = services
            .iter()
            .map(|service| service.name.as_str())
            .collect();
        assert_eq!(
            names,
            [
                "cognobserve.v1.IngestService",
                "grpc.health.v1.Health",
                "grpc.reflection.v1.ServerReflection",
                "grpc.reflection.v1alpha.ServerReflection",
                "opentelemetry.proto.collector.trace.v1.TraceService",
            ]
        );
        for symbol in [
            "cognobserve.v1.IngestService",
            "cognobserve.v1.IngestService.IngestTrace",
            "cognobserve.v1.UserInfo",
            ".cognobserve.v1.UserInfo",
            "cognobserve.v1.UserInfo.email",
            "cognobserve.v1.SpanLevel",
            "google.protobuf.Struct.FieldsEntry",
            "opentelemetry.proto.trace.v1.Span.Event",
        ] {
            let files = ask(4, symbol).files.expect(symbol);
            assert_eq!(files.file_descriptor_proto.len(), 1);
        }
        let file = ask(3, "cognobserve/v1/ingest.proto").files.unwrap();
        let by_symbol = ask(4, "cognobserve.v1.Cost").files.unwrap();
        assert_eq!(file, by_symbol);
    }

    /// A tool follows the imports of each file.
    #[test]
    fn every_import_is_there() {
        let index = read_index();
        assert!(index.files.len() > 5);
        for file in index.files.values() {
            for (_, name) in read_fields(file).filter(|(number, _)| *number == 3) {
                let name = std::str::from_utf8(name).unwrap();
                assert!(index.files.contains_key(name), "{name}");
            }
        }
    }

    #[test]
    fn what_is_not_there_is_an_error_of_its_own() {
        for (number, text, code) in [
            (3, "nothing.proto", NOT_FOUND),
            (4, "cognobserve.v1.Nothing", NOT_FOUND),
            (6, "cognobserve.v1.Cost", NOT_FOUND),
            (2, "", UNIMPLEMENTED),
        ] {
            assert_eq!(ask(number, text).error.unwrap().error_code, code);
        }
        let broken = Response::decode(answer(b"\x3a\x09").as_slice()).unwrap();
        assert_eq!(broken.error.unwrap().error_code, INVALID_ARGUMENT);
    }
}
