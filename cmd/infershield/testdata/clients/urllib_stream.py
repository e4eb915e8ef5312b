"""Makes the streamed calls it reads from stdin, a JSON array, with Python's
standard library, one after the other, and prints what it reads as it comes,
one JSON object a line."""

import base64
import hashlib
import json
import sys
import urllib.request

for call in json.load(sys.stdin):
    body = call["body"].encode()
    base = call["base"] or "https://api.openai.com/v1"
    request = urllib.request.Request(base + call["path"], body, {
        "Content-Type": "application/json", "Authorization": "Bearer " + call["key"],
    })
    read = b""
    with urllib.request.urlopen(request) as response:
        while part := response.read1():
            read += part
            print(json.dumps({"id": call["id"], "part": base64.b64encode(part).decode()}), flush=True)
    print(json.dumps({
        "id": call["id"], "done": True, "sent": hashlib.sha256(body).hexdigest(), "read": base64.b64encode(read).decode(),
    }), flush=True)
