#!/usr/bin/env bash
# What users build comes from where it says, and from nowhere else: the licences and sources of all dependencies of the
# published crates, and which of them come in two versions; a bill of materials in CycloneDX's form
# (target/supply/heist.cdx.json); and packages that are the same, bit for bit, when they are made in another directory.
# Advisories need a database from the network: `cargo deny check advisories` at home.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$PWD/target/supply
rm -rf "$work"
mkdir -p "$work"
cargo metadata --locked --format-version 1 --all-features >"$work/metadata.json"
python3 - "$work" <<'EOF'
import collections
import json
import pathlib
import re
import sys
import tomllib

work = pathlib.Path(sys.argv[1])
metadata = json.loads((work / "metadata.json").read_text())
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
checksums = {
    (package["name"], package["version"]): package.get("checksum")
    for package in tomllib.loads(pathlib.Path("Cargo.lock").read_text())["package"]
}
PUBLISHED = ("heist", "heist-macros", "heist-sim", "heist-tool")
ALLOWED = {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "Unicode-3.0", "Unlicense", "Zlib"}
CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"
errors = []


def users_build():
    """The packages that the published crates need on any system, without those for their tests."""
    waiting = [id for id, package in packages.items() if package["name"] in PUBLISHED and not package["source"]]
    found = set()
    while waiting:
        id = waiting.pop()
        if id in found:
            continue
        found.add(id)
        for dependency in nodes[id]["deps"]:
            if any(kind["kind"] != "dev" for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])
    return [packages[id] for id in found]


def is_allowed(expression):
    """Each part of AND has an alternative that is allowed. `/` is an old OR."""
    parts = re.split(r"\s+AND\s+", expression)
    alternatives = [re.split(r"\s+OR\s+|\s*/\s*", part.strip().strip("()")) for part in parts]
    return all(any(one in ALLOWED for one in several) for several in alternatives)


built = sorted(users_build(), key=lambda package: (package["name"], package["version"]))
for package in built:
    name = f"{package['name']} {package['version']}"
    if not is_allowed(package["license"] or ""):
        errors.append(f"{name} has the licence {package['license']}, which is not among {', '.join(sorted(ALLOWED))}")
    if package["source"] not in (None, CRATES_IO):
        errors.append(f"{name} comes from {package['source']}")
    if package["source"] and not checksums[package["name"], package["version"]]:
        errors.append(f"{name} has no checksum in Cargo.lock")

versions = collections.defaultdict(list)
for package in built:
    versions[package["name"]].append(package["version"])
twice = {name: all for name, all in versions.items() if len(all) > 1}
# Those of the tool, with who holds the older version. The library has none. One that is gone is an error, too.
KNOWN = dict.fromkeys(
    ("hashbrown", "linux-raw-sys", "rustix", "syn", "unicode-width", "windows-sys"), "the terminal of the tool"
)
for name in sorted(twice.keys() - KNOWN.keys()):
    errors.append(f"{name} comes in two versions: {', '.join(twice[name])}")
for name in sorted(KNOWN.keys() - twice.keys()):
    errors.append(f"{name} comes in one version now: take it out of the list")

components = [
    {
        "type": "library",
        "name": package["name"],
        "version": package["version"],
        "purl": f"pkg:cargo/{package['name']}@{package['version']}",
        "licenses": [{"expression": package["license"].replace("/", " OR ")}],
        "hashes": [{"alg": "SHA-256", "content": checksums[package["name"], package["version"]]}],
    }
    for package in built
    if package["source"]
]
bill = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": components}
(work / "heist.cdx.json").write_text(json.dumps(bill, indent=1) + "\n")
print(f"{len(built)} packages of {len(PUBLISHED)} published crates; {len(twice)} in two versions: {', '.join(sorted(twice))}")
for error in errors:
    print(f"error: {error}", file=sys.stderr)
sys.exit(bool(errors))
EOF

crates=(-p heist-macros -p heist-sim -p heist -p heist-tool)
for name in one "another place"; do
    copy=$work/$name
    mkdir -p "$copy"
    git ls-files --cached --others --exclude-standard -z | xargs -0 cp --parents -t "$copy"
    # A package names the commit that it was made of: the same one in both.
    (
        cd "$copy"
        git init -q
        git add -A
        GIT_AUTHOR_DATE=2026-01-01T00:00:00Z GIT_COMMITTER_DATE=2026-01-01T00:00:00Z \
            git -c user.name=check -c user.email=check@localhost commit -qm copy
        cargo package --quiet --locked --no-verify --target-dir "$work/of $name" "${crates[@]}"
    )
    (cd "$work/of $name/package" && sha256sum ./*.crate) >"$work/sums of $name"
    # The next one is made at another time.
    sleep 2
done
cat "$work/sums of one"
if ! diff "$work/sums of one" "$work/sums of another place"; then
    echo "error: the packages are others when they are made in another directory" >&2
    exit 1
fi
echo "$(wc -l <"$work/sums of one") packages, the same in two directories"
