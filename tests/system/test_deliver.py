"""`mailtickets deliver`, as an MTA runs it: a process of its own, against a real LMTP door."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailtickets.desk.model.delivery import Transient
from mailtickets.edges.doors import lmtp
from mailtickets.edges.doors.lmtp import Listener, Settings, bind
from tests.edges.intake import Desk

MESSAGE = "From: Ana <ana@cliente.test>\nSubject: Impressora\n\nNão imprime.\n.\n..fim\n".encode()
ARRIVED = MESSAGE.replace(b"\n", b"\r\n")
LITTLE_MEMORY_KIB = 40_000
"""Address space: enough for the interpreter, too little for the message."""
HEAVY = ["asyncio", "email", "logging", "pydantic", "smtplib", "sqlalchemy", "ssl", "mailtickets.config"]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text('[instance]\nhostname = "mail.desk.test"\nstate_dir = "var"\n')
    return file


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    (tmp_path / "var").mkdir()
    return tmp_path / "var"


async def listen(desk: Desk, path: Path, **settings: int) -> Listener:
    told = Settings(hostname="mail.desk.test", **settings)  # type: ignore[arg-type]
    return await lmtp.serve([bind(f"unix:{path}")], told, desk.accept, desk.knows)


@pytest.fixture
async def daemon(desk: Desk, state_dir: Path) -> AsyncIterator[Listener]:
    listener = await listen(desk, state_dir / "intake.sock")
    yield listener
    desk.gate.set()
    await listener.close(1)


async def start(*arguments: str | Path, **environment: str) -> asyncio.subprocess.Process:
    inherited = {name: value for name, value in os.environ.items() if name in {"PATH", "PYTHONPATH"}}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "mailtickets",
        *(str(argument) for argument in arguments),
        env=inherited | environment,
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def deliver(*arguments: str | Path, message: bytes = MESSAGE, **environment: str) -> tuple[int, str]:
    """Exit status and stderr."""
    process = await start(*arguments, **environment)
    _, stderr = await asyncio.wait_for(process.communicate(message), 60)
    assert process.returncode is not None
    return process.returncode, stderr.decode()


@pytest.mark.usefixtures("daemon")
async def test_a_message_on_stdin_arrives_whole_and_exits_0(desk: Desk, config: Path) -> None:
    to = ["--recipient", "suporte@desk.test", "--recipient", "vendas@desk.test"]
    assert await deliver("-c", config, "deliver", "--sender", "ana@cliente.test", *to) == (0, "")
    (_, envelope) = desk.messages[0]
    assert desk.contents == [ARRIVED]
    assert (envelope.door.name, envelope.sender) == ("lmtp", "ana@cliente.test")
    assert envelope.recipients == ("suporte@desk.test", "vendas@desk.test")


@pytest.mark.usefixtures("daemon")
async def test_the_envelope_comes_from_what_postfix_exports(desk: Desk, config: Path) -> None:
    status, _ = await deliver(
        "deliver",
        MAILTICKETS_CONFIG=str(config),
        SENDER="ana@cliente.test",
        ORIGINAL_RECIPIENT="suporte@desk.test",
        RECIPIENT="desk@localhost",
    )
    assert status == 0
    assert desk.messages[0][1].recipients == ("suporte@desk.test",)


@pytest.mark.usefixtures("daemon")
async def test_an_address_that_an_alias_rewrote_is_tried_as_the_mta_knows_it(desk: Desk, config: Path) -> None:
    environment = {"ORIGINAL_RECIPIENT": "ajuda@old.test", "RECIPIENT": "suporte@desk.test"}
    status, _ = await deliver("-c", config, "deliver", SENDER="ana@cliente.test", **environment)
    assert status == 0
    assert desk.messages[0][1].recipients == ("suporte@desk.test",)


@pytest.mark.usefixtures("daemon")
@pytest.mark.parametrize("given", ["", "<>", "MAILER-DAEMON"])
async def test_the_null_sender_has_many_names(desk: Desk, config: Path, given: str) -> None:
    status, _ = await deliver("-c", config, "deliver", "--recipient=suporte@desk.test", SENDER=given)
    assert status == 0
    assert desk.messages[0][1].sender == ""


@pytest.mark.usefixtures("daemon")
async def test_an_mbox_line_is_no_part_of_the_message_but_names_the_sender(desk: Desk, config: Path) -> None:
    message = b"From ana@cliente.test  Tue Mar  3 10:12:00 2025\n" + MESSAGE
    status, _ = await deliver("-c", config, "deliver", "--recipient", "suporte@desk.test", message=message)
    assert status == 0
    assert desk.contents == [ARRIVED]
    assert desk.messages[0][1].sender == "ana@cliente.test"


@pytest.mark.usefixtures("daemon")
async def test_an_mbox_line_that_comes_alone_at_first_loses_nothing(desk: Desk, config: Path) -> None:
    process = await start("-c", config, "deliver", "--recipient", "suporte@desk.test")
    assert process.stdin is not None
    process.stdin.write(b"From ana@cliente.test  Tue Mar  3 10:12:00 2025\n")
    await process.stdin.drain()
    await asyncio.sleep(0.3)
    _, stderr = await process.communicate(MESSAGE)
    assert (process.returncode, stderr) == (0, b"")
    assert desk.contents == [ARRIVED]


@pytest.mark.usefixtures("daemon")
async def test_addresses_in_utf8_are_delivered(desk: Desk, config: Path) -> None:
    desk.queues.add("atenção@desk.test")
    arguments = ["--sender", "joão@cliente.test", "--recipient", "atenção@desk.test"]
    assert await deliver("-c", config, "deliver", *arguments) == (0, "")
    assert desk.messages[0][1].sender == "joão@cliente.test"


@pytest.mark.usefixtures("daemon")
@pytest.mark.parametrize(
    ("message", "arrived"),
    [
        (b"a\r\n.\r\n.b\r\n", b"a\r\n.\r\n.b\r\n"),
        (b".", b".\r\n"),
        (b"\n", b"\r\n"),
        (b"a\nno end", b"a\r\nno end\r\n"),
        (b"a\r", b"a\r\n"),
        (
            b"x" * 65_535 + b"\r\n." + b"y" * 65_533 + b"\n.\r\n",
            b"x" * 65_535 + b"\r\n." + b"y" * 65_533 + b"\r\n.\r\n",
        ),
    ],
)
async def test_line_ends_and_dots_survive(desk: Desk, config: Path, message: bytes, arrived: bytes) -> None:
    status, _ = await deliver("-c", config, "deliver", "--recipient", "suporte@desk.test", message=message)
    assert status == 0
    assert desk.contents == [arrived]


@pytest.mark.usefixtures("daemon")
async def test_a_large_message_is_streamed(desk: Desk, config: Path) -> None:
    message = b"Subject: large\n\n" + b"0123456789abcde\n" * 1_500_000
    in_little_memory = f"ulimit -v {LITTLE_MEMORY_KIB}; exec {sys.executable} -m mailtickets -c {config} deliver"
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", f"{in_little_memory} --recipient suporte@desk.test", stdin=asyncio.subprocess.PIPE
    )
    await asyncio.wait_for(process.communicate(message), 60)
    assert process.returncode == 0
    assert desk.contents == [message.replace(b"\n", b"\r\n")]


@pytest.mark.usefixtures("daemon")
async def test_it_exits_0_only_after_the_commit(desk: Desk, config: Path) -> None:
    desk.gate.clear()
    running = asyncio.create_task(deliver("-c", config, "deliver", "--recipient", "suporte@desk.test"))
    await asyncio.wait_for(desk.asked.wait(), 20)
    assert not running.done()
    desk.gate.set()
    assert await running == (0, "")


@pytest.mark.usefixtures("daemon")
async def test_a_terminated_delivery_keeps_the_mail(desk: Desk, config: Path) -> None:
    desk.gate.clear()
    process = await start("-c", config, "deliver", "--recipient", "suporte@desk.test")
    talking = asyncio.create_task(process.communicate(MESSAGE))
    await asyncio.wait_for(desk.asked.wait(), 20)
    process.send_signal(signal.SIGTERM)
    assert b"SIGTERM" in (await talking)[1]
    assert process.returncode == 75


@pytest.mark.usefixtures("daemon")
async def test_whatever_goes_wrong_exits_75_and_says_why(desk: Desk, config: Path) -> None:
    desk.trouble = Transient("down")
    to = ["--recipient", "suporte@desk.test"]
    cases: list[tuple[list[str], bytes, str]] = [
        (to, MESSAGE, "451 4.3.0"),
        (["--recipient", "nobody@desk.test"], MESSAGE, "550 5.1.1"),
        ([*to, "--recipient", "nobody@desk.test"], MESSAGE, "550 5.1.1"),
        (to, b"", "no message on stdin"),
        ([], MESSAGE, "no recipient"),
        (["--recipient", "a b@desk.test"], MESSAGE, "no address"),
        (["--recipient", "a@desk.test>\r\nRCPT TO:<b@desk.test"], MESSAGE, "no address"),
        (["--recipient"], MESSAGE, "expected one argument"),
        (["--priority", "high", *to], MESSAGE, "unrecognized arguments"),
        (["surplus"], MESSAGE, "unrecognized arguments"),
    ]
    results = await asyncio.gather(*(deliver("-c", config, "deliver", *case[0], message=case[1]) for case in cases))
    for (arguments, _, why), (status, stderr) in zip(cases, results, strict=True):
        assert (status, why in stderr) == (75, True), (arguments, status, stderr)
    assert desk.messages == []


async def test_a_message_too_large_for_the_daemon_exits_75(desk: Desk, config: Path, state_dir: Path) -> None:
    listener = await listen(desk, state_dir / "intake.sock", max_message_bytes=100_000)
    for size in (150_000, 5_000_000):
        message = b"x" * size
        status, stderr = await deliver("-c", config, "deliver", "--recipient", "suporte@desk.test", message=message)
        assert status == 75
        assert "552 5.3.4" in stderr or "hung up" in stderr or "reset" in stderr
    await listener.close(1)


async def test_without_a_daemon_or_a_readable_configuration_the_mail_is_kept(tmp_path: Path, config: Path) -> None:
    to = ["deliver", "--recipient", "suporte@desk.test"]
    broken, missing = tmp_path / "broken.toml", tmp_path / "missing.toml"
    broken.write_text("[instance\n")
    cases = [(config, "cannot be reached"), (broken, "broken.toml"), (missing, "No such file")]
    for file, why in cases:
        status, stderr = await deliver("-c", file, *to)
        assert (status, why in stderr) == (75, True), stderr


async def test_the_socket_is_where_configuration_and_systemd_say(desk: Desk, tmp_path: Path) -> None:
    for name in ("state", "etc"):
        (tmp_path / name).mkdir()
    config = tmp_path / "etc" / "config.toml"
    config.write_text('[lmtp_in]\nlisten = ["127.0.0.1:2400", "unix:other.sock"]\n')
    listener = await listen(desk, tmp_path / "state" / "other.sock")
    environment = {"STATE_DIRECTORY": str(tmp_path / "state")}
    assert await deliver("-c", config, "deliver", "--recipient", "suporte@desk.test", **environment) == (0, "")
    await listener.close(1)


async def test_nothing_heavy_is_imported() -> None:
    code = "import sys; from mailtickets.cli import deliver; print([m for m in sys.argv[1:] if m in sys.modules])"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, *HEAVY, stdout=asyncio.subprocess.PIPE)
    assert (await process.communicate())[0].strip() == b"[]"
