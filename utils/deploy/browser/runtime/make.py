"""Make the files of this folder from the npm package `onnxruntime-web`.

    npm pack onnxruntime-web@1.30.0
    python utils/deploy/browser/runtime/make.py onnxruntime-web-1.30.0.tgz

Of 509 files three are kept: the interface, the glue code and the WebAssembly module of the plain CPU backend. The first two stay
as they are; the module is compressed, which leaves 3.7 MB of 14.2.
"""

from __future__ import annotations

import gzip
import hashlib
import sys
import tarfile
from pathlib import Path

HERE = Path(__file__).parent
ORIGIN = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"  # sha256 of the package
SCRIPTS = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs")
MODULE = "ort-wasm-simd-threaded.wasm"


def main(package: Path) -> None:
    """Take the files out of the package, and say what each of them is."""
    if (found := hashlib.sha256(package.read_bytes()).hexdigest()) != ORIGIN:
        sys.exit(f"{package.name} is not the package that the page was tested with (sha256 {found}).")
    with tarfile.open(package) as archive:
        for name in (*SCRIPTS, MODULE):
            member = archive.extractfile(f"package/dist/{name}")
            assert member is not None
            data = member.read()
            print(f"| `{name}` in the package | {len(data):,} | `{hashlib.sha256(data).hexdigest()}` |")
            if name == MODULE:
                name, data = f"{name}.gz", gzip.compress(data, compresslevel=9, mtime=0)
                print(f"| `{name}` | {len(data):,} | `{hashlib.sha256(data).hexdigest()}` |")
            (HERE / name).write_bytes(data)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
