"""Makes the calls it reads from stdin, a JSON array, with Python's standard
library, one after the other, and prints one JSON object a line for each."""

import hashlib
import json
import sys
import urllib.error
import urllib.request


def text(body, stream):
    if not stream:
        return json.loads(body)["choices"][0]["message"]["content"]
    whole = ""
    for line in body.decode().splitlines():
        data = line.removeprefix("data: ")
        if data == line or data == "[DONE]":
            continue
        for choice in json.loads(data)["choices"]:
            whole += choice["delta"].get("content") or ""
    return whole


def make(call):
    body = json.dumps({
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": call["prompt"]}],
        "stream": call["stream"],
    }).encode()
    headers = {"Content-Type": "application/json"}
    if call["key"]:
        headers["Authorization"] = "Bearer " + call["key"]
    base = call["base"] or "https://api.openai.com/v1"
    request = urllib.request.Request(base + "/chat/completions", body, headers)
    result = {"id": call["id"], "status": 200, "sent": hashlib.sha256(body).hexdigest()}
    try:
        with urllib.request.urlopen(request) as response:
            answer = response.read()
        result["text"] = text(answer, call["stream"])
    except urllib.error.HTTPError as error:
        answer = error.read()
        told = json.loads(answer)["error"]
        result.update(error="HTTPError", status=error.code, code=told["code"] or "", message=told["message"])
    result["read"] = hashlib.sha256(answer).hexdigest()
    return result


for each in json.load(sys.stdin):
    print(json.dumps(make(each)), flush=True)
