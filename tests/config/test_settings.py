"""Settings: typed, refused with a sentence, secrets kept closed."""

from __future__ import annotations

import re
import socket
import stat
from pathlib import Path

import pytest

from yiwang.config import env, settings, start
from yiwang.config.main import main
from yiwang.config.run import StartRefusedError, refuse_taken_port


def test_a_flag_that_is_neither_0_nor_1_is_refused(monkeypatch):
    monkeypatch.setenv("YIWANG_DEMO", "yes")

    with pytest.raises(ValueError, match="YIWANG_DEMO 应为 0 或 1"):
        env.flag("YIWANG_DEMO")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("YIWANG_DEMO_CASES", "no", "YIWANG_DEMO_CASES 应为 0 或 1，现为“no”。"),
        ("YIWANG_WEB_THREADS", "0", "YIWANG_WEB_THREADS 应为大于 0 的整数，现为“0”。"),
        (
            "YIWANG_CHECK_URLS",
            "tax",
            "YIWANG_CHECK_URLS 应为“名称=地址”，以逗号分隔，其中“tax”不是。",
        ),
        (
            "YIWANG_SMTP_TLS",
            "ssl",
            "YIWANG_SMTP_TLS 应为 none、starttls 或 tls，现为“ssl”。",
        ),
        ("YIWANG_LOG_FORMAT", "JSON", "YIWANG_LOG_FORMAT 应为 json 或 console，现为“JSON”。"),
        ("YIWANG_EVENTS", "none", "YIWANG_EVENTS 应为 outbox 或 inline，现为“none”。"),
        (
            "YIWANG_DISTRICT",
            "national",
            "YIWANG_DISTRICT 应为 example 或 jiading，现为“national”。",
        ),
        (
            "YIWANG_DISTRICT",
            "../packs",
            "YIWANG_DISTRICT 应为 example 或 jiading，现为“../packs”。",
        ),
    ],
)
def test_a_wrong_setting_stops_the_start_before_anything_is_done(
    monkeypatch, tmp_path, capsys, name, value, sentence
):
    monkeypatch.setenv("YIWANG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("YIWANG_DEMO", "0")  # `--demo` sets it; put back after the test
    monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["yiwang", "run", "--demo", "--enterprises", "1"])

    def done(*_given, **_named):
        raise AssertionError("something was done with a wrong setting")

    for what in ("refuse_taken_port", "EmbeddedPostgres", "_prepare", "supervise"):
        monkeypatch.setattr(start, what, done)
    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert capsys.readouterr().err == f"{sentence}\n"
    assert not (tmp_path / "home").exists()


def test_every_setting_is_checked_as_it_is_read():
    """What the program reads as a flag or a number is checked as one at the start."""
    read = {
        (name, kind)
        for file in Path(env.__file__).parents[1].rglob("*.py")
        for kind, name in re.findall(
            r"env\.(flag|number|pairs|choice)\(\s*\"(\w+)\"", file.read_text()
        )
    }

    assert {
        (one.name, one.kind.value)
        for one in env.SETTINGS.values()
        if one.kind not in {"text", "pack"}
    } == read


def test_every_choice_has_its_default_among_its_values():
    closed = [one for one in env.SETTINGS.values() if one.kind == "choice"]

    assert len(closed) >= 3
    assert all(one.default in one.choices for one in closed)
    assert [one.name for one in env.SETTINGS.values() if one.choices] == [x.name for x in closed]


def test_a_district_of_ones_own_folder_is_a_district_too(monkeypatch, tmp_path):
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "district.yaml").write_text("")
    monkeypatch.setenv("YIWANG_DISTRICT", "second")
    with pytest.raises(ValueError, match="YIWANG_DISTRICT 应为 "):
        env.check()

    monkeypatch.setenv("YIWANG_PACKS", str(tmp_path))

    assert env.pack("YIWANG_DISTRICT") == "second"
    env.check()


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5"])
def test_a_number_that_is_no_count_is_refused(monkeypatch, value):
    monkeypatch.setenv("YIWANG_WEB_WORKERS", value)

    with pytest.raises(ValueError, match="YIWANG_WEB_WORKERS 应为大于 0 的整数"):
        env.number("YIWANG_WEB_WORKERS")


def test_a_generated_secret_is_kept_and_closed_to_others(monkeypatch, tmp_path):
    monkeypatch.setenv("YIWANG_HOME", str(tmp_path))
    monkeypatch.delenv("YIWANG_SECRET_KEY", raising=False)

    first = env.secret("YIWANG_SECRET_KEY")

    assert env.secret("YIWANG_SECRET_KEY") == first
    assert len(first) >= 40
    file = tmp_path / "secrets" / "yiwang_secret_key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_database_url_keeps_capitals_and_options():
    described = settings.database(
        "postgresql://web:p%40ss@%2FVar%2FRun:5433/District?sslmode=require"
    )

    assert described["HOST"] == "/Var/Run"
    assert described["PASSWORD"] == "p@ss"
    assert described["NAME"] == "District"
    assert described["OPTIONS"]["sslmode"] == "require"


def test_a_taken_port_is_said_with_the_way_out():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(
            StartRefusedError, match=f"端口 {port} 已被另一个程序占用.*YIWANG_PORT="
        ):
            refuse_taken_port("127.0.0.1", port)
