from pratique.remediate.merge import differences, merge_config, parse_env


def test_what_was_inherited_unchanged_becomes_the_new_bases() -> None:
    old = {"Env": ["PATH=/bin", "LANG=C"], "Cmd": ["sh"], "User": "nobody", "StopSignal": "SIGTERM"}
    new = {"Env": ["PATH=/usr/bin", "LANG=C.UTF-8"], "Cmd": ["bash"], "WorkingDir": "/srv"}
    assert merge_config(old, old, new) == {
        "Env": ["PATH=/usr/bin", "LANG=C.UTF-8"],
        "Cmd": ["bash"],
        "WorkingDir": "/srv",
    }


def test_what_the_image_said_itself_stays() -> None:
    old = {"Env": ["A=1", "B=1"], "Cmd": ["sh"], "User": "root", "WorkingDir": "/"}
    image = {"Env": ["A=1", "B=2", "C=3"], "Cmd": ["app"], "User": "1000", "WorkingDir": "/app"}
    new = {"Env": ["A=9", "B=9", "D=9"], "Cmd": ["bash"], "User": "nobody", "WorkingDir": "/new"}
    assert merge_config(image, old, new) == {**image, "Env": ["A=9", "B=2", "D=9", "C=3"]}


def test_maps_are_merged_key_by_key() -> None:
    old = {"Labels": {"a": "old", "b": "old", "gone": "x"}, "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/old": {}}}
    image = {
        "Labels": {"a": "old", "b": "mine", "gone": "x", "c": "mine"},
        "ExposedPorts": {"80/tcp": {}, "81/tcp": {}},
    }
    new = {"Labels": {"a": "new", "b": "new", "d": "new"}, "ExposedPorts": {"8080/tcp": {}}, "Volumes": {"/new": {}}}
    assert merge_config(image, old, new) == {
        "Labels": {"a": "new", "b": "mine", "d": "new", "c": "mine"},
        "ExposedPorts": {"8080/tcp": {}, "81/tcp": {}},
        "Volumes": {"/new": {}},
    }


def test_what_the_image_removed_stays_removed() -> None:
    assert merge_config({"Env": ["A=1"]}, {"Env": ["A=1", "B=1"]}, {"Env": ["A=1", "B=2"]}) == {"Env": ["A=1"]}


def test_an_own_entrypoint_drops_the_new_bases_command_as_a_build_would() -> None:
    assert merge_config({"Entrypoint": ["app"]}, {}, {"Cmd": ["bash"]}) == {"Entrypoint": ["app"]}


def test_an_own_command_goes_with_the_new_bases_entrypoint() -> None:
    old, image, new = {"Entrypoint": ["a"]}, {"Entrypoint": ["a"], "Cmd": ["x"]}, {"Entrypoint": ["b"], "Cmd": ["y"]}
    assert merge_config(image, old, new) == {"Entrypoint": ["b"], "Cmd": ["x"]}


def test_a_path_that_extends_the_bases_extends_the_new_bases() -> None:
    merged = merge_config({"Env": ["PATH=/app/bin:/bin"]}, {"Env": ["PATH=/bin"]}, {"Env": ["PATH=/opt/bin:/bin"]})
    assert merged == {"Env": ["PATH=/app/bin:/opt/bin:/bin"]}


def test_unknown_keys_follow_the_same_rule() -> None:
    image, old = {"Healthcheck": {"Test": ["NONE"]}, "X": 1, "Shell": ["sh"]}, {"X": 1, "Shell": ["sh"]}
    assert merge_config(image, old, {"X": 2, "Shell": ["bash"]}) == {
        "Healthcheck": {"Test": ["NONE"]},
        "X": 2,
        "Shell": ["bash"],
    }


def test_null_and_absent_are_the_same() -> None:
    assert merge_config({"Cmd": None, "Env": None}, {}, {"Cmd": ["sh"], "Env": ["A=1"]}) == {
        "Cmd": ["sh"],
        "Env": ["A=1"],
    }


def test_saying_nothing_keeps_its_form() -> None:
    assert merge_config({"Cmd": None, "User": ""}, {"User": ""}, {}) == {"Cmd": None, "User": ""}


def test_changes_are_told_by_key() -> None:
    changes = list(differences({"Env": ["A=1"], "Cmd": ["a", "b"]}, {"Env": ["A=2"], "Cmd": ["c"]}))
    assert [(change.reason, change.old, change.new) for change in changes] == [
        ("Cmd comes from the base", "a b", "c"),
        ("environment variable A comes from the base", "1", "2"),
    ]


def test_a_configuration_of_the_wrong_types_is_merged_without_a_fault() -> None:
    assert merge_config({"Env": "A", "Labels": [1]}, {"Env": 7}, {"Labels": 3}) == {}
    assert parse_env(["A", "B=1=2", "B=3"]) == {"A": None, "B": "3"}
