"""Verifies sealed commands (docs/formats/command-v1.md) with the standard library. Usage: verify_command.py VECTORS.json"""
import hashlib, hmac, json, struct, sys

def parts(data, width):
    while data:
        size, data = int.from_bytes(data[:width], "big"), data[width:]
        if size > len(data): raise ValueError("malformed_envelope")
        yield data[:size]
        data = data[size:]

def check(holds, reason):
    if not holds: raise ValueError(reason)

def verify(data, keys, audience, now, seen, window=60_000, skew=5_000):
    """Raises ValueError with the reason unless `data` is a fresh command of a trusted HMAC key for this audience, once."""
    check(data[:4] == b"ESC1" and len(data) > 4 and data[4] <= 4, "malformed_envelope")
    check(data[4] > 0, "missing_signature")
    outside = parts(data[5:], 1)
    signatures = [next(outside, b"") for _ in range(data[4])]
    signed = data[5 + sum(1 + len(signature) for signature in signatures):]
    inside = parts(signed, 4)
    check(next(inside, b"") == b"esper.command.v1", "wrong_domain")
    names = [name.decode("ascii") for name in parts(next(inside, b""), 1)]
    check(len(names) == len(set(names)) == len(signatures), "malformed_envelope")
    known = [(keys[name], signature) for name, signature in zip(names, signatures) if name in keys]
    check(known, "unknown_key")
    for secret, signature in known:
        check(hmac.compare_digest(hmac.new(secret, signed, hashlib.sha256).digest(), signature), "invalid_signature")
    try: run, consumer, header, payload = inside
    except ValueError: raise ValueError("malformed_header") from None
    check(len(header) == 48 and payload, "malformed_header")
    check((run, consumer) == audience, "wrong_audience")
    epoch, sequence, issued, expires = struct.unpack(">QQQQ", header[16:])
    check(header[:16] != bytes(16), "missing_command_id")
    check(issued > 0, "missing_timestamp")
    check(now - issued >= -skew, "issued_in_future")
    check(now - issued <= window, "stale_command")
    check(now <= expires, "expired_command")
    check(header[:16] not in seen["nonces"], "nonce_replayed")
    check(epoch >= seen["epoch"], "issuer_epoch_regressed")
    check(sequence > seen["sequence"], "sequence_not_rising")
    seen["nonces"].add(header[:16])
    seen.update(epoch=epoch, sequence=sequence)

if __name__ == "__main__":
    vectors, seen, wrong = json.load(open(sys.argv[1])), {"nonces": set(), "epoch": 0, "sequence": -1}, 0
    keys = {name: bytes.fromhex(secret) for name, secret in vectors["keys"].items()}
    for case in vectors["cases"]:
        try: got = verify(bytes.fromhex(case["envelope"]), keys, (vectors["run"].encode(), vectors["consumer"].encode()), case["now"], seen) or "ok"
        except ValueError as error: got = str(error)
        wrong += got != case["expect"]
        print("ok  " if got == case["expect"] else "FAIL", case["name"], "->", got)
    sys.exit(1 if wrong else 0)
