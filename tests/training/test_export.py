"""What is packed of several trainings."""

from __future__ import annotations

import pytest
import torch

from training.export import mean, together


def test_the_mean_of_trainings_lies_in_their_middle() -> None:
    states = [
        {"bias": torch.tensor([0.0, 3.0])},
        {"bias": torch.tensor([1.0, 3.0])},
        {"bias": torch.tensor([5.0, 3.0])},
    ]
    assert mean(states)["bias"].tolist() == [2.0, 3.0]


def test_what_trainings_went_on_from_is_told_once() -> None:
    start = {"sha256": "ab"}
    records = [{"steps": 3, "begun_from": start}, {"steps": 4, "begun_from": dict(start)}]
    assert together(records) == {"mean_of": [{"steps": 3}, {"steps": 4}], "begun_from": start}


def test_one_training_is_told_as_it_was() -> None:
    assert together([{"steps": 3, "begun_from": None}]) == {"steps": 3, "begun_from": None}


def test_trainings_from_different_weights_have_no_mean() -> None:
    with pytest.raises(SystemExit, match="different weights"):
        together([{"begun_from": {"sha256": "ab"}}, {"begun_from": {"sha256": "cd"}}])
