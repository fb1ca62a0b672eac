"""A server in small: many users at once, each request in a scope of its own.

COGNOBSERVE_API_KEY=co_sk_… OPENAI_API_KEY=… python many_users.py
"""

import asyncio

import openai

import cognobserve

cognobserve.init()


async def main() -> None:
    async with openai.AsyncOpenAI() as client:
        cognobserve.wrap_openai(client)

        @cognobserve.observe
        async def answer(question: str) -> str:
            result = await client.chat.completions.create(
                model="gpt-4o", messages=[{"role": "user", "content": question}]
            )
            return result.choices[0].message.content or ""

        async def handle_request(user_id: str) -> str:
            async with cognobserve.with_user(user_id):
                return await answer("How do I pay?")

        answers = await asyncio.gather(*(handle_request(f"visitor-{n}") for n in range(10)))
        print(len(answers), "answers")


asyncio.run(main())
