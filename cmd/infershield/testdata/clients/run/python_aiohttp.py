"""aiohttp, which reads the environment's proxy only where trust_env says so."""
import asyncio
import os
import sys

import aiohttp


def chat(session, prompt):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}]}
    headers = {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"]}
    return session.post("https://api.openai.com/v1/chat/completions", json=body, headers=headers)


async def main():
    async with aiohttp.ClientSession(trust_env=True) as session:
        calls = {
            "allowed": lambda: chat(session, sys.argv[1]),
            "blocked": lambda: chat(session, sys.argv[2]),
            "other": lambda: session.get(sys.argv[3]),
        }
        for call, ask in calls.items():
            try:
                async with ask() as answer:
                    text = await answer.read()
                    answer.raise_for_status()
                    print("aiohttp", call, answer.status, text)
            except aiohttp.ClientResponseError as error:
                print("aiohttp", call, error.status, type(error).__name__, error, text)
            except aiohttp.ClientError as error:
                print("aiohttp", call, 0, type(error).__name__, error)


asyncio.run(main())
