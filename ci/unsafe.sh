#!/usr/bin/env bash
# The inventory of unsafe code: each file of the crates that has some, how many blocks, functions and implementations, and
# the reason that the file gives for having any. Fails where a place does not say why it is sound. `tests/tidy` holds the
# list of files.
set -euo pipefail
cd "$(dirname "$0")/.."

python3 - <<'EOF'
import pathlib
import re
import sys

REASON = re.compile(r'expect\(\s*unsafe_code,\s*reason = "((?:[^"\\]|\\.)*)"', re.S)
# A block, an implementation, a function with a body, an attribute, or a block of foreign items. Not a type.
PLACE = re.compile(r'\bunsafe\s*(?:\{|impl\b|extern\s+"C"\s*\{|\(no_mangle\))|\bunsafe\s+(?:extern\s+"C"\s+)?fn\s+\w')
EXPLAINED = re.compile(r'SAFETY:|# Safety')
# Its trait says what the caller promises.
OF_TRAIT = re.compile(r'\bunsafe fn from_raw_(?:fd|handle|socket)\b')
# What macros write into the code of their users, where no attribute of a file reaches.
WRITTEN_BY_MACROS = {
    "runtime/macros/src/expand.rs": "generators: runtime/generator/airlock.rs says what each call asks for",
    "runtime/macros/src/lower.rs": "generators: runtime/generator/airlock.rs says what each call asks for",
    "runtime/tokio/src/macros/join.rs": "pins that nothing moves",
    "runtime/tokio/src/macros/pin.rs": "pins that nothing moves",
    "runtime/tokio/src/macros/select.rs": "pins that nothing moves",
}

NONE = "no reason"
rows, silent = [], []
for path in sorted(pathlib.Path("runtime").rglob("*.rs")):
    text = path.read_text()
    lines = text.splitlines()
    code = [re.sub(r'"(?:[^"\\]|\\.)*"', '""', line.split("//")[0]) for line in lines]
    places = [at for at, line in enumerate(code) if PLACE.search(line)]
    if not places:
        continue
    reason = REASON.search(text)
    for at in places:
        # The comment stands above the statement, perhaps above its attributes and its first lines.
        above = "\n".join(lines[max(0, at - 12) : at + 1])
        is_elsewhere = "(no_mangle)" in code[at] or OF_TRAIT.search(code[at])
        if is_elsewhere or EXPLAINED.search(above) or str(path) in WRITTEN_BY_MACROS:
            continue
        silent.append(f"{path}:{at + 1}: {lines[at].strip()}")
    reason = " ".join(reason[1].split()) if reason else WRITTEN_BY_MACROS.get(str(path), NONE)
    rows.append((str(path), len(places), reason))

for path, count, reason in rows:
    print(f"{count:4}  {path:60} {reason}")
print(f"{sum(row[1] for row in rows)} places in {len(rows)} files")
without = [row[0] for row in rows if row[2] == NONE]
for path in without:
    print(f"error: {path} gives no reason for unsafe code", file=sys.stderr)
for place in silent:
    print(f"error: {place} does not say why it is sound", file=sys.stderr)
sys.exit(bool(without or silent))
EOF
