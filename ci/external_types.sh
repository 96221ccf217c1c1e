#!/usr/bin/env bash
# The crates whose types and traits are part of the public API are exactly these: a new major version of one of them is a
# breaking change here. Read off the list that `ci/api.sh` keeps true.
set -euo pipefail
cd "$(dirname "$0")/.."

expected=$(sort << 'CRATES'
futures_core
futures_io
futures_task
hyper
tokio
CRATES
)

# A path begins with its crate. What a crate keeps private, macros alone name.
found=$(grep -v '::__private::' ci/api/heist.txt | grep -oP '(?<![\w:])[a-z_]\w*(?=::)' | sort -u |
    grep -vxE 'heist|heist_sim|std|core|alloc|str')
if ! diff <(echo "$expected") <(echo "$found") > /dev/null; then
    diff --label "allowed in ci/external_types.sh" --label "in the public API" -u <(echo "$expected") <(echo "$found") >&2 || true
    for crate in $found; do
        grep -qx "$crate" <<< "$expected" || grep -m 3 "\b$crate::" ci/api/heist.txt >&2
    done
    exit 1
fi
for crate in $found; do
    grep -q "\`${crate//_/-}\`" CONTRIBUTING.md ||
        { echo "error: CONTRIBUTING.md, Stability, does not name $crate" >&2; exit 1; }
done
echo "of other crates, the public API has" $found
