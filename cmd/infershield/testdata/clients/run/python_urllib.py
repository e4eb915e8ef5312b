"""urllib.request of the standard library."""
import json
import os
import sys
import urllib.error
import urllib.request


def chat(prompt):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}]}
    headers = {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "Content-Type": "application/json"}
    return urllib.request.Request("https://api.openai.com/v1/chat/completions", json.dumps(body).encode(), headers)


for call, request in ("allowed", chat(sys.argv[1])), ("blocked", chat(sys.argv[2])), ("other", sys.argv[3]):
    try:
        with urllib.request.urlopen(request) as answer:
            print("urllib", call, answer.status, answer.read())
    except urllib.error.HTTPError as error:
        print("urllib", call, error.code, type(error).__name__, error, error.read())
    except urllib.error.URLError as error:
        print("urllib", call, 0, type(error).__name__, error)
