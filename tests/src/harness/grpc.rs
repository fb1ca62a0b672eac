//! A gRPC client made of the .proto file by tonic, as an application would make it. Blocking, like the other client.
use super::Server;
use std::time::Duration;
use tokio::runtime::Runtime;
use tonic::client::Grpc;
use tonic::codec::CompressionEncoding;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};

/// What tonic made; its lints are its own.
#[allow(clippy::all, missing_docs)]
pub mod proto {
    tonic::include_proto!("cognobserve.v1");
}

use proto::ingest_service_client::IngestServiceClient;
use proto::{
    HealthRequest, HealthResponse, IngestBatchRequest, IngestBatchResponse, IngestTraceRequest,
    IngestTraceResponse,
};

/// A connection and a key.
pub struct GrpcClient {
    runtime: Runtime,
    channel: Channel,
    service: IngestServiceClient<Channel>,
    key: Option<String>,
}

impl GrpcClient {
    /// With the server's key of all scopes.
    pub fn new(server: &Server) -> GrpcClient {
        let runtime = Runtime::new().expect("a runtime");
        let endpoint = Endpoint::from_shared(server.url()).expect("an address");
        let endpoint = endpoint.timeout(Duration::from_secs(120));
        let guard = runtime.enter();
        let channel = endpoint.connect_lazy();
        drop(guard);
        GrpcClient {
            runtime,
            service: IngestServiceClient::new(channel.clone()),
            channel,
            key: Some(server.key().to_owned()),
        }
    }

    /// Messages compressed on their way.
    pub fn compressed(self) -> GrpcClient {
        let service = self.service.send_compressed(CompressionEncoding::Gzip);
        let service = service.accept_compressed(CompressionEncoding::Gzip);
        GrpcClient { service, ..self }
    }

    pub fn set_key(&mut self, key: Option<&str>) {
        self.key = key.map(str::to_owned);
    }

    pub fn ingest_trace(
        &mut self,
        trace: IngestTraceRequest,
    ) -> Result<IngestTraceResponse, Status> {
        let request = self.sign(trace);
        let call = self.service.ingest_trace(request);
        self.runtime.block_on(call).map(Response::into_inner)
    }

    pub fn ingest_batch(
        &mut self,
        traces: Vec<IngestTraceRequest>,
    ) -> Result<IngestBatchResponse, Status> {
        let request = self.sign(IngestBatchRequest { traces });
        let call = self.service.ingest_batch(request);
        self.runtime.block_on(call).map(Response::into_inner)
    }

    pub fn health(&mut self) -> Result<HealthResponse, Status> {
        let call = self.service.health(HealthRequest {});
        self.runtime.block_on(call).map(Response::into_inner)
    }

    /// What an empty message to any method comes to, with nothing but this metadata.
    pub fn call(&self, path: &'static str, metadata: &[(&'static str, &str)]) -> Code {
        let mut request = Request::new(HealthRequest {});
        for (name, value) in metadata {
            let value = MetadataValue::try_from(*value).expect("ASCII");
            request.metadata_mut().insert(*name, value);
        }
        // Any answer reads as a message without fields.
        let codec = tonic_prost::ProstCodec::<HealthRequest, HealthRequest>::default();
        let mut raw = Grpc::new(self.channel.clone());
        let called = self.runtime.block_on(async {
            raw.ready()
                .await
                .map_err(|error| Status::unavailable(error.to_string()))?;
            raw.unary(request, PathAndQuery::from_static(path), codec)
                .await
        });
        called.map_or_else(|status| status.code(), |_| Code::Ok)
    }

    fn sign<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(key) = &self.key {
            let value = MetadataValue::try_from(format!("Bearer {key}")).expect("ASCII");
            request.metadata_mut().insert("authorization", value);
        }
        request
    }
}
