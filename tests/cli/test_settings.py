"""Settings: defaults, one file over them, the environment over both, and every fault at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderloom.settings import Settings, SettingsError, Url, load

SECRET = "hunter2"


def written(folder: Path, text: str) -> Path:
    file = folder / "hub.toml"
    file.write_text(text, "utf-8")
    return file


def origins(settings: Settings) -> dict[str, tuple[str, str]]:
    return {one.key: (one.value, one.origin) for one in settings.effective()}


def faults(folder: Path, text: str, environment: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        load(written(folder, text), environment or {})
    return str(refused.value).splitlines()


class TestDefaults:
    def test_no_file_runs_the_reference_world(self, tmp_path, monkeypatch):
        """
        Five channels, five systems, a store in var/, and the rules that come with Orderloom.
        """
        monkeypatch.chdir(tmp_path)
        settings = load(environment={})

        assert ["web", "partner", "directmail", "callcenter", "store", "kiosk"] == list(settings.channels)
        assert ["crm", "warehouse", "oss.internet", "oss.mobile", "billing"] == list(settings.systems)
        assert Path("var/orderloom.db") == settings.store
        assert (settings.rules / "routes").is_dir()
        assert settings.broker.url is None
        assert (200, 2000, 8 * 1024 * 1024, 10.0, 300.0, 900.0, 5) == (
            settings.worker.batch,
            settings.worker.window_messages,
            settings.worker.window_bytes,
            settings.worker.lease,
            settings.worker.hold_after,
            settings.worker.early_for,
            settings.worker.breaker_after,
        )

    def test_a_command_that_needs_a_broker_says_how_to_set_one(self):
        """
        Without a broker the URL is asked for by key and by variable.
        """
        with pytest.raises(
            SettingsError, match=r"broker\.url: is not set .*\$ORDERLOOM_BROKER_URL.*E_CONFIG"
        ):
            load(environment={}).broker.required()

    def test_a_file_in_the_working_folder_is_found(self, tmp_path, monkeypatch):
        """
        ./orderloom.toml is read when nothing else is named.
        """
        (tmp_path / "orderloom.toml").write_text("[worker]\nbatch = 7\n")
        monkeypatch.chdir(tmp_path)

        assert 7 == load(environment={}).worker.batch


class TestFile:
    def test_paths_are_beside_the_file(self, tmp_path):
        """
        A path in the file is meant from the file's own folder, whatever the working folder is.
        """
        settings = load(written(tmp_path, '[store]\npath = "data/s.db"\n[rules]\nfolder = "r"\n'), {})

        assert tmp_path / "data/s.db" == settings.store
        assert tmp_path / "r" == settings.rules

    def test_a_file_that_names_systems_names_all(self, tmp_path):
        """
        The reference systems are gone once the file has systems of its own.
        """
        settings = load(written(tmp_path, '[systems."oss.tv"]\nurl = "https://tv.example/api/"\n'), {})

        assert ["oss.tv"] == list(settings.systems)
        assert "https://tv.example/api" == settings.systems["oss.tv"].url
        assert "oss.tv" == settings.systems["oss.tv"].adapter

    def test_all_faults_come_at_once_with_file_and_key(self, tmp_path):
        """
        Six mistakes, six sentences.
        """
        told = faults(
            tmp_path,
            '[worker]\nbatch = "many"\nlease = 500\n[chanels]\n'
            '[channels.WEB]\n[systems.crm]\nurl = "ftp://x"\ntimout = 3\n',
        )

        assert [
            "hub.toml: unknown key 'chanels'",
            "hub.toml: channels: 'WEB' is not of the right form",
            "hub.toml: systems.crm: unknown key 'timout'",
            "hub.toml: systems.crm.url: 'ftp://x' is not of the right form",
            "hub.toml: worker.batch: 'many' is not of type integer",
            "hub.toml: worker.lease: 500 is out of range",
        ] == [sentence.partition(" (")[0] for sentence in told]
        assert told[2].endswith("(one of adapter, url, timeout, pool, answer_within, format) [E_CONFIG]")

    def test_a_file_that_is_no_toml_is_one_fault(self, tmp_path):
        """
        The parser's own place is the sentence's.
        """
        [told] = faults(tmp_path, "[worker\n")

        assert told.startswith("hub.toml:1: no TOML: ")
        assert told.endswith("[E_CONFIG]")

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            pytest.param("[worker]\nbatch = 1\nbatch = 2\n", "hub.toml:3: no TOML: ", id="K-02 a key twice"),
            pytest.param("[worker]\n\n[worker]\n", "hub.toml:3: no TOML: ", id="K-02 a table twice"),
            pytest.param(
                '[worker]\nbatch = "NO"\n', "hub.toml: worker.batch: 'NO' is not of type", id="K-02 NO"
            ),
            pytest.param("[worker]\nbatch = NO\n", "hub.toml:2: no TOML: ", id="K-02 NO, bare"),
            pytest.param("[worker]\nbatch = 010\n", "hub.toml:2: no TOML: ", id="K-02 an octal number"),
            pytest.param("[worker]\nbatch = 1:30\n", "hub.toml:2: no TOML: ", id="K-02 a number of minutes"),
            pytest.param(
                "[worker]\nlease = 12:30:00\n",
                "hub.toml: worker.lease: <time> is not of type",
                id="K-02 a time",
            ),
            pytest.param(
                "worker: !!python/object:os.system {}\n",
                "hub.toml:1: no TOML: ",
                id="K-01 an object of Python's",
            ),
            pytest.param("a: &a [x]\nb: [*a, *a]\n", "hub.toml:1: no TOML: ", id="K-03 an alias"),
        ],
    )
    def test_what_yaml_would_make_something_of(self, tmp_path, text, told):
        """
        The settings are TOML: no objects, no aliases, each key once, each value of the type as which it is
        written.
        """
        [found] = faults(tmp_path, text)

        assert found.startswith(told), found
        assert found.endswith("[E_CONFIG]")
        assert 200 == load(written(tmp_path, "[worker]\nbatch = 200\n"), {}).worker.batch

    def test_a_named_file_that_is_missing_is_a_fault(self, tmp_path):
        """
        Only the default file may be absent.
        """
        with pytest.raises(SettingsError, match=r"nowhere\.toml: cannot be read: No such file"):
            load(environment={"ORDERLOOM_CONFIG": str(tmp_path / "nowhere.toml")})

    def test_another_database_is_refused_by_name(self, tmp_path):
        """
        Only SQLite and PostgreSQL are there.
        """
        [told] = faults(tmp_path, '[store]\npath = "mysql://x/y"\n')

        assert (
            "hub.toml: store.path: unknown store 'mysql'"
            " (a path, sqlite:///path, or postgresql://user@host/database) [E_CONFIG]"
        ) == told

    @pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
    def test_a_database_url_is_kept_as_it_is(self, tmp_path, scheme):
        """
        It has nothing to do with the folder of the file.
        """
        url = f"{scheme}://hub@db.example:5433/orderloom?options=-csearch_path%3Dhub"
        settings = load(written(tmp_path, f'[store]\npath = "{url}"\n'), {})

        assert Url(url) == settings.store
        assert (url, "hub.toml") == origins(settings)["store.path"]


class TestEnvironment:
    def test_the_environment_wins_over_the_file(self, tmp_path):
        """
        Five variables, among them a system's own.
        """
        settings = load(
            written(tmp_path, '[store]\npath = "a.db"\n'),
            {
                "ORDERLOOM_BROKER_URL": "amqp://hub:x@127.0.0.1:5673/orders",
                "ORDERLOOM_MANAGEMENT_URL": "http://hub:x@127.0.0.1:15673",
                "ORDERLOOM_STORE": "sqlite:///elsewhere/b.db",
                "ORDERLOOM_RULES": "my-rules",
                "ORDERLOOM_SYSTEM_OSS_INTERNET_URL": "http://127.0.0.1:8001",
            },
        )

        assert (
            "amqp://hub:x@127.0.0.1:5673/orders",
            "http://hub:x@127.0.0.1:15673",
        ) == settings.broker.required()
        assert Path("elsewhere/b.db") == settings.store
        assert Path("my-rules") == settings.rules
        assert "http://127.0.0.1:8001" == settings.systems["oss.internet"].url
        assert ("http://127.0.0.1:8001", "$ORDERLOOM_SYSTEM_OSS_INTERNET_URL") == origins(settings)[
            'systems."oss.internet".url'
        ]

    def test_a_variable_is_checked_like_the_file(self, tmp_path):
        """
        A wrong port and a system that does not exist are two faults.
        """
        told = faults(
            tmp_path,
            "",
            {"ORDERLOOM_LISTENER_PORT": "99999", "ORDERLOOM_SYSTEM_OSS_INTRANET_URL": "http://x"},
        )

        first, second = told

        assert "$ORDERLOOM_LISTENER_PORT: 99999 is out of range (maximum 65535) [E_CONFIG]" == first
        assert second.startswith("$ORDERLOOM_SYSTEM_OSS_INTRANET_URL: names no system of the settings")

    def test_the_clock_has_a_virtual_host_of_its_own(self, tmp_path):
        """
        Whatever the user and however it is spelt, that of the orders is refused.
        """
        orders = "amqps://hub@rabbit.example/orders"
        environment = {
            "ORDERLOOM_CLOCK_URL": "amqps://tick@rabbit.example/clock",
            "ORDERLOOM_CLOCK_PASSWORD": "x",
        }
        settings = load(written(tmp_path, f'[broker]\nurl = "{orders}"\n'), environment)

        assert "amqps://tick:x@rabbit.example/clock" == settings.clock.required()
        assert ("amqps://tick@rabbit.example/clock", "$ORDERLOOM_CLOCK_URL") == origins(settings)["clock.url"]
        told = (
            "hub.toml: clock.url: is the virtual host of broker.url, where the orders are "
            "(a virtual host of its own) [E_CONFIG]"
        )
        for same in (orders, "amqps://tick@rabbit.example:5671/%6Frders"):
            assert [told] == faults(tmp_path, f'[broker]\nurl = "{orders}"\n[clock]\nurl = "{same}"\n')

    def test_the_management_api_is_beside_the_broker(self):
        """
        Same host, user and password, RabbitMQ's usual port.
        """
        settings = load(environment={"ORDERLOOM_BROKER_URL": "amqps://hub:p%2Fw@rabbit.example/orders"})

        assert "https://hub:p%2Fw@rabbit.example:15671" == settings.broker.required()[1]
        assert ("https://hub:***@rabbit.example:15671", "from broker.url") == origins(settings)[
            "broker.management_url"
        ]


class TestSecrets:
    def test_a_password_in_the_file_is_refused_and_not_repeated(self, tmp_path):
        """
        The file is shared; the sentence says where the password goes, and does not show it.
        """
        [told] = faults(tmp_path, f'[broker]\nurl = "amqp://hub:{SECRET}@127.0.0.1/"\n')

        assert (
            "hub.toml: broker.url: holds a password"
            " (the url without it, and the password in $ORDERLOOM_BROKER_PASSWORD) [E_CONFIG]"
        ) == told

    def test_the_password_of_the_environment_joins_the_url_of_the_file(self, tmp_path):
        """
        Both connections get it, percent-encoded.
        """
        file = written(tmp_path, '[broker]\nurl = "amqp://hub@127.0.0.1/"\n')
        settings = load(file, {"ORDERLOOM_BROKER_PASSWORD": "p@ss/word"})

        assert (
            "amqp://hub:p%40ss%2Fword@127.0.0.1/",
            "http://hub:p%40ss%2Fword@127.0.0.1:15672",
        ) == settings.broker.required()

    @pytest.mark.parametrize(
        "url",
        [f"postgresql://hub:{SECRET}@db.example/hub", f"postgresql://db.example/hub?password={SECRET}"],
    )
    def test_the_password_of_the_store_has_no_place_in_the_file_either(self, tmp_path, url):
        """
        Wherever in the URL it stands.
        """
        [told] = faults(tmp_path, f'[store]\npath = "{url}"\n')

        assert (
            "hub.toml: store.path: holds a password"
            " (the url without it, and the password in $ORDERLOOM_STORE_PASSWORD) [E_CONFIG]"
        ) == told

    def test_the_password_of_the_environment_joins_the_store(self, tmp_path):
        """
        Percent-encoded, and never shown.
        """
        file = written(tmp_path, '[store]\npath = "postgresql://hub@db.example/hub"\n')
        settings = load(file, {"ORDERLOOM_STORE_PASSWORD": "p@ss/word"})

        assert Url("postgresql://hub:p%40ss%2Fword@db.example/hub") == settings.store
        assert "postgresql://hub:***@db.example/hub" == str(settings.store)

    def test_no_secret_shows_however_the_settings_are_printed(self):
        """
        repr, str, format and the effective list are searched for six secrets.
        """
        settings = load(
            environment={
                "ORDERLOOM_BROKER_URL": f"amqp://hub:{SECRET}1@127.0.0.1/",
                "ORDERLOOM_MANAGEMENT_URL": f"http://hub:{SECRET}2@127.0.0.1",
                "ORDERLOOM_STORE": f"postgresql://hub:{SECRET}5@127.0.0.1/hub?sslpassword={SECRET}6",
                "ORDERLOOM_LISTENER_TOKEN": f"{SECRET}3",
                "ORDERLOOM_SYSTEM_OSS_INTERNET_TOKEN": f"{SECRET}4",
            }
        )
        printed = f"{settings} {settings!r} {settings.broker.url} {settings.effective()} {settings.systems}"

        assert SECRET not in printed
        assert "amqp://hub:***@127.0.0.1/" in printed
        assert f"{SECRET}3" == settings.listener.token
        assert f"{SECRET}4" == settings.systems["oss.internet"].token
