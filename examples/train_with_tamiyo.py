"""A training loop in plain Python that asks Tamiyo for a decision each step, and follows only what it has verified.

    tamiyo serve --init                                  # with ESPER_LEYLINE_SECRET set
    python3 examples/train_with_tamiyo.py --steps 200    # with the same secret

Standard library only. What a trainer must do is in docs/contracts/trainer.md, the interface in docs/http-api.md.
The network (2-16-1, tanh) really learns: points inside and outside a circle, minibatches, momentum.
"""
import argparse, collections, copy, http.client, json, math, os, pathlib, random, socket, struct, sys, time, uuid

from verify_command import parts, verify


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class NoDecision(Exception):
    """There is no command to follow. `code` says why; nothing may be made up in its place."""

    def __init__(self, code, detail, next_step=""):
        super().__init__(f"{code}: {detail}" + (f" (next: {next_step})" if next_step else ""))
        self.code = code


class Tamiyo:
    """Asks for decisions over one kept connection, and verifies every command before it reads it."""

    def __init__(self, address, token, secret, run, consumer="kasmina", deadline_ms=2000):
        self.address, self.token, self.run, self.deadline_ms = address, token, run, deadline_ms
        self.keys, self.audience = {"leyline-env": secret}, (run.encode(), consumer.encode())
        self.seen = {"nonces": set(), "epoch": 0, "sequence": -1}
        self.connection = None

    def decide(self, packet):
        """The command for this packet as a dict. Raises NoDecision."""
        deadline = time.monotonic() + self.deadline_ms / 1000
        for attempt in (1, 2):
            try:
                return self.open(self.exchange(packet, deadline))
            except (OSError, http.client.HTTPException) as error:  # the same packet id again is harmless
                self.connection = None
                if isinstance(error, TimeoutError) or attempt == 2 or time.monotonic() >= deadline:
                    raise NoDecision("unreachable", type(error).__name__) from error

    def exchange(self, packet, deadline):
        left_ms = max(1, int((deadline - time.monotonic()) * 1000))
        if self.connection is None:
            self.connection = self.connect(left_ms / 1000)
        elif self.connection.sock is not None:
            self.connection.sock.settimeout(left_ms / 1000)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json",
                   "Accept": "application/vnd.esper.command", "Tamiyo-Deadline-Ms": str(left_ms)}
        # NaN and Infinity are measurements too: they travel as text, so that the risk engine sees them.
        body = json.dumps(finite_or_text(packet), allow_nan=False)
        self.connection.request("POST", f"/v1/runs/{self.run}/decisions", body, headers)
        response = self.connection.getresponse()
        answer = response.read(262145)
        if response.status == 200 and len(answer) <= 262144:
            return answer
        try: problem = json.loads(answer)
        except ValueError: problem = {}
        raise NoDecision(problem.get("code", f"HTTP_{response.status}"), problem.get("detail", "no problem details"), problem.get("next", ""))

    def connect(self, timeout):
        if self.address.startswith("unix:"):
            return UnixConnection(self.address[5:], timeout)
        host, _, port = self.address.removeprefix("http://").rpartition(":")
        return http.client.HTTPConnection(host.strip("[]"), int(port), timeout=timeout)

    def open(self, envelope):
        try: verify(envelope, self.keys, self.audience, int(time.time() * 1000), self.seen)
        except ValueError as refused: raise NoDecision(str(refused), "the command is not accepted") from None
        return payload_of(envelope)


def finite_or_text(value):
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict): return {key: finite_or_text(entry) for key, entry in value.items()}
    return [finite_or_text(entry) for entry in value] if isinstance(value, list) else value


def payload_of(envelope):
    """The msgpack payload of an envelope that was verified."""
    signed = envelope[5:]
    for _ in range(envelope[4]): signed = signed[1 + signed[0]:]
    *_, payload = parts(signed, 4)
    value, rest = unpack(payload)
    if rest: raise NoDecision("malformed_payload", "bytes behind the payload")
    return value


def unpack(data):
    """One msgpack value and the bytes behind it; what commands are made of, and no more."""
    kind, data = data[0], data[1:]
    if kind <= 0x7f: return kind, data
    if kind >= 0xe0: return kind - 256, data
    if kind <= 0x8f: return unpack_many(data, 2 * (kind & 15), True)
    if kind <= 0x9f: return unpack_many(data, kind & 15, False)
    if kind <= 0xbf: return unpack_text(data, kind & 31)
    if kind in (0xc0, 0xc2, 0xc3): return {0xc0: None, 0xc2: False, 0xc3: True}[kind], data
    if kind in NUMBERS:
        form, size = NUMBERS[kind]
        return struct.unpack(form, data[:size])[0], data[size:]
    if kind in LENGTHS:
        what, size = LENGTHS[kind]
        count, data = int.from_bytes(data[:size], "big"), data[size:]
        if what == "text": return unpack_text(data, count)
        if what == "bytes": return data[:count], data[count:]
        return unpack_many(data, 2 * count if what == "map" else count, what == "map")
    raise NoDecision("malformed_payload", f"type {kind:#x}")

NUMBERS = {0xca: (">f", 4), 0xcb: (">d", 8), 0xcc: (">B", 1), 0xcd: (">H", 2), 0xce: (">I", 4), 0xcf: (">Q", 8),
           0xd0: (">b", 1), 0xd1: (">h", 2), 0xd2: (">i", 4), 0xd3: (">q", 8)}
LENGTHS = {0xc4: ("bytes", 1), 0xc5: ("bytes", 2), 0xc6: ("bytes", 4), 0xd9: ("text", 1), 0xda: ("text", 2), 0xdb: ("text", 4),
           0xdc: ("list", 2), 0xdd: ("list", 4), 0xde: ("map", 2), 0xdf: ("map", 4)}

def unpack_text(data, size): return data[:size].decode("utf-8"), data[size:]

def unpack_many(data, count, pairs):
    values = []
    for _ in range(count):
        value, data = unpack(data)
        values.append(value)
    return (dict(zip(values[::2], values[1::2])) if pairs else values), data


class Network:
    """2 inputs, 16 hidden tanh units, 1 logit; trained by gradient descent with momentum."""

    def __init__(self, rng):
        self.w1 = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(16)]
        self.w2 = [rng.gauss(0, 0.3) for _ in range(17)]
        self.v1, self.v2 = [[0.0] * 3 for _ in range(16)], [0.0] * 17

    def forward(self, x, y):
        hidden = [math.tanh(a * x + b * y + c) for a, b, c in self.w1]
        return hidden, sum(w * h for w, h in zip(self.w2, hidden)) + self.w2[16]

    def loss(self, batch):
        total = right = 0
        for x, y, label in batch:
            logit = self.forward(x, y)[1]
            total += max(logit, 0) - logit * label + math.log1p(math.exp(-abs(logit)))
            right += (logit > 0) == (label > 0.5)
        return total / len(batch), right / len(batch)

    def step(self, batch, rate):
        g1, g2 = [[0.0] * 3 for _ in range(16)], [0.0] * 17
        for x, y, label in batch:
            hidden, logit = self.forward(x, y)
            error = (1 / (1 + math.exp(-max(-60, min(60, logit)))) - label) / len(batch)
            for j, h in enumerate(hidden):
                g2[j] += error * h
                back = error * self.w2[j] * (1 - h * h)
                for i, value in enumerate((x, y, 1.0)): g1[j][i] += back * value
            g2[16] += error
        for weights, speed, gradient in [*zip(self.w1, self.v1, g1), (self.w2, self.v2, g2)]:
            for i, g in enumerate(gradient):
                speed[i] = 0.9 * speed[i] - rate * g
                weights[i] += speed[i]
        return math.sqrt(sum(g * g for row in [*g1, g2] for g in row))


class Trainer:
    """Trains, reports each step, and follows verified commands alone."""

    def __init__(self, tamiyo, seed, base_rate=0.1):
        rng = random.Random(seed)
        points = [(x, y, float(x * x + y * y < 0.6)) for x, y in ((rng.uniform(-1, 1), rng.uniform(-1, 1)) for _ in range(512))]
        self.validation, self.training, self.rng = points[:128], points[128:], rng
        self.tamiyo, self.network, self.base_rate, self.rate = tamiyo, Network(rng), base_rate, base_rate
        self.start, self.latency_ms, self.caution, self.halted = uuid.uuid4().hex[:8], None, 0, False
        self.snapshots, self.count = collections.deque(maxlen=4), collections.Counter()

    def run(self, steps):
        for step in range(1, steps + 1):
            if step % 5 == 1: self.snapshots.append(copy.deepcopy(self.network))
            batch = self.rng.sample(self.training, 32)
            norm, (loss, _) = self.network.step(batch, self.rate), self.network.loss(batch)
            began = time.perf_counter()
            try:
                self.follow(self.tamiyo.decide(self.packet(step, loss, norm)))
                self.caution = max(0, self.caution - 1)
            except NoDecision as failure:  # go on unharmed, at most at the base rate, and make nothing up
                self.count[f"failed:{failure.code}"] += 1
                self.caution, self.rate = 5, min(self.rate, self.base_rate)
            self.latency_ms = (time.perf_counter() - began) * 1000
            if self.halted: break
        return step

    def packet(self, step, loss, norm):
        validation_loss, accuracy = self.network.loss(self.validation)
        metrics = {"loss": loss, "gradient_norm": norm, "optimizer_lr": self.rate}
        if self.latency_ms is not None: metrics["tamiyo_latency_ms"] = self.latency_ms
        return {"version": 1, "packetId": f"{self.tamiyo.run}-{self.start}-{step}", "trainingRunId": self.tamiyo.run,
                "sourceSubsystem": "tolaria", "currentEpoch": step // 12, "globalStep": step, "trainingLoss": loss,
                "validationLoss": validation_loss, "validationAccuracy": accuracy, "trainingMetrics": metrics, "seedStates": []}

    def follow(self, command):
        kind = command["commandType"]
        self.count[kind] += 1
        if kind == "OPTIMIZER":
            change = command["optimizerAdjustment"]["hyperparameters"].get("lr_delta", 0.0)
            held = self.rate * (1 + max(-0.5, min(0.5, change)))
            top = self.base_rate if self.caution else 2 * self.base_rate
            self.rate = max(0.2 * self.base_rate, min(top, held))
        elif kind == "PAUSE": self.rate = min(self.rate, self.base_rate)
        elif kind == "ROLLBACK": self.network = copy.deepcopy(self.snapshots[0])
        elif kind == "EMERGENCY": self.halted = True
        else: self.count[f"not_supported:{kind}"] += 1  # this network has no seeds and no seed bank


def main():
    options = argparse.ArgumentParser(description="Train a small network under Tamiyo's control.")
    options.add_argument("--address", default="http://127.0.0.1:8690", help="as tamiyo serve prints it; unix:PATH too")
    options.add_argument("--token-file", default="var/tamiyo/tokens/trainer")
    options.add_argument("--run", default="python-run")
    options.add_argument("--steps", type=int, default=200)
    options.add_argument("--seed", type=int, default=7)
    given = options.parse_args()
    secret = os.environ.get("ESPER_LEYLINE_SECRET", "").encode()
    if not secret: sys.exit("ESPER_LEYLINE_SECRET is not set: without it no command can be verified, and none is followed")
    tamiyo = Tamiyo(given.address, pathlib.Path(given.token_file).read_text().strip(), secret, given.run)
    trainer = Trainer(tamiyo, given.seed)
    before, _ = trainer.network.loss(trainer.validation)
    steps = trainer.run(given.steps)
    after, accuracy = trainer.network.loss(trainer.validation)
    print(json.dumps({"steps": steps, "lossBefore": round(before, 4), "lossAfter": round(after, 4),
                      "accuracy": round(accuracy, 4), "learningRate": round(trainer.rate, 5), "commands": dict(trainer.count)}))


if __name__ == "__main__":
    main()
