"""Anthropic's official client: whole messages, streamed ones, and its stream helper, each with its user and its tokens.

COGNOBSERVE_API_KEY=co_sk_… ANTHROPIC_API_KEY=… python anthropic_client.py
"""

import anthropic

import cognobserve

cognobserve.init()
client = cognobserve.wrap_anthropic(anthropic.Anthropic())

question = [{"role": "user", "content": "Hi"}]

with cognobserve.with_user("user-654", name="Jim Poe", plan="pro"), cognobserve.with_session("session-987"):
    message = client.messages.create(model="claude-sonnet-4-6", max_tokens=100, messages=question)
    print(message.content[0].text)

    for event in client.messages.create(model="claude-sonnet-4-6", max_tokens=100, messages=question, stream=True):
        if event.type == "content_block_delta" and event.delta.type == "text_delta":
            print(event.delta.text, end="")
    print()

    with client.messages.stream(model="claude-sonnet-4-6", max_tokens=100, messages=question) as stream:
        for text in stream.text_stream:
            print(text, end="")
        print(f"\n{stream.get_final_message().usage.output_tokens} tokens")
