"""A user with a name, an address and any attributes of your own, such as a plan and a company.

COGNOBSERVE_API_KEY=co_sk_… OPENAI_API_KEY=… python full_user.py
"""

import openai

import cognobserve

cognobserve.init()
client = cognobserve.wrap_openai(openai.OpenAI())

user = {
    "id": "user-456",
    "name": "Jane Roe",
    "email": "jane@acme.com",
    "plan": "enterprise",
    "company": "Acme Corp",
}

with cognobserve.with_user(user), cognobserve.with_session("session-789"):
    stream = client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": "Tell me more."}],
        stream=True,
        stream_options={"include_usage": True},
    )
    for piece in stream:
        if piece.choices:
            print(piece.choices[0].delta.content or "", end="")
print()
