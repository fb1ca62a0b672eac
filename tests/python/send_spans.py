"""Sends one trace by the unmodified OpenTelemetry SDK, set up by its environment variables alone.

Prints the ids as JSON. Fails if the exporter does not deliver.
"""

import json
import os
import sys
import time

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode


def main() -> int:
    exporter = GrpcExporter if os.environ["OTEL_EXPORTER_OTLP_PROTOCOL"] == "grpc" else HttpExporter
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(exporter()))
    trace.set_tracer_provider(provider)
    tracer = trace.get_tracer("shop")
    usage = {"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 200}
    with tracer.start_as_current_span("answer question", kind=SpanKind.SERVER) as root:
        root.set_attribute("user.id", "customer-7")
        root.set_attribute("session.id", "conversation-1")
        # An agent that sums up what its calls used, as several frameworks do.
        with tracer.start_as_current_span("invoke_agent helper") as agent:
            agent.set_attributes({"gen_ai.operation.name": "invoke_agent", **usage})
            with tracer.start_as_current_span("chat gpt-4o", kind=SpanKind.CLIENT) as call:
                call.set_attributes(
                    {
                        "gen_ai.operation.name": "chat",
                        "gen_ai.provider.name": "openai",
                        "gen_ai.request.model": "gpt-4o",
                        "gen_ai.input.messages": json.dumps(
                            [{"role": "user", "parts": [{"type": "text", "content": "Where is my parcel?"}]}]
                        ),
                        **usage,
                    }
                )
                time.sleep(0.02)
        root.set_status(Status(StatusCode.ERROR, "no such parcel"))
    if not provider.force_flush(10_000):
        return 1
    provider.shutdown()
    print(
        json.dumps(
            {
                "trace_id": format(root.get_span_context().trace_id, "032x"),
                "call_span_id": format(call.get_span_context().span_id, "016x"),
            }
        )
    )
    return 0


sys.exit(main())
