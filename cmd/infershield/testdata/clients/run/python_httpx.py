"""httpx, which the openai package is made of."""
import os
import sys

import httpx


def chat(client, prompt):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}]}
    headers = {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"]}
    return client.post("https://api.openai.com/v1/chat/completions", json=body, headers=headers)


with httpx.Client() as client:
    calls = {
        "allowed": lambda: chat(client, sys.argv[1]),
        "blocked": lambda: chat(client, sys.argv[2]),
        "other": lambda: client.get(sys.argv[3]),
    }
    for call, ask in calls.items():
        try:
            answer = ask()
            answer.raise_for_status()
            print("httpx", call, answer.status_code, answer.content)
        except httpx.HTTPStatusError as error:
            print("httpx", call, error.response.status_code, type(error).__name__, str(error).replace("\n", " "), error.response.content)
        except httpx.HTTPError as error:
            print("httpx", call, 0, type(error).__name__, error)
