#!/usr/bin/env bash
# Spelling: names, comments and prose in every file that git does not ignore. `.typos.toml` has the words that are accepted.
set -euo pipefail
cd "$(dirname "$0")/.."

version=1.52.0
tools=$PWD/target/tools/typos-$version
if ! [[ -x "$tools/bin/typos" ]]; then
    # Debian ships Python without this part.
    if ! python3 -c 'import ensurepip' 2> /dev/null; then
        apt-get update -qq && apt-get install -y -qq python3-venv > /dev/null
    fi
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check "typos==$version"
fi

"$tools/bin/typos"
echo "no typos in $("$tools/bin/typos" --files | wc -l) files"
