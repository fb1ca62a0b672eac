"""Talks to the server by a client that is generated here and now from the .proto file, with Google's own tools.

Prints what it was told as JSON.
"""

import importlib
import json
import os
import sys
import tempfile
from pathlib import Path

import grpc
import grpc_tools
from google.protobuf import descriptor_pool
from google.protobuf.json_format import ParseDict
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status
from grpc_tools import protoc

PROTO = Path(__file__).resolve().parents[2] / "proto"


def generate():
    """The two modules that an application would have in its tree."""
    directory = tempfile.mkdtemp()
    code = protoc.main(
        [
            "protoc",
            f"-I{PROTO}",
            f"-I{Path(grpc_tools.__file__).parent / '_proto'}",
            f"--python_out={directory}",
            f"--grpc_python_out={directory}",
            "cognobserve/v1/ingest.proto",
        ]
    )
    assert code == 0
    sys.path.insert(0, directory)
    return (
        importlib.import_module("cognobserve.v1.ingest_pb2"),
        importlib.import_module("cognobserve.v1.ingest_pb2_grpc"),
    )


def make_trace(messages, trace_id, user_id, **fields):
    trace = {
        "trace_id": trace_id,
        "name": "chat",
        "user_id": user_id,
        "spans": [
            {
                "span_id": "1",
                "name": "answer",
                "type": "generation",
                "model": "gpt-4o",
                "start_time": "2026-11-22T10:00:00Z",
                "end_time": "2026-11-22T10:00:01.2Z",
                "usage": {"prompt_tokens": 400, "completion_tokens": 100},
                "total_cost": 0.002,
                "input": {"question": "Why?", "tries": [1, 2.5, None]},
                "level": "SPAN_LEVEL_WARNING",
            }
        ],
        **fields,
    }
    return ParseDict(trace, messages.IngestTraceRequest())


def find_code(call):
    try:
        call()
    except grpc.RpcError as error:
        return error
    raise AssertionError("it is taken")


def main() -> int:
    messages, services = generate()
    address = os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"].removeprefix("http://")
    key = os.environ["OTEL_EXPORTER_OTLP_HEADERS"].removeprefix("x-api-key=")
    said = {}
    with grpc.insecure_channel(address, compression=grpc.Compression.Gzip) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        said["services"] = list(database.get_services())
        pool = descriptor_pool.DescriptorPool(database)
        described = pool.FindMessageTypeByName("cognobserve.v1.UserInfo")
        said["described"] = [field.name for field in sorted(described.fields, key=lambda field: field.number)]

        service = services.IngestServiceStub(channel)
        said["health"] = service.Health(messages.HealthRequest()).status
        status = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest()).status
        said["standard_health"] = health_pb2.HealthCheckResponse.ServingStatus.Name(status)

        by_key, by_bearer = (("x-api-key", key),), (("authorization", f"Bearer {key}"),)
        user = {"id": "john", "name": "John Doe", "email": "john@acme.com", "metadata": {"plan": "pro", "seats": 3}}
        first = make_trace(messages, "req-8731", "john", user=user, session_id="s-1")
        answer = service.IngestTrace(first, metadata=by_key)
        assert answer.success and list(answer.span_ids) == ["1"] and not answer.warnings, answer
        # The same again counts nothing.
        service.IngestTrace(first, metadata=by_bearer)

        wrong = (("x-api-key", "co_sk_" + "A" * 43),)
        said["wrong_key"] = find_code(lambda: service.IngestTrace(first, metadata=wrong)).code().name
        too_long = make_trace(messages, "t", "x" * 300)
        error = find_code(lambda: service.IngestTrace(too_long, metadata=by_key))
        for detail in rpc_status.from_call(error).details:
            bad = error_details_pb2.BadRequest()
            if detail.Unpack(bad):
                said["long_user"] = [error.code().name, bad.field_violations[0].field]
        nothing = channel.unary_unary("/cognobserve.v1.IngestService/Nothing")
        said["unknown_method"] = find_code(lambda: nothing(b"")).code().name

        batch = messages.IngestBatchRequest(
            traces=[make_trace(messages, "b-1", "john"), too_long, make_trace(messages, "b-2", "john")]
        )
        answer = service.IngestBatch(batch, metadata=by_bearer)
        said["batch"] = [answer.success_count, answer.error_count, answer.results[1].error.path]
    print(json.dumps(said))
    return 0


sys.exit(main())
