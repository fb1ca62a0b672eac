"""The shortest way: the id of the user, and what the model answered.

COGNOBSERVE_API_KEY=co_sk_… OPENAI_API_KEY=… python simple_id.py
"""

import openai

import cognobserve

cognobserve.init()
client = openai.OpenAI()


@cognobserve.observe(
    name="chat-completion", user_id="user-123", session_id="session-456", type="generation"
)
def ask(question: str):
    return client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": question}]
    )


print(ask("How do I pay?").choices[0].message.content)
