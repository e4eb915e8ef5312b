#!/bin/sh
# Chromium without a window. The page comes from the other host and talks to the
# provider; see browserPage in the test.
exec chromium --headless --no-sandbox --disable-gpu --disable-background-networking --user-data-dir="$HOME/profile" --dump-dom "${3%/*}/browser"
