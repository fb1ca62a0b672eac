#!/usr/bin/env python3
"""Writes proto/descriptors.binpb: the compiled .proto file and what else server reflection tells of.

Run by the virtual environment of tests/python, which brings the compiler: no machine that builds the server needs one.
With --check nothing is written; it fails if the file is not what it should be.
"""

import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from grpc_tools import protoc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

ROOT = Path(__file__).resolve().parent.parent
OURS = "cognobserve/v1/ingest.proto"
TARGET = ROOT / "proto" / "descriptors.binpb"


def compile_ours() -> descriptor_pb2.FileDescriptorSet:
    import grpc_tools

    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "set"
        code = protoc.main(
            [
                "protoc",
                f"-I{ROOT / 'proto'}",
                f"-I{Path(grpc_tools.__file__).parent / '_proto'}",
                "--include_imports",
                f"--descriptor_set_out={out}",
                OURS,
            ]
        )
        if code != 0:
            sys.exit("the .proto file does not compile")
        return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())


def add_file(known: dict, file) -> None:
    """A file of an installed package, after its imports."""
    if file.name in known:
        return
    for imported in file.dependencies:
        add_file(known, imported)
    proto = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(proto)
    known[file.name] = proto


def name_v1(proto) -> None:
    """The reflection service under its stable name: the same messages in another package."""

    def rename(name: str) -> str:
        return name.replace("grpc.reflection.v1alpha.", "grpc.reflection.v1.")

    def rename_message(message) -> None:
        for field in message.field:
            field.type_name = rename(field.type_name)
        for nested in message.nested_type:
            rename_message(nested)

    proto.name = "grpc/reflection/v1/reflection.proto"
    proto.package = "grpc.reflection.v1"
    for message in proto.message_type:
        rename_message(message)
    for method in proto.service[0].method:
        method.input_type = rename(method.input_type)
        method.output_type = rename(method.output_type)


def main() -> int:
    known = {}
    for proto in compile_ours().file:
        known[proto.name] = proto
    for module in (error_details_pb2, health_pb2, reflection_pb2, trace_service_pb2):
        add_file(known, module.DESCRIPTOR)
    v1 = descriptor_pb2.FileDescriptorProto()
    alpha = known[reflection_pb2.DESCRIPTOR.name]
    alpha.ClearField("options")
    v1.CopyFrom(alpha)
    name_v1(v1)
    known[v1.name] = v1
    whole = descriptor_pb2.FileDescriptorSet(file=known.values())
    made = whole.SerializeToString(deterministic=True)
    if "--check" in sys.argv[1:]:
        if made != TARGET.read_bytes():
            sys.exit(f"{TARGET.relative_to(ROOT)} is not what the .proto file says: run {Path(__file__).name}")
        return 0
    TARGET.write_bytes(made)
    print(f"{len(made)} bytes, {len(known)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
