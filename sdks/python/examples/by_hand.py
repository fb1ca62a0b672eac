"""Without functions to observe: a trace and its spans by hand, and a job that fails.

COGNOBSERVE_API_KEY=co_sk_… python by_hand.py
"""

import cognobserve

cognobserve.init()

trace = cognobserve.start_trace("nightly", user_id="user-321", metadata={"kind": "nightly"})
fetch = trace.start_span("fetch").set_input({"page": 1})
fetch.set_output({"rows": 10}).end()
trace.start_span("import").set_error("time-out").end()
trace.end()

print("sent:", cognobserve.flush(timeout=5), cognobserve.stats())
