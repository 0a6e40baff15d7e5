"""A client of the session protocol `holdfast.1`, written from docs/PROTOCOL.md alone.

Commands are JSON lines on stdin: {"send": text}, {"bytes": hex}, {"close": true}. Events are JSON lines on stdout.
"""
import asyncio, json, random, re, secrets, sys
import websockets

class ProtocolError(Exception):
    pass

def tell(**event):
    print(json.dumps(event), flush=True)

def number(text):
    if re.fullmatch(r"0|[1-9][0-9]*", text):
        return int(text)
    raise ProtocolError(f"no number: {text[:20]}")

class Client:
    def __init__(self, url, token):
        self.url, self.token = url, token
        self.places = {}  # topic -> (epoch, offset)
        self.changed = asyncio.Event()
        self.closing = self.over = False
        self.begin()
    def begin(self):
        self.id, self.attempt = secrets.token_urlsafe(20), 0
        self.outbox, self.acked, self.highest, self.written = [], 0, 0, 0
        self.got = None
    def send(self, data):
        self.outbox.append(data)
        self.changed.set()
    def acknowledged(self, count, most):
        if not self.acked <= count <= most:
            return False
        del self.outbox[: count - self.acked]
        self.acked = count
        return True

    async def run(self):
        denied = 0
        while not self.over:
            why, after, welcomed = await self.connection()
            denied = 0 if welcomed else denied + (why == "denied")
            if why in ("stale", "taken") or denied > 1:
                self.over = True
            elif not self.over:
                await asyncio.sleep(random.random() * min(after, 60_000) / 1000 if after else 0.05)
        tell(over=True)

    async def connection(self):
        """One connection, to its end: why it ended, when to come back, and whether there was a welcome."""
        self.welcomed, self.refusal, writing = False, (None, 0), None
        try:
            async with websockets.connect(
                self.url, subprotocols=["holdfast.1"], ping_interval=None, max_size=None, close_timeout=1
            ) as socket:
                if socket.subprotocol != "holdfast.1":
                    raise ProtocolError("subprotocol")
                await self.hello(socket)
                self.names, self.binary, self.told = {}, None, self.got or 0
                async for frame in socket:
                    await self.frame(socket, frame)
                    if self.welcomed and not writing:
                        writing = asyncio.ensure_future(self.write(socket))
                    if self.refusal[0]:
                        break
        except ProtocolError as error:
            tell(error=str(error))
            self.over = True
        except (OSError, asyncio.TimeoutError, websockets.WebSocketException):
            pass
        finally:
            if writing:
                writing.cancel()
        return (*self.refusal, self.welcomed)

    async def hello(self, socket):
        self.attempt += 1
        topics = {topic: f"{epoch}:{offset}" for topic, (epoch, offset) in self.places.items()}
        hello = {"v": 1, "id": self.id, "n": self.attempt, "auth": self.token, "can": ["topics", "challenge"], "topics": topics}
        if self.got is not None:
            hello["got"] = self.got
        await socket.send("!h" + json.dumps(hello))

    async def write(self, socket):
        """What the window has room for, and acknowledgements; `!f` when everything has arrived."""
        try:
            while True:
                flying = self.written - self.acked
                size = sum(len(data) if isinstance(data, bytes) else len(data.encode()) for data in self.outbox[: flying + 1])
                if flying < len(self.outbox) and flying < self.window[0] and (not flying or size <= self.window[1]):
                    data = self.outbox[flying]
                    self.written += 1
                    self.highest = max(self.highest, self.written)
                    await socket.send("!" + data if isinstance(data, str) and data.startswith("!") else data)
                    continue
                if self.closing and not self.outbox:
                    self.over = True
                    await self.acknowledge(socket)
                    await socket.send("!f")
                    return await socket.close(1000)
                self.changed.clear()
                try:
                    await asyncio.wait_for(self.changed.wait(), 0.5)
                except asyncio.TimeoutError:
                    if self.got > self.told:
                        await self.acknowledge(socket)
        except websockets.WebSocketException:
            pass

    async def acknowledge(self, socket, how="!a"):
        self.told = self.got
        await socket.send(f"{how}{self.got}")

    async def frame(self, socket, frame):
        if isinstance(frame, bytes) and self.binary:
            topic, offset, self.binary = (*self.binary, None)
            return self.published(topic, offset, bytes=frame.hex())
        if isinstance(frame, bytes) or not frame.startswith("!") or frame.startswith("!!"):
            if not self.welcomed:
                raise ProtocolError("data before the welcome")
            self.got += 1
            if self.got - self.told >= min(128, self.window[0] / 2):
                await self.acknowledge(socket)
            text = None if isinstance(frame, bytes) else frame[frame.startswith("!") :]
            return tell(bytes=frame.hex()) if text is None else tell(text=text)
        letter, rest = frame[1:2], frame[2:]
        if letter == "x":
            return self.refused(**json.loads(rest))
        if letter == "w" and not self.welcomed:
            return self.welcome(**json.loads(rest))
        if "A" <= letter <= "Z":
            return None
        if not self.welcomed or letter not in "apqfcsmu" or not letter:
            raise ProtocolError(frame[:20])
        if letter in "aq":
            if not self.acknowledged(number(rest), self.written):
                raise ProtocolError(frame[:20])
            self.changed.set()
        elif letter == "p":
            if number(rest) != self.got:
                raise ProtocolError(f"{frame} after {self.got}")
            await self.acknowledge(socket, "!q")
        elif letter == "f":
            self.over = True
        elif letter == "c":
            await socket.send("!t" + self.token)
        elif letter == "s":
            self.subscribed(**json.loads(rest))
        elif letter == "u":
            self.places.pop(self.names.pop(number(rest)))
        else:
            as_, offset, *text = rest.split(":", 2)
            if text:
                return self.published(self.names[number(as_)], number(offset), text=text[0])
            self.binary = (self.names[number(as_)], number(offset))
    def welcome(self, got, win, **_):
        if got > self.highest or not self.acknowledged(got, self.highest):
            return self.refused("gone")
        self.welcomed, self.window, self.written = True, win, got
        self.got = self.got or 0
    def refused(self, why, got=None, after=0, **_):
        if why in ("gone", "overflow"):
            known = got is not None and self.acknowledged(got, self.highest)
            tell(fresh=why, unknown=0 if known else self.highest - self.acked, held=len(self.outbox))
            self.begin()
        self.refusal = (why, after)
    def subscribed(self, topic, epoch, at, last, since=None, **rest):
        self.names[rest["as"]] = topic
        place = self.places.get(topic)
        if place is None and since:
            place = (since.split(":")[0], int(since.split(":")[1]))
        goes_on = place is None or (place[0] == epoch and place[1] <= last)
        if place and (not goes_on or place[1] < at):
            tell(gap=topic)
        self.places[topic] = (epoch, max(at, place[1])) if place and goes_on else (epoch, at)
    def published(self, topic, offset, **content):
        epoch, place = self.places[topic]
        if offset > place + 1:
            raise ProtocolError(f"{topic}: {offset} after {place}")
        if offset == place + 1:
            self.places[topic] = (epoch, offset)
            tell(topic=topic, **content)

async def main(url, token):
    client = Client(url, token)
    running = asyncio.ensure_future(client.run())
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        command = json.loads(line)
        if "close" in command:
            client.closing = True
            client.changed.set()
        else:
            client.send(bytes.fromhex(command["bytes"]) if "bytes" in command else command["send"])
    await running

asyncio.run(main(*sys.argv[1:3]))
