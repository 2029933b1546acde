"""What others seal and open with. They seal by the very lines that docs/sealed-bids.md shows."""

import json
import re
import subprocess

from joserfc import jwe
from joserfc.jwk import RSAKey

import places

_OPEN_JS = """
import { compactDecrypt, importJWK } from "jose";
export async function open(key, envelope) {
  const { plaintext, protectedHeader } = await compactDecrypt(envelope, await importJWK(key, "RSA-OAEP-256"));
  return { header: protectedHeader, payload: new TextDecoder().decode(plaintext) };
}
"""
_CALL_JS = """
import * as functions from "./%s.mjs";
let typed = "";
for await (const chunk of process.stdin) typed += chunk;
const { name, given } = JSON.parse(typed);
console.log(JSON.stringify(await functions[name](...given)));
"""


def documented(language: str) -> str:
    """The one code block of this language in the document."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", places.DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    (block,) = blocks
    return block


class Joserfc:
    """joserfc, for Python."""

    def __init__(self):
        self._names = {}
        exec(compile(documented("python"), str(places.DOCUMENT), "exec"), self._names)

    def seal(self, key: dict, auction: str, bidder: str, amount: str, currency: str) -> str:
        """Seals a bid as the document shows."""
        return self._names["seal"](key, auction, bidder, amount, currency)

    def open(self, key: RSAKey, envelope: str) -> dict:
        """Opens an envelope with a private key."""
        registry = jwe.JWERegistry(algorithms=["RSA-OAEP-256", "A256GCM"], strict_check_header=False)
        opened = jwe.decrypt_compact(envelope, key, registry=registry)
        return {"header": opened.protected, "payload": opened.plaintext.decode()}


class Jose:
    """jose, for JavaScript."""

    def __init__(self):
        for name, source in {"seal": documented("js"), "open": _OPEN_JS}.items():
            (places.NODE_MODULES / f"{name}.mjs").write_text(source)
            (places.NODE_MODULES / f"call-{name}.mjs").write_text(_CALL_JS % name)

    def seal(self, key: dict, auction: str, bidder: str, amount: str, currency: str) -> str:
        """Seals a bid as the document shows."""
        return self._call("seal", key, auction, bidder, amount, currency)

    def open(self, key: RSAKey, envelope: str) -> dict:
        """Opens an envelope with a private key."""
        return self._call("open", key.as_dict(private=True), envelope)

    @staticmethod
    def _call(name: str, *given):
        command = [places.node(), places.NODE_MODULES / f"call-{name}.mjs"]
        typed = json.dumps({"name": name, "given": given})
        run = subprocess.run(command, input=typed, stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(run.stdout)
