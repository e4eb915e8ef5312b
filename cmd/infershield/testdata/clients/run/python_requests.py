"""requests."""
import os
import sys

import requests


def chat(prompt):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}]}
    headers = {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"]}
    return requests.post("https://api.openai.com/v1/chat/completions", json=body, headers=headers)


for call, ask in ("allowed", lambda: chat(sys.argv[1])), ("blocked", lambda: chat(sys.argv[2])), ("other", lambda: requests.get(sys.argv[3])):
    try:
        answer = ask()
        answer.raise_for_status()
        print("requests", call, answer.status_code, answer.content)
    except requests.HTTPError as error:
        print("requests", call, error.response.status_code, type(error).__name__, error, error.response.content)
    except requests.RequestException as error:
        print("requests", call, 0, type(error).__name__, error)
