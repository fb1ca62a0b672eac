"""A program with one user, such as a command line tool: the user is named once.

COGNOBSERVE_API_KEY=co_sk_… python global_user.py
"""

import cognobserve

cognobserve.init()
cognobserve.set_user("user-789", name="Global User", email="global@acme.com")


@cognobserve.observe
def read_file(name: str) -> str:
    return f"the text of {name}"


@cognobserve.observe(name="summarise", metadata={"feature": "summary"})
def summarise(name: str) -> str:
    text = read_file(name)
    cognobserve.log("read", {"characters": len(text)})
    with cognobserve.span("llm", type="generation", input=text) as llm:
        llm.set_model("my-own-model", {"temperature": 0.2})
        llm.set_usage(prompt_tokens=100, completion_tokens=50).set_cost(0.25).set_output("short")
    return "short"


print(summarise("report.txt"))
