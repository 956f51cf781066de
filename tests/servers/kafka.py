"""A real Kafka broker of one node, in a folder and a process of its own.

Usable outside the tests as well: `with KafkaServer(folder) as kafka: …`. It
listens on loopback alone: plainly, and with SASL and TLS for one user.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType

from tests.servers.child import Child
from tests.servers.ports import answers, free_ports

ROOT = Path(__file__).resolve().parents[2]
LIBS = ROOT / "build" / "servers" / "kafka" / "libs"

USER = "runstream"
PASSWORD = "only-on-loopback"
_STORE_PASSWORD = "changeit"

# A cold start takes 5 s on an idle machine of two cores.
_START_SECONDS = 120.0
_TRIES = 3

_PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAIN://127.0.0.1:{plain},GUARDED://127.0.0.1:{guarded},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAIN://127.0.0.1:{advertised},GUARDED://127.0.0.1:{guarded},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAIN
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAIN:PLAINTEXT,GUARDED:SASL_SSL
sasl.enabled.mechanisms=PLAIN
listener.name.guarded.plain.sasl.jaas.config={login} \
  required user_{user}="{password}";
listener.name.guarded.ssl.keystore.type=PKCS12
listener.name.guarded.ssl.keystore.location={folder}/broker.p12
listener.name.guarded.ssl.keystore.password={store_password}
listener.name.guarded.ssl.key.password={store_password}
log.dirs={folder}/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
log.retention.check.interval.ms=500
log.initial.task.delay.ms=500
file.delete.delay.ms=100
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
"""

_LOGGING = """
log4j.rootLogger=WARN, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d %p %c{1} %m%n
"""


class MissingError(Exception):
    """The broker cannot be had on this machine; the message says why."""


def missing() -> str:
    """Why there can be no broker here; empty when there can."""
    if shutil.which("java") is None:
        return "there is no java here"
    if not any(LIBS.glob("kafka_2.13-*.jar")):
        return "the broker was not downloaded: make build/servers/kafka/.installed"
    return ""


class KafkaServer(Child):
    """One broker. Its data and its addresses outlive `kill` and `start`."""

    def __init__(self, folder: Path, *, advertised_port: int = 0) -> None:
        """folder: its own; made when it is not there. Raises MissingError.

        advertised_port: where clients of the plain address are sent on to, for a
            proxy that stands before it; 0: nowhere else.
        """
        if reason := missing():
            raise MissingError(reason)
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._ports: list[int] = []
        self._advertised_port = advertised_port

    @property
    def address(self) -> str:
        """Where it listens plainly."""
        return f"127.0.0.1:{self._ports[0]}"

    @property
    def guarded_address(self) -> str:
        """Where it listens with TLS and wants USER and PASSWORD (SASL PLAIN)."""
        return f"127.0.0.1:{self._ports[1]}"

    @property
    def ca_file(self) -> Path:
        """What a client trusts the guarded address by."""
        return self.folder / "ca.pem"

    def start(self) -> None:
        """Returns when it takes connections."""
        if not self._ports:
            self._format()
            return
        self._spawn()
        if not self._listens(time.monotonic() + _START_SECONDS):
            raise RuntimeError(f"the broker did not start:\n{self._last_words()}")

    def restart(self) -> None:
        """After a stop in good order, with the same data on the same ports."""
        self.stop()
        self.start()

    def __enter__(self) -> KafkaServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _format(self) -> None:
        """The first start. A port may be taken by another between choice and use."""
        self._make_certificate()
        for attempt in range(1, _TRIES + 1):
            self._ports = free_ports(3)
            self._write_configuration()
            if attempt == 1:
                self._run_tool()
            self._spawn()
            if self._listens(time.monotonic() + _START_SECONDS):
                return
            words = self._last_words()
            self.kill()
            if "Address already in use" not in words and "BindException" not in words:
                break
        raise RuntimeError(f"the broker did not start:\n{words}")

    def _write_configuration(self) -> None:
        plain, guarded, controller = self._ports
        text = _PROPERTIES.format(
            plain=plain,
            advertised=self._advertised_port or plain,
            guarded=guarded,
            controller=controller,
            folder=self.folder,
            user=USER,
            login="org.apache.kafka.common.security.plain.PlainLoginModule",
            password=PASSWORD,
            store_password=_STORE_PASSWORD,
        )
        (self.folder / "server.properties").write_text(text)
        (self.folder / "log4j.properties").write_text(_LOGGING)

    def _make_certificate(self) -> None:
        store = ["-keystore", str(self.folder / "broker.p12"), "-storepass", _STORE_PASSWORD]
        make = ["-genkeypair", "-alias", "broker", "-keyalg", "EC", "-groupname", "secp256r1"]
        make += ["-dname", "CN=localhost", "-ext", "SAN=ip:127.0.0.1,dns:localhost"]
        _run(["keytool", *make, "-validity", "3650", "-storetype", "PKCS12", *store])
        export = ["-exportcert", "-alias", "broker", "-rfc", "-file", str(self.ca_file)]
        _run(["keytool", *export, *store])

    def _run_tool(self) -> None:
        cluster = base64.urlsafe_b64encode(b"\x01" + os.urandom(15)).decode().rstrip("=")
        properties = str(self.folder / "server.properties")
        command = ["kafka.tools.StorageTool", "format", "--standalone", "-t", cluster]
        _run([*self._java(), *command, "-c", properties])

    def _spawn(self) -> None:
        with (self.folder / "broker.log").open("ab") as output:
            self.process = subprocess.Popen(
                [*self._java(), "kafka.Kafka", str(self.folder / "server.properties")],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _java(self) -> list[str]:
        flags = ["-Xmx512m", "-XX:+UseSerialGC"]
        flags.append(f"-Dlog4j.configuration=file:{self.folder / 'log4j.properties'}")
        return ["java", *flags, "-cp", f"{LIBS}/*"]

    def _listens(self, deadline: float) -> bool:
        while time.monotonic() < deadline and self.is_alive():
            if answers("127.0.0.1", self._ports[0]):
                return True
            time.sleep(0.05)
        return False

    def _last_words(self) -> str:
        return (self.folder / "broker.log").read_text(errors="replace")[-4000:]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[:2]} failed:\n{done.stdout}\n{done.stderr}")
